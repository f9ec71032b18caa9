/* Tests of the hashes against published examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "crypto/hash.h"
#include "vectors.h"

#define BYTES_MAX 1024

/* One line of hash.txt. */
struct example {
    const char *algorithm;
    uint8_t key[BYTES_MAX], message[BYTES_MAX], expected[BYTES_MAX];
    size_t key_length, message_length, expected_length;
};

/* Decodes "-" to nothing, everything else from hexadecimal. Returns the number of bytes. */
static size_t decode_word(uint8_t *bytes, const char *word)
{
    if (strcmp(word, "-") == 0)
        return 0;
    size_t length = strlen(word) / 2;
    assert_true(length <= BYTES_MAX);
    vectors_decode_hex(word, bytes, length);
    return length;
}

/* Hashes the example's message in two pieces, cut after so many bytes, with an empty piece between. */
static void hash_in_pieces(uint8_t *output, const struct example *example, size_t cut)
{
    const struct span pieces[] = {
        {example->message, cut},
        {example->message, 0},
        {example->message + cut, example->message_length - cut},
    };
    if (strcmp(example->algorithm, "sha3-256") == 0)
        hash_sha3_256(output, pieces, 3);
    else if (strcmp(example->algorithm, "shake256") == 0)
        hash_shake256(output, example->expected_length, pieces, 3);
    else if (strcmp(example->algorithm, "sha2-256") == 0)
        hash_sha256(output, &(struct span){example->message, example->message_length}, 1);
    else if (strcmp(example->algorithm, "sha2-512") == 0)
        hash_sha512(output, pieces, 3);
    else if (strcmp(example->algorithm, "hmac-sha2-256") == 0)
        hash_hmac_sha256(output, example->key, example->key_length, pieces, 3);
    else
        fail_msg("unknown algorithm %s", example->algorithm);
}

/* The same with a hasher that has made other hashes before. */
static void check_hasher(const struct example *example)
{
    uint8_t output[BYTES_MAX] = {0};
    struct hasher *hasher = hasher_new();
    const struct span piece = {example->message, example->message_length};
    hasher_sha256(hasher, output, "obpub", 5);
    hasher_sha3_256(hasher, output, &piece, 1);
    if (strcmp(example->algorithm, "sha3-256") == 0)
        assert_memory_equal(output, example->expected, example->expected_length);
    hasher_sha3_256(hasher, output, NULL, 0);
    hasher_sha256(hasher, output, example->message, example->message_length);
    if (strcmp(example->algorithm, "sha2-256") == 0)
        assert_memory_equal(output, example->expected, example->expected_length);
    hasher_free(hasher);
}

static void check_example(char **words)
{
    struct example example = {.algorithm = words[0]};
    example.key_length = decode_word(example.key, words[1]);
    example.message_length = decode_word(example.message, words[2]);
    example.expected_length = decode_word(example.expected, words[3]);
    check_hasher(&example);
    for (size_t cut = 0; cut <= example.message_length; cut++) {
        uint8_t output[BYTES_MAX] = {0};
        hash_in_pieces(output, &example, cut);
        assert_memory_equal(output, example.expected, example.expected_length);
    }
}

static void test_published_examples(void **state)
{
    (void)state;
    vectors_for_each("hash.txt", 4, check_example);
}

static void test_no_pieces_are_the_empty_message(void **state)
{
    (void)state;
    uint8_t without[SHA3_256_SIZE];
    uint8_t with[SHA3_256_SIZE];
    hash_sha3_256(without, NULL, 0);
    hash_sha3_256(with, &(struct span){"", 0}, 1);
    assert_memory_equal(without, with, sizeof(with));
}

static void test_shake_output_can_have_any_length(void **state)
{
    (void)state;
    const struct span message = {"onion", 5};
    uint8_t whole[300];
    hash_shake256(whole, sizeof(whole), &message, 1);
    for (size_t length = 1; length < sizeof(whole); length++) {
        uint8_t output[sizeof(whole)];
        memset(output, 0xee, sizeof(output));
        hash_shake256(output, length, &message, 1);
        assert_memory_equal(output, whole, length);
        assert_int_equal(output[length], 0xee);
    }
}

/* A thread that hashes the number it is given; returns it when the digest was always the same. */
static void *hash_repeatedly(void *number)
{
    uint8_t first[SHA3_256_SIZE];
    hash_sha3_256(first, &(struct span){number, sizeof(int)}, 1);
    for (int i = 0; i < 200; i++) {
        uint8_t again[SHA3_256_SIZE];
        hash_sha3_256(again, &(struct span){number, sizeof(int)}, 1);
        if (memcmp(first, again, sizeof(first)) != 0)
            return NULL;
    }
    return number;
}

static void test_threads_share_the_algorithms(void **state)
{
    (void)state;
    int numbers[4] = {1, 2, 3, 4};
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_repeatedly, &numbers[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, &numbers[i]);
    }
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_share_the_algorithms),
        cmocka_unit_test(test_published_examples),
        cmocka_unit_test(test_no_pieces_are_the_empty_message),
        cmocka_unit_test(test_shake_output_can_have_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
