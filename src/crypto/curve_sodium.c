/* The curve by libsodium alone. Some of its versions take more than others: what they take is tried once, and
 * where it is too much, the rest is checked here. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "algorithms.h"
#include "crypto/curve_order.h"

/* What this libsodium takes, written once, by try_library(), then only read. */
static struct {
    bool takes_twice_the_order; /* for valid, points with a part of order two: CVE-2025-69277 */
    bool takes_mixed_r;         /* Rs with another part of small order: its development in 2026 */
} library;
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

/* One such point, and a signature that fits the equation but for a part of order two in its R. */
static const uint8_t point_of_twice_the_order[CURVE_POINT_SIZE] = {
    0x3d, 0xc5, 0x06, 0xce, 0x29, 0xa5, 0x1d, 0x42, 0x5a, 0x60, 0xcd, 0xef, 0xc9, 0x03, 0x6e, 0x65,
    0x45, 0x9d, 0x5e, 0x58, 0x9c, 0x7f, 0x53, 0x33, 0x59, 0x18, 0xe6, 0x27, 0x40, 0x3d, 0x3d, 0x5a,
};
static const uint8_t mixed_r_key[CURVE_POINT_SIZE] = {
    0xb0, 0x3a, 0xf9, 0x31, 0xd6, 0x5a, 0xe2, 0xbd, 0xa5, 0x9f, 0x32, 0x10, 0x36, 0xfc, 0x91, 0x9a,
    0xba, 0x62, 0xa1, 0xa7, 0x63, 0x80, 0xac, 0xcc, 0xa6, 0xe7, 0x19, 0xd8, 0xbf, 0xc2, 0xc2, 0xa5,
};
static const uint8_t mixed_r_signature[CURVE_SIGNATURE_SIZE] = {
    0xf2, 0x84, 0x88, 0xd2, 0xab, 0x3a, 0xc0, 0x60, 0x8d, 0xc6, 0xa1, 0x2a, 0x6f, 0xec, 0x00, 0xa2,
    0x5c, 0x36, 0x95, 0x69, 0x1f, 0xf2, 0xb4, 0x12, 0xe5, 0x33, 0x9d, 0x70, 0x97, 0x7f, 0x2d, 0x8d,
    0x59, 0x7c, 0xaa, 0x6e, 0x6f, 0x95, 0xb5, 0x27, 0x9c, 0x3c, 0x5a, 0x07, 0xcd, 0xf0, 0x50, 0xbd,
    0x15, 0xe7, 0x2a, 0xe9, 0x42, 0x5f, 0x99, 0xcd, 0xe3, 0x76, 0x7a, 0x9e, 0xb7, 0xc4, 0x65, 0x06,
};
static const char mixed_r_message[] = "obpub";

static void try_library(void)
{
    library.takes_twice_the_order = crypto_core_ed25519_is_valid_point(point_of_twice_the_order) == 1;
    library.takes_mixed_r = crypto_sign_verify_detached(mixed_r_signature, (const uint8_t *)mixed_r_message,
                                                        sizeof(mixed_r_message) - 1, mixed_r_key) == 0;
}

static bool has_no_part_of_order_two(const uint8_t point[CURVE_POINT_SIZE])
{
    uint8_t product[CURVE_POINT_SIZE];
    return crypto_scalarmult_ed25519_noclamp(product, curve_order_minus_one, point) == 0 &&
           curve_product_is_opposite(product, point);
}

/* Whether OpenSSL, which compares R as bytes, finds the signature good, too. */
static bool is_good_to_openssl(const uint8_t signature[CURVE_SIGNATURE_SIZE], const void *message,
                               size_t length, const uint8_t public_key[CURVE_POINT_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, CURVE_POINT_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    algorithms_require(key != NULL && context != NULL &&
                           EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1,
                       "Ed25519");
    const bool is_good = EVP_DigestVerify(context, signature, CURVE_SIGNATURE_SIZE, message, length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return is_good;
}

const char *curve_write_name(char name[CURVE_NAME_SIZE])
{
    snprintf(name, CURVE_NAME_SIZE, "libsodium %s", sodium_version_string());
    return name;
}

int curve_multiply_base(uint8_t point[CURVE_POINT_SIZE], const uint8_t scalar[CURVE_SCALAR_SIZE])
{
    return crypto_scalarmult_ed25519_base_noclamp(point, scalar);
}

void curve_x25519_base(uint8_t product[CURVE_X25519_SIZE], const uint8_t scalar[CURVE_X25519_SIZE])
{
    crypto_scalarmult_curve25519_base(product, scalar);
}

int curve_x25519(uint8_t product[CURVE_X25519_SIZE], const uint8_t scalar[CURVE_X25519_SIZE],
                 const uint8_t key[CURVE_X25519_SIZE])
{
    if (crypto_scalarmult_curve25519(product, scalar, key) == 0)
        return 0;
    memset(product, 0, CURVE_X25519_SIZE); /* some of its implementations leave what was there */
    return -1;
}

bool curve_point_is_valid(const uint8_t point[CURVE_POINT_SIZE])
{
    pthread_once(&library_once, try_library);
    return crypto_core_ed25519_is_valid_point(point) == 1 &&
           (!library.takes_twice_the_order || has_no_part_of_order_two(point));
}

int curve_multiply_point(uint8_t product[CURVE_POINT_SIZE], const uint8_t scalar[CURVE_SCALAR_SIZE],
                         const uint8_t point[CURVE_POINT_SIZE])
{
    return crypto_scalarmult_ed25519_noclamp(product, scalar, point);
}

int curve_verify(const uint8_t signature[CURVE_SIGNATURE_SIZE], const void *message, size_t length,
                 const uint8_t public_key[CURVE_POINT_SIZE])
{
    pthread_once(&library_once, try_library);
    if (crypto_sign_verify_detached(signature, message, length, public_key) != 0)
        return -1;
    return !library.takes_mixed_r || is_good_to_openssl(signature, message, length, public_key) ? 0 : -1;
}
