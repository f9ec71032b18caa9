/* The two hashes of OBPUB-SECRET: publisher and agent prove to each other that they know one secret, and send
 * nothing of it. */
#include "control/secret_proof.h"

#include <sodium.h>
#include <string.h>

#include "base/memory.h"

#define DERIVATION_KEY "obpub shared secret"
#define SERVER_HASH_KEY "obpub agent authentication: agent to publisher"
#define CLIENT_HASH_KEY "obpub agent authentication: publisher to agent"

void secret_derive_key(uint8_t key[SECRET_KEY_SIZE], const void *secret, size_t length)
{
    crypto_generichash(key, SECRET_KEY_SIZE, secret, length, (const uint8_t *)DERIVATION_KEY,
                       strlen(DERIVATION_KEY));
}

static void compute_hash(uint8_t hash[SHA256_SIZE], const char *label, const uint8_t key[SECRET_KEY_SIZE],
                         const struct cookie_challenge *challenge)
{
    const struct span pieces[] = {
        {key, SECRET_KEY_SIZE},
        {challenge->client_nonce, COOKIE_NONCE_SIZE},
        {challenge->server_nonce, COOKIE_NONCE_SIZE},
    };
    hash_hmac_sha256(hash, label, strlen(label), pieces, sizeof(pieces) / sizeof(pieces[0]));
}

/* Compares a hash with the one that there has to be. Returns 0 or -1. */
static int check_hash(const uint8_t hash[SHA256_SIZE], const char *label, const uint8_t key[SECRET_KEY_SIZE],
                      const struct cookie_challenge *challenge)
{
    uint8_t expected[SHA256_SIZE];
    compute_hash(expected, label, key, challenge);
    int result = sodium_memcmp(expected, hash, sizeof(expected)) == 0 ? 0 : -1;
    secret_wipe(expected, sizeof(expected));
    return result;
}

void secret_make_server_hash(uint8_t hash[SHA256_SIZE], const uint8_t key[SECRET_KEY_SIZE],
                             const struct cookie_challenge *challenge)
{
    compute_hash(hash, SERVER_HASH_KEY, key, challenge);
}

int secret_check_client_hash(const uint8_t hash[SHA256_SIZE], const uint8_t key[SECRET_KEY_SIZE],
                             const struct cookie_challenge *challenge)
{
    return check_hash(hash, CLIENT_HASH_KEY, key, challenge);
}

int secret_prove(uint8_t proof[SHA256_SIZE], const uint8_t key[SECRET_KEY_SIZE],
                 const struct cookie_challenge *challenge)
{
    if (check_hash(challenge->server_hash, SERVER_HASH_KEY, key, challenge) != 0)
        return -1;
    compute_hash(proof, CLIENT_HASH_KEY, key, challenge);
    return 0;
}
