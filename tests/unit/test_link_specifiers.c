/* Link specifiers that tor makes, taken apart and written again, and addresses where no relay can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "onion/link_specifiers.h"

static const struct link_specifiers full = {
    .ipv4 = {192, 0, 2, 1},
    .ipv4_port = 9001,
    .fingerprint = {1, 2, 3},
    .has_ed25519_identity = true,
    .ed25519_identity = {4, 5, 6},
    .has_ipv6 = true,
    .ipv6 = {0x20, 0x01, 0x0d, 0xb8},
    .ipv6_port = 443,
};

/* With and without what may be missing: what is written is read as it was, and is of tor's length. */
static void test_there_and_back(void **state)
{
    (void)state;
    for (int has_ed25519_identity = 0; has_ed25519_identity < 2; has_ed25519_identity++) {
        for (int has_ipv6 = 0; has_ipv6 < 2; has_ipv6++) {
            struct link_specifiers links = full, read;
            uint8_t bytes[LINK_SPECIFIERS_SIZE_MAX];
            enum point_fault fault;
            links.has_ed25519_identity = has_ed25519_identity;
            links.has_ipv6 = has_ipv6;
            if (!has_ed25519_identity)
                memset(links.ed25519_identity, 0, sizeof(links.ed25519_identity));
            if (!has_ipv6)
                memset(links.ipv6, 0, sizeof(links.ipv6)), links.ipv6_port = 0;
            size_t length = link_specifiers_encode(bytes, &links);
            assert_int_equal(length, 1 + 8 + 22 + (has_ed25519_identity ? 34 : 0) + (has_ipv6 ? 20 : 0));
            assert_int_equal(bytes[0], 2 + has_ed25519_identity + has_ipv6);
            assert_int_equal(link_specifiers_decode(&read, &fault, bytes, length), 0);
            assert_int_equal(fault, POINT_FAULT_NONE);
            assert_memory_equal(read.ipv4, links.ipv4, sizeof(links.ipv4));
            assert_int_equal(read.ipv4_port, links.ipv4_port);
            assert_memory_equal(read.fingerprint, links.fingerprint, sizeof(links.fingerprint));
            assert_int_equal(read.has_ed25519_identity, links.has_ed25519_identity);
            assert_memory_equal(read.ed25519_identity, links.ed25519_identity,
                                sizeof(links.ed25519_identity));
            assert_int_equal(read.has_ipv6, links.has_ipv6);
            assert_memory_equal(read.ipv6, links.ipv6, sizeof(links.ipv6));
            assert_int_equal(read.ipv6_port, links.ipv6_port);
        }
    }
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    uint8_t bytes[LINK_SPECIFIERS_SIZE_MAX];
    struct link_specifiers read;
    enum point_fault fault;
    size_t length = link_specifiers_encode(bytes, &full);
    for (size_t cut = 0; cut < length; cut++)
        assert_int_equal(link_specifiers_decode(&read, &fault, bytes, cut), -1);
}

static void test_internal_ipv4(void **state)
{
    (void)state;
    static const struct {
        uint8_t address[4];
        bool is_internal;
    } rows[] = {
        {{0, 0, 0, 0}, true},         {{0, 255, 255, 255}, true},    {{1, 0, 0, 0}, false},
        {{9, 255, 255, 255}, false},  {{10, 0, 0, 0}, true},         {{10, 255, 255, 255}, true},
        {{11, 0, 0, 0}, false},       {{100, 63, 255, 255}, false},  {{100, 64, 0, 0}, true},
        {{100, 127, 0, 1}, true},     {{100, 128, 0, 0}, false},     {{126, 255, 255, 255}, false},
        {{127, 0, 0, 1}, true},       {{128, 0, 0, 0}, false},       {{169, 253, 0, 0}, false},
        {{169, 254, 1, 1}, true},     {{169, 255, 0, 0}, false},     {{172, 15, 255, 255}, false},
        {{172, 16, 0, 0}, true},      {{172, 31, 255, 255}, true},   {{172, 32, 0, 0}, false},
        {{192, 167, 0, 0}, false},    {{192, 168, 0, 1}, true},      {{192, 169, 0, 0}, false},
        {{192, 0, 2, 1}, false},      {{223, 255, 255, 255}, false}, {{224, 0, 0, 1}, true},
        {{239, 255, 255, 255}, true}, {{240, 0, 0, 0}, true},        {{255, 255, 255, 255}, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_specifiers links = full;
        memcpy(links.ipv4, rows[i].address, sizeof(links.ipv4));
        if (link_specifiers_are_internal(&links) != rows[i].is_internal)
            fail_msg("%u.%u.%u.%u", links.ipv4[0], links.ipv4[1], links.ipv4[2], links.ipv4[3]);
    }
}

static void test_internal_ipv6_and_ports(void **state)
{
    (void)state;
    static const struct {
        uint8_t address[16];
        bool is_internal;
    } rows[] = {
        {{0}, true},
        {{[15] = 1}, true},
        {{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1}, true},
        {{[9] = 1}, false},
        {{0xfb}, false},
        {{0xfc}, true},
        {{0xfd}, true},
        {{0xfe, 0x7f}, false},
        {{0xfe, 0x80}, true},
        {{0xfe, 0xbf}, true},
        {{0xfe, 0xc0}, true},
        {{0xff, 0x02, [15] = 1}, true},
        {{0x2a, 0x01}, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct link_specifiers links = full;
        memcpy(links.ipv6, rows[i].address, sizeof(links.ipv6));
        assert_int_equal(link_specifiers_are_internal(&links), rows[i].is_internal);
        links.has_ipv6 = false;
        assert_false(link_specifiers_are_internal(&links));
    }
    struct link_specifiers links = full;
    links.ipv4_port = 0;
    assert_true(link_specifiers_are_internal(&links));
    links = full;
    links.ipv6_port = 0;
    assert_true(link_specifiers_are_internal(&links));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_internal_ipv4),
        cmocka_unit_test(test_internal_ipv6_and_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
