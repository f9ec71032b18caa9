/* Fuzzes what the engine asks the reader for, with a reader and a signer that run as they do otherwise, but
 * as threads. The input is messages, each behind two bytes that are its length. One whose first byte is
 * CHANGE_CONFIG is not sent, but says which config there is from then on. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "../unit/helper_bundle.h"
#include "../unit/helper_signer.h"
#include "base/memory.h"
#include "fuzz.h"
#include "onion/onion_address.h"
#include "process/channel.h"
#include "reader/reader_message.h"
#include "reader/reader_process.h"
#include "signer/signer_process.h"

#define CHANGE_CONFIG 0xff
#define CONFIGS 5
#define PATH_LENGTH_MAX 4095
#define UNNAMED_COOKIE "0123456789abcdef0123456789abcdef"
#define UNNAMED_PASSWORD "unnamed password"
#define SHARED_SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeX"
#define CLIENT_KEY "descriptor:x25519:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ"

static char *configs[CONFIGS]; /* NULL: there is no file */

/* The only key of a client that an answer may have in it: that of CLIENT_KEY. */
static const uint8_t client_key[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

/* What no answer may have in it. */
static struct {
    uint8_t seed[ED25519_SEED_SIZE];
    struct ed25519_secret_key expanded;
} keys;

static void make_keys(void)
{
    static const char encoded[] = "MC4CAQAwBQYDK2VwBCIEIOIJO8mlZ9hGK21ZnX00GrQDX7on5jYC/PzTAKJ1FDau";
    uint8_t decoded[48], file[96] = "== ed25519v1-secret: type0 ==";
    size_t length;
    FUZZ_REQUIRE(sodium_base642bin(decoded, sizeof(decoded), encoded, strlen(encoded), NULL, &length, NULL,
                                   sodium_base64_VARIANT_ORIGINAL) == 0);
    memcpy(keys.seed, decoded + length - sizeof(keys.seed), sizeof(keys.seed));
    char *pem = text_format("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", encoded);
    fuzz_write_file("key.pem", pem, strlen(pem));
    free(pem);
    struct forger forger = fuzz_forger();
    keys.expanded = forger.identity_secret_key;
    memcpy(file + 32, keys.expanded.scalar, 32);
    memcpy(file + 64, keys.expanded.nonce_prefix, 32);
    fuzz_write_file("hs_ed25519_secret_key", file, sizeof(file));
    uint8_t *bundle = encode_bundle(make_small_bundle(1, &schedule_public, SIGNER_NOW, 3), &length);
    fuzz_write_file("bundle", bundle, length);
    secret_free(bundle);
}

static void make_files(void)
{
    struct forger backend;
    char address[ONION_ADDRESS_SIZE];
    forger_init(&backend, 2);
    onion_address_encode(address, backend.identity_key);
    fuzz_enter_folder();
    make_keys();
    fuzz_write_file("password", "secret\n", 7);
    fuzz_write_file("other", UNNAMED_PASSWORD "\n", sizeof(UNNAMED_PASSWORD));
    fuzz_write_file("cookie", UNNAMED_COOKIE, 32);
    fuzz_write_file("secret", SHARED_SECRET "\n", sizeof(SHARED_SECRET));
    fuzz_write_file("client.key", CLIENT_KEY "\n", sizeof(CLIENT_KEY));
    static const char client[] = "descriptor:x25519:co7e72xk6icmp7jtld6jyadsdca5c5bhqeuce7wgotzx677jpnwq\n";
    FUZZ_REQUIRE(mkdir("clients", 0700) == 0);
    fuzz_write_file("clients/one.auth", client, strlen(client));
    fuzz_write_file("named cookie", "fedcba9876543210fedcba9876543210", 32);
    configs[0] = text_format("tor-control-password-file: password\nstatus-socket-location: status\n"
                             "metrics-listen: unix:/nonexistent/metrics\nservices:\n"
                             "- {key: key.pem, authorized-clients: clients, instances: [{address: %s,\n"
                             "    client-key: client.key}]}\n"
                             "- {key: hs_ed25519_secret_key, instances: [{address: %s, control:\n"
                             "    '%s.onion:9151', control-password-file: secret, control-client-key: "
                             "client.key}]}\n",
                             address, address, address);
    configs[1] = text_format(
        "services:\n- key: hs_ed25519_secret_key\n  instances:\n"
        "  - {address: %s, control: '127.0.0.1:9051', control-password-file: password}\nwhat: is this\n",
        address);
    configs[2] = text_format("services:\n- {key: none, instances: [{address: %s}]}\n- [\n", address);
    configs[3] = text_format("tor-control-cookie-file: named cookie\n"
                             "services:\n- {key: bundle, instances: [{address: %s}]}\n",
                             address);
    char folder[PATH_LENGTH_MAX];
    FUZZ_REQUIRE(getcwd(folder, sizeof(folder)) != NULL);
    FUZZ_REQUIRE(setenv("CREDENTIALS_DIRECTORY", folder, 1) == 0);
}

static void change_config(uint8_t number)
{
    const char *text = configs[number % CONFIGS];
    if (text != NULL)
        fuzz_write_file("obpub.yaml", text, strlen(text));
    else
        unlink("obpub.yaml");
}

/* -- the processes */

struct processes {
    int engine[2], to_signer[2], of_engine_to_signer[2]; /* ends [0] are those of who asks */
    pthread_t reader, signer;
    int reader_result, signer_result;
    struct error error; /* the reader's */
};

static void *run_reader(void *context)
{
    struct processes *processes = context;
    processes->reader_result = reader_process_run(processes->engine[1], processes->to_signer[0], "obpub.yaml",
                                                  "given", NULL, &processes->error);
    close(processes->engine[1]);
    close(processes->to_signer[0]);
    return NULL;
}

static void *run_signer(void *context)
{
    struct processes *processes = context;
    struct error error;
    processes->signer_result =
        signer_process_run(processes->of_engine_to_signer[1], processes->to_signer[1], &error);
    close(processes->to_signer[1]);
    return NULL;
}

static void start(struct processes *processes)
{
    struct error error;
    *processes = (struct processes){0};
    FUZZ_REQUIRE(channel_open(processes->engine, &error) == 0);
    FUZZ_REQUIRE(channel_open(processes->to_signer, &error) == 0);
    FUZZ_REQUIRE(channel_open(processes->of_engine_to_signer, &error) == 0);
    FUZZ_REQUIRE(pthread_create(&processes->signer, NULL, run_signer, processes) == 0);
    FUZZ_REQUIRE(pthread_create(&processes->reader, NULL, run_reader, processes) == 0);
}

/* Both end in good order, unless the engine has asked for something that it does not ask for. */
static void end(struct processes *processes, bool was_good)
{
    close(processes->engine[0]);
    pthread_join(processes->reader, NULL);
    pthread_join(processes->signer, NULL);
    close(processes->of_engine_to_signer[0]);
    close(processes->of_engine_to_signer[1]);
    FUZZ_REQUIRE(processes->reader_result == (was_good ? 0 : -1));
    FUZZ_REQUIRE(was_good == (processes->error.text[0] == '\0'));
    FUZZ_REQUIRE(processes->signer_result == 0);
}

/* -- what is asked, and what comes */

static bool is_text(const uint8_t *bytes, size_t length)
{
    return length > 0 && length <= PATH_LENGTH_MAX && memchr(bytes, '\0', length) == NULL;
}

/* A path, or one with that of a socket behind it. */
static bool is_paths(const uint8_t *bytes, size_t length)
{
    const uint8_t *end = length > 0 ? memchr(bytes, '\0', length) : NULL;
    size_t first = end != NULL ? (size_t)(end - bytes) : length;
    return is_text(bytes, first) && (end == NULL || is_text(end + 1, length - first - 1));
}

/* Whether the reader has to answer. is_loaded: a config waits for the engine's word. */
static bool is_good(const uint8_t *message, size_t size, bool is_loaded)
{
    switch (message[0]) {
    case READER_LOAD:
    case READER_DROP:
    case READER_RESOLVER:
        return size == 1;
    case READER_KEEP:
        return size == 1 && is_loaded;
    case READER_PASSWORD:
        return is_paths(message + 1, size - 1);
    case READER_PROOF:
        return size > READER_PROOF_PATH && is_paths(message + READER_PROOF_PATH, size - READER_PROOF_PATH);
    case READER_HOST:
    case READER_SOCKET:
        return is_text(message + 1, size - 1);
    default:
        return false;
    }
}

/* No answer has a secret in it, unless whoever asks has put it into his question: sentences repeat that. */
static void check_secrecy(const struct span *answer, const struct span *question)
{
    const struct span secrets[] = {
        {keys.seed, sizeof(keys.seed)},
        {keys.expanded.scalar, sizeof(keys.expanded.scalar)},
        {keys.expanded.nonce_prefix, sizeof(keys.expanded.nonce_prefix)},
        {UNNAMED_PASSWORD, strlen(UNNAMED_PASSWORD)},
        {UNNAMED_COOKIE, strlen(UNNAMED_COOKIE)},
        {SHARED_SECRET, strlen(SHARED_SECRET)},
    };
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        const struct span *secret = &secrets[i];
        FUZZ_REQUIRE(memmem(answer->data, answer->length, secret->data, secret->length) == NULL ||
                     memmem(question->data, question->length, secret->data, secret->length) != NULL);
    }
}

/* Takes one message of the answer to a question. Returns true for the last one, with its result. */
static bool take_message(int end, const struct span *question, uint8_t *result)
{
    uint8_t bytes[READER_MESSAGE_SIZE_MAX];
    ssize_t length = channel_receive(end, bytes, sizeof(bytes));
    FUZZ_REQUIRE(length > 0);
    size_t size = (size_t)length;
    check_secrecy(&(struct span){bytes, size}, question);
    if (bytes[0] == READER_END) {
        FUZZ_REQUIRE(size >= 2);
        *result = bytes[1];
        return true;
    }
    FUZZ_REQUIRE(((const uint8_t *)question->data)[0] == READER_LOAD);
    const bool is_client_key = bytes[0] == READER_CLIENT_KEY;
    FUZZ_REQUIRE(is_client_key || (bytes[0] >= READER_WARNING && bytes[0] <= READER_KEY) ||
                 bytes[0] == READER_CLIENTS);
    FUZZ_REQUIRE(bytes[0] != READER_CLIENTS || size >= READER_CLIENTS_KEYS);
    FUZZ_REQUIRE(bytes[0] != READER_KEY || size > READER_KEY_PATH);
    FUZZ_REQUIRE(!is_client_key ||
                 (size == READER_CLIENT_KEY_SIZE && memcmp(bytes + 1, client_key, 32) == 0));
    return false;
}

/* Asks for one thing. Returns whether that was answered. */
static bool ask(struct processes *processes, const uint8_t *message, size_t size, bool *is_loaded)
{
    enum reader_message type = (enum reader_message)message[0];
    uint8_t result = 0, surplus;
    FUZZ_REQUIRE(channel_send(processes->engine[0], message, size) == 0);
    if (!is_good(message, size, *is_loaded)) {
        FUZZ_REQUIRE(channel_receive(processes->engine[0], &surplus, sizeof(surplus)) == 0);
        return false;
    }
    const struct span question = {message, size};
    while (!take_message(processes->engine[0], &question, &result))
        continue;
    if (type == READER_LOAD)
        *is_loaded = result == 0;
    else if (type == READER_KEEP || type == READER_DROP)
        *is_loaded = false;
    return true;
}

static void prepare(void)
{
    static bool is_prepared;
    if (is_prepared)
        return;
    is_prepared = true;
    fuzz_prepare();
    signal(SIGPIPE, SIG_IGN);
    make_files();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct processes processes;
    bool was_good = true, is_loaded = false;
    prepare();
    change_config(0);
    start(&processes);
    const uint8_t *message;
    size_t length;
    while (was_good && (message = fuzz_take_message(&data, &size, &length)) != NULL) {
        if (message[0] == CHANGE_CONFIG)
            change_config(message[length > 1]);
        else
            was_good = ask(&processes, message, length, &is_loaded);
    }
    end(&processes, was_good);
    return 0;
}
