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

#include "base/clock.h"
#include "base/memory.h"
#include "command/processes.h"
#include "config/credential.h"
#include "control/name_files.h"
#include "helper_children.h"
#include "helper_folder.h"
#include "process/channel.h"

/* -- files that open control ports ---------------------------------------------------------------- */

/* What was answered. */
static struct {
    bool has_come;
    enum credential_result result;
    uint8_t content[NAME_FILES_TEXT_SIZE];
    size_t length;
    struct error error;
} answer;

static void file_came(const struct file_answer *what, void *context)
{
    (void)context;
    answer.has_come = true;
    answer.result = what->result;
    answer.length = 0;
    if (what->result == CREDENTIAL_OK) {
        assert_true(what->length < sizeof(answer.content));
        memcpy(answer.content, what->content, what->length);
        answer.content[what->length] = '\0';
        answer.length = what->length;
    } else {
        answer.error = *what->error;
    }
}

/* Asks, and waits for the answer. */
static enum credential_result ask(const struct file_question *question)
{
    const struct credential_reader *reader = reader_client_credential_reader(children.reader);
    answer.has_come = false;
    reader->ask(question, file_came, NULL, reader->context);
    while (!answer.has_come) {
        assert_int_equal(channel_wait(children.ends[PROCESS_READER], 20000), 1);
        reader_client_take(children.reader);
    }
    return answer.result;
}

static enum credential_result read_password(const char *path, char **password, struct error *error)
{
    const struct file_question question = {.type = FILE_PASSWORD, .text = path, .socket = -1};
    enum credential_result result = ask(&question);
    *password = NULL;
    *error = answer.error;
    if (result == CREDENTIAL_OK) {
        *password = secret_allocate(answer.length + 1);
        memcpy(*password, answer.content, answer.length);
    }
    return result;
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

/* -- proofs --------------------------------------------------------------------------------------- */

#define COOKIE "0123456789abcdef0123456789ABCDEF"

/* A challenge by one who knows the cookie, or does not. */
static struct cookie_challenge make_challenge(bool knows_cookie)
{
    static const char key[] = "Tor safe cookie authentication server-to-controller hash";
    struct cookie_challenge challenge = {.client_nonce = {1}, .server_nonce = {2}};
    const struct span pieces[] = {
        {COOKIE, COOKIE_SIZE}, {challenge.client_nonce, 32}, {challenge.server_nonce, 32}};
    hash_hmac_sha256(challenge.server_hash, key, strlen(key), pieces, 3);
    challenge.server_hash[31] ^= !knows_cookie;
    return challenge;
}

static enum credential_result prove(const char *path, int socket, bool is_named_by_peer, bool is_local_tor,
                                    bool knows_cookie)
{
    const struct cookie_challenge challenge = make_challenge(knows_cookie);
    const struct file_question question = {
        .type = FILE_PROOF,
        .text = path,
        .socket = socket,
        .is_named_by_peer = is_named_by_peer,
        .is_local_tor = is_local_tor,
        .challenge = &challenge,
    };
    return ask(&question);
}

/* Two ends of a connection within this process. */
static void connect_here(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

static void note_local_tors(void)
{
    const struct credential_reader *reader = reader_client_credential_reader(children.reader);
    reader->note_local_tors(reader->context);
}

/* Who asks in vain learns nothing: neither from the words nor, as far as the disk allows, from the time. */
static void test_refusals_are_alike(void **state)
{
    (void)state;
    int ends[2];
    connect_here(ends);
    note_local_tors();
    folder_write("cookie", COOKIE, COOKIE_SIZE);
    folder_write("short", COOKIE, COOKIE_SIZE - 1);
    folder_write("longer", COOKIE "x", COOKIE_SIZE + 1);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    static const char *const paths[] = {"nothing", "nothing/at/all", "short",         "longer",   "pipe",
                                        ".",       "cookie",         "frontend0.key", "/dev/zero"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int64_t begun_at = clock_milliseconds();
        assert_int_equal(prove(paths[i], ends[0], true, false, false), CREDENTIAL_REFUSED);
        assert_string_equal(answer.error.text, "refused");
        assert_true(clock_milliseconds() - begun_at >= 5);
    }
    /* And without a peer. */
    assert_int_equal(prove("cookie", -1, true, false, true), CREDENTIAL_REFUSED);
    assert_string_equal(answer.error.text, "refused");
    close(ends[0]);
    close(ends[1]);
}

/* The proof is the one of control-spec 3.24, for the owner of the file, who this process is. */
static void test_proof(void **state)
{
    (void)state;
    static const char key[] = "Tor safe cookie authentication controller-to-server hash";
    const struct cookie_challenge challenge = make_challenge(true);
    const struct span pieces[] = {
        {COOKIE, COOKIE_SIZE}, {challenge.client_nonce, 32}, {challenge.server_nonce, 32}};
    uint8_t expected[SHA256_SIZE];
    int ends[2];
    connect_here(ends);
    note_local_tors();
    folder_write("cookie", COOKIE, COOKIE_SIZE);
    hash_hmac_sha256(expected, key, strlen(key), pieces, 3);
    assert_int_equal(prove("cookie", ends[0], true, false, true), CREDENTIAL_OK);
    assert_int_equal(answer.length, SHA256_SIZE);
    assert_memory_equal(answer.content, expected, SHA256_SIZE);
    close(ends[0]);
    close(ends[1]);
}

/* A cookie that the config names is proved to whom the config says, and is explained. */
static void test_proof_by_config(void **state)
{
    (void)state;
    struct config config;
    folder_write("cookie", COOKIE, COOKIE_SIZE);
    assert_int_equal(prove("cookie", -1, false, true, true), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(answer.error.text, "names no cookie file"));
    children_write_config("tor-control-cookie-file: cookie\n", (const int[]){0}, 1);
    children_take_config(&config);
    assert_int_equal(prove("cookie", -1, false, true, true), CREDENTIAL_OK);
    assert_int_equal(prove("cookie", -1, false, true, false), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(answer.error.text, "doesn't know the cookie"));
    /* No other peer may name it: by no path. */
    int ends[2];
    connect_here(ends);
    note_local_tors();
    assert_int_equal(symlink("cookie", "link"), 0);
    assert_int_equal(prove("cookie", ends[0], true, false, true), CREDENTIAL_REFUSED);
    assert_int_equal(prove("link", ends[0], true, false, true), CREDENTIAL_REFUSED);
    assert_int_equal(prove("./cookie", ends[0], true, true, true), CREDENTIAL_REFUSED);
    close(ends[0]);
    close(ends[1]);
    config_clear(&config);
}

/* Whom the config names a cookie file for has it proved of that file alone. */
static void test_named_cookie(void **state)
{
    (void)state;
    struct config config;
    folder_write("cookie", COOKIE, COOKIE_SIZE);
    folder_write("longer", COOKIE, COOKIE_SIZE + 1);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(prove("cookie", -1, false, true, true), CREDENTIAL_UNUSABLE); /* not yet named */
    children_write_config("tor-control-cookie-file: cookie\n", (const int[]){0}, 1);
    children_take_config(&config);
    assert_int_equal(prove("cookie", -1, false, true, true), CREDENTIAL_OK);
    static const char *const others[] = {
        "longer", "frontend0.key", "frontend8.key", "config.yaml", "pipe", "nothing", "."};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(prove(others[i], -1, false, true, true), CREDENTIAL_UNUSABLE);
        assert_non_null(strstr(answer.error.text, others[i]));
        assert_non_null(strstr(answer.error.text, "names no cookie file"));
    }
    char path[5000];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(prove(path, -1, false, true, true), CREDENTIAL_UNUSABLE);
    assert_int_equal(prove("", -1, false, true, true), CREDENTIAL_UNUSABLE);
    assert_int_equal(prove("cookie", -1, false, true, true), CREDENTIAL_OK);
    assert_int_equal(unlink("cookie"), 0);
    assert_int_equal(prove("cookie", -1, false, true, true), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(answer.error.text, "No such file"));
    config_clear(&config);
}

/* A file stays with the control port that has used it while the config lists that, also across a reload. */
static void test_proof_across_reloads(void **state)
{
    (void)state;
    static const char both[] = "tor-control: ['unix:/x/one', 'unix:/x/two']\n",
                      two[] = "tor-control: unix:/x/two\n";
    const struct cookie_challenge challenge = make_challenge(true);
    struct config config;
    int ends[2];
    connect_here(ends);
    folder_write("cookie", COOKIE, COOKIE_SIZE);
    struct file_question question = {.type = FILE_PROOF,
                                     .text = "cookie",
                                     .socket = ends[0],
                                     .is_named_by_peer = true,
                                     .is_local_tor = true,
                                     .challenge = &challenge};
    for (int i = 0; i < 3; i++) {
        children_write_config(i < 2 ? both : two, (const int[]){0}, 1);
        children_take_config(&config);
        config_clear(&config);
        question.socket_path = "/x/one";
        if (i == 0)
            assert_int_equal(ask(&question), CREDENTIAL_OK);
        question.socket_path = "/x/two";
        assert_int_equal(ask(&question), i < 2 ? CREDENTIAL_REFUSED : CREDENTIAL_OK);
    }
    close(ends[0]);
    close(ends[1]);
}

/* What backends' tors name waits for the local tors; what the config names does not. */
static void test_backends_wait_for_local_tors(void **state)
{
    (void)state;
    const struct credential_reader *reader = reader_client_credential_reader(children.reader);
    const struct cookie_challenge challenge = make_challenge(true);
    struct file_question question = {
        .type = FILE_PROOF, .text = "cookie", .is_named_by_peer = true, .challenge = &challenge};
    int ends[2];
    connect_here(ends);
    question.socket = ends[0];
    folder_write("cookie", COOKIE, COOKIE_SIZE);
    answer.has_come = false;
    struct file_request *held = reader->ask(&question, file_came, NULL, reader->context);
    assert_non_null(held);
    struct file_request *forgotten = reader->ask(&question, file_came, NULL, reader->context);
    reader->forget(forgotten, reader->context);
    /* Others are not held up by it. */
    char *password;
    struct error error;
    assert_int_equal(read_password("none", &password, &error), CREDENTIAL_UNUSABLE);
    assert_int_equal(prove("cookie", ends[0], true, true, true), CREDENTIAL_OK);
    answer.has_come = false;
    note_local_tors();
    assert_int_equal(channel_wait(children.ends[PROCESS_READER], 20000), 1);
    reader_client_take(children.reader);
    assert_true(answer.has_come);
    close(ends[0]);
    close(ends[1]);
}

/* The engine has hosts looked up in the machine's files by the reader. */
static void test_host_names(void **state)
{
    (void)state;
    char expected[NAME_FILES_TEXT_SIZE];
    struct file_question question = {.type = FILE_HOST, .text = "localhost", .socket = -1};
    name_files_find_host(NAME_FILES_HOSTS, "localhost", expected);
    assert_int_not_equal(expected[0], '\0');
    assert_int_equal(ask(&question), CREDENTIAL_OK);
    assert_string_equal((const char *)answer.content, expected);
    question.text = "no-such-host.invalid";
    assert_int_equal(ask(&question), CREDENTIAL_OK);
    assert_string_equal((const char *)answer.content, "");
    question.text = "";
    assert_int_equal(ask(&question), CREDENTIAL_UNUSABLE);
    question.type = FILE_RESOLVER;
    question.text = NULL;
    assert_int_equal(ask(&question), CREDENTIAL_OK);
    name_files_read_resolver(NAME_FILES_RESOLVER, expected);
    assert_string_equal((const char *)answer.content, expected);
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

/* So it is with the socket for commands. */
static void test_command_socket(void **state)
{
    (void)state;
    struct config config;
    struct error error;
    struct socket_folders folders;
    children_write_config("command-socket-location: sub/command\n", (const int[]){0}, 1);
    assert_int_equal(mkdir("sub", 0700), 0); /* the reader may only reach folders that it has found */
    start_again(&children_options, &folders);
    assert_int_equal(folders.count, 1);
    assert_string_equal(folders.folders[0], "sub");
    socket_folders_clear(&folders);
    make_socket("sub/command");
    check_not_removed("sub/command", "names no socket"); /* not yet */
    children_take_config(&config);
    if (reader_client_remove_socket(children.reader, "sub/command", &error) != 0)
        fail_msg("%s", error.text);
    assert_false(is_there("sub/command"));
    config_clear(&config);
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
        CHILDREN_TEST(test_password),
        CHILDREN_TEST(test_named_cookie),
        CHILDREN_TEST(test_proof_across_reloads),
        CHILDREN_TEST(test_refusals_are_alike),
        CHILDREN_TEST(test_proof),
        CHILDREN_TEST(test_proof_by_config),
        CHILDREN_TEST(test_backends_wait_for_local_tors),
        CHILDREN_TEST(test_credential),
        CHILDREN_TEST(test_host_names),
        CHILDREN_TEST(test_sockets),
        CHILDREN_TEST(test_command_socket),
        CHILDREN_TEST(test_given_socket),
    };
    return cmocka_run_group_tests(tests, children_prepare, NULL);
}
