/* Tests of the encryption of a descriptor's inner layers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/descriptor_layer.h"
#include "vectors.h"

#define PLAINTEXT_MAX 1024
#define BLOB_MAX (PLAINTEXT_MAX + DESCRIPTOR_LAYER_OVERHEAD)

/* A blob to spoil, with what opens it. */
struct sample {
    struct descriptor_layer_secret secret;
    uint8_t blob[20 + DESCRIPTOR_LAYER_OVERHEAD];
};

static void make_sample(struct sample *sample)
{
    const uint8_t salt[DESCRIPTOR_LAYER_SALT_SIZE] = {1, 2, 3};
    memset(sample, 0, sizeof(*sample));
    memset(sample->secret.blinded_key, 0x11, sizeof(sample->secret.blinded_key));
    memset(sample->secret.subcredential, 0x22, sizeof(sample->secret.subcredential));
    sample->secret.revision_counter = 12345;
    descriptor_layer_encrypt(sample->blob, DESCRIPTOR_LAYER_ENCRYPTED, &sample->secret, salt,
                             "create2-formats 2\n..", 20);
}

/* Fails unless the sample opens (or does not), and the plaintext stays untouched if not. */
static void assert_opens(const struct sample *sample, enum descriptor_layer layer, bool expected)
{
    uint8_t plaintext[20];
    uint8_t untouched[20];
    memset(plaintext, 0x99, sizeof(plaintext));
    memset(untouched, 0x99, sizeof(untouched));
    ptrdiff_t length =
        descriptor_layer_decrypt(plaintext, layer, &sample->secret, sample->blob, sizeof(sample->blob));
    assert_int_equal(length, expected ? 20 : -1);
    assert_memory_equal(plaintext, expected ? (const void *)"create2-formats 2\n.." : untouched, 20);
}

static void check_layer(char **words)
{
    enum descriptor_layer layer = strcmp(words[0], "superencrypted") == 0 ? DESCRIPTOR_LAYER_SUPERENCRYPTED
                                                                          : DESCRIPTOR_LAYER_ENCRYPTED;
    struct descriptor_layer_secret secret = {.cookie = NULL};
    vectors_decode_hex(words[1], secret.blinded_key, sizeof(secret.blinded_key));
    vectors_decode_hex(words[2], secret.subcredential, sizeof(secret.subcredential));
    secret.revision_counter = strtoull(words[3], NULL, 10);
    uint8_t plaintext[PLAINTEXT_MAX], expected[BLOB_MAX], blob[BLOB_MAX], decrypted[PLAINTEXT_MAX];
    size_t length = strlen(words[4]) / 2;
    vectors_decode_hex(words[4], plaintext, length);
    vectors_decode_hex(words[5], expected, length + DESCRIPTOR_LAYER_OVERHEAD);

    descriptor_layer_encrypt(blob, layer, &secret, expected, plaintext, length);
    assert_memory_equal(blob, expected, length + DESCRIPTOR_LAYER_OVERHEAD);
    assert_int_equal(
        descriptor_layer_decrypt(decrypted, layer, &secret, expected, length + DESCRIPTOR_LAYER_OVERHEAD),
        length);
    assert_memory_equal(decrypted, plaintext, length);
}

static void test_layers_of_stem(void **state)
{
    (void)state;
    vectors_for_each("descriptor_layer.txt", 6, check_layer);
}

static void test_every_part_of_the_secret_counts(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    assert_opens(&sample, DESCRIPTOR_LAYER_ENCRYPTED, true);
    assert_opens(&sample, DESCRIPTOR_LAYER_SUPERENCRYPTED, false);
    sample.secret.blinded_key[31] ^= 1;
    assert_opens(&sample, DESCRIPTOR_LAYER_ENCRYPTED, false);
    sample.secret.blinded_key[31] ^= 1;
    sample.secret.subcredential[0] ^= 1;
    assert_opens(&sample, DESCRIPTOR_LAYER_ENCRYPTED, false);
    sample.secret.subcredential[0] ^= 1;
    sample.secret.revision_counter++;
    assert_opens(&sample, DESCRIPTOR_LAYER_ENCRYPTED, false);
}

static void test_every_changed_bit_is_noticed(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    for (size_t bit = 0; bit < 8 * sizeof(sample.blob); bit++) {
        sample.blob[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_opens(&sample, DESCRIPTOR_LAYER_ENCRYPTED, false);
        sample.blob[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_opens(&sample, DESCRIPTOR_LAYER_ENCRYPTED, true);
}

static void test_short_blobs_are_refused(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    for (size_t length = 0; length < sizeof(sample.blob); length++) {
        /* A buffer of just this size lets a memory checker see what is read behind it. */
        uint8_t *blob = malloc(length + 1);
        uint8_t plaintext[20];
        assert_non_null(blob);
        memcpy(blob, sample.blob, length);
        assert_int_equal(
            descriptor_layer_decrypt(plaintext, DESCRIPTOR_LAYER_ENCRYPTED, &sample.secret, blob, length),
            -1);
        free(blob);
    }
}

/* As tor has it: there is no layer without a single byte in it. */
static void test_empty_layer_is_refused(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    const uint8_t salt[DESCRIPTOR_LAYER_SALT_SIZE] = {1};
    uint8_t blob[DESCRIPTOR_LAYER_OVERHEAD];
    uint8_t plaintext[1];
    descriptor_layer_encrypt(blob, DESCRIPTOR_LAYER_ENCRYPTED, &sample.secret, salt, "", 0);
    assert_int_equal(
        descriptor_layer_decrypt(plaintext, DESCRIPTOR_LAYER_ENCRYPTED, &sample.secret, blob, sizeof(blob)),
        -1);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_of_stem),
        cmocka_unit_test(test_every_part_of_the_secret_counts),
        cmocka_unit_test(test_every_changed_bit_is_noticed),
        cmocka_unit_test(test_short_blobs_are_refused),
        cmocka_unit_test(test_empty_layer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
