/* Tests of the command socket: its file, who may use it, its answers, and those who send anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "helper_folder.h"
#include "helper_report.h"
#include "report/command_socket.h"
#include "report/socket_client.h"

#define OTHER_USER 54321

struct fixture {
    struct event_base *base;
    struct command_socket *socket;
    unsigned performed;           /* how often something was asked for, */
    struct drain_request request; /* and what last */
};

static void perform(const struct drain_request *request, struct drain_answer *answer, void *context)
{
    struct fixture *fixture = context;
    fixture->performed++;
    fixture->request = *request;
    drain_answer_set(answer, DRAIN_REFUSED, "not \"%s\"", request->name);
}

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){.base = event_base_new()};
    struct error error = {.text = ""};
    signal(SIGPIPE, SIG_IGN);
    fixture->socket = command_socket_new(fixture->base, "command", &report_remover, perform, fixture, &error);
    assert_string_equal(error.text, "");
    assert_non_null(fixture->socket);
}

static void end(struct fixture *fixture)
{
    command_socket_free(fixture->socket);
    event_base_free(fixture->base);
    assert_int_equal(access("command", F_OK), -1);
}

static int connect_to_it(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "command"};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(descriptor >= 0);
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

/* Runs the loop until nothing is left to do at once. */
static void run(struct fixture *fixture)
{
    for (int i = 0; i < 20; i++)
        event_base_loop(fixture->base, EVLOOP_NONBLOCK);
}

static void send_text(int descriptor, const char *text)
{
    assert_int_equal(send(descriptor, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* What has been answered, once the connection has ended; the connection is closed. Fails if it has not. */
static void take_answer(struct fixture *fixture, int descriptor, char answer[DRAIN_ANSWER_MAX])
{
    size_t length = 0;
    ssize_t count = 1;
    run(fixture);
    while (count > 0) {
        count = recv(descriptor, answer + length, DRAIN_ANSWER_MAX - 1 - length, MSG_DONTWAIT);
        length += count > 0 ? (size_t)count : 0;
    }
    assert_true(count == 0 || errno == ECONNRESET);
    answer[length] = '\0';
    close(descriptor);
}

static void check_answer(struct fixture *fixture, const char *text, const char *expected)
{
    char answer[DRAIN_ANSWER_MAX];
    int descriptor = connect_to_it();
    send_text(descriptor, text);
    take_answer(fixture, descriptor, answer);
    assert_string_equal(answer, expected);
}

static void test_requests(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    check_answer(&fixture, "drain\tnode1\n", "refused\tnot \"node1\"\n");
    assert_true(fixture.request.is_drained);
    check_answer(&fixture, "undrain\tnode2\nwhatever else", "refused\tnot \"node2\"\n");
    assert_false(fixture.request.is_drained);
    assert_int_equal(fixture.performed, 2);
    check_answer(&fixture, "shutdown\tnode2\n", "unknown\tthat is neither drain nor undrain\n");
    check_answer(&fixture, "\n", "unknown\tthat is neither drain nor undrain\n");
    assert_int_equal(fixture.performed, 2);
    end(&fixture);
}

static void test_request_in_pieces(void **state)
{
    (void)state;
    struct fixture fixture;
    char answer[DRAIN_ANSWER_MAX];
    begin(&fixture);
    int descriptor = connect_to_it();
    for (const char *byte = "drain\tnode1\n"; *byte != '\0'; byte++) {
        assert_int_equal(fixture.performed, 0);
        assert_int_equal(send(descriptor, byte, 1, MSG_NOSIGNAL), 1);
        run(&fixture);
    }
    take_answer(&fixture, descriptor, answer);
    assert_string_equal(answer, "refused\tnot \"node1\"\n");
    end(&fixture);
}

/* One that ends its request without the end of the line is not answered, nor is one that sends without end.
 */
static void test_what_is_no_request(void **state)
{
    (void)state;
    struct fixture fixture;
    char answer[DRAIN_ANSWER_MAX], flood[4 * DRAIN_REQUEST_MAX];
    begin(&fixture);
    int descriptor = connect_to_it();
    send_text(descriptor, "drain\tnode1");
    shutdown(descriptor, SHUT_WR);
    take_answer(&fixture, descriptor, answer);
    assert_string_equal(answer, "");
    memset(flood, 'x', sizeof(flood) - 1);
    flood[sizeof(flood) - 1] = '\0';
    descriptor = connect_to_it();
    send_text(descriptor, flood);
    take_answer(&fixture, descriptor, answer);
    assert_string_equal(answer, "");
    assert_int_equal(fixture.performed, 0);
    end(&fixture);
}

/* Those who say nothing keep nobody out, and those who go away at once do no harm. */
static void test_idle_connections(void **state)
{
    (void)state;
    struct fixture fixture;
    int idle[COMMAND_CONNECTIONS_MAX];
    char answer[DRAIN_ANSWER_MAX];
    begin(&fixture);
    for (size_t i = 0; i < COMMAND_CONNECTIONS_MAX; i++) {
        idle[i] = connect_to_it();
        run(&fixture);
    }
    check_answer(&fixture, "drain\tnode1\n", "refused\tnot \"node1\"\n");
    take_answer(&fixture, idle[0], answer); /* the oldest had to go */
    send_text(idle[1], "drain\tnode2\n");
    take_answer(&fixture, idle[1], answer);
    assert_string_equal(answer, "refused\tnot \"node2\"\n");
    for (size_t i = 2; i < COMMAND_CONNECTIONS_MAX; i++)
        close(idle[i]);
    run(&fixture);
    int rude = connect_to_it();
    send_text(rude, "drain\tnode3\n");
    close(rude);
    run(&fixture);
    assert_int_equal(fixture.performed, 3);
    end(&fixture);
}

/* One who says nothing is let go after a while. */
static void test_time_is_bounded(void **state)
{
    (void)state;
    struct fixture fixture;
    char answer[DRAIN_ANSWER_MAX];
    begin(&fixture);
    int descriptor = connect_to_it();
    const struct timeval time = {COMMAND_CONNECTION_SECONDS + 1, 0};
    event_base_loopexit(fixture.base, &time);
    event_base_dispatch(fixture.base);
    take_answer(&fixture, descriptor, answer);
    assert_string_equal(answer, "");
    end(&fixture);
}

/* Has another user send a request, in a process of its own. Returns whether the connection came to be, and 2
 * if there was an answer, too. */
static int try_as_other(struct fixture *fixture)
{
    int status = 0;
    char byte;
    pid_t child = fork();
    if (child == 0) {
        if (setgid(OTHER_USER) != 0 || setuid(OTHER_USER) != 0)
            _exit(9);
        int descriptor = connect_to_it();
        if (descriptor < 0)
            _exit(0);
        const char text[] = "drain\tnode1\n";
        ssize_t sent = send(descriptor, text, strlen(text), MSG_NOSIGNAL);
        _exit(sent > 0 && recv(descriptor, &byte, 1, 0) > 0 ? 2 : 1);
    }
    while (waitpid(child, &status, WNOHANG) == 0)
        event_base_loop(fixture->base, EVLOOP_NONBLOCK);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The file keeps other users out; and where it does not, what the kernel says of them does. */
static void test_other_users(void **state)
{
    (void)state;
    struct fixture fixture;
    struct stat status;
    begin(&fixture);
    assert_int_equal(stat("command", &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    if (geteuid() != 0) {
        end(&fixture);
        skip();
    }
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(try_as_other(&fixture), 0);
    assert_int_equal(chmod("command", 0666), 0);
    assert_int_equal(try_as_other(&fixture), 1);
    assert_int_equal(fixture.performed, 0);
    end(&fixture);
}

static void test_place_that_is_taken(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error;
    begin(&fixture);
    assert_null(command_socket_new(fixture.base, "command", &report_remover, perform, &fixture, &error));
    assert_non_null(strstr(error.text, "the command socket: another process answers on command"));
    end(&fixture);
    folder_write_text("command", "a file");
    assert_null(command_socket_new(NULL, "command", &report_remover, perform, NULL, &error));
    assert_non_null(strstr(error.text, "is no socket"));
    assert_null(command_socket_new(NULL, "", &report_remover, perform, NULL, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_requests, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_request_in_pieces, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_request, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_idle_connections, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_time_is_bounded, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_other_users, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_place_that_is_taken, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
