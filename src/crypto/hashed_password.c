/* The form in which a torrc holds the password of a control port (HashedControlPassword). */
#include "crypto/hashed_password.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/hex.h"
#include "crypto/algorithms.h"

#define SHA1_SIZE 20
/* Says how many bytes are hashed: 16 << (6 + 6). */
#define COUNT_CODE 0x60
#define COUNT ((size_t)65536)

#define PREFIX "16:"

/* Hashes the next piece, or as much of it as is still to be hashed. */
static void take(EVP_MD_CTX *context, const void *piece, size_t length, size_t *left)
{
    if (length > *left)
        length = *left;
    *left -= length;
    algorithms_require(EVP_DigestUpdate(context, piece, length), "SHA-1");
}

void hashed_password_make(char text[HASHED_PASSWORD_SIZE], const char *password, size_t length,
                          const uint8_t salt[HASHED_PASSWORD_SALT_SIZE])
{
    uint8_t bytes[HASHED_PASSWORD_SALT_SIZE + 1 + SHA1_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    algorithms_require(context != NULL, "SHA-1");
    algorithms_require(EVP_DigestInit_ex(context, EVP_sha1(), NULL), "SHA-1");
    for (size_t left = COUNT; left > 0;) {
        take(context, salt, HASHED_PASSWORD_SALT_SIZE, &left);
        take(context, password, length, &left);
    }
    memcpy(bytes, salt, HASHED_PASSWORD_SALT_SIZE);
    bytes[HASHED_PASSWORD_SALT_SIZE] = COUNT_CODE;
    algorithms_require(EVP_DigestFinal_ex(context, bytes + HASHED_PASSWORD_SALT_SIZE + 1, NULL), "SHA-1");
    EVP_MD_CTX_free(context);
    memcpy(text, PREFIX, sizeof(PREFIX));
    hex_encode_upper(text + strlen(PREFIX), bytes, sizeof(bytes));
}
