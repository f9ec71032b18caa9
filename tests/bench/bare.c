/* The bare limit: cryptography alone, done so many times, without anything around it. For the curve it is the
 * library that obpub was built with, for hashes, cipher and base64 OpenSSL, with contexts that are used again
 * and algorithms that are looked up once. */
#include "bare.h"

#include <openssl/evp.h>
#include <sodium.h>

#include "bare_curve.h"
#include "base/memory.h"
#include "bench.h"

#define SIGNATURES_MAX 8

struct signature {
    size_t length; /* of the message, 0 for none yet */
    uint8_t bytes[crypto_sign_BYTES];
};

/* What all the work is done with; made once. */
static struct {
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES], public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t scalar[32], result[64];
    uint8_t *data, *output; /* BARE_MESSAGE_MAX bytes, room for their base64 */
    uint8_t *base64;
    struct signature signatures[SIGNATURES_MAX];
    EVP_MD *sha3_256, *shake256, *sha256;
    EVP_CIPHER *aes;
    EVP_MD_CTX *hash;
    EVP_CIPHER_CTX *cipher;
} bare;

void bare_init(void)
{
    crypto_sign_keypair(bare.public_key, bare.secret_key);
    crypto_core_ed25519_scalar_random(bare.scalar);
    bare.data = memory_allocate(BARE_MESSAGE_MAX, 1);
    bare.output = memory_allocate(BARE_MESSAGE_MAX, 2);
    bare.base64 = memory_allocate(BARE_MESSAGE_MAX, 2);
    EVP_EncodeBlock(bare.base64, bare.data, (int)BARE_MESSAGE_MAX);
    bare.sha3_256 = EVP_MD_fetch(NULL, "SHA3-256", NULL);
    bare.shake256 = EVP_MD_fetch(NULL, "SHAKE256", NULL);
    bare.sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    bare.aes = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
    bare.hash = EVP_MD_CTX_new();
    bare.cipher = EVP_CIPHER_CTX_new();
    bench_require(bare.sha3_256 != NULL && bare.shake256 != NULL && bare.sha256 != NULL && bare.aes != NULL &&
                      bare.hash != NULL && bare.cipher != NULL,
                  "OpenSSL lacks an algorithm");
}

static void hash(const EVP_MD *algorithm, size_t length)
{
    EVP_DigestInit_ex2(bare.hash, algorithm, NULL);
    EVP_DigestUpdate(bare.hash, bare.data, length);
    if (algorithm == bare.shake256)
        EVP_DigestFinalXOF(bare.hash, bare.output, 96);
    else
        EVP_DigestFinal_ex(bare.hash, bare.output, NULL);
}

static void encrypt(size_t length)
{
    static const uint8_t iv[16];
    int written;
    EVP_EncryptInit_ex2(bare.cipher, bare.aes, bare.secret_key, iv, NULL);
    EVP_EncryptUpdate(bare.cipher, bare.output, &written, bare.data, (int)length);
}

/* The signature of so many bytes: made at the first call, which is not measured. */
static const uint8_t *find_signature(size_t length)
{
    struct signature *signature = bare.signatures;
    while (signature->length != length && signature->length != 0) {
        signature++;
        bench_require(signature < bare.signatures + SIGNATURES_MAX, "too many lengths of messages");
    }
    if (signature->length == 0) {
        signature->length = length;
        bare_curve_sign(signature->bytes, bare.data, length, bare.secret_key);
    }
    return signature->bytes;
}

static void verify(size_t length)
{
    bench_require(bare_curve_verify(find_signature(length), bare.data, length, bare.public_key) == 0,
                  "a good signature was refused");
}

static void perform(enum bare_operation operation, size_t length)
{
    switch (operation) {
    case BARE_VERIFY:
        verify(length);
        break;
    case BARE_SIGN:
        bare_curve_sign(bare.result, bare.data, length, bare.secret_key);
        break;
    case BARE_MULTIPLY:
        bench_require(bare_curve_multiply(bare.result, bare.scalar, bare.public_key) == 0,
                      "multiplying a point failed");
        break;
    case BARE_BASE:
        bench_require(bare_curve_multiply_base(bare.result, bare.scalar) == 0,
                      "multiplying the base point failed");
        break;
    case BARE_X25519_BASE:
        bench_require(bare_curve_x25519_base(bare.result, bare.scalar) == 0,
                      "multiplying X25519's base point failed");
        break;
    case BARE_CHECK_POINT:
        bench_require(bare_curve_check_point(bare.public_key) == 0, "a good key was refused");
        break;
    case BARE_SHA3_256:
        hash(bare.sha3_256, length);
        break;
    case BARE_SHAKE256:
        hash(bare.shake256, length);
        break;
    case BARE_SHA256:
        hash(bare.sha256, length);
        break;
    case BARE_AES:
        encrypt(length);
        break;
    case BARE_BASE64_READ:
        EVP_DecodeBlock(bare.output, bare.base64, (int)((length + 2) / 3 * 4));
        break;
    case BARE_BASE64_WRITE:
        EVP_EncodeBlock(bare.output, bare.data, (int)length);
        break;
    }
}

void bare_perform(void *list)
{
    for (const struct bare_work *work = list; work->count > 0; work++) {
        for (size_t i = 0; i < work->count; i++)
            perform(work->operation, work->length);
    }
}
