/* Tests of the choice of the local tor's control port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "command/tor_endpoint.h"
#include "helper_folder.h"

static void check(const struct config *config, const struct options *options, const char *expected)
{
    struct tor_endpoints tors;
    char text[256];
    tor_endpoints_find(config, options, &tors);
    assert_int_equal(tors.count, 1);
    control_endpoint_format(&tors.endpoints[0], text, sizeof(text));
    assert_string_equal(text, expected);
    tor_endpoints_clear(&tors);
}

static void test_order(void **state)
{
    (void)state;
    struct config config = {0};
    assert_int_equal(control_endpoint_parse(&config.tor_controls[0], "10.0.0.1:1", NULL), 0);
    config.tor_control_count = 1;
    check(&config, &(struct options){0}, "10.0.0.1:1");
    check(&config, &(struct options){.environment_socket = "/e"}, "10.0.0.1:1");
    check(NULL, &(struct options){.environment_socket = "/e"}, "unix:/e");
    check(&config, &(struct options){.ip = "10.0.0.2"}, "10.0.0.2:9051");
    check(&config, &(struct options){.ip = "::1", .port = 2}, "[::1]:2");
    check(&config, &(struct options){.port = 2, .environment_socket = "/e"}, "127.0.0.1:2");
    check(&config, &(struct options){.socket = "/s"}, "unix:/s");
    config.tor_control_count = 0;
    check(&config, &(struct options){.environment_socket = "/e"}, "unix:/e");
    control_endpoint_clear(&config.tor_controls[0]);
}

/* A list of the config's is taken whole, but not beside a flag. */
static void test_several(void **state)
{
    (void)state;
    struct config config = {.tor_control_count = 2};
    struct tor_endpoints tors;
    assert_int_equal(control_endpoint_parse(&config.tor_controls[0], "10.0.0.1:1", NULL), 0);
    assert_int_equal(control_endpoint_parse(&config.tor_controls[1], "unix:/t", NULL), 0);
    tor_endpoints_find(&config, &(struct options){.environment_socket = "/e"}, &tors);
    assert_int_equal(tors.count, 2);
    assert_true(control_endpoint_equals(&tors.endpoints[0], &config.tor_controls[0]));
    assert_true(control_endpoint_equals(&tors.endpoints[1], &config.tor_controls[1]));
    tor_endpoints_clear(&tors);
    assert_int_equal(tors.count, 0);
    check(&config, &(struct options){.port = 2}, "127.0.0.1:2");
    check(&config, &(struct options){.socket = "/s"}, "unix:/s");
    control_endpoint_clear(&config.tor_controls[0]);
    control_endpoint_clear(&config.tor_controls[1]);
}

/* Given both, the socket is taken if there is one. */
static void test_socket_and_port(void **state)
{
    (void)state;
    const struct options options = {.socket = "socket", .port = 2};
    check(NULL, &options, "127.0.0.1:2");
    folder_write_text("socket", "not a socket");
    check(NULL, &options, "127.0.0.1:2");
    assert_int_equal(unlink("socket"), 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    check(NULL, &options, "unix:socket");
    close(descriptor);
}

static void test_nothing_given(void **state)
{
    (void)state;
    const struct options options = {0};
    bool has_socket = access(TOR_ENDPOINT_SOCKET, R_OK | W_OK) == 0;
    check(NULL, &options, has_socket ? "unix:/run/tor/control" : "127.0.0.1:9051");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_several),
        cmocka_unit_test_setup_teardown(test_socket_and_port, folder_setup, folder_teardown),
        cmocka_unit_test(test_nothing_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
