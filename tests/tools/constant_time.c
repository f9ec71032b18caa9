/* Does something with a secret that valgrind's memcheck takes for memory that nobody has written:
 * "constant_time OPERATION" under valgrind fails where a jump or an address depends on the secret.
 * "constant_time implementations" does so with each of lib25519's implementations that there are for several
 * processors, one line for each.
 *
 * What may be told of a secret is the result of the functions that are wrapped below, and nothing else:
 * whether it is all zero, or what two parties agree on is, and whether a client ID, a digest or a public key
 * that was worked out from it is the expected one. libsodium itself looks once whether the product of the
 * base point is the identity, as that of zero is: one jump in each call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>
#ifdef OBPUB_SECOND_CURVE
#include <lib25519.h>
#endif
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_UNDEFINED(address, size) 0
#define VALGRIND_MAKE_MEM_DEFINED(address, size) 0
#define VALGRIND_COUNT_ERRORS 0
#define RUNNING_ON_VALGRIND 0
#endif

#include "crypto/blinding.h"
#include "crypto/curve.h"
#include "crypto/descriptor_cookie.h"
#include "crypto/revision_counter.h"

#define EXIT_NO_VALGRIND 77

int __real_sodium_is_zero(const unsigned char *bytes, size_t length);
int __wrap_sodium_is_zero(const unsigned char *bytes, size_t length);
int __real_sodium_memcmp(const void *first, const void *second, size_t length);
int __wrap_sodium_memcmp(const void *first, const void *second, size_t length);
int __real_crypto_scalarmult_curve25519(uint8_t *product, const uint8_t *scalar, const uint8_t *key);
int __wrap_crypto_scalarmult_curve25519(uint8_t *product, const uint8_t *scalar, const uint8_t *key);

int __real_crypto_scalarmult_ed25519_base_noclamp(uint8_t *product, const uint8_t *scalar);
int __wrap_crypto_scalarmult_ed25519_base_noclamp(uint8_t *product, const uint8_t *scalar);

/* Jumps that libsodium may make. */
static unsigned long allowed;

static int tell(int result)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(&result, sizeof(result));
    return result;
}

int __wrap_sodium_is_zero(const unsigned char *bytes, size_t length)
{
    return tell(__real_sodium_is_zero(bytes, length));
}

int __wrap_sodium_memcmp(const void *first, const void *second, size_t length)
{
    return tell(__real_sodium_memcmp(first, second, length));
}

int __wrap_crypto_scalarmult_curve25519(uint8_t *product, const uint8_t *scalar, const uint8_t *key)
{
    return tell(__real_crypto_scalarmult_curve25519(product, scalar, key));
}

int __wrap_crypto_scalarmult_ed25519_base_noclamp(uint8_t *product, const uint8_t *scalar)
{
    const unsigned long before = VALGRIND_COUNT_ERRORS;
    const int result = tell(__real_crypto_scalarmult_ed25519_base_noclamp(product, scalar));
    allowed += VALGRIND_COUNT_ERRORS > before ? 1 : 0;
    return result;
}

/* A key pair whose secret half is one. */
struct pair {
    struct ed25519_secret_key secret_key;
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
};

static void make_secret(void *secret, size_t size)
{
    randombytes_buf(secret, size);
    (void)VALGRIND_MAKE_MEM_UNDEFINED(secret, size);
}

static struct pair make_pair(void)
{
    struct pair pair;
    uint8_t seed[ED25519_SEED_SIZE];
    randombytes_buf(seed, sizeof(seed));
    ed25519_expand_seed(&pair.secret_key, seed);
    ed25519_derive_public_key(pair.public_key, &pair.secret_key);
    (void)VALGRIND_MAKE_MEM_UNDEFINED(&pair.secret_key, sizeof(pair.secret_key));
    return pair;
}

static void derive(void)
{
    uint8_t seed[ED25519_SEED_SIZE], public_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key secret_key;
    make_secret(seed, sizeof(seed));
    ed25519_expand_seed(&secret_key, seed);
    ed25519_derive_public_key(public_key, &secret_key);
}

static void sign(void)
{
    const struct pair pair = make_pair();
    static const uint8_t message[3000];
    const struct span whole = {message, sizeof(message)}, abstract = {message, 100};
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    (void)!ed25519_sign(signature, &abstract, 1, &pair.secret_key, pair.public_key);
    (void)!ed25519_sign_long(signature, &whole, 1, &abstract, 1, &pair.secret_key, pair.public_key);
}

/* Blinding, and the certificate and revision counter's key of the blinded key. */
static void blind(void)
{
    const struct pair pair = make_pair();
    struct ed25519_secret_key blinded;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], signature[ED25519_SIGNATURE_SIZE];
    uint8_t counter_key[REVISION_COUNTER_KEY_SIZE];
    blinding_derive_secret_key(&blinded, &pair.secret_key, pair.public_key, 20000, 1440);
    if (blinding_derive_public_key(blinded_key, pair.public_key, 20000, 1440) != 0)
        abort();
    (void)!ed25519_sign(signature, &(struct span){"obpub", 5}, 1, &blinded, blinded_key);
    revision_counter_derive_key(counter_key, &blinded);
}

static void agree(void)
{
    uint8_t secret_key[X25519_SECRET_KEY_SIZE], public_key[X25519_PUBLIC_KEY_SIZE] = {9};
    uint8_t shared_secret[X25519_SHARED_SECRET_SIZE];
    make_secret(secret_key, sizeof(secret_key));
    x25519_derive_public_key(shared_secret, secret_key);
    (void)!x25519_agree(shared_secret, secret_key, public_key);
}

static void compare(void)
{
    uint8_t secret_key[X25519_SECRET_KEY_SIZE];
    const struct pair pair = make_pair();
    make_secret(secret_key, sizeof(secret_key));
    (void)!x25519_secret_key_is_of(secret_key, pair.public_key);
}

/* The service's and the client's part in a restricted descriptor. */
static void authorize(void)
{
    uint8_t ephemeral[X25519_SECRET_KEY_SIZE], client[X25519_SECRET_KEY_SIZE], cookie[DESCRIPTOR_COOKIE_SIZE];
    uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE], client_key[X25519_PUBLIC_KEY_SIZE];
    static const uint8_t subcredential[SUBCREDENTIAL_SIZE];
    struct auth_client lines[2];
    randombytes_buf(lines, sizeof(lines));
    randombytes_buf(ephemeral, sizeof(ephemeral));
    randombytes_buf(client, sizeof(client));
    x25519_derive_public_key(ephemeral_key, ephemeral);
    x25519_derive_public_key(client_key, client);
    (void)VALGRIND_MAKE_MEM_UNDEFINED(ephemeral, sizeof(ephemeral));
    (void)VALGRIND_MAKE_MEM_UNDEFINED(client, sizeof(client));
    make_secret(cookie, sizeof(cookie));
    if (descriptor_cookie_seal(&lines[1], subcredential, client_key, ephemeral, cookie) != 0)
        abort();
    (void)VALGRIND_MAKE_MEM_DEFINED(lines, sizeof(lines)); /* it is published */
    (void)!descriptor_cookie_open(cookie, subcredential, client, ephemeral_key, lines, 2);
}

/* These three have to be found: the last one is what the library does with what is public. */
static void leak_by_a_jump(void)
{
    const struct pair pair = make_pair();
    static volatile int odd;
    if (pair.secret_key.scalar[1] & 1)
        odd++;
}

static void leak_by_an_address(void)
{
    const struct pair pair = make_pair();
    static const uint8_t table[256];
    static volatile uint8_t read;
    read = ((const volatile uint8_t *)table)[pair.secret_key.scalar[1]];
    (void)read;
}

static void verify_a_secret(void)
{
    const struct pair pair = make_pair();
    uint8_t signature[ED25519_SIGNATURE_SIZE] = {9};
    make_secret(signature + 32, 31);
    (void)!curve_verify(signature, "obpub", 5, pair.public_key);
}

static const struct {
    const char *name;
    void (*run)(void);
} operations[] = {
    {"derive", derive},
    {"sign", sign},
    {"blind", blind},
    {"agree", agree},
    {"compare", compare},
    {"authorize", authorize},
    {"jump", leak_by_a_jump},
    {"address", leak_by_an_address},
    {"verify", verify_a_secret},
};

#ifdef OBPUB_SECOND_CURVE
static void multiply_base(void (*function)(unsigned char *product, const unsigned char *scalar))
{
    uint8_t scalar[32], product[32];
    make_secret(scalar, sizeof(scalar));
    function(product, scalar);
}

static void multiply_key(void (*function)(unsigned char *product, const unsigned char *scalar,
                                          const unsigned char *key))
{
    uint8_t scalar[32], product[32];
    static const uint8_t nine[32] = {9};
    make_secret(scalar, sizeof(scalar));
    function(product, scalar, nine);
}

static void run_implementation(int kind, long long number)
{
    if (kind == 0)
        multiply_base(lib25519_dispatch_nG_merged25519(number));
    else if (kind == 1)
        multiply_base(lib25519_dispatch_nG_montgomery25519(number));
    else
        multiply_key(lib25519_dispatch_nP_montgomery25519(number));
}

static const char *name_implementation(int kind, long long number)
{
    return kind == 0   ? lib25519_dispatch_nG_merged25519_implementation(number)
           : kind == 1 ? lib25519_dispatch_nG_montgomery25519_implementation(number)
                       : lib25519_dispatch_nP_montgomery25519_implementation(number);
}

/* Each in a process of its own, since valgrind has not the instructions of all. */
static void try_implementations(void)
{
    static const char *const kinds[] = {"nG", "nG-montgomery", "nP"};
    const long long counts[] = {lib25519_numimpl_nG_merged25519(), lib25519_numimpl_nG_montgomery25519(),
                                lib25519_numimpl_nP_montgomery25519()};
    for (int kind = 0; kind < 3; kind++) {
        for (long long number = 0; number < counts[kind]; number++) {
            fflush(stdout);
            const pid_t child = fork();
            int status = 0;
            if (child == 0) {
                run_implementation(kind, number);
                _exit(VALGRIND_COUNT_ERRORS == 0 ? 0 : 1);
            }
            if (child < 0 || waitpid(child, &status, 0) != child)
                abort();
            printf("%s %s: %s\n", kinds[kind], name_implementation(kind, number),
                   WIFSIGNALED(status)        ? "not run"
                   : WEXITSTATUS(status) == 0 ? "good"
                                              : "leaks");
        }
    }
}
#else
static void try_implementations(void)
{
}
#endif

int main(int argc, char **argv)
{
    if (sodium_init() < 0 || argc != 2)
        return 2;
    if (!RUNNING_ON_VALGRIND)
        return EXIT_NO_VALGRIND;
    if (strcmp(argv[1], "implementations") == 0) {
        try_implementations();
        return 0;
    }
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(argv[1], operations[i].name) == 0) {
            operations[i].run();
            return VALGRIND_COUNT_ERRORS == allowed ? 0 : 1;
        }
    }
    return 2;
}
