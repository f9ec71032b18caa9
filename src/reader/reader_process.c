/* The reader's process: opens the config, the keys and the files that open control ports, for the engine. */
#include "reader/reader_process.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address/listen_address.h"
#include "base/big_endian.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_report.h"
#include "config/tor_clients.h"
#include "config/yaml_file.h"
#include "control/name_files.h"
#include "process/channel.h"
#include "reader/held_keys.h"
#include "reader/reader_credentials.h"
#include "reader/reader_message.h"

struct reader {
    int engine;
    const char *config_path;   /* NULL: there is none */
    const char *status_socket; /* that was given in the place of the config's, or NULL */
    uint8_t *bytes;            /* secret memory for one message */
    struct held_keys keys;
    struct config kept, loaded; /* without secret keys; the second one waits for the engine's word */
    struct reader_credentials credentials;
};

/* -- answers -------------------------------------------------------------------------------------- */

/* Sends a message in pieces that fit; at least one. Returns 0, or -1 when the engine is gone. */
static int send_pieces(struct reader *reader, enum reader_message type, const void *bytes, size_t length)
{
    const uint8_t *rest = bytes;
    do {
        size_t size = length < READER_MESSAGE_SIZE_MAX - 1 ? length : READER_MESSAGE_SIZE_MAX - 1;
        reader->bytes[0] = (uint8_t)type;
        memcpy(reader->bytes + 1, rest, size);
        if (channel_send(reader->engine, reader->bytes, size + 1) != 0)
            return -1;
        rest += size;
        length -= size;
    } while (length > 0);
    return 0;
}

static int send_end(struct reader *reader, uint8_t result, const void *bytes, size_t length)
{
    reader->bytes[0] = READER_END;
    reader->bytes[1] = result;
    if (length > 0)
        memcpy(reader->bytes + 2, bytes, length);
    int sent = channel_send(reader->engine, reader->bytes, length + 2);
    secret_wipe(reader->bytes, length + 2);
    return sent;
}

static int send_sentences(struct reader *reader, enum reader_message type, char *const *sentences,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (send_pieces(reader, type, sentences[i], strlen(sentences[i])) != 0)
            return -1;
    }
    return 0;
}

static int send_key(struct reader *reader, const struct config_frontend *frontend)
{
    size_t path_length = strlen(frontend->key_path);
    uint8_t *bytes = reader->bytes;
    bytes[0] = READER_KEY;
    big_endian_write_uint32(bytes + READER_KEY_FRONTEND, (uint32_t)frontend->signer_frontend);
    bytes[READER_KEY_FORMAT] = (uint8_t)frontend->key_format;
    memcpy(bytes + READER_KEY_IDENTITY, frontend->identity_key, ED25519_PUBLIC_KEY_SIZE);
    memset(bytes + READER_KEY_BUNDLE, 0, BUNDLE_HEADER_SIZE);
    if (frontend->key_format == KEY_FORMAT_BUNDLE)
        bundle_encode_header(&frontend->plan, frontend->identity_key, bytes + READER_KEY_BUNDLE);
    memcpy(bytes + READER_KEY_PATH, frontend->key_path, path_length);
    return channel_send(reader->engine, bytes, READER_KEY_PATH + path_length);
}

static int send_clients(struct reader *reader, const struct config_frontend *frontend)
{
    const struct authorized_clients *clients = frontend->clients;
    const char *folder = frontend->clients_folder != NULL ? frontend->clients_folder : "";
    const size_t count = clients != NULL ? clients->count : 0, folder_length = strlen(folder);
    uint8_t *bytes = reader->bytes;
    bytes[0] = READER_CLIENTS;
    big_endian_write_uint16(bytes + READER_CLIENTS_COUNT, (uint16_t)count);
    size_t size = READER_CLIENTS_KEYS + count * X25519_PUBLIC_KEY_SIZE;
    if (count > 0)
        memcpy(bytes + READER_CLIENTS_KEYS, clients->keys, count * X25519_PUBLIC_KEY_SIZE);
    memcpy(bytes + size, folder, folder_length);
    return channel_send(reader->engine, bytes, size + folder_length);
}

/* -- the config ----------------------------------------------------------------------------------- */

/* Takes back what was loaded and is not kept. */
static int drop_loaded(struct reader *reader)
{
    config_clear(&reader->loaded);
    return held_keys_drop_loaded(&reader->keys);
}

static int keep_loaded(struct reader *reader)
{
    config_clear(&reader->kept);
    reader->kept = reader->loaded;
    reader->loaded = (struct config){0};
    reader_credentials_note_config(&reader->credentials);
    return held_keys_keep_loaded(&reader->keys);
}

/* Hands the keys of a config that can be used to the signer. */
static int hand_over_all(struct reader *reader)
{
    for (size_t i = 0; i < reader->loaded.frontend_count; i++) {
        if (held_keys_hand_over(&reader->keys, &reader->loaded.frontends[i]) != 0)
            return -1;
    }
    return 0;
}

/* How many keys that were read are not locked into memory. To be called before any is handed over: that makes
 * room for others. */
static size_t count_unlocked_here(const struct config *config)
{
    size_t count = 0;
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        count += frontend->bundle != NULL
                     ? !bundle_is_locked(frontend->bundle)
                     : !secret_is_locked(frontend->secret_key, sizeof(*frontend->secret_key));
    }
    return count;
}

/* Says it when the kernel locked no more of the memory of keys, here (count) or at the signer's. Returns
 * false where the config allows none of that. */
static bool check_locked(const struct reader *reader, size_t count, struct config_report *report)
{
    size_t at_signer = held_keys_count_unlocked(&reader->keys);
    count = at_signer > count ? at_signer : count;
    if (count == 0)
        return true;
    bool is_required = reader->loaded.requires_sandbox;
    (is_required ? config_report_add_error : config_report_add_warning)(
        report, reader->config_path, 0,
        "%sthe key%s of %zu frontend%s can't be locked into memory, %s may be written to the swap: raise the "
        "limit (ulimit -l, LimitMEMLOCK=)",
        is_required ? "it has \"require-sandbox\", and " : "", count == 1 ? "" : "s", count,
        count == 1 ? "" : "s", count == 1 ? "it" : "they");
    return !is_required;
}

static int send_client_key(struct reader *reader, const uint8_t *key)
{
    if (key == NULL)
        return 0;
    reader->bytes[0] = READER_CLIENT_KEY;
    memcpy(reader->bytes + READER_CLIENT_KEY_SECRET, key, X25519_SECRET_KEY_SIZE);
    int sent = channel_send(reader->engine, reader->bytes, READER_CLIENT_KEY_SIZE);
    secret_wipe(reader->bytes, READER_CLIENT_KEY_SIZE);
    return sent;
}

/* Sends the keys of clients of a frontend's backends. */
static int send_client_keys(struct reader *reader, const struct config_frontend *frontend)
{
    for (size_t i = 0; i < frontend->backend_count; i++) {
        if (send_client_key(reader, frontend->backends[i].control_client_secret) != 0 ||
            send_client_key(reader, frontend->backends[i].client_secret) != 0)
            return -1;
    }
    return 0;
}

/* Sends the engine a config that can be used: its text, and what there is to say of each key. It decodes
 * backends' descriptors, so it is given the keys of clients, which are of no use here. */
static int send_config(struct reader *reader, const unsigned char *text, size_t length)
{
    if (send_pieces(reader, READER_TEXT, text, length) != 0)
        return -1;
    for (size_t i = 0; i < reader->loaded.frontend_count; i++) {
        if (send_key(reader, &reader->loaded.frontends[i]) != 0 ||
            send_clients(reader, &reader->loaded.frontends[i]) != 0 ||
            send_client_keys(reader, &reader->loaded.frontends[i]) != 0)
            return -1;
    }
    config_forget_client_keys(&reader->loaded);
    return 0;
}

/* Says what there is to say of a config, and hands it over if it can be used. */
static int answer_load(struct reader *reader, const unsigned char *text, size_t length, bool is_good,
                       const struct config_report *report)
{
    int result = send_sentences(reader, READER_WARNING, report->warnings, report->warning_count);
    if (result == 0)
        result = send_sentences(reader, READER_ERROR, report->errors, report->error_count);
    if (result == 0)
        result = is_good ? send_config(reader, text, length) : drop_loaded(reader);
    return result == 0 ? send_end(reader, !is_good, NULL, 0) : -1;
}

/* Reads the config and the keys. Returns 0, or -1 when the engine or the signer is gone. */
static int load(struct reader *reader)
{
    struct config_report report = {0};
    size_t length = 0;
    if (drop_loaded(reader) != 0)
        return -1;
    unsigned char *text = yaml_file_read(reader->config_path, &length, &report);
    bool is_good =
        text != NULL &&
        config_parse(&reader->loaded, reader->config_path, text, length, &config_files_here, &report) == 0 &&
        tor_clients_check_kept(&reader->kept, &reader->loaded, &report) == 0;
    size_t unlocked = is_good ? count_unlocked_here(&reader->loaded) : 0;
    int result = is_good ? hand_over_all(reader) : 0;
    is_good = is_good && result == 0 && check_locked(reader, unlocked, &report);
    if (result == 0)
        result = answer_load(reader, text, length, is_good, &report);
    free(text);
    config_report_clear(&report);
    return result;
}

/* -- files that open control ports ---------------------------------------------------------------- */

/* Reads the text of length bytes that a message ends in: a path or a name. Returns 0 or -1. */
static int read_text(char text[PATH_MAX], const uint8_t *bytes, size_t length)
{
    if (length == 0 || length >= PATH_MAX || memchr(bytes, '\0', length) != NULL)
        return -1;
    memcpy(text, bytes, length);
    text[length] = '\0';
    return 0;
}

/* Answers with a result, and with the content or the reason. */
static int send_result(struct reader *reader, enum credential_result result, const void *content,
                       size_t length, const struct error *error)
{
    if (result != CREDENTIAL_OK)
        return send_end(reader, (uint8_t)result, error->text, strlen(error->text));
    return send_end(reader, CREDENTIAL_OK, content, length);
}

/* Each of these answers a message of size bytes in reader->bytes. They return 0, SERVE_GONE when the engine
 * is gone, or SERVE_BAD when the message is none. */
enum { SERVE_GONE = -1, SERVE_BAD = -2 };

/* Reads a path, and that of a unix socket where a NUL and one follow it; "" where none does. Returns 0 or -1.
 */
static int read_paths(char path[PATH_MAX], char socket_path[PATH_MAX], const uint8_t *bytes, size_t length)
{
    const uint8_t *end = memchr(bytes, '\0', length);
    size_t path_length = end != NULL ? (size_t)(end - bytes) : length;
    socket_path[0] = '\0';
    if (read_text(path, bytes, path_length) != 0)
        return -1;
    return end != NULL ? read_text(socket_path, end + 1, length - path_length - 1) : 0;
}

static int serve_password(struct reader *reader, size_t size, int socket)
{
    char path[PATH_MAX], socket_path[PATH_MAX];
    if (read_paths(path, socket_path, reader->bytes + 1, size - 1) != 0)
        return SERVE_BAD;
    struct error error;
    char *password = NULL;
    enum credential_result result =
        reader_credentials_read_password(&reader->credentials, path, socket, socket_path, &password, &error);
    int sent = send_result(reader, result, password, password != NULL ? strlen(password) : 0, &error);
    secret_free(password);
    return sent;
}

static int serve_proof(struct reader *reader, size_t size, int socket)
{
    char path[PATH_MAX], socket_path[PATH_MAX];
    struct error error;
    uint8_t proof[SHA256_SIZE];
    const uint8_t *bytes = reader->bytes;
    if (size <= READER_PROOF_PATH ||
        read_paths(path, socket_path, bytes + READER_PROOF_PATH, size - READER_PROOF_PATH) != 0)
        return SERVE_BAD;
    struct proof_request request = {
        .path = path,
        .is_named_by_peer = (bytes[READER_PROOF_FLAGS] & READER_PROOF_NAMED_BY_PEER) != 0,
        .is_local_tor = (bytes[READER_PROOF_FLAGS] & READER_PROOF_LOCAL_TOR) != 0,
        .is_of_secret = (bytes[READER_PROOF_FLAGS] & READER_PROOF_OF_SECRET) != 0,
        .socket = socket,
        .socket_path = socket_path,
    };
    memcpy(request.challenge.client_nonce, bytes + READER_PROOF_NONCE, COOKIE_NONCE_SIZE);
    memcpy(request.challenge.server_nonce, bytes + READER_PROOF_SERVER_NONCE, COOKIE_NONCE_SIZE);
    memcpy(request.challenge.server_hash, bytes + READER_PROOF_SERVER_HASH, SHA256_SIZE);
    enum credential_result result = reader_credentials_prove(&reader->credentials, &request, proof, &error);
    return send_result(reader, result, proof, sizeof(proof), &error);
}

/* -- files that know hosts ------------------------------------------------------------------------ */

static int serve_host(struct reader *reader, size_t size)
{
    char name[PATH_MAX], addresses[NAME_FILES_TEXT_SIZE];
    if (read_text(name, reader->bytes + 1, size - 1) != 0)
        return SERVE_BAD;
    name_files_find_host(NAME_FILES_HOSTS, name, addresses);
    return send_end(reader, 0, addresses, strlen(addresses));
}

static int serve_resolver(struct reader *reader)
{
    char text[NAME_FILES_TEXT_SIZE];
    name_files_read_resolver(NAME_FILES_RESOLVER, text);
    return send_end(reader, 0, text, strlen(text));
}

/* -- files of listening sockets ------------------------------------------------------------------- */

/* True for a socket that a config has the engine listen on. */
static bool names_socket(const struct config *config, const char *path)
{
    struct listen_address metrics;
    return string_equals(config->status_socket_location, path) ||
           string_equals(config->command_socket_location, path) ||
           (config->metrics_listen != NULL &&
            listen_address_parse(&metrics, config->metrics_listen, NULL) == 0 &&
            string_equals(listen_address_path(&metrics), path));
}

/* Removes the file of a socket, which the engine itself can't do: below the folder of one there may be other
 * files. Returns 0, or -1 with a sentence. */
static int remove_socket(const struct reader *reader, const char *path, struct error *error)
{
    struct stat status;
    if (!names_socket(&reader->kept, path) && !names_socket(&reader->loaded, path) &&
        !string_equals(reader->status_socket, path))
        return error_set(error, "the config names no socket %s", path);
    if (lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode))
        return error_set(error, "%s is no socket", path);
    if (unlink(path) != 0 && errno != ENOENT)
        return error_set(error, "the socket %s can't be removed: %s", path, strerror(errno));
    return 0;
}

static int serve_removal(struct reader *reader, size_t size)
{
    char path[PATH_MAX];
    struct error error = {.text = ""};
    if (read_text(path, reader->bytes + 1, size - 1) != 0)
        return SERVE_BAD;
    int result = remove_socket(reader, path, &error);
    return send_end(reader, result != 0, error.text, strlen(error.text));
}

/* -- the loop ------------------------------------------------------------------------------------- */

/* Does what a message asks for that is about the config, and has nothing but its type. */
static int serve_config(struct reader *reader, enum reader_message type, size_t size)
{
    bool has_config = reader->config_path != NULL || type == READER_RESOLVER;
    if (size != 1 || !has_config || (type == READER_KEEP && reader->loaded.path == NULL))
        return SERVE_BAD;
    switch (type) {
    case READER_LOAD:
        return load(reader);
    case READER_KEEP:
        return keep_loaded(reader) != 0 ? SERVE_GONE : send_end(reader, 0, NULL, 0);
    case READER_DROP:
        return drop_loaded(reader) != 0 ? SERVE_GONE : send_end(reader, 0, NULL, 0);
    default:
        return serve_resolver(reader);
    }
}

/* Does what a message of size bytes, in reader->bytes, asks for; socket came with it, or is -1. Returns 1; 0
 * when the engine or the signer is gone; or -1. */
static int serve(struct reader *reader, size_t size, int socket, struct error *error)
{
    enum reader_message type = (enum reader_message)reader->bytes[0];
    int result;
    switch (type) {
    case READER_LOAD:
    case READER_KEEP:
    case READER_DROP:
        result = serve_config(reader, type, size);
        memory_give_back(); /* reading takes several times the memory that is kept of it */
        break;
    case READER_RESOLVER:
        result = serve_config(reader, type, size);
        break;
    case READER_PASSWORD:
        result = serve_password(reader, size, socket);
        break;
    case READER_PROOF:
        result = serve_proof(reader, size, socket);
        break;
    case READER_HOST:
        result = serve_host(reader, size);
        break;
    case READER_SOCKET:
        result = serve_removal(reader, size);
        break;
    default:
        result = SERVE_BAD;
    }
    if (result == SERVE_BAD)
        return error_set(error, "a message of type %d and %zu bytes is none", (int)type, size);
    return result == 0 ? 1 : 0;
}

/* Serves until the engine or the signer (-1: there is none) is gone. */
static int run(struct reader *reader, int signer, struct error *error)
{
    struct pollfd peers[] = {{.fd = reader->engine, .events = POLLIN}, {.fd = signer, .events = POLLIN}};
    int result = 1;
    reader->bytes = secret_allocate(READER_MESSAGE_SIZE_MAX);
    reader->keys = (struct held_keys){.signer = signer, .bytes = reader->bytes};
    while (result > 0) {
        if (poll(peers, sizeof(peers) / sizeof(peers[0]), -1) < 0)
            continue; /* a signal that is not for us */
        if (peers[1].revents != 0)
            break; /* it only ever answers, so it is gone */
        int socket;
        ssize_t size =
            channel_receive_descriptor(reader->engine, reader->bytes, READER_MESSAGE_SIZE_MAX, &socket);
        if (size > 0)
            result = serve(reader, (size_t)size, socket, error);
        else
            result = size == 0 ? 0 : error_set(error, "a message is too long");
        if (socket >= 0)
            close(socket);
    }
    reader_credentials_clear(&reader->credentials);
    secret_free(reader->bytes);
    free(reader->keys.keys);
    config_clear(&reader->kept);
    config_clear(&reader->loaded);
    return result < 0 ? -1 : 0;
}

/* What it gives out of files, by the configs that it has. */
static void set_credentials(struct reader *reader, const struct log *log)
{
    reader->credentials = (struct reader_credentials){
        .kept = &reader->kept, .loaded = &reader->loaded, .process = PEER_PROCESS, .log = log};
}

int reader_process_run(int engine, int signer, const char *config_path, const char *status_socket,
                       const struct log *log, struct error *error)
{
    struct reader reader = {
        .engine = engine,
        .config_path = config_path,
        .status_socket = status_socket,
    };
    set_credentials(&reader, log);
    return run(&reader, signer, error);
}

static char *copy_or_null(const char *text)
{
    return text != NULL ? memory_copy_text(text, strlen(text)) : NULL;
}

int reader_process_run_for_agent(int agent, const struct reader_agent_files *files, const struct log *log,
                                 struct error *error)
{
    struct reader reader = {.engine = agent, .status_socket = files->listening_socket};
    reader.kept.tor_control_password_file = copy_or_null(files->password_file);
    reader.kept.tor_control_cookie_file = copy_or_null(files->cookie_file);
    set_credentials(&reader, log);
    return run(&reader, -1, error);
}
