/* The engine's side of the reader: the config and the files that open control ports, without opening any. */
#include "reader/reader_client.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "config/config_report.h"
#include "config/yaml_file.h"
#include "process/conversation.h"
#include "reader/reader_message.h"

/* Milliseconds that a message of the answer to READER_LOAD may take: a thousand keys are read before there is
 * a first one, and a service manager does not wait for ever either. */
#define PATIENCE_LOAD 30000

struct reader_client {
    struct conversation conversation;
    const char *config_path;
    struct credential_reader credential_reader;
};

/* -- messages ------------------------------------------------------------------------------------- */

static bool ends_answer(const uint8_t *message, size_t size)
{
    return size > 1 && message[0] == READER_END;
}

static const struct conversation_peer reader = {
    .name = "the process that reads files",
    .is_late = "reading files takes more than",
    .advice = ": do the disks answer?",
    .ends_answer = ends_answer,
    .message_size_max = READER_MESSAGE_SIZE_MAX,
};

void reader_client_take_late(struct reader_client *client)
{
    conversation_take_late(&client->conversation);
}

/* Sends a message; text may be NULL. Returns 0 or -1. */
static int ask(struct reader_client *client, enum reader_message type, const char *text, struct error *error)
{
    uint8_t request[PATH_MAX];
    size_t length = text != NULL ? strlen(text) : 0;
    if (text != NULL && (length == 0 || length >= PATH_MAX))
        return error_set(error, "this can't be the path of a file: it has %zu bytes", length);
    request[0] = (uint8_t)type;
    if (length > 0)
        memcpy(request + 1, text, length);
    return conversation_ask(&client->conversation, request, length + 1, error);
}

/* Says that an answer is none. */
static int refuse_answer(struct error *error)
{
    return error_set(error, "the process that reads files answers something else");
}

/* Takes an answer that is one message. Returns its size, which is 2 at least, or -1. */
static ssize_t take_end(struct reader_client *client, struct error *error)
{
    ssize_t size = conversation_take(&client->conversation, CONVERSATION_PATIENCE, error);
    if (size >= 0 && !ends_answer(client->conversation.message, (size_t)size))
        return refuse_answer(error);
    return size;
}

/* -- the config ----------------------------------------------------------------------------------- */

/* A config as it comes from the reader. */
struct delivery {
    unsigned char *text;
    size_t length;
    struct config_frontend *keys; /* nothing but what the reader says of a key */
    size_t key_count;
    size_t next_key;
};

static int take_text(struct delivery *delivery, const uint8_t *bytes, size_t length)
{
    if (length > YAML_FILE_SIZE_MAX - delivery->length)
        return -1;
    delivery->text = memory_resize(delivery->text, delivery->length + length, 1);
    memcpy(delivery->text + delivery->length, bytes, length);
    delivery->length += length;
    return 0;
}

static int take_key(struct delivery *delivery, const uint8_t *bytes, size_t size)
{
    if (size <= READER_KEY_PATH || size - READER_KEY_PATH >= PATH_MAX + NAME_MAX)
        return -1;
    struct bundle_plan plan = {0};
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (bytes[READER_KEY_FORMAT] == KEY_FORMAT_BUNDLE &&
        (bundle_decode_header(&plan, identity_key, bytes + READER_KEY_BUNDLE, NULL) != 0 ||
         memcmp(identity_key, bytes + READER_KEY_IDENTITY, sizeof(identity_key)) != 0))
        return -1;
    struct config_frontend key = {
        .plan = plan,
        .signer_frontend = big_endian_read_uint32(bytes + READER_KEY_FRONTEND),
        .key_format = (enum key_format)bytes[READER_KEY_FORMAT],
        .key_path = memory_copy_text((const char *)bytes + READER_KEY_PATH, size - READER_KEY_PATH),
    };
    memcpy(key.identity_key, bytes + READER_KEY_IDENTITY, ED25519_PUBLIC_KEY_SIZE);
    delivery->keys =
        memory_extend(delivery->keys, &delivery->key_count, delivery->key_count + 1, sizeof(*delivery->keys));
    delivery->keys[delivery->key_count - 1] = key;
    return 0;
}

/* Takes the whole answer to READER_LOAD. Returns 0 when there is a config, or -1. */
static int take_delivery(struct reader_client *client, struct delivery *delivery,
                         struct config_report *report, struct error *error)
{
    for (;;) {
        ssize_t size = conversation_take(&client->conversation, PATIENCE_LOAD, error);
        if (size < 0)
            return -1;
        const uint8_t *bytes = client->conversation.message;
        if (ends_answer(bytes, (size_t)size))
            return bytes[1] == 0 && delivery->text != NULL ? 0 : -1;
        int result = 0;
        switch (bytes[0]) {
        case READER_WARNING:
            config_report_copy_warning(report, (const char *)bytes + 1, (size_t)size - 1);
            break;
        case READER_ERROR:
            config_report_copy_error(report, (const char *)bytes + 1, (size_t)size - 1);
            break;
        case READER_TEXT:
            result = take_text(delivery, bytes + 1, (size_t)size - 1);
            break;
        case READER_KEY:
            result = take_key(delivery, bytes, (size_t)size);
            break;
        default:
            result = -1;
        }
        if (result != 0)
            return refuse_answer(error);
    }
}

/* The key of the next service: the reader has parsed the same text, so it comes by the same order. */
static int find_key(const char *path, struct config_frontend *frontend, void *context, struct error *error)
{
    (void)path;
    struct delivery *delivery = context;
    if (delivery->next_key == delivery->key_count)
        return error_set(error, "has not been read");
    struct config_frontend *key = &delivery->keys[delivery->next_key++];
    frontend->key_path = key->key_path;
    key->key_path = NULL;
    frontend->key_format = key->key_format;
    frontend->plan = key->plan;
    frontend->signer_frontend = key->signer_frontend;
    memcpy(frontend->identity_key, key->identity_key, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}

/* Parses what was delivered; what there is to say of it the reader has said. */
static int parse_delivery(struct reader_client *client, struct delivery *delivery, struct config *config,
                          struct config_report *report)
{
    const struct config_files files = {.find_key = find_key, .context = delivery, .are_checked = true};
    struct config_report own = {0};
    int result = config_parse(config, client->config_path, delivery->text, delivery->length, &files, &own);
    if (result != 0)
        reader_client_drop(client, NULL);
    for (size_t i = 0; i < own.error_count; i++)
        config_report_copy_error(report, own.errors[i], strlen(own.errors[i]));
    config_report_clear(&own);
    return result;
}

int reader_client_load(struct reader_client *client, struct config *config, struct config_report *report)
{
    struct delivery delivery = {0};
    struct error error = {.text = ""};
    *report = (struct config_report){0};
    int result = ask(client, READER_LOAD, NULL, &error);
    if (result == 0)
        result = take_delivery(client, &delivery, report, &error);
    if (result == 0)
        result = parse_delivery(client, &delivery, config, report);
    if (error.text[0] != '\0')
        config_report_add_error(report, client->config_path, 0, "%s", error.text);
    for (size_t i = 0; i < delivery.key_count; i++)
        free(delivery.keys[i].key_path);
    free(delivery.keys);
    free(delivery.text);
    return result;
}

int reader_client_keep(struct reader_client *client, struct error *error)
{
    if (ask(client, READER_KEEP, NULL, error) != 0)
        return -1;
    return take_end(client, error) < 0 ? -1 : 0;
}

int reader_client_drop(struct reader_client *client, struct error *error)
{
    if (ask(client, READER_DROP, NULL, error) != 0)
        return -1;
    return take_end(client, error) < 0 ? -1 : 0;
}

/* -- files that open control ports ---------------------------------------------------------------- */

/* Has a file read. Returns CREDENTIAL_OK with *length bytes at *content, good until the next message. */
static enum credential_result read_file(struct reader_client *client, enum reader_message type,
                                        const char *path, const uint8_t **content, size_t *length,
                                        struct error *error)
{
    if (ask(client, type, path, error) != 0)
        return CREDENTIAL_UNUSABLE;
    ssize_t size = take_end(client, error);
    if (size < 0)
        return CREDENTIAL_UNUSABLE;
    const uint8_t *message = client->conversation.message;
    enum credential_result result = (enum credential_result)message[1];
    *content = message + 2;
    *length = (size_t)size - 2;
    if (result == CREDENTIAL_OK)
        return CREDENTIAL_OK;
    error_set(error, "%.*s", (int)*length, (const char *)*content);
    return result == CREDENTIAL_PERMISSION ? CREDENTIAL_PERMISSION : CREDENTIAL_UNUSABLE;
}

static enum credential_result read_cookie(const char *path, uint8_t *cookie, void *context,
                                          struct error *error)
{
    struct reader_client *client = context;
    const uint8_t *content;
    size_t length = 0;
    enum credential_result result = read_file(client, READER_COOKIE, path, &content, &length, error);
    if (result == CREDENTIAL_OK && length == CREDENTIAL_COOKIE_SIZE) {
        memcpy(cookie, content, CREDENTIAL_COOKIE_SIZE);
    } else if (result == CREDENTIAL_OK) {
        error_set(error, "the process that reads files answers with %zu bytes that are no cookie", length);
        result = CREDENTIAL_UNUSABLE;
    }
    conversation_wipe(&client->conversation);
    return result;
}

static enum credential_result read_password(const char *path, char **password, void *context,
                                            struct error *error)
{
    struct reader_client *client = context;
    const uint8_t *content;
    size_t length = 0;
    enum credential_result result = read_file(client, READER_PASSWORD, path, &content, &length, error);
    *password = NULL;
    if (result == CREDENTIAL_OK) {
        *password = secret_allocate(length + 1);
        memcpy(*password, content, length);
    }
    conversation_wipe(&client->conversation);
    return result;
}

/* -- files that know hosts ------------------------------------------------------------------------ */

/* Has the reader write lines of NAME_FILES_TEXT_SIZE bytes at most; there are none when it can't. */
static void read_lines(struct reader_client *client, enum reader_message type, const char *name, char *lines)
{
    const uint8_t *content;
    size_t length = 0;
    lines[0] = '\0';
    if (read_file(client, type, name, &content, &length, NULL) != CREDENTIAL_OK ||
        length >= NAME_FILES_TEXT_SIZE || memchr(content, '\0', length) != NULL)
        return;
    memcpy(lines, content, length);
    lines[length] = '\0';
}

static void find_host(const char *name, char *addresses, void *context)
{
    addresses[0] = '\0';
    if (name[0] != '\0')
        read_lines(context, READER_HOST, name, addresses);
}

static void read_resolver(char *text, void *context)
{
    read_lines(context, READER_RESOLVER, NULL, text);
}

/* -- files of listening sockets ------------------------------------------------------------------- */

int reader_client_remove_socket(struct reader_client *client, const char *path, struct error *error)
{
    const uint8_t *content;
    size_t length;
    return read_file(client, READER_SOCKET, path, &content, &length, error) == CREDENTIAL_OK ? 0 : -1;
}

/* -- making --------------------------------------------------------------------------------------- */

const struct credential_reader *reader_client_credential_reader(const struct reader_client *client)
{
    return &client->credential_reader;
}

struct reader_client *reader_client_new(int end, const char *config_path)
{
    struct reader_client *client = memory_allocate(1, sizeof(*client));
    conversation_init(&client->conversation, &reader, end);
    client->config_path = config_path;
    client->credential_reader = (struct credential_reader){
        .read_cookie = read_cookie,
        .read_password = read_password,
        .context = client,
        .names = {.find_host = find_host, .read_resolver = read_resolver, .context = client},
    };
    return client;
}

void reader_client_free(struct reader_client *client)
{
    if (client == NULL)
        return;
    conversation_clear(&client->conversation);
    free(client);
}
