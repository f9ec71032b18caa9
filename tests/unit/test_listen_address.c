/* Tests of where a server of our own listens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "address/listen_address.h"

static void parse(struct listen_address *address, const char *text)
{
    struct error error = {.text = ""};
    if (listen_address_parse(address, text, &error) != 0)
        fail_msg("%s: %s", text, error.text);
}

static void test_ipv4(void **state)
{
    (void)state;
    struct listen_address address;
    parse(&address, "127.0.0.1:9470");
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&address.address;
    assert_int_equal(ipv4->sin_family, AF_INET);
    assert_int_equal(ntohs(ipv4->sin_port), 9470);
    assert_int_equal(ntohl(ipv4->sin_addr.s_addr), 0x7f000001);
    assert_int_equal(address.length, sizeof(*ipv4));
    assert_true(listen_address_is_local(&address));
    assert_null(listen_address_path(&address));
    parse(&address, "127.200.0.1:1");
    assert_true(listen_address_is_local(&address));
    parse(&address, "0.0.0.0:1");
    assert_false(listen_address_is_local(&address));
    parse(&address, "192.0.2.1:65535");
    assert_false(listen_address_is_local(&address));
}

static void test_ipv6(void **state)
{
    (void)state;
    struct listen_address address;
    parse(&address, "[::1]:9470");
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&address.address;
    assert_int_equal(ipv6->sin6_family, AF_INET6);
    assert_int_equal(ntohs(ipv6->sin6_port), 9470);
    assert_int_equal(address.length, sizeof(*ipv6));
    assert_true(listen_address_is_local(&address));
    parse(&address, "[::ffff:127.0.0.1]:9470");
    assert_true(listen_address_is_local(&address));
    parse(&address, "[::]:9470");
    assert_false(listen_address_is_local(&address));
    parse(&address, "[2001:db8::1]:9470");
    assert_false(listen_address_is_local(&address));
}

static void test_unix(void **state)
{
    (void)state;
    struct listen_address address;
    parse(&address, "unix:/run/obpub/metrics");
    assert_string_equal(listen_address_path(&address), "/run/obpub/metrics");
    assert_true(listen_address_is_local(&address));
    assert_int_equal(listen_address_set_path(&address, "relative/path", NULL), 0);
    assert_string_equal(listen_address_path(&address), "relative/path");
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"localhost:9470", "is no IP address"},
        {"example.org:9470", "is no IP address"},
        {"127.0.0.1", "neither"},
        {"127.0.0.1:0", "no port"},
        {"127.0.0.1:65536", "no port"},
        {"[fe80::1%eth0]:1", "is no IP address"},
        {":9470", "no host"},
        {"9470", "neither"},
        {"unix:", "whole path"},
        {"unix:relative", "whole path"},
        {"", "neither"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct listen_address address;
        struct error error = {.text = ""};
        assert_int_equal(listen_address_parse(&address, cases[i].text, &error), -1);
        if (strstr(error.text, cases[i].expected) == NULL)
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i].text, error.text, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
