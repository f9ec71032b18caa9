/* The two hashes of OBPUB-SECRET: publisher and agent prove to each other that they know one secret, and send
 * nothing of it. */
#ifndef OBPUB_CONTROL_SECRET_PROOF_H
#define OBPUB_CONTROL_SECRET_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "control/cookie_proof.h"
#include "crypto/hash.h"

/* The name of the method, as PROTOCOLINFO and AUTHCHALLENGE have it. */
#define SECRET_PROOF_METHOD "OBPUB-SECRET"

/* Bytes of a secret. Whoever can reach an agent gets a hash from it that a guess can be tried on, without
 * asking again: so a secret must not be one that somebody can think of. */
#define SHARED_SECRET_MIN 32
#define SHARED_SECRET_MAX 1023

/* What stands in for the secret in the hashes, in the way that a cookie does in SAFECOOKIE's. */
#define SECRET_KEY_SIZE COOKIE_SIZE

/* The exchange is that of SAFECOOKIE (control-spec 3.24), with the same struct cookie_challenge: the client
 * names its nonce, the server (here the agent) answers with its own and its hash, the client with its hash.
 * The labels in the hashes are others, so that neither side's hash is ever worth anything for a cookie, nor
 * for the other side. */

/* Makes the key out of a secret: its BLAKE2b-256, keyed with "obpub shared secret". To be wiped by the
 * caller. */
void secret_derive_key(uint8_t key[SECRET_KEY_SIZE], const void *secret, size_t length);

/* The agent's side: makes the hash that proves to the publisher that the agent knows the secret, out of both
 * nonces of the challenge. */
void secret_make_server_hash(uint8_t hash[SHA256_SIZE], const uint8_t key[SECRET_KEY_SIZE],
                             const struct cookie_challenge *challenge);

/* The agent's side: tells in constant time whether a hash proves that the publisher knows the secret. Returns
 * 0, or -1 when it does not. */
int secret_check_client_hash(const uint8_t hash[SHA256_SIZE], const uint8_t key[SECRET_KEY_SIZE],
                             const struct cookie_challenge *challenge);

/* The publisher's side: proves to an agent that has proved it first that we know the secret. Returns 0, or -1
 * when the challenge's server hash is not one of this secret and these nonces; then proof is not written. */
int secret_prove(uint8_t proof[SHA256_SIZE], const uint8_t key[SECRET_KEY_SIZE],
                 const struct cookie_challenge *challenge);

#endif
