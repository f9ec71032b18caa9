/* Writes the first inputs for what engine and reader say to each other. */
#include <string.h>

#include "../unit/helper_bundle.h"
#include "../unit/helper_signer.h"
#include "base/memory.h"
#include "config/key_decode.h"
#include "fuzz.h"
#include "onion/onion_address.h"
#include "reader/reader_message.h"
#include "seeds.h"

/* Messages, each behind its length. */
struct messages {
    uint8_t bytes[24000];
    size_t length;
};

static void add(struct messages *messages, uint8_t type, const void *bytes, size_t size)
{
    uint8_t *place = messages->bytes + messages->length;
    FUZZ_REQUIRE(messages->length + 3 + size <= sizeof(messages->bytes));
    place[0] = (uint8_t)((size + 1) >> 8);
    place[1] = (uint8_t)(size + 1);
    place[2] = type;
    if (size > 0)
        memcpy(place + 3, bytes, size);
    messages->length += 3 + size;
}

static void add_text(struct messages *messages, uint8_t type, const char *text)
{
    add(messages, type, text, strlen(text));
}

static void add_end(struct messages *messages, uint8_t result, const char *content)
{
    uint8_t bytes[256] = {result};
    memcpy(bytes + 1, content, strlen(content));
    add(messages, READER_END, bytes, 1 + strlen(content));
}

/* A proof with a cookie by a peer that knows it: flags as in reader_message.h. */
static void add_proof(struct messages *messages, uint8_t flags, const char *path, const char *cookie)
{
    static const char key[] = "Tor safe cookie authentication server-to-controller hash";
    uint8_t bytes[READER_PROOF_PATH + 64] = {[READER_PROOF_FLAGS] = flags, [READER_PROOF_NONCE] = 1};
    const struct span pieces[] = {{cookie, COOKIE_SIZE},
                                  {bytes + READER_PROOF_NONCE, (size_t)2 * COOKIE_NONCE_SIZE}};
    hash_hmac_sha256(bytes + READER_PROOF_SERVER_HASH, key, strlen(key), pieces, 2);
    memcpy(bytes + READER_PROOF_PATH, path, strlen(path));
    add(messages, READER_PROOF, bytes + 1, READER_PROOF_PATH - 1 + strlen(path));
}

/* -- requests: the config that there is changes between them */

#define CHANGE_CONFIG 0xff

static void write_requests(void)
{
    static const char *const configs[] = {"\0", "\1", "\2", "\3", "\4"};
    struct messages messages = {.length = 0};
    for (size_t i = 0; i < 5; i++) {
        add(&messages, CHANGE_CONFIG, configs[i], 1);
        add(&messages, READER_LOAD, NULL, 0);
        add(&messages, i == 0 || i == 3 ? READER_KEEP : READER_DROP, NULL, 0);
    }
    seeds_write("reader_request", "configs", messages.bytes, messages.length);
    messages.length = 0;
    add(&messages, READER_LOAD, NULL, 0);
    add(&messages, READER_KEEP, NULL, 0);
    add_text(&messages, READER_PASSWORD, "password");
    add_text(&messages, READER_PASSWORD, "other");
    add_text(&messages, READER_PASSWORD, "credential:password");
    add(&messages, READER_PASSWORD, "password\0/folder/socket", 23);
    add_proof(&messages, 0, "key.pem", "0123456789abcdef0123456789abcdef");
    add_proof(&messages, 0, "credential:none", "0123456789abcdef0123456789abcdef");
    add_text(&messages, READER_HOST, "localhost");
    add(&messages, READER_RESOLVER, NULL, 0);
    add_text(&messages, READER_SOCKET, "status");
    add_text(&messages, READER_SOCKET, "given");
    add_text(&messages, READER_SOCKET, "/nonexistent/metrics");
    add_text(&messages, READER_SOCKET, "key.pem");
    add(&messages, CHANGE_CONFIG, configs[1], 1);
    add(&messages, READER_LOAD, NULL, 0);
    add_text(&messages, READER_PASSWORD, "password");
    add(&messages, READER_KEEP, NULL, 0);
    seeds_write("reader_request", "files", messages.bytes, messages.length);
    messages.length = 0;
    add(&messages, CHANGE_CONFIG, configs[3], 1);
    add(&messages, READER_LOAD, NULL, 0);
    add(&messages, READER_KEEP, NULL, 0);
    add_proof(&messages, READER_PROOF_LOCAL_TOR, "named cookie", "fedcba9876543210fedcba9876543210");
    add_proof(&messages, READER_PROOF_LOCAL_TOR, "named cookie", "another one, which is as long...");
    add_proof(&messages, 0, "cookie", "0123456789abcdef0123456789abcdef");
    add_proof(&messages, READER_PROOF_NAMED_BY_PEER, "cookie", "0123456789abcdef0123456789abcdef");
    add_proof(&messages, READER_PROOF_NAMED_BY_PEER | READER_PROOF_LOCAL_TOR, "none",
              "0123456789abcdef0123456789abcdef");
    seeds_write("reader_request", "proofs", messages.bytes, messages.length);
    messages.length = 0;
    add(&messages, READER_LOAD, NULL, 0);
    add(&messages, READER_KEEP, NULL, 0);
    add_text(&messages, READER_PASSWORD, "client.key");
    add_text(&messages, READER_PASSWORD, "secret");
    add_proof(&messages, READER_PROOF_OF_SECRET, "secret", "0123456789abcdef0123456789abcdef");
    add_text(&messages, READER_CLIENT_KEY, "client.key");
    seeds_write("reader_request", "client-keys", messages.bytes, messages.length);
    static const uint8_t bad[] = {
        0, READER_KEEP, READER_WARNING, READER_END, READER_PASSWORD, READER_SOCKET, READER_PROOF};
    for (size_t i = 0; i < sizeof(bad); i++) {
        char *name = text_format("bad-%zu", i);
        messages.length = 0;
        add(&messages, READER_RESOLVER, NULL, 0);
        add(&messages, bad[i], NULL, 0);
        seeds_write("reader_request", name, messages.bytes, messages.length);
        free(name);
    }
    char *long_text = memory_allocate(READER_MESSAGE_SIZE_MAX, 1);
    memset(long_text, 'x', READER_MESSAGE_SIZE_MAX);
    messages.length = 0;
    add(&messages, READER_HOST, long_text, 4095);
    add(&messages, READER_HOST, long_text, 4096);
    seeds_write("reader_request", "path-too-long", messages.bytes, messages.length);
    messages.length = 0;
    add(&messages, READER_LOAD, long_text, READER_MESSAGE_SIZE_MAX);
    seeds_write("reader_request", "too-long", messages.bytes, messages.length);
    free(long_text);
}

/* -- answers, behind a byte that says what is asked for first */

static void write_answers(const char *name, uint8_t first, const struct messages *messages)
{
    seeds_write_with_byte("reader_answer", name, first, (const char *)messages->bytes, messages->length);
}

/* The key of the first service; with the header of a bundle, if that is not NULL. */
static void add_key(struct messages *messages, const struct bundle *bundle)
{
    static const char path[] = "/keys/one";
    uint8_t bytes[READER_KEY_PATH + sizeof(path)] = {0};
    struct forger forger = fuzz_forger();
    bytes[READER_KEY_FRONTEND + 3] = 1;
    bytes[READER_KEY_FORMAT] = bundle != NULL ? KEY_FORMAT_BUNDLE : KEY_FORMAT_PEM;
    memcpy(bytes + READER_KEY_IDENTITY, bundle != NULL ? bundle->identity_key : forger.identity_key,
           ED25519_PUBLIC_KEY_SIZE);
    if (bundle != NULL)
        bundle_encode_header(&bundle->plan, bundle->identity_key, bytes + READER_KEY_BUNDLE);
    memcpy(bytes + READER_KEY_PATH, path, strlen(path));
    add(messages, READER_KEY, bytes + 1, READER_KEY_PATH + strlen(path) - 1);
}

/* Who may read the first service's descriptors: so many clients. */
static void add_clients(struct messages *messages, size_t count)
{
    static const char folder[] = "/clients/one";
    uint8_t bytes[READER_CLIENTS_KEYS + 3 * X25519_PUBLIC_KEY_SIZE + sizeof(folder)] = {0};
    bytes[READER_CLIENTS_COUNT + 1] = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        const uint8_t secret[X25519_SECRET_KEY_SIZE] = {(uint8_t)(i + 1)};
        x25519_derive_public_key(bytes + READER_CLIENTS_KEYS + i * X25519_PUBLIC_KEY_SIZE, secret);
    }
    const size_t size = READER_CLIENTS_KEYS + count * X25519_PUBLIC_KEY_SIZE;
    memcpy(bytes + size, folder, strlen(folder));
    add(messages, READER_CLIENTS, bytes + 1, size + (count > 0 ? strlen(folder) : 0) - 1);
}

/* The answer to READER_LOAD, with as many keys as services, or one too few, and so many clients of each. */
static void add_config(struct messages *messages, const struct bundle *bundle, size_t keys, size_t clients)
{
    struct forger backend;
    char address[ONION_ADDRESS_SIZE];
    forger_init(&backend, 2);
    onion_address_encode(address, backend.identity_key);
    add_text(messages, READER_WARNING, "obpub.yaml:1: one");
    add_text(messages, READER_TEXT, "services:\n- key: one\n");
    char *rest = text_format("  instances: [{address: %s, control-password-file: x}]\n", address);
    add_text(messages, READER_TEXT, rest);
    free(rest);
    for (size_t i = 0; i < keys; i++) {
        add_key(messages, bundle);
        add_clients(messages, clients);
    }
    add_end(messages, 0, "");
}

/* A config that needs two keys of clients, and so many of them; after the third one that is cut short. */
static void add_client_keys(struct messages *messages, uint8_t count)
{
    struct forger backend;
    char address[ONION_ADDRESS_SIZE];
    forger_init(&backend, 2);
    onion_address_encode(address, backend.identity_key);
    char *text = text_format("services:\n- {key: one, instances: [{address: %s, client-key: a, control:\n"
                             "    '%s.onion:1', control-password-file: s, control-client-key: b}]}\n",
                             address, address);
    add_text(messages, READER_TEXT, text);
    free(text);
    add_key(messages, NULL);
    add_clients(messages, 0);
    for (uint8_t i = 0; i < count; i++) {
        const uint8_t key[X25519_SECRET_KEY_SIZE] = {i, 1};
        add(messages, READER_CLIENT_KEY, key, i == 2 ? 1 : sizeof(key));
    }
    add_end(messages, 0, "");
}

static void write_loads(void)
{
    struct messages messages = {.length = 0};
    struct bundle *bundle = make_small_bundle(1, &schedule_public, SIGNER_NOW, 3);
    for (size_t i = 0; i < 3; i++) {
        char *name = text_format("load-%zu", i);
        messages.length = 0;
        add_config(&messages, i == 1 ? bundle : NULL, i < 2, i == 0 ? 3 : 0);
        add_end(&messages, 0, "");
        add_end(&messages, 0, "");
        add_end(&messages, 0, "0123456789abcdef0123456789abcdef");
        add_end(&messages, 0, "secret");
        add_end(&messages, 0, "127.0.0.1\n::1\n");
        add_end(&messages, 0, "nameserver 127.0.0.53\nsearch example\n");
        add_end(&messages, 0, "late");
        write_answers(name, 0, &messages);
        free(name);
    }
    bundle_free(bundle);
    for (uint8_t count = 0; count < 4; count++) {
        char *name = text_format("load-client-keys-%u", count);
        messages.length = 0;
        add_client_keys(&messages, count);
        write_answers(name, 0, &messages);
        free(name);
    }
    messages.length = 0;
    add_text(&messages, READER_ERROR, "obpub.yaml:1: two");
    add_end(&messages, 1, "");
    write_answers("load-refused", 0, &messages);
    messages.length = 0;
    add_text(&messages, READER_LOAD, "");
    write_answers("load-other", 0, &messages);
    messages.length = 0;
    add_text(&messages, READER_KEY, "short");
    add_end(&messages, 0, "");
    write_answers("load-short-key", 0, &messages);
    messages.length = 0;
    add_clients(&messages, 1);
    write_answers("load-clients-of-none", 0, &messages);
    messages.length = 0;
    add_key(&messages, NULL);
    add(&messages, READER_CLIENTS, "\0\2key", 5);
    write_answers("load-short-clients", 0, &messages);
}

static void write_refusals(void)
{
    struct messages messages = {.length = 0};
    add_end(&messages, 1, "may not be read");
    add_end(&messages, 2, "is not there");
    add_end(&messages, 2, "");
    add_end(&messages, 9, "what");
    write_answers("refused", 3, &messages);
    messages.length = 0;
    add_end(&messages, 0, "short");
    add_text(&messages, READER_TEXT, "no end");
    write_answers("wrong", 3, &messages);
    messages.length = 0;
    char *long_text = memory_allocate(5000, 1);
    memset(long_text, '\n', 5000);
    long_text[0] = 0;
    for (size_t i = 0; i < 3; i++)
        add(&messages, READER_END, long_text, 5000);
    write_answers("too-long", 4, &messages);
    messages.length = 0;
    for (size_t i = 0; i < 4; i++)
        add(&messages, READER_END, "\0a\0b", 4);
    write_answers("nul", 4, &messages);
    free(long_text);
}

void seeds_write_reader(void)
{
    write_requests();
    write_loads();
    write_refusals();
}
