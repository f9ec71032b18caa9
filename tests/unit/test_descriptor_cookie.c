/* The descriptor cookie, encrypted for authorised clients and found by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "crypto/descriptor_cookie.h"
#include "vectors.h"

#define LINES 16

static void check_cookie(char **words)
{
    uint8_t subcredential[32], client_secret[32], client_public[32], ephemeral_secret[32],
        ephemeral_public[32];
    uint8_t cookie[16], opened[16];
    struct auth_client expected, line = {.client_id = {0}};
    vectors_decode_hex(words[0], subcredential, 32);
    vectors_decode_hex(words[1], client_secret, 32);
    vectors_decode_hex(words[2], client_public, 32);
    vectors_decode_hex(words[3], ephemeral_secret, 32);
    vectors_decode_hex(words[4], ephemeral_public, 32);
    vectors_decode_hex(words[5], cookie, 16);
    vectors_decode_hex(words[6], expected.iv, 16);
    vectors_decode_hex(words[7], expected.client_id, 8);
    vectors_decode_hex(words[8], expected.encrypted_cookie, 16);
    memcpy(line.iv, expected.iv, sizeof(line.iv));
    assert_int_equal(descriptor_cookie_seal(&line, subcredential, client_public, ephemeral_secret, cookie),
                     0);
    assert_memory_equal(&line, &expected, sizeof(line));
    assert_int_equal(
        descriptor_cookie_open(opened, subcredential, client_secret, ephemeral_public, &expected, 1), 0);
    assert_memory_equal(opened, cookie, sizeof(cookie));
    /* Of another service or time period nothing is found. */
    subcredential[31] ^= 1;
    assert_int_equal(
        descriptor_cookie_open(opened, subcredential, client_secret, ephemeral_public, &expected, 1),
        DESCRIPTOR_COOKIE_NOT_FOUND);
}

static void test_cookies_of_python(void **state)
{
    (void)state;
    vectors_for_each("descriptor_cookie.txt", 9, check_cookie);
}

/* Lines of clients of these numbers, for the same ephemeral key. */
struct sample {
    uint8_t subcredential[32], ephemeral_secret[32], ephemeral_key[32], cookie[16];
    struct auth_client lines[LINES];
};

static void make_secret(uint8_t secret_key[32], uint8_t number)
{
    hash_sha3_256(secret_key, &(struct span){&number, 1}, 1);
}

static void make_sample(struct sample *sample)
{
    *sample = (struct sample){.subcredential = {1}, .ephemeral_secret = {2}, .cookie = {3, 4, 5}};
    x25519_derive_public_key(sample->ephemeral_key, sample->ephemeral_secret);
    for (uint8_t i = 0; i < LINES; i++) {
        uint8_t secret_key[32], public_key[32];
        make_secret(secret_key, i);
        x25519_derive_public_key(public_key, secret_key);
        sample->lines[i].iv[0] = i;
        assert_int_equal(descriptor_cookie_seal(&sample->lines[i], sample->subcredential, public_key,
                                                sample->ephemeral_secret, sample->cookie),
                         0);
    }
}

static int open_as(const struct sample *sample, uint8_t number, size_t count, uint8_t cookie[16])
{
    uint8_t secret_key[32];
    make_secret(secret_key, number);
    return descriptor_cookie_open(cookie, sample->subcredential, secret_key, sample->ephemeral_key,
                                  sample->lines, count);
}

/* Each finds its own line, wherever that stands, and no other one does. */
static void test_each_line_is_found(void **state)
{
    (void)state;
    struct sample sample;
    uint8_t cookie[16];
    make_sample(&sample);
    for (uint8_t count = 0; count <= LINES; count++) {
        for (uint8_t number = 0; number <= LINES; number++) {
            memset(cookie, 0, sizeof(cookie));
            int result = open_as(&sample, number, count, cookie);
            assert_int_equal(result, number < count ? 0 : DESCRIPTOR_COOKIE_NOT_FOUND);
            if (number < count)
                assert_memory_equal(cookie, sample.cookie, sizeof(cookie));
        }
    }
}

/* Of several lines with one client's id the first one counts, as for tor. */
static void test_first_of_two_lines(void **state)
{
    (void)state;
    struct sample sample;
    uint8_t cookie[16];
    make_sample(&sample);
    sample.lines[9] = sample.lines[5];
    sample.lines[9].encrypted_cookie[0] ^= 1;
    assert_int_equal(open_as(&sample, 5, LINES, cookie), 0);
    assert_memory_equal(cookie, sample.cookie, sizeof(cookie));
    sample.lines[2] = sample.lines[9];
    assert_int_equal(open_as(&sample, 5, LINES, cookie), 0);
    assert_memory_not_equal(cookie, sample.cookie, sizeof(cookie));
}

static void test_low_order_keys(void **state)
{
    (void)state;
    struct sample sample;
    const uint8_t low_order[32] = {1};
    uint8_t cookie[16];
    make_sample(&sample);
    assert_int_equal(descriptor_cookie_seal(&sample.lines[0], sample.subcredential, low_order,
                                            sample.ephemeral_secret, sample.cookie),
                     -1);
    memcpy(sample.ephemeral_key, low_order, sizeof(low_order));
    assert_int_equal(open_as(&sample, 0, LINES, cookie), DESCRIPTOR_COOKIE_BAD_KEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookies_of_python),
        cmocka_unit_test(test_each_line_is_found),
        cmocka_unit_test(test_first_of_two_lines),
        cmocka_unit_test(test_low_order_keys),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
