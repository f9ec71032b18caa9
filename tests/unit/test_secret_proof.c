/* Tests of OBPUB-SECRET's proofs, against hashes that were made without obpub's code, and of the file that
 * holds the secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/credential_file.h"
#include "control/secret_proof.h"
#include "helper_folder.h"
#include "vectors.h"

/* One line of secret_proof.txt. */
struct example {
    uint8_t key[SECRET_KEY_SIZE];
    struct cookie_challenge challenge; /* with the agent's hash */
    uint8_t client_hash[SHA256_SIZE];
};

static void read_example(struct example *example, char **words)
{
    uint8_t secret[SHARED_SECRET_MAX];
    size_t length = strlen(words[0]) / 2;
    assert_true(length <= sizeof(secret));
    vectors_decode_hex(words[0], secret, length);
    secret_derive_key(example->key, secret, length);
    vectors_decode_hex(words[1], example->challenge.client_nonce, COOKIE_NONCE_SIZE);
    vectors_decode_hex(words[2], example->challenge.server_nonce, COOKIE_NONCE_SIZE);
    vectors_decode_hex(words[3], example->challenge.server_hash, SHA256_SIZE);
    vectors_decode_hex(words[4], example->client_hash, SHA256_SIZE);
}

static void check_proofs(char **words)
{
    struct example example;
    uint8_t hash[SHA256_SIZE];
    read_example(&example, words);
    secret_make_server_hash(hash, example.key, &example.challenge);
    assert_memory_equal(hash, example.challenge.server_hash, sizeof(hash));
    assert_int_equal(secret_prove(hash, example.key, &example.challenge), 0);
    assert_memory_equal(hash, example.client_hash, sizeof(hash));
    assert_int_equal(secret_check_client_hash(hash, example.key, &example.challenge), 0);
}

static void test_proofs_are_those_of_others(void **state)
{
    (void)state;
    vectors_for_each("secret_proof.txt", 5, check_proofs);
}

/* Each bit of each value counts, on both sides. */
static void check_changed(char **words)
{
    struct example example;
    uint8_t proof[SHA256_SIZE] = {0};
    const uint8_t nothing[SHA256_SIZE] = {0};
    read_example(&example, words);
    uint8_t *const values[] = {example.key, example.challenge.client_nonce, example.challenge.server_nonce};
    for (size_t i = 0; i < 3 * 32 * 8; i++) {
        uint8_t *byte = &values[i / 256][i % 256 / 8];
        const uint8_t bit = (uint8_t)(1u << i % 8);
        *byte ^= bit;
        assert_int_equal(secret_prove(proof, example.key, &example.challenge), -1);
        assert_int_equal(secret_check_client_hash(example.client_hash, example.key, &example.challenge), -1);
        *byte ^= bit;
    }
    for (size_t i = 0; i < SHA256_SIZE * 8; i++) {
        const uint8_t bit = (uint8_t)(1u << i % 8);
        example.challenge.server_hash[i / 8] ^= bit;
        example.client_hash[i / 8] ^= bit;
        assert_int_equal(secret_prove(proof, example.key, &example.challenge), -1);
        assert_int_equal(secret_check_client_hash(example.client_hash, example.key, &example.challenge), -1);
        example.challenge.server_hash[i / 8] ^= bit;
        example.client_hash[i / 8] ^= bit;
    }
    assert_memory_equal(proof, nothing, sizeof(proof));
}

static void test_what_was_changed_proves_nothing(void **state)
{
    (void)state;
    vectors_for_each("secret_proof.txt", 5, check_changed);
}

/* Nobody can send back what the other side has said. */
static void check_reflection(char **words)
{
    struct example example;
    uint8_t proof[SHA256_SIZE];
    read_example(&example, words);
    assert_int_equal(secret_check_client_hash(example.challenge.server_hash, example.key, &example.challenge),
                     -1);
    memcpy(example.challenge.server_hash, example.client_hash, SHA256_SIZE);
    assert_int_equal(secret_prove(proof, example.key, &example.challenge), -1);
}

static void test_a_hash_of_one_side_is_none_of_the_other(void **state)
{
    (void)state;
    vectors_for_each("secret_proof.txt", 5, check_reflection);
}

/* A hash of OBPUB-SECRET is none of SAFECOOKIE for a cookie that is the key. */
static void check_cookie(char **words)
{
    struct example example;
    uint8_t proof[SHA256_SIZE];
    read_example(&example, words);
    assert_int_equal(cookie_prove(proof, example.key, &example.challenge), -1);
}

static void test_no_cookie_is_proved(void **state)
{
    (void)state;
    vectors_for_each("secret_proof.txt", 5, check_cookie);
}

/* Writes a file and reads the secret in it. */
static enum credential_result read_secret(const char *content, mode_t mode, uint8_t key[SECRET_KEY_SIZE],
                                          struct error *error)
{
    char folder[FOLDER_PATH_SIZE], path[FOLDER_PATH_SIZE + 16];
    assert_int_equal(folder_make(folder), 0);
    snprintf(path, sizeof(path), "%s/secret", folder);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, content, strlen(content)), (ssize_t)strlen(content));
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
    enum credential_result result = credential_read_secret(path, key, error);
    unlink(path);
    rmdir(folder);
    return result;
}

static void test_the_first_line_of_a_file_is_the_secret(void **state)
{
    (void)state;
    const char secret[] = "0123456789abcdef0123456789abcdef";
    static const char *const contents[] = {
        "0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef\n",
        "0123456789abcdef0123456789abcdef\r\nmore\n",
    };
    uint8_t expected[SECRET_KEY_SIZE], key[SECRET_KEY_SIZE];
    struct error error;
    secret_derive_key(expected, secret, strlen(secret));
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        assert_int_equal(read_secret(contents[i], 0640, key, &error), CREDENTIAL_OK);
        assert_memory_equal(key, expected, sizeof(key));
    }
}

static void test_a_secret_that_can_be_guessed_is_none(void **state)
{
    (void)state;
    uint8_t key[SECRET_KEY_SIZE];
    struct error error;
    assert_int_equal(read_secret("0123456789abcdef0123456789abcde\n", 0600, key, &error),
                     CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "has 31 bytes, and needs at least 32"));
    assert_non_null(strstr(error.text, "openssl rand -hex 32"));
    assert_null(strstr(error.text, "0123456789"));
    assert_int_equal(read_secret("0123456789abcdef0123456789abcdef\n", 0644, key, &error),
                     CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "is open to every user"));
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proofs_are_those_of_others),
        cmocka_unit_test(test_what_was_changed_proves_nothing),
        cmocka_unit_test(test_a_hash_of_one_side_is_none_of_the_other),
        cmocka_unit_test(test_no_cookie_is_proved),
        cmocka_unit_test(test_the_first_line_of_a_file_is_the_secret),
        cmocka_unit_test(test_a_secret_that_can_be_guessed_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
