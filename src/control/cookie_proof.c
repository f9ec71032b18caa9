/* SAFECOOKIE's two hashes (control-spec 3.24): the tor proves that it knows a cookie, then the controller. */
#include "control/cookie_proof.h"

#include <sodium.h>
#include <string.h>

#include "base/memory.h"

/* HMAC keys of control-spec 3.24. */
#define SERVER_HASH_KEY "Tor safe cookie authentication server-to-controller hash"
#define CLIENT_HASH_KEY "Tor safe cookie authentication controller-to-server hash"

static void compute_hash(uint8_t hash[SHA256_SIZE], const char *key, const uint8_t *cookie,
                         const struct cookie_challenge *challenge)
{
    const struct span pieces[] = {
        {cookie, COOKIE_SIZE},
        {challenge->client_nonce, COOKIE_NONCE_SIZE},
        {challenge->server_nonce, COOKIE_NONCE_SIZE},
    };
    hash_hmac_sha256(hash, key, strlen(key), pieces, sizeof(pieces) / sizeof(pieces[0]));
}

int cookie_prove(uint8_t proof[SHA256_SIZE], const uint8_t cookie[COOKIE_SIZE],
                 const struct cookie_challenge *challenge)
{
    uint8_t expected[SHA256_SIZE];
    compute_hash(expected, SERVER_HASH_KEY, cookie, challenge);
    int result = sodium_memcmp(expected, challenge->server_hash, sizeof(expected)) == 0 ? 0 : -1;
    secret_wipe(expected, sizeof(expected));
    if (result == 0)
        compute_hash(proof, CLIENT_HASH_KEY, cookie, challenge);
    return result;
}
