/* Ed25519's and X25519's arithmetic by OpenSSL's numbers, slowly and straight from the definitions. */
#include "reference_curve.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "fuzz.h"

#define NUMBERS 32 /* more than one operation needs at a time */

/* Made by prepare(), then only read, but for the context. */
static BN_CTX *context;
static BIGNUM *prime, *order, *d;

/* x = X/Z, y = Y/Z, xy = T/Z (Hisil, Wong, Carter and Dawson, 2008). */
struct point {
    BIGNUM *x, *y, *z, *t;
};

static struct point base, eighth; /* the second is of order eight */

static BIGNUM *new_number(void)
{
    BIGNUM *number = BN_new();
    FUZZ_REQUIRE(number != NULL);
    return number;
}

static struct point new_point(void)
{
    const struct point point = {new_number(), new_number(), new_number(), new_number()};
    return point;
}

static void free_point(struct point *point)
{
    BN_free(point->x);
    BN_free(point->y);
    BN_free(point->z);
    BN_free(point->t);
}

static void copy_point(struct point *point, const struct point *other)
{
    FUZZ_REQUIRE(BN_copy(point->x, other->x) && BN_copy(point->y, other->y) && BN_copy(point->z, other->z) &&
                 BN_copy(point->t, other->t));
}

static void set_identity(struct point *point)
{
    BN_zero(point->x);
    BN_zero(point->t);
    FUZZ_REQUIRE(BN_one(point->y) && BN_one(point->z));
}

static void multiply(BIGNUM *product, const BIGNUM *first, const BIGNUM *second)
{
    FUZZ_REQUIRE(BN_mod_mul(product, first, second, prime, context));
}

static void add(BIGNUM *sum, const BIGNUM *first, const BIGNUM *second)
{
    FUZZ_REQUIRE(BN_mod_add_quick(sum, first, second, prime));
}

static void subtract(BIGNUM *difference, const BIGNUM *first, const BIGNUM *second)
{
    FUZZ_REQUIRE(BN_mod_sub_quick(difference, first, second, prime));
}

/* Right for all points, equal ones too; sum may be one of the others. */
static void add_points(struct point *sum, const struct point *one, const struct point *other)
{
    BN_CTX_start(context);
    BIGNUM *a = BN_CTX_get(context), *b = BN_CTX_get(context), *c = BN_CTX_get(context),
           *e = BN_CTX_get(context), *f = BN_CTX_get(context), *g = BN_CTX_get(context),
           *h = BN_CTX_get(context);
    FUZZ_REQUIRE(h != NULL);
    subtract(e, one->y, one->x);
    subtract(f, other->y, other->x);
    multiply(a, e, f);
    add(e, one->y, one->x);
    add(f, other->y, other->x);
    multiply(b, e, f);
    multiply(c, one->t, other->t);
    multiply(c, c, d);
    add(c, c, c);
    multiply(h, one->z, other->z);
    add(h, h, h);
    subtract(e, b, a);
    subtract(f, h, c);
    add(g, h, c);
    add(h, b, a);
    multiply(sum->x, e, f);
    multiply(sum->y, g, h);
    multiply(sum->z, f, g);
    multiply(sum->t, e, h);
    BN_CTX_end(context);
}

static void multiply_into(struct point *product, const BIGNUM *scalar, const struct point *point)
{
    struct point copy = new_point();
    copy_point(&copy, point);
    set_identity(product);
    for (int bit = BN_num_bits(scalar) - 1; bit >= 0; bit--) {
        add_points(product, product, product);
        if (BN_is_bit_set(scalar, bit))
            add_points(product, product, &copy);
    }
    free_point(&copy);
}

static void negate(struct point *point)
{
    FUZZ_REQUIRE(BN_mod_sub(point->x, prime, point->x, prime, context) &&
                 BN_mod_sub(point->t, prime, point->t, prime, context));
}

static bool is_identity(const struct point *point)
{
    return BN_is_zero(point->x) && BN_cmp(point->y, point->z) == 0;
}

static void encode(uint8_t bytes[32], const struct point *point)
{
    BN_CTX_start(context);
    BIGNUM *inverse = BN_CTX_get(context), *x = BN_CTX_get(context), *y = BN_CTX_get(context);
    FUZZ_REQUIRE(y != NULL && BN_mod_inverse(inverse, point->z, prime, context) != NULL);
    multiply(x, point->x, inverse);
    multiply(y, point->y, inverse);
    FUZZ_REQUIRE(BN_bn2lebinpad(y, bytes, 32) == 32);
    bytes[31] = (uint8_t)(bytes[31] | (BN_is_odd(x) ? 0x80 : 0));
    BN_CTX_end(context);
}

static BIGNUM *read_number(const uint8_t bytes[32])
{
    BIGNUM *number = BN_lebin2bn(bytes, 32, NULL);
    FUZZ_REQUIRE(number != NULL);
    return number;
}

/* A root of (y^2 - 1) / (dy^2 + 1); false where there is none. */
static bool find_x(BIGNUM *x, const BIGNUM *y)
{
    BN_CTX_start(context);
    BIGNUM *square = BN_CTX_get(context), *denominator = BN_CTX_get(context);
    FUZZ_REQUIRE(denominator != NULL);
    multiply(square, y, y);
    multiply(denominator, square, d);
    add(denominator, denominator, BN_value_one());
    subtract(square, square, BN_value_one());
    FUZZ_REQUIRE(BN_mod_inverse(denominator, denominator, prime, context) != NULL);
    multiply(square, square, denominator);
    bool is_found = BN_is_zero(square);
    if (is_found)
        BN_zero(x);
    else
        is_found = BN_mod_sqrt(x, square, prime, context) != NULL;
    BN_CTX_end(context);
    return is_found;
}

/* Only what encode() writes is an encoding. */
static bool decode(struct point *point, const uint8_t bytes[32])
{
    uint8_t y_bytes[32];
    memcpy(y_bytes, bytes, sizeof(y_bytes));
    y_bytes[31] &= 0x7f;
    BIGNUM *y = read_number(y_bytes);
    const bool is_odd = bytes[31] >> 7 != 0;
    bool is_found = BN_cmp(y, prime) < 0 && find_x(point->x, y) && !(BN_is_zero(point->x) && is_odd);
    if (is_found) {
        if (BN_is_odd(point->x) != is_odd)
            FUZZ_REQUIRE(BN_sub(point->x, prime, point->x));
        FUZZ_REQUIRE(BN_copy(point->y, y) && BN_one(point->z));
        multiply(point->t, point->x, point->y);
    }
    BN_free(y);
    return is_found;
}

static void prepare(void)
{
    static const uint8_t base_bytes[32] = {
        0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
        0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    };
    static const uint8_t eighth_bytes[32] = {
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
        0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    };
    if (context != NULL)
        return;
    context = BN_CTX_new();
    prime = new_number();
    d = new_number();
    BIGNUM *divisor = new_number();
    FUZZ_REQUIRE(context != NULL && BN_set_bit(prime, 255) && BN_sub_word(prime, 19) &&
                 BN_dec2bn(&order, "723700557733226221397318656304299424085711635937990760600195093828545425"
                                   "0989") != 0 &&
                 BN_set_word(d, 121665) && BN_sub(d, prime, d) && BN_set_word(divisor, 121666) &&
                 BN_mod_inverse(divisor, divisor, prime, context) != NULL);
    multiply(d, d, divisor);
    BN_free(divisor);
    base = new_point();
    eighth = new_point();
    FUZZ_REQUIRE(decode(&base, base_bytes) && decode(&eighth, eighth_bytes));
}

int reference_multiply_base(uint8_t point[32], const uint8_t scalar[32])
{
    prepare();
    struct point product = new_point();
    BIGNUM *number = read_number(scalar);
    multiply_into(&product, number, &base);
    encode(point, &product);
    const bool is_zero = BN_is_zero(number);
    BN_free(number);
    free_point(&product);
    return is_zero ? -1 : 0;
}

bool reference_point_is_valid(const uint8_t point[32])
{
    prepare();
    struct point decoded = new_point(), product = new_point();
    bool is_valid = decode(&decoded, point) && !is_identity(&decoded);
    if (is_valid) {
        multiply_into(&product, order, &decoded);
        is_valid = is_identity(&product);
    }
    free_point(&decoded);
    free_point(&product);
    return is_valid;
}

int reference_multiply_point(uint8_t product[32], const uint8_t scalar[32], const uint8_t point[32])
{
    if (!reference_point_is_valid(point))
        return -1;
    struct point result = new_point();
    BIGNUM *number = read_number(scalar);
    (void)!BN_mask_bits(number, 255); /* it fails where there are no more bits */
    FUZZ_REQUIRE(decode(&result, point));
    multiply_into(&result, number, &result);
    encode(product, &result);
    const bool is_nothing = is_identity(&result);
    BN_free(number);
    free_point(&result);
    return is_nothing ? -1 : 0;
}

void reference_mixed_point(uint8_t point[32], const uint8_t scalar[32], unsigned part)
{
    prepare();
    struct point sum = new_point();
    BIGNUM *number = read_number(scalar);
    multiply_into(&sum, number, &base);
    for (unsigned i = 0; i < part; i++)
        add_points(&sum, &sum, &eighth);
    encode(point, &sum);
    BN_free(number);
    free_point(&sum);
}

/* OpenSSL's own. */
int reference_x25519(uint8_t product[32], const uint8_t scalar[32], const uint8_t key[32])
{
    size_t length = 32;
    EVP_PKEY *secret = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, scalar, 32);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, key, 32);
    EVP_PKEY_CTX *derivation = EVP_PKEY_CTX_new(secret, NULL);
    FUZZ_REQUIRE(secret != NULL && peer != NULL && derivation != NULL &&
                 EVP_PKEY_derive_init(derivation) == 1);
    const bool is_good = EVP_PKEY_derive_set_peer_ex(derivation, peer, 0) == 1 &&
                         EVP_PKEY_derive(derivation, product, &length) == 1;
    if (!is_good)
        memset(product, 0, 32);
    EVP_PKEY_CTX_free(derivation);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(secret);
    return is_good ? 0 : -1;
}

static bool has_small_order(const struct point *point)
{
    struct point product = new_point();
    add_points(&product, point, point);
    add_points(&product, &product, &product);
    add_points(&product, &product, &product);
    const bool is_small = is_identity(&product);
    free_point(&product);
    return is_small;
}

/* SHA-512(R | key | message), modulo the order. */
static BIGNUM *make_challenge(const uint8_t *signature, const void *message, size_t length,
                              const uint8_t *public_key)
{
    uint8_t digest[64];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    FUZZ_REQUIRE(hash != NULL && EVP_DigestInit_ex(hash, EVP_sha512(), NULL) == 1 &&
                 EVP_DigestUpdate(hash, signature, 32) == 1 && EVP_DigestUpdate(hash, public_key, 32) == 1 &&
                 EVP_DigestUpdate(hash, message, length) == 1 && EVP_DigestFinal_ex(hash, digest, NULL) == 1);
    EVP_MD_CTX_free(hash);
    BIGNUM *challenge = BN_lebin2bn(digest, sizeof(digest), NULL);
    FUZZ_REQUIRE(challenge != NULL && BN_nnmod(challenge, challenge, order, context));
    return challenge;
}

int reference_verify(const uint8_t signature[64], const void *message, size_t length,
                     const uint8_t public_key[32])
{
    prepare();
    struct point key = new_point(), commitment = new_point(), found = new_point();
    BIGNUM *scalar = read_number(signature + 32);
    bool is_good = BN_cmp(scalar, order) < 0 && decode(&key, public_key) && !has_small_order(&key) &&
                   decode(&commitment, signature) && !has_small_order(&commitment);
    if (is_good) {
        uint8_t encoded[32];
        BIGNUM *challenge = make_challenge(signature, message, length, public_key);
        negate(&key);
        multiply_into(&key, challenge, &key);
        multiply_into(&found, scalar, &base);
        add_points(&found, &found, &key);
        encode(encoded, &found);
        is_good = memcmp(encoded, signature, sizeof(encoded)) == 0;
        BN_free(challenge);
    }
    BN_free(scalar);
    free_point(&key);
    free_point(&commitment);
    free_point(&found);
    return is_good ? 0 : -1;
}
