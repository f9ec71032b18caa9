/* Addresses and ports as consensuses write them, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "onion/directory_address.h"

static void test_ipv4(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "1",         "1.2.3",    "1.2.3.",   "1.2.3.4.",
                                      "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2..4",   ".1.2.3",
                                      "1.2.3.4 ",  "a.2.3.4",   "+1.2.3.4", "-1.2.3.4", "1.2.3.4x",
                                      "::1.2.3.4", "1 2 3 4"};
    uint8_t address[IPV4_SIZE];
    assert_int_equal(directory_parse_ipv4(text_from_string("0.10.200.255"), address), 0);
    assert_memory_equal(address, ((const uint8_t[]){0, 10, 200, 255}), sizeof(address));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (directory_parse_ipv4(text_from_string(bad[i]), address) == 0)
            fail_msg("\"%s\" is taken for an address", bad[i]);
    }
}

static void test_port(void **state)
{
    (void)state;
    uint16_t port;
    assert_int_equal(directory_parse_port(text_from_string("0"), &port), 0);
    assert_int_equal(directory_parse_port(text_from_string("65535"), &port), 0);
    assert_int_equal(port, 65535);
    assert_int_equal(directory_parse_port(text_from_string("65536"), &port), -1);
    assert_int_equal(directory_parse_port(text_from_string(""), &port), -1);
}

static void test_ipv6(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t address[IPV6_SIZE];
        uint16_t port;
    } good[] = {
        {"[::]:1", {0}, 1},
        {"[::1]:9001", {[15] = 1}, 9001},
        {"[2001:db8::1]:443", {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 443},
        {"[2001:DB8::]:443", {0x20, 0x01, 0x0d, 0xb8}, 443},
        {"[1:2:3:4:5:6:7:8]:65535", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}, 65535},
        {"[1:2:3:4:5:6:7::]:1", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7}, 1},
        {"[::2:3:4:5:6:7:8]:1", {0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}, 1},
        {"[fe:a:B::c0de]:1", {0, 0xfe, 0, 0xa, 0, 0xb, [14] = 0xc0, 0xde}, 1},
    };
    static const char *const bad[] = {"",
                                      "[]:1",
                                      "::1:1",
                                      "[::1]",
                                      "[::1]:",
                                      "[::1]:x",
                                      "[::1:1",
                                      "[:1]:1",
                                      "[1:]:1",
                                      "[1::2::3]:1",
                                      "[:::]:1",
                                      "[12345::]:1",
                                      "[g::]:1",
                                      "[1:2:3:4:5:6:7]:1",
                                      "[1:2:3:4:5:6:7:8:9]:1",
                                      "[1:2:3:4::5:6:7:8]:1",
                                      "[::ffff:192.0.2.1]:1",
                                      "192.0.2.1:1",
                                      "[::1] :1",
                                      "[::1]:1 "};
    uint8_t address[IPV6_SIZE];
    uint16_t port;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (directory_parse_ipv6_port(text_from_string(good[i].text), address, &port) != 0)
            fail_msg("\"%s\" is taken for no address", good[i].text);
        assert_memory_equal(address, good[i].address, sizeof(address));
        assert_int_equal(port, good[i].port);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (directory_parse_ipv6_port(text_from_string(bad[i]), address, &port) == 0)
            fail_msg("\"%s\" is taken for an address", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4),
        cmocka_unit_test(test_port),
        cmocka_unit_test(test_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
