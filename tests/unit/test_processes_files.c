/* Tests which files the reader opens for the engine, and which not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "command/processes.h"
#include "config/credential.h"
#include "helper_children.h"
#include "helper_folder.h"

/* -- files that open control ports ---------------------------------------------------------------- */

static enum credential_result read_password(const char *path, char **password, struct error *error)
{
    const struct credential_reader *reader = reader_client_credential_reader(children.reader);
    return reader->read_password(path, password, reader->context, error);
}

static enum credential_result read_cookie(const char *path, uint8_t *cookie, struct error *error)
{
    const struct credential_reader *reader = reader_client_credential_reader(children.reader);
    return reader->read_cookie(path, cookie, reader->context, error);
}

static void test_password(void **state)
{
    (void)state;
    struct config config;
    struct error error;
    char *password;
    folder_write_text("password", "secret\n");
    folder_write_text("other", "hidden\n");
    assert_int_equal(read_password("password", &password, &error), CREDENTIAL_UNUSABLE); /* not yet named */
    children_write_config("tor-control-password-file: password\n", (const int[]){0}, 1);
    children_take_config(&config);
    assert_int_equal(read_password("password", &password, &error), CREDENTIAL_OK);
    assert_string_equal(password, "secret");
    secret_free(password);
    assert_int_equal(read_password("other", &password, &error), CREDENTIAL_UNUSABLE);
    assert_null(password);
    assert_non_null(strstr(error.text, "names no password file"));
    assert_int_equal(read_password("frontend0.key", &password, &error), CREDENTIAL_UNUSABLE);
    assert_int_equal(read_password("./password", &password, &error), CREDENTIAL_UNUSABLE);
    chmod("password", 0604);
    assert_int_equal(read_password("password", &password, &error), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "chmod"));
    config_clear(&config);
}

/* A cookie file may be any, but no key has a cookie's size. */
static void test_cookie(void **state)
{
    (void)state;
    uint8_t cookie[CREDENTIAL_COOKIE_SIZE];
    struct error error;
    folder_write("cookie", "0123456789abcdef0123456789ABCDEF", CREDENTIAL_COOKIE_SIZE);
    folder_write("longer", "0123456789abcdef0123456789ABCDEF", CREDENTIAL_COOKIE_SIZE + 1);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(read_cookie("cookie", cookie, &error), CREDENTIAL_OK);
    assert_memory_equal(cookie, "0123456789abcdef0123456789ABCDEF", sizeof(cookie));
    static const char *const others[] = {
        "longer", "frontend0.key", "frontend8.key", "config.yaml", "pipe", "nothing", "."};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        memset(cookie, 'x', sizeof(cookie));
        assert_int_equal(read_cookie(others[i], cookie, &error), CREDENTIAL_UNUSABLE);
        assert_non_null(strstr(error.text, others[i]));
        for (size_t j = 0; j < sizeof(cookie); j++)
            assert_int_equal(cookie[j], 'x');
    }
    char path[5000];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(read_cookie(path, cookie, &error), CREDENTIAL_UNUSABLE);
    assert_int_equal(read_cookie("", cookie, &error), CREDENTIAL_UNUSABLE);
    assert_int_equal(read_cookie("cookie", cookie, &error), CREDENTIAL_OK);
}

/* The engine has hosts looked up in the machine's files by the reader. */
static void test_host_names(void **state)
{
    (void)state;
    char lines[NAME_FILES_TEXT_SIZE], expected[NAME_FILES_TEXT_SIZE];
    const struct name_reader *names = &reader_client_credential_reader(children.reader)->names;
    name_files_find_host(NAME_FILES_HOSTS, "localhost", expected);
    assert_int_not_equal(expected[0], '\0');
    names->find_host("localhost", lines, names->context);
    assert_string_equal(lines, expected);
    names->find_host("no-such-host.invalid", lines, names->context);
    assert_string_equal(lines, "");
    names->find_host("", lines, names->context);
    assert_string_equal(lines, "");
    names->read_resolver(lines, names->context);
    name_files_read_resolver(NAME_FILES_RESOLVER, expected);
    assert_string_equal(lines, expected);
}

/* A file that systemd hands over is named to the reader by its name; where it is, is the reader's to know. */
static void test_credential(void **state)
{
    struct config config;
    struct error error;
    char *password, folder[512];
    processes_end(&children);
    snprintf(folder, sizeof(folder), "%s/given", (const char *)*state);
    assert_int_equal(mkdir("given", 0700), 0);
    folder_write_text("given/tor.password", "secret\n");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    assert_int_equal(processes_start(&children, &children_options, &children_plan, NULL, &error), 0);
    unsetenv("CREDENTIALS_DIRECTORY");
    children_write_config("tor-control-password-file: credential:tor.password\n", (const int[]){0}, 1);
    children_take_config(&config);
    assert_string_equal(config.tor_control_password_file, "credential:tor.password");
    assert_int_equal(read_password(config.tor_control_password_file, &password, &error), CREDENTIAL_OK);
    assert_string_equal(password, "secret");
    secret_free(password);
    assert_int_equal(read_password("credential:none", &password, &error), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "no such credential"));
    config_clear(&config);
}

/* -- files of listening sockets ------------------------------------------------------------------- */

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(descriptor, (const struct sockaddr *)&address, sizeof(address)), 0);
    close(descriptor);
}

/* It is there, or not any more. */
static bool is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static void check_not_removed(const char *path, const char *expected)
{
    struct error error;
    assert_int_equal(reader_client_remove_socket(children.reader, path, &error), -1);
    if (strstr(error.text, expected) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, expected);
    assert_true(is_there(path));
}

static void start_again(const struct options *options, struct socket_folders *folders)
{
    struct error error;
    processes_end(&children);
    socket_folders_find(folders, options);
    assert_int_equal(processes_start(&children, options, &children_plan, folders, &error), 0);
}

/* Of all files the engine has the reader remove its sockets, those of the config in use and of the one that
 * may take its place. */
static void test_sockets(void **state)
{
    struct config config, other;
    struct error error;
    struct socket_folders folders;
    char text[1024], metrics[512];
    snprintf(metrics, sizeof(metrics), "%s/metrics", (const char *)*state);
    snprintf(text, sizeof(text), "status-socket-location: status\nmetrics-listen: unix:%s\n", metrics);
    children_write_config(text, (const int[]){0}, 1);
    start_again(&children_options, &folders);
    assert_int_equal(folders.count, 2);
    assert_string_equal(folders.folders[0], ".");
    assert_string_equal(folders.folders[1], *state);
    socket_folders_clear(&folders);
    make_socket("status");
    make_socket("metrics");
    make_socket("next");
    make_socket("other");
    check_not_removed("status", "names no socket"); /* not yet */
    children_take_config(&config);
    assert_int_equal(reader_client_remove_socket(children.reader, metrics, &error), 0);
    assert_false(is_there(metrics));
    check_not_removed("next", "names no socket");
    children_write_config("status-socket-location: next\n", (const int[]){0}, 1);
    children_load(&other);
    assert_int_equal(reader_client_remove_socket(children.reader, "status", &error), 0);
    assert_false(is_there("status"));
    assert_int_equal(reader_client_remove_socket(children.reader, "next", &error), 0);
    assert_false(is_there("next"));
    check_not_removed("other", "names no socket");
    check_not_removed("frontend0.key", "names no socket");
    folder_write_text("status", "somebody's");
    check_not_removed("status", "is no socket");
    assert_int_equal(remove("status"), 0);
    assert_int_equal(mkdir("status", 0700), 0);
    check_not_removed("status", "is no socket");
    assert_int_equal(remove("status"), 0);
    assert_int_equal(reader_client_remove_socket(children.reader, "status", &error), 0); /* gone already */
    config_clear(&config);
    config_clear(&other);
}

/* A path that was given in the place of the config's is the engine's, too. */
static void test_given_socket(void **state)
{
    (void)state;
    const struct options options = {.config_path = "config.yaml",
                                    .environment_status_socket = "given/status"};
    struct error error;
    struct socket_folders folders;
    assert_int_equal(mkdir("given", 0700), 0);
    children_write_config("status-socket-location: status\n", (const int[]){0}, 1);
    start_again(&options, &folders);
    assert_int_equal(folders.count, 1);
    assert_string_equal(folders.folders[0], "given");
    socket_folders_clear(&folders);
    make_socket("given/status");
    make_socket("given/other");
    assert_int_equal(reader_client_remove_socket(children.reader, "given/status", &error), 0);
    assert_false(is_there("given/status"));
    check_not_removed("given/other", "names no socket");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHILDREN_TEST(test_password),   CHILDREN_TEST(test_cookie),  CHILDREN_TEST(test_credential),
        CHILDREN_TEST(test_host_names), CHILDREN_TEST(test_sockets), CHILDREN_TEST(test_given_socket),
    };
    return cmocka_run_group_tests(tests, children_prepare, NULL);
}
