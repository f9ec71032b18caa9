/* Tests of the status socket: its file, its answers, and those who do not take them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/timeval.h"
#include "helper_folder.h"
#include "helper_report.h"
#include "report/status_socket.h"

#define ANSWER_SIZE_MAX (1 << 20)

struct fixture {
    struct report_fixture report;
    struct event_base *base;
    struct status_socket *socket;
    size_t views; /* how often the view was asked for */
};

static void fill_view(struct report_view *view, void *context)
{
    struct fixture *fixture = context;
    fixture->views++;
    report_fixture_fill(view, &fixture->report);
}

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    signal(SIGPIPE, SIG_IGN);
    report_fixture_make(&fixture->report);
    fixture->base = event_base_new();
    struct error error = {.text = ""};
    fixture->socket = status_socket_new(fixture->base, "status", &report_remover, fill_view, fixture, &error);
    assert_string_equal(error.text, "");
    assert_non_null(fixture->socket);
}

static void end(struct fixture *fixture)
{
    status_socket_free(fixture->socket);
    event_base_free(fixture->base);
    report_fixture_clear(&fixture->report);
}

static void set_address(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    strcpy(address->sun_path, path);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address;
    set_address(&address, path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(descriptor >= 0);
    assert_int_equal(connect(descriptor, (const struct sockaddr *)&address, sizeof(address)), 0);
    return descriptor;
}

/* Runs the loop for a moment. */
static void run(struct fixture *fixture, int milliseconds)
{
    const struct timeval time = timeval_from_milliseconds(milliseconds);
    event_base_loopexit(fixture->base, &time);
    event_base_dispatch(fixture->base);
}

/* Reads to the end of file while the loop runs; the answer has to be one JSON object. */
static json_t *read_answer(struct fixture *fixture, int descriptor)
{
    char *text = memory_allocate(ANSWER_SIZE_MAX, 1);
    size_t length = 0;
    for (int turns = 0; turns < 1000; turns++) {
        event_base_loop(fixture->base, EVLOOP_NONBLOCK);
        ssize_t count = read(descriptor, text + length, ANSWER_SIZE_MAX - length);
        if (count == 0)
            break;
        if (count < 0)
            usleep(1000);
        else
            length += (size_t)count;
    }
    assert_int_equal(read(descriptor, text, 1), 0);
    assert_true(length > 0);
    assert_int_equal(text[length - 1], '\n');
    json_t *object = json_loadb(text, length, 0, NULL);
    assert_non_null(object);
    close(descriptor);
    free(text);
    return object;
}

static void test_answer(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    for (int i = 0; i < 3; i++) {
        json_t *object = read_answer(&fixture, connect_to("status"));
        assert_int_equal(json_array_size(json_object_get(object, "services")), 2);
        json_decref(object);
    }
    end(&fixture);
}

/* Those who ask at the same moment get the same answer, those who ask later a new one. */
static void test_answer_is_current(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    json_decref(read_answer(&fixture, connect_to("status")));
    fixture.report.view.version = "2";
    fixture.report.view.now += 499;
    json_t *object = read_answer(&fixture, connect_to("status"));
    assert_string_equal(json_string_value(json_object_get(object, "version")), "1.2.3");
    json_decref(object);
    fixture.report.view.now += 1;
    object = read_answer(&fixture, connect_to("status"));
    assert_string_equal(json_string_value(json_object_get(object, "version")), "2");
    json_decref(object);
    end(&fixture);
}

/* Whatever is sent to it is of no account. */
static void test_input_is_ignored(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    int descriptor = connect_to("status");
    assert_int_equal(write(descriptor, "GET / HTTP/1.0\r\n\r\n", 18), 18);
    assert_int_equal(shutdown(descriptor, SHUT_WR), 0);
    char byte;
    ssize_t count = -1;
    for (int turns = 0; turns < 100 && count < 0; turns++) {
        run(&fixture, 1);
        count = read(descriptor, &byte, 1);
    }
    assert_int_equal(count, 1);
    assert_int_equal(byte, '{');
    close(descriptor);
    run(&fixture, 10);
    end(&fixture);
}

static void test_file(void **state)
{
    (void)state;
    struct fixture fixture;
    mode_t mask = umask(077);
    begin(&fixture);
    struct stat status;
    assert_int_equal(lstat("status", &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0660);
    assert_int_equal(umask(mask), 077); /* it is as it was */
    end(&fixture);
    assert_int_equal(lstat("status", &status), -1);

    mask = umask(0);
    begin(&fixture);
    assert_int_equal(lstat("status", &status), 0);
    assert_int_equal(status.st_mode & 07777, 0660);
    end(&fixture);
    umask(mask);
}

/* Another one that has taken its place is left alone. */
static void test_file_of_another(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    assert_int_equal(rename("status", "old"), 0);
    folder_write_text("status", "x");
    end(&fixture);
    struct stat status;
    assert_int_equal(lstat("status", &status), 0);
    assert_int_equal(unlink("status"), 0);
    assert_int_equal(unlink("old"), 0);
}

static void check_refused(const char *path, const char *expected)
{
    struct event_base *base = event_base_new();
    struct error error = {.text = ""};
    assert_null(status_socket_new(base, path, &report_remover, fill_view, NULL, &error));
    if (strstr(error.text, expected) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, expected);
    /* Nobody takes a file away that is no socket by starting obpub once more. */
    if (strcmp(expected, "is no socket") == 0)
        assert_true(error.lasts);
    event_base_free(base);
}

static int listen_on(const char *path, int type)
{
    struct sockaddr_un address;
    set_address(&address, path);
    int descriptor = socket(AF_UNIX, type, 0);
    assert_int_equal(bind(descriptor, (const struct sockaddr *)&address, sizeof(address)), 0);
    if (type == SOCK_STREAM)
        assert_int_equal(listen(descriptor, 0), 0);
    return descriptor;
}

static void test_stale_socket(void **state)
{
    (void)state;
    close(listen_on("status", SOCK_STREAM));
    struct stat status;
    assert_int_equal(lstat("status", &status), 0);
    struct fixture fixture;
    begin(&fixture);
    json_decref(read_answer(&fixture, connect_to("status")));
    end(&fixture);
}

static void test_socket_in_use(void **state)
{
    (void)state;
    int descriptor = listen_on("status", SOCK_STREAM);
    check_refused("status", "another process answers");
    /* With its queue full, too. */
    int waiting[4];
    for (size_t i = 0; i < 4; i++) {
        struct sockaddr_un address;
        set_address(&address, "status");
        waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(waiting[i], (const struct sockaddr *)&address, sizeof(address));
    }
    check_refused("status", "another process answers");
    for (size_t i = 0; i < 4; i++)
        close(waiting[i]);
    close(descriptor);
    assert_int_equal(unlink("status"), 0);

    /* What is no stream socket belongs to somebody else. */
    descriptor = listen_on("status", SOCK_DGRAM);
    check_refused("status", "can't be told");
    close(descriptor);
    assert_int_equal(unlink("status"), 0);
}

static void test_what_is_in_the_way(void **state)
{
    (void)state;
    folder_write_text("file", "precious");
    check_refused("file", "is no socket");
    assert_int_equal(symlink("file", "link"), 0);
    check_refused("link", "is no socket");
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    check_refused("dangling", "is no socket");
    assert_int_equal(mkdir("folder", 0700), 0);
    check_refused("folder", "is no socket");
    check_refused("absent/status", "its folder is not there");
    check_refused("file/status", "can't be made");
    check_refused("", "empty");
    char path[200];
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    check_refused(path, "has 199 bytes and may have 107");
    path[107] = '\0';
    struct event_base *base = event_base_new();
    struct status_socket *socket = status_socket_new(base, path, &report_remover, fill_view, NULL, NULL);
    assert_non_null(socket);
    status_socket_free(socket);
    event_base_free(base);
    struct stat status;
    assert_int_equal(lstat(path, &status), -1);
}

/* Those who don't read keep nobody out: the oldest has to go for another one. And none is kept for ever. */
static void test_slow_readers(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    /* Longer than what the kernel takes at once. */
    char *text = memory_allocate(ANSWER_SIZE_MAX / 2 + 1, 1);
    memset(text, 'x', ANSWER_SIZE_MAX / 2);
    fixture.report.view.last_error = text;
    int slow[STATUS_CONNECTIONS_MAX];
    for (size_t i = 0; i < STATUS_CONNECTIONS_MAX; i++) {
        slow[i] = connect_to("status");
        run(&fixture, 1);
    }
    assert_int_equal(fixture.views, STATUS_CONNECTIONS_MAX);
    for (size_t i = 0; i < 3; i++)
        json_decref(read_answer(&fixture, connect_to("status")));

    /* Only the first one was closed for the first of them, whose place the next ones had. The others are
     * closed in the middle of their answers when their time is over. */
    char byte;
    for (size_t i = 0; i < STATUS_CONNECTIONS_MAX; i++) {
        run(&fixture, i == 1 ? STATUS_CONNECTION_SECONDS * 1000 + 200 : 0);
        size_t length = 0;
        ssize_t count;
        while ((count = read(slow[i], text, ANSWER_SIZE_MAX / 2)) > 0)
            length += (size_t)count;
        assert_int_equal(count, 0);
        assert_true(length > 0 && length < ANSWER_SIZE_MAX / 2);
        if (i == 0)
            assert_int_equal(recv(slow[1], &byte, 1, MSG_PEEK), 1);
        close(slow[i]);
    }
    end(&fixture);
    free(text);
}

/* It may be closed while it has connections. */
static void test_close_in_the_middle(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    char *text = memory_allocate(ANSWER_SIZE_MAX / 2 + 1, 1);
    memset(text, 'x', ANSWER_SIZE_MAX / 2);
    fixture.report.view.last_error = text;
    int descriptor = connect_to("status");
    run(&fixture, 5);
    end(&fixture);
    free(text);
    close(descriptor);
}

/* Without file descriptors the loop does not spin, and goes on when there are some again. */
static void test_no_descriptors(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    int next = connect_to("status");
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit none = {(rlim_t)next + 1, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int spare[64];
    size_t spare_count = 0;
    while (spare_count < 64 && (spare[spare_count] = dup(0)) >= 0)
        spare_count++;
    run(&fixture, 20);
    assert_int_equal(fixture.views, 0);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    run(&fixture, 400);
    getrusage(RUSAGE_SELF, &after);
    long used =
        (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
            1000000 +
        after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec;
    assert_true(used < 100000);
    while (spare_count > 0)
        close(spare[--spare_count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    run(&fixture, 1200);
    json_decref(read_answer(&fixture, next));
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answer, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_answer_is_current, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_input_is_ignored, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_file, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_file_of_another, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_stale_socket, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_socket_in_use, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_in_the_way, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_slow_readers, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_close_in_the_middle, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_no_descriptors, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
