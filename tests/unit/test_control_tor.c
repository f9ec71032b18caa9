/* Control connections to a real tor, which runs alone and needs no network: every way of authentication,
 * replies of every kind, events between them, and a tor that stops or ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "helper_control_client.h"
#include "helper_folder.h"

#define PATH_SIZE 256
#define PATIENCE 60 /* seconds for a tor to start */
#define PASSWORD "pass \"word\" \\ h\xc3\xb6she"

/* The data folder's name holds what tor has to escape when it names its cookie file. */
#define ODD_NAME "data \"of\" \\ t\xc3\xb6r"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A tor with two ways of authentication, and one that asks for nothing. */
struct tors {
    char folder[FOLDER_PATH_SIZE];
    char secured_endpoint[PATH_SIZE]; /* unix:... */
    char ipv4_endpoint[64];
    char ipv6_endpoint[64];
    char cookie_path[PATH_SIZE];
    char open_endpoint[PATH_SIZE];
    pid_t secured;
    pid_t open;
    struct event_base *base;
    struct client client;
};

/* Runs tor with arguments in a child that dies with us; its output goes to the descriptor. */
static pid_t spawn_tor(const char *const *arguments, int output)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp("tor", (char *const *)arguments);
    dprintf(STDERR_FILENO, "tor can't be run (apt-get install tor)\n");
    _exit(127);
}

/* What "tor --hash-password" says. */
static void hash_password(char *hash, size_t size)
{
    static const char *const arguments[] = {"tor", "--quiet", "--hash-password", PASSWORD, NULL};
    int ends[2];
    char text[1024];
    size_t length = 0;
    ssize_t count;
    assert_int_equal(pipe(ends), 0);
    pid_t child = spawn_tor(arguments, ends[1]);
    close(ends[1]);
    while (length < sizeof(text) - 1 && (count = read(ends[0], text + length, sizeof(text) - 1 - length)) > 0)
        length += (size_t)count;
    close(ends[0]);
    text[length] = '\0';
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    const char *start = strstr(text, "16:");
    if (status != 0 || start == NULL)
        fail_msg("tor --hash-password: %s", text);
    snprintf(hash, size, "%.*s", (int)strcspn(start, "\r\n"), start);
}

/* Starts a tor without network in its folder, with some more options. */
static pid_t start_tor(const struct tors *tors, const char *name, const char *data_name,
                       const char *const *options)
{
    char data[PATH_SIZE];
    char control[PATH_SIZE]; /* in quotes, for a folder with spaces in its name */
    char torrc[PATH_SIZE];
    char log[PATH_SIZE];
    snprintf(data, sizeof(data), "%s/%s", tors->folder, data_name);
    snprintf(control, sizeof(control), "unix:\"%s/%s.control\"", tors->folder, name);
    snprintf(torrc, sizeof(torrc), "%s/empty", tors->folder);
    snprintf(log, sizeof(log), "%s/%s.log", tors->folder, name);
    int empty = open(torrc, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(empty >= 0);
    close(empty);
    const char *arguments[32] = {
        "tor", "-f",          torrc, "--defaults-torrc", torrc,  "--DataDirectory", data, "--DisableNetwork",
        "1",   "--SocksPort", "0",   "--ControlPort",    control};
    size_t count = 13;
    while (*options != NULL && count < COUNT(arguments) - 1)
        arguments[count++] = *options++;
    int output = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(output >= 0);
    pid_t child = spawn_tor(arguments, output);
    close(output);
    return child;
}

static void end_tor(pid_t child)
{
    if (child <= 0)
        return;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* Waits until somebody listens on a unix socket; ends the test when tor ends first, or takes too long. */
static void wait_for_socket(const char *endpoint, pid_t child)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", endpoint + strlen("unix:"));
    for (int round = 0; round < PATIENCE * 50; round++) {
        int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int result = connect(probe, (struct sockaddr *)&address, sizeof(address));
        close(probe);
        if (result == 0)
            return;
        if (waitpid(child, NULL, WNOHANG) != 0)
            fail_msg("tor has ended; see the .log files beside %s", address.sun_path);
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    }
    fail_msg("no control socket within %d seconds", PATIENCE);
}

static void make_client(struct tors *tors, const char *endpoint, const char *password_file,
                        const char *cookie_file)
{
    struct control_credentials credentials = {.password_file = password_file, .cookie_file = cookie_file};
    client_clear(&tors->client);
    client_start(&tors->client, tors->base, endpoint, &credentials, NULL);
}

/* Sends a command and gives what is written down of its reply. */
static const char *ask(struct tors *tors, const char *command, const char *data)
{
    struct client *client = &tors->client;
    client->log_length = 0;
    client->log[0] = '\0';
    client->replies_due = 1;
    assert_int_equal(client_send(client, command, data), 0);
    client_run(client);
    if (client->is_closed)
        fail_msg("%s: %s", command, client->error.text);
    return client->log;
}

/* Takes the value out of "250-<key>=<value>|250 OK;", possibly with "ready;" before it. */
static void read_value(const char *log, const char *key, char *value, size_t size)
{
    char prefix[64];
    snprintf(prefix, sizeof(prefix), "250-%s=", key);
    const char *start = strstr(log, prefix);
    if (start == NULL)
        fail_msg("no %s in: %.300s", prefix, log);
    start += strlen(prefix);
    size_t length = strcspn(start, "|");
    assert_string_equal(start + length, "|250 OK;");
    snprintf(value, size, "%.*s", (int)length, start);
}

/* Starts both tors and finds out which ports they took. */
static int set_up(void **state)
{
    struct tors *tors = memory_allocate(1, sizeof(*tors));
    *state = tors;
    tors->base = event_base_new();
    assert_int_equal(folder_make(tors->folder), 0);
    snprintf(tors->secured_endpoint, PATH_SIZE, "unix:%s/secured.control", tors->folder);
    snprintf(tors->open_endpoint, PATH_SIZE, "unix:%s/open.control", tors->folder);
    snprintf(tors->cookie_path, PATH_SIZE, "%s/" ODD_NAME "/control_auth_cookie", tors->folder);

    char hash[128];
    hash_password(hash, sizeof(hash));
    const char *const secured_options[] = {"--CookieAuthentication",
                                           "1",
                                           "--HashedControlPassword",
                                           hash,
                                           "+ControlPort",
                                           "127.0.0.1:auto",
                                           "+ControlPort",
                                           "[::1]:auto",
                                           NULL};
    const char *const open_options[] = {NULL};
    tors->secured = start_tor(tors, "secured", ODD_NAME, secured_options);
    tors->open = start_tor(tors, "open", "data", open_options);
    wait_for_socket(tors->secured_endpoint, tors->secured);
    wait_for_socket(tors->open_endpoint, tors->open);

    /* "unix:..." "127.0.0.1:1234" "[::1]:1235", in the order of the options. */
    char listeners[1024];
    make_client(tors, tors->secured_endpoint, NULL, NULL);
    read_value(ask(tors, "GETINFO net/listeners/control", NULL), "net/listeners/control", listeners,
               sizeof(listeners));
    const char *ipv4 = strstr(listeners, "\"127.0.0.1:");
    const char *ipv6 = strstr(listeners, "\"[::1]:");
    if (ipv4 == NULL || ipv6 == NULL)
        fail_msg("tor listens on %s only", listeners);
    snprintf(tors->ipv4_endpoint, sizeof(tors->ipv4_endpoint), "%.*s", (int)strcspn(ipv4 + 1, "\""),
             ipv4 + 1);
    snprintf(tors->ipv6_endpoint, sizeof(tors->ipv6_endpoint), "%.*s", (int)strcspn(ipv6 + 1, "\""),
             ipv6 + 1);
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    struct tors *tors = *state;
    client_clear(&tors->client);
    end_tor(tors->secured);
    end_tor(tors->open);
    event_base_free(tors->base);
    nftw(tors->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(tors);
    return 0;
}

/* Writes a file beside the tors and gives its path. */
static void write_file(const struct tors *tors, const char *name, const char *content, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", tors->folder, name);
    unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, content, strlen(content)), (ssize_t)strlen(content));
    close(file);
}

/* Asks for the version: proof that tor takes our commands. */
static void expect_version(struct tors *tors)
{
    char version[128];
    const char *log = ask(tors, "GETINFO version", NULL);
    read_value(log, "version", version, sizeof(version));
    assert_true(strncmp(version, "0.", 2) == 0);
}

static void test_safe_cookie(void **state)
{
    struct tors *tors = *state;
    const char *const endpoints[] = {tors->secured_endpoint, tors->ipv4_endpoint, tors->ipv6_endpoint};
    for (size_t i = 0; i < COUNT(endpoints); i++) {
        make_client(tors, endpoints[i], NULL, NULL);
        expect_version(tors);
    }
    make_client(tors, tors->secured_endpoint, NULL, tors->cookie_path);
    expect_version(tors);
}

static void test_wrong_cookie(void **state)
{
    struct tors *tors = *state;
    char path[PATH_SIZE];
    write_file(tors, "cookie", "0123456789abcdef0123456789abcdef", path);
    make_client(tors, tors->secured_endpoint, NULL, path);
    client_run(&tors->client);
    client_expect_closed(&tors->client, CONTROL_FAILURE_AUTHENTICATION, "doesn't know the cookie in");
    assert_non_null(strstr(tors->client.error.text, path));
}

static void test_password(void **state)
{
    struct tors *tors = *state;
    char path[PATH_SIZE];
    write_file(tors, "password", PASSWORD "\n", path);
    const char *const endpoints[] = {tors->secured_endpoint, tors->ipv4_endpoint, tors->ipv6_endpoint};
    for (size_t i = 0; i < COUNT(endpoints); i++) {
        make_client(tors, endpoints[i], path, NULL);
        expect_version(tors);
    }
}

static void test_wrong_password(void **state)
{
    struct tors *tors = *state;
    char path[PATH_SIZE];
    write_file(tors, "password", PASSWORD "x\n", path);
    make_client(tors, tors->ipv4_endpoint, path, NULL);
    client_run(&tors->client);
    client_expect_closed(&tors->client, CONTROL_FAILURE_AUTHENTICATION, "tor refused the password in");
    assert_non_null(strstr(tors->client.error.text, path));
    assert_null(strstr(tors->client.error.text, "h\xc3\xb6she"));
    assert_string_equal(tors->client.log, "closed;");
}

static void test_no_authentication(void **state)
{
    struct tors *tors = *state;
    make_client(tors, tors->open_endpoint, NULL, NULL);
    expect_version(tors);
}

/* Runs as a user without rights: whether the failure is put down to the cookie file. */
static int try_cookie_as_nobody(struct tors *tors)
{
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    event_reinit(tors->base);
    make_client(tors, tors->ipv4_endpoint, NULL, NULL);
    client_run(&tors->client);
    const struct client *client = &tors->client;
    client_clear(&tors->client);
    client_run_for(&tors->client, 1);
    if (!client->is_closed || client->failure != CONTROL_FAILURE_PERMISSION)
        return 3;
    bool names_both =
        strstr(client->error.text, "control_auth_cookie may not be read by this user") != NULL &&
        strstr(client->error.text, "debian-tor") != NULL;
    return names_both ? 0 : 4;
}

static void test_unreadable_cookie(void **state)
{
    struct tors *tors = *state;
    /* For root nothing is unreadable, so that takes another user; for another user, the folder is shut. */
    char data[PATH_SIZE];
    snprintf(data, sizeof(data), "%s/" ODD_NAME, tors->folder);
    if (geteuid() != 0)
        assert_int_equal(chmod(data, 0), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(try_cookie_as_nobody(tors));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(data, 0700), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_replies(void **state)
{
    struct tors *tors = *state;
    make_client(tors, tors->open_endpoint, NULL, NULL);
    client_send(&tors->client, "GETCONF SocksPort DisableNetwork", NULL);
    assert_non_null(
        strstr(ask(tors, "GETCONF SocksPort DisableNetwork", NULL), "250-SocksPort=0|250 DisableNetwork=1;"));
    /* Data: one line each, in between "250+config-text=" and the end. */
    const char *text = ask(tors, "GETINFO config-text version", NULL);
    assert_non_null(strstr(text, "250+config-text={"));
    assert_non_null(strstr(text, "\nDisableNetwork 1\n"));
    assert_non_null(strstr(text, "}|250-version=0."));
    assert_non_null(strstr(text, "|250 OK;"));
    assert_null(strchr(text, '\r'));
    assert_non_null(
        strstr(ask(tors, "GETINFO info/names", NULL), "\nversion -- The current version of Tor.\n"));
    assert_non_null(strstr(ask(tors, "GETINFO nonsense", NULL), "552 Unrecognized key"));
    assert_non_null(strstr(ask(tors, "NONSENSE", NULL), "510 Unrecognized command"));
}

/* A command with data, which tor reads to its end. */
static void test_data(void **state)
{
    struct tors *tors = *state;
    make_client(tors, tors->open_endpoint, NULL, NULL);
    assert_non_null(strstr(ask(tors, "+POSTDESCRIPTOR", ".\n.not a descriptor\n..\n"), "554 "));
    /* Were the dots not escaped, tor would take the rest for commands. */
    expect_version(tors);
}

static void test_events(void **state)
{
    struct tors *tors = *state;
    make_client(tors, tors->open_endpoint, NULL, NULL);
    assert_non_null(strstr(ask(tors, "SETEVENTS CONF_CHANGED", NULL), "250 OK;"));
    struct client *client = &tors->client;
    client->log_length = 0;
    client->replies_due = 21;
    for (int i = 0; i < 20; i++) {
        char command[64];
        snprintf(command, sizeof(command), "SETCONF ContactInfo=round%d", i);
        assert_int_equal(client_send(client, command, NULL), 0);
    }
    assert_int_equal(client_send(client, "GETCONF ContactInfo", NULL), 0);
    client_run(client);
    client_run_for(client, 200);
    assert_int_equal(client->event_count, 20);
    assert_non_null(strstr(client->log, "650-CONF_CHANGED|650-ContactInfo=round0|650 OK;"));
    assert_non_null(strstr(client->log, "650-CONF_CHANGED|650-ContactInfo=round19|650 OK;"));
    assert_non_null(strstr(client->log, "250 ContactInfo=round19;"));
}

/* A tor that is stopped runs into the time limit, which is not taken for its end; one that is killed is known
 * to be gone at once, and stays gone. */
static void test_tor_stops_and_ends(void **state)
{
    struct tors *tors = *state;
    struct control_limits limits = control_limits_default;
    limits.command_timeout = 0.5;
    make_client(tors, tors->open_endpoint, NULL, NULL);
    expect_version(tors);
    client_clear(&tors->client);

    assert_int_equal(kill(tors->open, SIGSTOP), 0);
    client_start(&tors->client, tors->base, tors->open_endpoint, NULL, &limits);
    client_run(&tors->client);
    client_expect_closed(&tors->client, CONTROL_FAILURE_TIMEOUT, "not authenticated within");
    assert_int_equal(kill(tors->open, SIGCONT), 0);

    make_client(tors, tors->open_endpoint, NULL, NULL);
    expect_version(tors);
    end_tor(tors->open);
    tors->open = 0;
    client_run(&tors->client);
    client_expect_closed(&tors->client, CONTROL_FAILURE_CLOSED, "has that tor ended?");
    make_client(tors, tors->open_endpoint, NULL, NULL);
    client_run(&tors->client);
    client_expect_closed(&tors->client, CONTROL_FAILURE_REFUSED, "nobody listens on this socket");
}

int main(void)
{
    if (sodium_init() < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safe_cookie),
        cmocka_unit_test(test_wrong_cookie),
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_no_authentication),
        cmocka_unit_test(test_unreadable_cookie),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_tor_stops_and_ends),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
