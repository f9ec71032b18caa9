/* The folder of a restricted service's clients, and a client's own key file. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "config/client_files.h"
#include "helper_folder.h"
#include "helper_forge.h"

#define ADDRESS "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid"
#define SECRET "xmvmrtdptl6msmfm36bxozaerdbehlusw5gm6z7ln4kwlakesdza"

/* The line of the client of that number. */
static void make_line(char line[CLIENT_KEY_PUBLIC_LINE_SIZE], unsigned number)
{
    uint8_t secret_key[X25519_SECRET_KEY_SIZE], public_key[X25519_PUBLIC_KEY_SIZE];
    hash_sha3_256(secret_key, &(struct span){&number, sizeof(number)}, 1);
    x25519_derive_public_key(public_key, secret_key);
    client_key_format_public(line, public_key);
}

/* Writes the file of a client into the folder "clients". */
static void write_client(const char *name, unsigned number)
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    make_line(line, number);
    char *path = text_format("clients/%s", name), *text = text_format("%s\n", line);
    folder_write_text(path, text);
    free(text);
    free(path);
}

/* Loads the folder "clients" and expects so many errors, of which the last has these words. */
static void assert_loaded(size_t client_count, size_t error_count, const char *words)
{
    struct client_files clients;
    struct config_report report = {.error_count = 0};
    int result = client_files_load(&clients, "clients", false, &report);
    assert_int_equal(result, error_count == 0 ? 0 : -1);
    if (report.error_count != error_count)
        fail_msg("%zu errors instead of %zu: %s", report.error_count, error_count,
                 report.error_count > 0 ? report.errors[0] : "");
    if (error_count > 0 && strstr(report.errors[error_count - 1], words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", report.errors[error_count - 1], words);
    assert_int_equal(clients.count, client_count);
    client_files_clear(&clients);
    config_report_clear(&report);
}

static int setup(void **state)
{
    folder_setup(state);
    assert_int_equal(mkdir("clients", 0700), 0);
    return 0;
}

static void test_clients_are_read(void **state)
{
    (void)state;
    static const char *const names[] = {"alice.auth", "bob.auth", ".hidden.auth", "with a space.auth"};
    struct client_files clients;
    struct config_report report = {.error_count = 0};
    struct error error;
    for (unsigned i = 0; i < 4; i++)
        write_client(names[i], i);
    folder_write_text("clients/.gitkeep", "");
    folder_write_text("clients/alice.auth~", "an editor's");
    folder_write_text("clients/.alice.auth.swp", "another one's");
    assert_int_equal(client_files_load(&clients, "clients", false, &report), 0);
    assert_int_equal(report.error_count, 0);
    assert_int_equal(clients.count, 4);
    assert_string_equal(clients.files[0].name, ".hidden");
    assert_string_equal(clients.files[1].name, "alice");
    assert_string_equal(clients.files[2].name, "bob");
    assert_string_equal(clients.files[3].name, "with a space");
    for (unsigned i = 0; i < 2; i++) {
        char expected[CLIENT_KEY_PUBLIC_LINE_SIZE], line[CLIENT_KEY_PUBLIC_LINE_SIZE];
        make_line(expected, i);
        client_key_format_public(line, clients.files[1 + i].key);
        assert_string_equal(line, expected);
    }
    struct authorized_clients *set = NULL;
    assert_int_equal(client_files_make_set(&set, &clients, &error), 0);
    assert_int_equal(set->count, 4);
    authorized_clients_release(set);
    /* What is no set is not taken for an open service. */
    memcpy(clients.files[0].key, clients.files[1].key, sizeof(clients.files[0].key));
    assert_int_equal(client_files_make_set(&set, &clients, &error), -1);
    client_files_clear(&clients);
    assert_int_equal(client_files_make_set(&set, &clients, &error), 0);
    assert_null(set);
}

static void test_no_clients(void **state)
{
    (void)state;
    assert_loaded(0, 0, "");
    assert_int_equal(rmdir("clients"), 0);
    assert_loaded(0, 1, "clients: there is no such folder");
    folder_write_text("clients", "");
    assert_loaded(0, 1, "clients: is no folder");
}

static void test_bad_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "clients/bad.auth: is empty"},
        {"\n \n\t\n", "clients/bad.auth: is empty"},
        {"\n\nrubbish\n", "clients/bad.auth:3: is no client's key"},
        {"descriptor:x25519:z7og\n", "clients/bad.auth:1: its key has 4 characters"},
        {ADDRESS ":descriptor:x25519:" SECRET "\n", "clients/bad.auth:1: has a client's private key"},
    };
    write_client("alice.auth", 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        folder_write_text("clients/bad.auth", rows[i].text);
        assert_loaded(1, 1, rows[i].words);
    }
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE], other[CLIENT_KEY_PUBLIC_LINE_SIZE];
    make_line(line, 2);
    make_line(other, 3);
    char *two = text_format("%s\n\n%s\n", line, other), *longest = text_format("%s%1000s", line, "");
    folder_write_text("clients/bad.auth", two);
    assert_loaded(1, 1, "clients/bad.auth:3: has more than one line");
    folder_write_text("clients/bad.auth", longest);
    assert_loaded(1, 1, "clients/bad.auth: has more than 1024 bytes");
    free(longest);
    free(two);
    /* A NUL does not hide what is behind it. */
    char hidden[CLIENT_KEY_PUBLIC_LINE_SIZE + 4] = {0};
    memcpy(hidden, line, strlen(line));
    hidden[sizeof(hidden) - 1] = 'x';
    folder_write("clients/bad.auth", hidden, sizeof(hidden));
    assert_loaded(1, 1, "clients/bad.auth:1: its key has");
}

static void test_every_fault_is_said(void **state)
{
    (void)state;
    struct client_files clients;
    struct config_report report = {.error_count = 0};
    static const char *const errors[] = {
        "clients/README: is no client's, whose file's name ends in .auth: rename it, or take it away",
        "clients/bob.auth:1: is no client's key: that is \"descriptor:x25519:\" and the key in base32",
        "clients/carol.aut: is no client's, whose file's name ends in .auth: rename it, or take it away",
        "clients/folder.auth: is not a plain file",
    };
    write_client("alice.auth", 1);
    write_client("carol.aut", 2);
    folder_write_text("clients/README", "");
    folder_write_text("clients/bob.auth", "typo");
    assert_int_equal(mkdir("clients/folder.auth", 0700), 0);
    assert_int_equal(client_files_load(&clients, "clients", false, &report), -1);
    assert_int_equal(report.error_count, sizeof(errors) / sizeof(errors[0]));
    for (size_t i = 0; i < report.error_count; i++)
        assert_string_equal(report.errors[i], errors[i]);
    client_files_clear(&clients);
    config_report_clear(&report);
}

static void test_same_key_twice(void **state)
{
    (void)state;
    write_client("alice.auth", 1);
    write_client("bob.auth", 2);
    write_client("carol.auth", 1);
    assert_loaded(3, 1, "clients/carol.auth: has the same key as alice.auth");
}

static void test_who_can_write(void **state)
{
    (void)state;
    write_client("alice.auth", 1);
    assert_int_equal(chmod("clients/alice.auth", 0644), 0);
    assert_loaded(1, 0, "");
    assert_int_equal(chmod("clients/alice.auth", 0664), 0);
    assert_loaded(0, 1, "clients/alice.auth: can be changed by others (mode 0664)");
    assert_int_equal(chmod("clients/alice.auth", 0602), 0);
    assert_loaded(0, 1, "clients/alice.auth: can be changed by others (mode 0602)");
    assert_int_equal(chmod("clients/alice.auth", 0600), 0);
    assert_int_equal(chmod("clients", 0777), 0);
    assert_loaded(0, 1, "clients: can be changed by others (mode 0777)");
    assert_int_equal(chmod("clients", 0755), 0);
    assert_loaded(1, 0, "");
    if (geteuid() != 0)
        return;
    assert_int_equal(chown("clients/alice.auth", 1234, 0), 0);
    assert_loaded(0, 1, "clients/alice.auth: belongs to another user (uid 1234)");
    assert_int_equal(chown("clients", 1234, 0), 0);
    assert_loaded(0, 1, "clients: belongs to another user (uid 1234)");
}

/* Who else is in the folder "clients". */
static enum client_others find_others(const char *name)
{
    enum client_others others;
    struct error error;
    assert_int_equal(client_files_find_others(&others, "clients", name, &error), 0);
    return others;
}

/* 10,000 files are too many, and it does not take long to say so. */
static void test_too_many_files(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        char *path = text_format("clients/%u.auth", i);
        folder_write_text(path, "not looked at");
        free(path);
    }
    assert_loaded(0, 1, "clients: has more than 2000 files in it");
    assert_int_equal(find_others("0"), CLIENT_OTHERS_NO_KEYS);
    write_client("9999.auth", 1);
    assert_int_equal(find_others("0"), CLIENT_OTHERS_KEYS);
}

/* Whether a client is the last one does not depend on what keeps obpub from using the folder; but a file that
 * a tor passes over is nobody's. */
static void test_others(void **state)
{
    (void)state;
    enum client_others others;
    struct error error;
    write_client("alice.auth", 1);
    folder_write_text("clients/alice.auth~", "an editor's");
    folder_write_text("clients/README", "");
    assert_int_equal(find_others("alice"), CLIENT_OTHERS_NONE);
    assert_int_equal(find_others("alic"), CLIENT_OTHERS_KEYS);
    assert_int_equal(find_others("alice.auth"), CLIENT_OTHERS_KEYS);
    folder_write_text("clients/alice2.auth", "typo");
    folder_write_text("clients/z.auth", "");
    assert_int_equal(find_others("alice"), CLIENT_OTHERS_NO_KEYS);
    write_client("bob.auth", 2);
    assert_int_equal(find_others("alice"), CLIENT_OTHERS_KEYS);
    assert_int_equal(chmod("clients/bob.auth", 0666), 0);
    assert_int_equal(chmod("clients", 0777), 0);
    assert_int_equal(find_others("alice"), CLIENT_OTHERS_KEYS);
    assert_int_equal(find_others("bob"), CLIENT_OTHERS_KEYS);
    assert_int_equal(client_files_find_others(&others, "elsewhere", "alice", &error), -1);
    assert_string_equal(error.text, "there is no such folder");
}

/* Replaces two clients' files all the time, in steps, so that there is always just one of the two. */
static void change_for_good(void)
{
    for (;;) {
        rename("clients/alice.auth", "clients/bob.auth");
        rename("clients/bob.auth", "clients/alice.auth");
    }
}

/* A folder that changes all the time is never taken for one that it was at no time: here there is always just
 * one client, but who lists the folder may see none or two, and may open what is no longer there. */
static void test_folder_that_changes(void **state)
{
    (void)state;
    write_client("alice.auth", 1);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60); /* should the test end before it ends this */
        change_for_good();
    }
    size_t refusals = 0;
    for (size_t i = 0; i < 10; i++) {
        struct client_files clients;
        struct config_report report = {.error_count = 0};
        int result = client_files_load(&clients, "clients", false, &report);
        /* The child may not have been running all the while. */
        assert_true(result != 0 || clients.count == 1);
        refusals += result != 0;
        if (result != 0) {
            assert_int_equal(report.error_count, 1);
            assert_string_equal(report.errors[0],
                                "clients: changes while it is read: try again when it is at rest");
        }
        client_files_clear(&clients);
        config_report_clear(&report);
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(refusals > 0);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "alice", "Bob-2", "x.y_z", "alice@example.org", "0"};
    static const char *const bad[] = {"",  ".",   "..",  ".a",    "-a",       "a/b", "/",
                                      "~", "a b", "a\n", "a\x1b", "\xc3\xa4", "@a",  "_a"};
    char longest[CLIENT_NAME_MAX + 2];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(client_name_is_valid(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(client_name_is_valid(bad[i]));
    memset(longest, 'a', sizeof(longest));
    longest[CLIENT_NAME_MAX + 1] = '\0';
    assert_false(client_name_is_valid(longest));
    longest[CLIENT_NAME_MAX] = '\0';
    assert_true(client_name_is_valid(longest));
    char *path = client_files_find_path("a/b", "alice");
    assert_string_equal(path, "a/b/alice.auth");
    free(path);
}

/* Loads the file "own" and expects these words, NULL for success. */
static void assert_private(const char *words)
{
    struct client_private_key key;
    struct error error = {.text = ""};
    memset(&key, 1, sizeof(key));
    int result = client_private_file_load(&key, "own", &error);
    if (words == NULL) {
        assert_int_equal(result, 0);
        assert_true(key.has_identity_key);
        assert_int_equal(key.secret_key[0], 0xbb);
        return;
    }
    assert_int_equal(result, -1);
    if (strstr(error.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
    assert_null(strstr(error.text, "xmvm"));
    assert_true(sodium_is_zero((const uint8_t *)&key, sizeof(key)));
}

static void test_private_files(void **state)
{
    (void)state;
    assert_private("there is no such file");
    folder_write_text("own", "\n" ADDRESS ":descriptor:x25519:" SECRET "\n");
    assert_private(NULL);
    assert_int_equal(chmod("own", 0640), 0);
    assert_private(NULL);
    for (mode_t mode = 01; mode <= 04; mode *= 2) {
        assert_int_equal(chmod("own", 0640 | mode), 0);
        assert_private("can be read or changed by others (mode 064");
    }
    assert_int_equal(unlink("own"), 0);
    folder_write_text("own",
                      ADDRESS ":descriptor:x25519:" SECRET "\n" ADDRESS ":descriptor:x25519:" SECRET "\n");
    assert_private("has more than one line");
    folder_write_text("own", "descriptor:x25519:xmvm");
    assert_private("its key has 4 characters instead of 52");
    folder_write_text("own", "");
    assert_private("is empty");
    assert_int_equal(unlink("own"), 0);
    assert_int_equal(mkdir("own", 0700), 0);
    assert_private("name the file with the client's private key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clients_are_read, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_no_clients, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_bad_lines, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_every_fault_is_said, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_same_key_twice, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_who_can_write, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_too_many_files, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_others, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_folder_that_changes, setup, folder_teardown),
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup_teardown(test_private_files, setup, folder_teardown),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
