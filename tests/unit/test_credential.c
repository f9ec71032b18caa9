/* Tests of keys and passwords that come as systemd's credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "config/config.h"
#include "config/credential.h"
#include "helper_folder.h"
#include "vectors.h"

static uint8_t tor_key[96];
static char tor_address[ONION_ADDRESS_SIZE];

static void remember_vector(char **words)
{
    if (strcmp(words[0], "tor") != 0)
        return;
    vectors_decode_hex(words[1], tor_key, sizeof(tor_key));
    snprintf(tor_address, sizeof(tor_address), "%s", words[2]);
}

static int prepare(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    vectors_for_each("key_files.txt", 3, remember_vector);
    return 0;
}

/* A path inside the test's folder; the last four stay good. */
static const char *full_path(void **state, const char *name)
{
    static char paths[4][512];
    static size_t next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", (const char *)*state, name);
    return path;
}

static int setup(void **state)
{
    if (folder_setup(state) != 0 || mkdir("given", 0700) != 0)
        return -1;
    return setenv("CREDENTIALS_DIRECTORY", full_path(state, "given"), 1);
}

static int teardown(void **state)
{
    unsetenv("CREDENTIALS_DIRECTORY");
    return folder_teardown(state);
}

static void check_found(const char *name, const char *expected)
{
    struct error error = {.text = ""};
    char *path = credential_find(name, &error);
    if (path == NULL)
        fail_msg("%s: %s", name, error.text);
    assert_string_equal(path, expected);
    free(path);
}

static void check_not_found(const char *name, const char *text)
{
    struct error error = {.text = ""};
    assert_null(credential_find(name, &error));
    if (strstr(error.text, text) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", name, error.text, text);
}

static void test_names(void **state)
{
    folder_write_text("outside", "x");
    folder_write_text("given/one", "x");
    folder_write_text("given/keys_two", "x");
    folder_write_text("given/keys_one", "x");
    check_found("one", full_path(state, "given/one"));
    check_found("two", full_path(state, "given/keys_two"));
    check_found("keys_two", full_path(state, "given/keys_two"));
    check_not_found("three", "there is no such credential");

    static const char *const bad[] = {"", ".", "..", "../outside", "/outside", "given/one", ".hidden"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_not_found(bad[i], "a plain name");
    char name[300];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    check_not_found(name, "a plain name");
}

static void test_no_folder(void **state)
{
    (void)state;
    static const char *const folders[] = {"", "given", "./given"};
    folder_write_text("given/one", "x");
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        setenv("CREDENTIALS_DIRECTORY", folders[i], 1);
        check_not_found("one", "CREDENTIALS_DIRECTORY");
        assert_false(credential_has_path("given/one"));
    }
    unsetenv("CREDENTIALS_DIRECTORY");
    check_not_found("one", "CREDENTIALS_DIRECTORY");
    assert_false(credential_has_path("/one"));
}

static void test_paths(void **state)
{
    assert_true(credential_has_path(full_path(state, "given/one")));
    assert_false(credential_has_path(full_path(state, "given")));
    assert_false(credential_has_path(full_path(state, "given2/one")));
    assert_false(credential_has_path(full_path(state, "one")));
    assert_false(credential_has_path("given/one"));
}

/* Loads a config with this text for the service's key and the local tor's password file. Returns the
 * frontend's key path and the password file in one line, or the first error; release with free(). */
static char *load(const char *key, const char *password_file)
{
    char text[2048];
    struct config config;
    struct config_report report;
    snprintf(text, sizeof(text),
             "tor-control: 127.0.0.1:9051\n"
             "tor-control-password-file: %s\n"
             "services:\n"
             "  - key: %s\n"
             "    instances:\n"
             "      - address: vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion\n",
             password_file, key);
    folder_write_text("config.yaml", text);
    char *result = calloc(1, 4096);
    if (config_load(&config, "config.yaml", &report) == 0) {
        assert_string_equal(config.frontends[0].address, tor_address);
        snprintf(result, 4096, "%s %s", config.frontends[0].key_path, config.tor_control_password_file);
    } else {
        snprintf(result, 4096, "%s", report.errors[0]);
    }
    config_clear(&config);
    config_report_clear(&report);
    return result;
}

static void check_load(const char *key, const char *password_file, const char *expected)
{
    char *result = load(key, password_file);
    if (strstr(result, expected) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", result, expected);
    free(result);
}

static void test_config(void **state)
{
    char expected[1100];
    folder_write("given/keys_frontend.key", tor_key, sizeof(tor_key));
    folder_write_text("given/tor.password", "secret\n");
    snprintf(expected, sizeof(expected), "%s %s", full_path(state, "given/keys_frontend.key"),
             full_path(state, "given/tor.password"));
    check_load("credential:frontend.key", "credential:tor.password", expected);

    check_load("credential:other.key", "credential:tor.password",
               "config.yaml:4: key credential:other.key: there is no such credential");
    check_load("credential:frontend.key", "credential:password",
               "config.yaml:2: tor-control-password-file credential:password: there is no such credential");
    check_load("\"credential:\"", "credential:tor.password",
               "config.yaml:4: key credential:: a credential has");
    unsetenv("CREDENTIALS_DIRECTORY");
    check_load("credential:frontend.key", "given/tor.password", "CREDENTIALS_DIRECTORY");
}

/* What systemd puts there in its two ways: a file of the user's, and one of root's with an access list, which
 * shows as the group's right to read. Anything wider is refused, and the list outside the folder too. */
static void test_modes(void **state)
{
    static const char name[] = "given/frontend.key";
    static const char elsewhere[] = "frontend.key";
    folder_write(name, tor_key, sizeof(tor_key));
    folder_write(elsewhere, tor_key, sizeof(tor_key));
    folder_write_text("given/p", "x\n");
    assert_int_equal(chmod(name, 0400), 0);
    check_load("credential:frontend.key", "given/p", full_path(state, name));
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(name, 0440), 0);
    assert_int_equal(chmod(elsewhere, 0440), 0);
    check_load("credential:frontend.key", "given/p", full_path(state, name));
    check_load("frontend.key", "given/p", "can be read or changed by others (mode 0440)");
    assert_int_equal(chown(name, 0, 65534), 0);
    check_load("credential:frontend.key", "given/p", "can be read or changed by others (mode 0440)");
    assert_int_equal(chown(name, 65534, 0), 0);
    check_load("credential:frontend.key", "given/p", "belongs to another user");
    assert_int_equal(chown(name, 0, 0), 0);
    static const mode_t wide[] = {0460, 0450, 0444, 0442, 0441};
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        assert_int_equal(chmod(name, wide[i]), 0);
        check_load("credential:frontend.key", "given/p", "can be read or changed by others");
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names), TEST(test_no_folder), TEST(test_paths), TEST(test_config), TEST(test_modes),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
