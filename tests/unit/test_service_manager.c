/* Tests of what the service manager is told, with a socket of our own in its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "helper_folder.h"
#include "report/service_manager.h"

static int receiver;
static char received[2 * SERVICE_STATUS_SIZE_MAX];

/* Binds the receiver to a path, or with '@' to an abstract name, and puts that into NOTIFY_SOCKET. */
static void listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    assert_true(length <= sizeof(address.sun_path));
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/'));
    if (receiver >= 0)
        close(receiver);
    receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(receiver >= 0);
    assert_int_equal(bind(receiver, (struct sockaddr *)&address, size), 0);
    char variable[sizeof(address.sun_path) + 1] = {0};
    memcpy(variable, name, length);
    setenv("NOTIFY_SOCKET", variable, 1);
}

static void clear_environment(void)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static int setup(void **state)
{
    receiver = -1;
    clear_environment();
    return folder_setup(state);
}

static int teardown(void **state)
{
    clear_environment();
    if (receiver >= 0)
        close(receiver);
    return folder_teardown(state);
}

/* A path inside the test's folder. */
static const char *folder_path(void **state, const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", (const char *)*state, name);
    return path;
}

/* The next datagram, or "" when there is none. */
static const char *take(void)
{
    ssize_t length = recv(receiver, received, sizeof(received) - 1, 0);
    received[length > 0 ? length : 0] = '\0';
    return received;
}

static void check_told(struct service_manager *manager)
{
    assert_int_equal(service_manager_ready(manager), 0);
    assert_string_equal(take(), "READY=1");
    assert_int_equal(service_manager_watchdog(manager), 0);
    assert_string_equal(take(), "WATCHDOG=1");
    assert_int_equal(service_manager_stopping(manager), 0);
    assert_string_equal(take(), "STOPPING=1");
    assert_string_equal(take(), "");
}

static void test_path(void **state)
{
    struct service_manager manager;
    listen_at(folder_path(state, "notify"));
    assert_int_equal(service_manager_open(&manager, NULL), 0);
    assert_int_equal(manager.watchdog_interval, 0);
    check_told(&manager);
    service_manager_close(&manager);
    assert_int_equal(manager.socket, -1);
    assert_int_equal(service_manager_ready(&manager), 0);
    assert_string_equal(take(), "");
}

static void test_abstract_name(void **state)
{
    (void)state;
    char name[64];
    struct service_manager manager;
    snprintf(name, sizeof(name), "@obpub-test-%ld", (long)getpid());
    listen_at(name);
    assert_int_equal(service_manager_open(&manager, NULL), 0);
    check_told(&manager);
    service_manager_close(&manager);
}

/* The longest that fit: 108 bytes of an abstract name, 107 of a path. */
static void test_longest_names(void **state)
{
    (void)state;
    char name[120];
    struct error error;
    struct service_manager manager;
    snprintf(name, sizeof(name), "@obpub-test-%0*ld", 108 - 12, (long)getpid());
    assert_int_equal(strlen(name), 108);
    listen_at(name);
    assert_int_equal(service_manager_open(&manager, &error), 0);
    check_told(&manager);
    service_manager_close(&manager);

    memset(name, '/', sizeof(name));
    name[107] = '\0';
    setenv("NOTIFY_SOCKET", name, 1);
    assert_int_equal(service_manager_open(&manager, &error), 0);
    service_manager_close(&manager);
    for (int lead = 0; lead < 2; lead++) {
        name[0] = lead == 0 ? '/' : '@';
        name[107 + lead] = '/';
        name[108 + lead] = '\0';
        setenv("NOTIFY_SOCKET", name, 1);
        assert_int_equal(service_manager_open(&manager, &error), -1);
        assert_non_null(strstr(error.text, "too long"));
        assert_int_equal(service_manager_ready(&manager), 0);
    }
}

static void test_nobody_there(void **state)
{
    (void)state;
    struct service_manager manager;
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            setenv("NOTIFY_SOCKET", "", 1);
        setenv("WATCHDOG_USEC", "1000000", 1);
        assert_int_equal(service_manager_open(&manager, NULL), 0);
        assert_int_equal(manager.socket, -1);
        assert_int_equal(manager.watchdog_interval, 0);
        assert_int_equal(service_manager_ready(&manager), 0);
        assert_int_equal(service_manager_reloading(&manager), 0);
        assert_int_equal(service_manager_status(&manager, "x"), 0);
        service_manager_close(&manager);
    }
}

static void test_bad_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"notify", "/", "@", "vsock:2:1234", " /run/x", "./x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct service_manager manager;
        struct error error = {.text = ""};
        setenv("NOTIFY_SOCKET", bad[i], 1);
        assert_int_equal(service_manager_open(&manager, &error), -1);
        assert_non_null(strstr(error.text, "NOTIFY_SOCKET"));
        assert_int_equal(manager.socket, -1);
        assert_int_equal(service_manager_ready(&manager), 0);
    }
}

/* The manager went away, or does not read: an error, never a wait, a signal or an end. */
static void test_lost(void **state)
{
    struct service_manager manager;
    listen_at(folder_path(state, "notify"));
    assert_int_equal(service_manager_open(&manager, NULL), 0);
    int result = 0;
    for (int i = 0; i < 100000 && result == 0; i++)
        result = service_manager_ready(&manager);
    assert_int_equal(result, -1);
    assert_int_equal(errno, EAGAIN);
    while (take()[0] != '\0')
        ;
    assert_int_equal(service_manager_status(&manager, "one"), 0);
    close(receiver);
    receiver = -1;
    assert_int_equal(service_manager_ready(&manager), -1);
    assert_int_equal(service_manager_status(&manager, "two"), -1);
    assert_string_equal(manager.status, "one");

    /* It is found again at the same place. */
    unlink(folder_path(state, "notify"));
    listen_at(folder_path(state, "notify"));
    assert_int_equal(service_manager_status(&manager, "two"), 0);
    assert_string_equal(take(), "STATUS=two");
    service_manager_close(&manager);
}

static void test_reload(void **state)
{
    struct service_manager manager;
    struct timespec before, after;
    int64_t moment = 0;
    listen_at(folder_path(state, "notify"));
    assert_int_equal(service_manager_open(&manager, NULL), 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(service_manager_reloading(&manager), 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_int_equal(sscanf(take(), "RELOADING=1\nMONOTONIC_USEC=%" SCNd64, &moment), 1);
    assert_true(moment >= (int64_t)before.tv_sec * 1000000 + before.tv_nsec / 1000);
    assert_true(moment <= (int64_t)after.tv_sec * 1000000 + after.tv_nsec / 1000);
    service_manager_close(&manager);
}

static void test_status(void **state)
{
    struct service_manager manager;
    listen_at(folder_path(state, "notify"));
    assert_int_equal(service_manager_open(&manager, NULL), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(service_manager_status(&manager, "%d of %d frontends published", 1, 2), 0);
    assert_string_equal(take(), "STATUS=1 of 2 frontends published");
    assert_string_equal(take(), "");

    /* Nothing in it can be taken for another assignment. */
    assert_int_equal(service_manager_status(&manager, "%s", "a\nWATCHDOG=trigger"), 0);
    assert_string_equal(take(), "STATUS=a?WATCHDOG=trigger");

    char text[2 * SERVICE_STATUS_SIZE_MAX];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 2; i++)
        assert_int_equal(service_manager_status(&manager, "%s", text), 0);
    assert_int_equal(strlen(take()), strlen("STATUS=") + SERVICE_STATUS_SIZE_MAX);
    assert_string_equal(take(), "");
    service_manager_close(&manager);
}

static void check_watchdog(const char *microseconds, const char *process, int64_t interval, int result)
{
    struct service_manager manager;
    struct error error;
    setenv("WATCHDOG_USEC", microseconds, 1);
    if (process != NULL)
        setenv("WATCHDOG_PID", process, 1);
    else
        unsetenv("WATCHDOG_PID");
    assert_int_equal(service_manager_open(&manager, &error), result);
    assert_int_equal(manager.watchdog_interval, interval);
    assert_true(manager.socket >= 0);
    service_manager_close(&manager);
}

static void test_watchdog(void **state)
{
    char own[32], other[32];
    snprintf(own, sizeof(own), "%ld", (long)getpid());
    snprintf(other, sizeof(other), "%ld", (long)getppid());
    listen_at(folder_path(state, "notify"));
    check_watchdog("60000000", NULL, 30000, 0);
    check_watchdog("60000000", "", 30000, 0);
    check_watchdog("60000000", own, 30000, 0);
    check_watchdog("60000000", other, 0, 0);
    check_watchdog("1", own, 1, 0);
    check_watchdog("", own, 0, 0);
    check_watchdog("999999999999999999", own, INT64_C(499999999999999), 0);
    static const char *const bad[] = {"0", "-1", "x", "1x", " 1", "1.5", "9999999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check_watchdog(bad[i], own, 0, -1);
        check_watchdog("60000000", bad[i], 0, -1);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_path),         TEST(test_abstract_name), TEST(test_longest_names),
        TEST(test_nobody_there), TEST(test_bad_addresses), TEST(test_lost),
        TEST(test_reload),       TEST(test_status),        TEST(test_watchdog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
