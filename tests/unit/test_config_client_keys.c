/* Tests the keys of clients in the config file: whose descriptors they open, and which are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base32.h"
#include "base/memory.h"
#include "helper_config.h"
#include "helper_folder.h"
#include "onion/client_key.h"

#define INSTANCE(rest) "services:\n- key: frontend0.key\n  instances:\n  - {address: @1, " rest "}\n"
#define KEY "descriptor:x25519:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ\n"
#define OTHER_KEY "descriptor:x25519:CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

static int set_up(void **state)
{
    if (config_setup(state) != 0)
        return -1;
    folder_write_text("client.key", KEY);
    folder_write_text("other.key", OTHER_KEY);
    return 0;
}

static void load(struct config *config, const char *text)
{
    struct config_report report;
    int result = config_load_text(config, &report, text);
    if (result != 0)
        fail_msg("%s", report.errors[0]);
    config_report_clear(&report);
}

/* 0, 1, 2 and so on, as KEY is. */
static void assert_key(const uint8_t *key)
{
    assert_non_null(key);
    for (uint8_t i = 0; i < X25519_SECRET_KEY_SIZE; i++)
        assert_int_equal(key[i], i);
}

/* With a control port or without, alone or beside the key of an agent; and the same pair for several
 * backends.
 */
static void test_good_ones(void **state)
{
    (void)state;
    struct config config;
    load(&config, INSTANCE("client-key: client.key"));
    const struct config_backend *backends = config.frontends[0].backends;
    assert_string_equal(backends[0].client_key, "client.key");
    assert_key(backends[0].client_secret);
    assert_null(backends[0].control_client_secret);
    config_clear(&config);

    load(&config, "services:\n- key: frontend0.key\n  instances:\n"
                  "  - {address: @1, client-key: client.key, control: 'unix:/x'}\n"
                  "  - {address: @2, client-key: client.key, control: '@3.onion:9151',\n"
                  "     control-password-file: other.key, control-client-key: other.key}\n"
                  "  - {address: @4}\n");
    backends = config.frontends[0].backends;
    assert_key(backends[0].client_secret);
    assert_key(backends[1].client_secret);
    assert_int_equal(backends[1].control_client_secret[0], 0x10);
    assert_null(backends[2].client_secret);
    assert_null(backends[2].client_key);
    config_forget_client_keys(&config);
    assert_null(backends[0].client_secret);
    assert_null(backends[1].control_client_secret);
    config_clear(&config);

    char *line = config_expand("\n @1:" KEY);
    folder_write_text("client.key", line);
    free(line);
    load(&config, INSTANCE("client-key: client.key"));
    assert_key(config.frontends[0].backends[0].client_secret);
    config_clear(&config);
}

/* A twin's descriptors are the service's: so is what its key has to be for. */
static void test_twins(void **state)
{
    (void)state;
    static const char text[] = "services:\n- key: frontend0.key\n  mode: hardmap\n  instances:\n"
                               "  - {name: a, control: 'a:1', client-key: client.key}\n";
    struct config config;
    char *line = config_expand("@0:" KEY);
    folder_write_text("client.key", line);
    free(line);
    load(&config, text);
    assert_key(config.frontends[0].backends[0].client_secret);
    config_clear(&config);
    line = config_expand("@1:" KEY);
    folder_write_text("client.key", line);
    free(line);
    config_check_bad(text, "which is another onion service");
}

static void test_bad_files(void **state)
{
    (void)state;
    config_check_bad(INSTANCE("client-key: none"),
                     "config.yaml:4: client key file none: there is no such file");
    config_check_bad(INSTANCE("client-key: frontend0.key"), "config.yaml:4: client key file frontend0.key: ");
    config_check_bad(INSTANCE("client-key: ."), "is not a plain file");
    config_check_bad(INSTANCE("client-key: [client.key]"), "config.yaml:4: \"client-key\"");
    config_check_bad(INSTANCE("client-key: credential:none"), "client-key credential:none");
    assert_int_equal(chmod("client.key", 0644), 0);
    config_check_bad(INSTANCE("client-key: client.key"), "chmod o-rwx client.key");
    assert_int_equal(chmod("client.key", 0640), 0);
    config_check_good(INSTANCE("client-key: client.key"), NULL);
    folder_write_text("client.key", KEY KEY);
    config_check_bad(INSTANCE("client-key: client.key"), "has more than one line");
    folder_write_text("client.key", "descriptor:x25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    config_check_bad(INSTANCE("client-key: client.key"), "its key is all zeros");
}

/* Writes a client's file with these bytes as its key. */
static void write_key(const uint8_t key[X25519_SECRET_KEY_SIZE])
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    client_key_format_public(line, key);
    folder_write_text("client.key", line);
}

/* A service whose secrets are known: its seed, and what tor makes of that. */
static void make_service(uint8_t seed[32], uint8_t scalar[64], char address[ONION_ADDRESS_SIZE],
                         uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    uint8_t both[crypto_sign_SECRETKEYBYTES];
    memset(seed, 7, 32);
    crypto_sign_seed_keypair(identity_key, both, seed);
    crypto_hash_sha512(scalar, seed, 32);
    scalar[0] &= 248;
    scalar[31] = (uint8_t)((scalar[31] & 63) | 64);
    onion_address_encode(address, identity_key);
}

/* Keys that everybody has, or that nobody but a service itself may have. */
static void test_keys_of_services(void **state)
{
    (void)state;
    uint8_t seed[32], scalar[64], identity_key[ED25519_PUBLIC_KEY_SIZE];
    char address[ONION_ADDRESS_SIZE], text[512];
    make_service(seed, scalar, address, identity_key);
    snprintf(text, sizeof(text),
             "services:\n- key: frontend0.key\n  instances:\n  - {address: %s, client-key: client.key}\n",
             address);
    write_key(identity_key);
    config_check_bad(text, "this is the public key of the backend itself");
    write_key(seed);
    config_check_bad(text, "this is the secret key of the backend itself");
    write_key(scalar);
    config_check_bad(text, "this is the secret key of the backend itself");
    write_key(scalar + 32);
    config_check_good(text, NULL);
    assert_int_equal(onion_address_decode(identity_key, config_addresses[0], NULL), 0);
    write_key(identity_key);
    config_check_bad(text, "this is the public key of the frontend itself");
}

/* A backend of two services is one tor, whose descriptors are read once. */
static void test_says_the_same(void **state)
{
    (void)state;
    static const char twice[] =
        "services:\n- {key: frontend0.key, instances: [{address: @1%s}]}\n"
        "- {key: frontend8.key, instances: [{address: @1, client-key: client.key}]}\n";
    static const char warning[] = "the client key that is named here";
    char text[512];
    snprintf(text, sizeof(text), twice, ", client-key: client.key");
    config_check_good(text, NULL);
    snprintf(text, sizeof(text), twice, ", client-key: other.key");
    config_check_good(text, warning);
    snprintf(text, sizeof(text), twice, "");
    config_check_good(text, warning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good_ones, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_twins, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_bad_files, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_keys_of_services, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_says_the_same, set_up, folder_teardown),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
