/* Control endpoints as they stand in a config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "address/endpoint.h"

#define ONION "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion"

/* What is accepted, and what it means. */
static void test_accepts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum control_way way;
        const char *socket_path;
        const char *host;
        uint16_t port;
    } rows[] = {
        {"unix:/run/tor/control", CONTROL_WAY_UNIX, "/run/tor/control", NULL, 0},
        {"unix:/with space:and colon", CONTROL_WAY_UNIX, "/with space:and colon", NULL, 0},
        {"127.0.0.1:9051", CONTROL_WAY_TCP, NULL, "127.0.0.1", 9051},
        {"[::1]:9051", CONTROL_WAY_TCP, NULL, "::1", 9051},
        {"[fe80::1%eth0]:1", CONTROL_WAY_TCP, NULL, "fe80::1%eth0", 1},
        {"[::ffff:127.0.0.1]:65535", CONTROL_WAY_TCP, NULL, "::ffff:127.0.0.1", 65535},
        {"backend-1.example.net:9051", CONTROL_WAY_TCP, NULL, "backend-1.example.net", 9051},
        {"tor_backend:9051", CONTROL_WAY_TCP, NULL, "tor_backend", 9051},
        {"1and1.example:80", CONTROL_WAY_TCP, NULL, "1and1.example", 80},
        {"notonion:80", CONTROL_WAY_TCP, NULL, "notonion", 80},
        {ONION ":9151", CONTROL_WAY_ONION, NULL, ONION, 9151},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct control_endpoint endpoint;
        struct error error = {.text = ""};
        if (control_endpoint_parse(&endpoint, rows[i].text, &error) != 0)
            fail_msg("%s: %s", rows[i].text, error.text);
        if (rows[i].socket_path != NULL)
            assert_string_equal(endpoint.socket_path, rows[i].socket_path);
        else
            assert_null(endpoint.socket_path);
        if (rows[i].host != NULL)
            assert_string_equal(endpoint.host, rows[i].host);
        else
            assert_null(endpoint.host);
        assert_int_equal(endpoint.port, rows[i].port);
        assert_int_equal(endpoint.way, rows[i].way);

        /* Formatting gives back what was parsed, from a copy too. */
        struct control_endpoint copy;
        control_endpoint_copy(&copy, &endpoint);
        control_endpoint_clear(&endpoint);
        char text[320];
        control_endpoint_format(&copy, text, sizeof(text));
        assert_string_equal(text, rows[i].text);
        assert_int_equal(copy.way, rows[i].way);
        control_endpoint_clear(&copy);
        assert_null(copy.socket_path);
        assert_null(copy.host);
    }
}

/* What is refused, with words of the sentence that says why. */
static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        {"", "neither 'unix:/path' nor 'host:port'"},
        {"9051", "neither 'unix:/path' nor 'host:port'"},
        {"/run/tor/control", "neither 'unix:/path' nor 'host:port': write 'unix:/run/tor/control'"},
        {"unix:", "whole path"},
        {"unix:control", "whole path"},
        {"localhost:", "no port from 1 to 65535"},
        {"localhost:0", "no port from 1 to 65535"},
        {"localhost:65536", "no port from 1 to 65535"},
        {"localhost:99999999999999999999", "no port from 1 to 65535"},
        {"localhost:+9051", "no port from 1 to 65535"},
        {"localhost: 9051", "no port from 1 to 65535"},
        {"localhost:9051 ", "no port from 1 to 65535"},
        {":9051", "no host before the port"},
        {"::1:9051", "goes in brackets"},
        {"http://127.0.0.1:9051", "like a link: leave out \"http://\""},
        {"tcp://localhost:9051/", "like a link: leave out \"tcp://\""},
        {"[::1]", "not '[IPv6 address]:port'"},
        {"[::1]9051", "not '[IPv6 address]:port'"},
        {"[::1:9051", "not '[IPv6 address]:port'"},
        {"[::1]:", "not '[IPv6 address]:port'"},
        {"[]:9051", "not an IPv6 address"},
        {"[127.0.0.1]:9051", "not an IPv6 address"},
        {"[::1%]:9051", "not an IPv6 address"},
        {"[::1%a b]:9051", "not an IPv6 address"},
        {"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1", "not an IPv6 address"},
        {"127.1:9051", "not an IPv4 address"},
        {"127.0.0.256:9051", "not an IPv4 address"},
        {"2130706433:9051", "not an IPv4 address"},
        {"bad host:9051", "neither an address nor a host name"},
        {"user@host:9051", "neither an address nor a host name"},
        {"h\xc3\xb6st:9051", "neither an address nor a host name"},
        {"EXAMPLE.ONION:9051", "has 7 characters instead of 56"},
        {"expyuzz4wqqyqhjn.onion:9051", "version 2"},
        {"vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyye.onion:9051", "version 4 instead of 3"},
        {"wvw6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion:9051", "wrong checksum"},
        {"vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion", "neither 'unix"},
        {"www.vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion:9051", "characters instead of"},
        {"vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion.:9051", "characters instead of"},
        {"onion:9051", "characters instead of 56"},
        {".onion:9051", "has 0 characters instead of 56"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct control_endpoint endpoint;
        struct error error = {.text = ""};
        if (control_endpoint_parse(&endpoint, rows[i].text, &error) != -1)
            fail_msg("'%s' is accepted", rows[i].text);
        if (strstr(error.text, rows[i].words) == NULL)
            fail_msg("'%s' is refused with: %s", rows[i].text, error.text);
        assert_null(endpoint.socket_path);
        assert_null(endpoint.host);
        assert_int_equal(control_endpoint_parse(&endpoint, rows[i].text, NULL), -1);
    }
}

/* An onion address is written in one way, whatever the config has. */
static void test_writes_onion_address_in_one_way(void **state)
{
    (void)state;
    struct control_endpoint endpoint, other;
    char text[320];
    assert_int_equal(
        control_endpoint_parse(&endpoint,
                               "VWW6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.Onion:9151", NULL),
        0);
    assert_int_equal(control_endpoint_parse(&other, ONION ":9151", NULL), 0);
    control_endpoint_format(&endpoint, text, sizeof(text));
    assert_string_equal(text, ONION ":9151");
    assert_true(control_endpoint_equals(&endpoint, &other));
    assert_false(control_endpoint_is_loopback(&endpoint));
    assert_string_equal(control_way_name(endpoint.way), "onion");
    control_endpoint_clear(&other);
    control_endpoint_clear(&endpoint);
}

/* A socket's path may have 107 bytes, a host name 253. */
static void test_bounds_lengths(void **state)
{
    (void)state;
    char text[400] = "unix:/";
    struct control_endpoint endpoint;
    struct error error;
    memset(text + 6, 'x', 106);
    text[112] = '\0';
    assert_int_equal(control_endpoint_parse(&endpoint, text, &error), 0);
    control_endpoint_clear(&endpoint);
    memcpy(text + 112, "x", 2);
    assert_int_equal(control_endpoint_parse(&endpoint, text, &error), -1);
    assert_non_null(strstr(error.text, "has 108 bytes and may have 107"));

    memset(text, 'h', 254);
    memcpy(text + 253, ":1", 3);
    assert_int_equal(control_endpoint_parse(&endpoint, text, &error), 0);
    control_endpoint_clear(&endpoint);
    memcpy(text + 253, "h:1", 4);
    assert_int_equal(control_endpoint_parse(&endpoint, text, &error), -1);
}

/* Formatting never writes past its buffer. */
static void test_formats_into_little_room(void **state)
{
    (void)state;
    struct control_endpoint endpoint;
    assert_int_equal(control_endpoint_parse(&endpoint, "[::1]:9051", NULL), 0);
    char text[6] = "zzzzz";
    control_endpoint_format(&endpoint, text, 5);
    assert_string_equal(text, "[::1");
    assert_int_equal(text[5], '\0');
    control_endpoint_clear(&endpoint);
}

static void test_loopback(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_loopback;
    } rows[] = {
        {"127.0.0.1:9051", true},       {"127.8.8.8:9051", true},       {"[::1]:9051", true},
        {"localhost:9051", true},       {"[::ffff:127.0.0.1]:1", true}, {"unix:/run/tor/control", false},
        {"128.0.0.1:9051", false},      {"[::2]:9051", false},          {"[::ffff:10.0.0.1]:1", false},
        {"localhost.example:1", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct control_endpoint endpoint;
        assert_int_equal(control_endpoint_parse(&endpoint, rows[i].text, NULL), 0);
        assert_int_equal(control_endpoint_is_loopback(&endpoint), rows[i].is_loopback);
        control_endpoint_clear(&endpoint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),        cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_refuses),        cmocka_unit_test(test_writes_onion_address_in_one_way),
        cmocka_unit_test(test_bounds_lengths), cmocka_unit_test(test_formats_into_little_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
