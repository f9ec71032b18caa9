/* SAFECOOKIE's two hashes (control-spec 3.24): the tor proves that it knows a cookie, then the controller. */
#ifndef OBPUB_CONTROL_COOKIE_PROOF_H
#define OBPUB_CONTROL_COOKIE_PROOF_H

#include <stdint.h>

#include "crypto/hash.h"

#define COOKIE_SIZE 32 /* control-spec 3.21: all cookies are 32 bytes long */
#define COOKIE_NONCE_SIZE 32

/* What has been said when it is the controller's turn to prove. */
struct cookie_challenge {
    uint8_t client_nonce[COOKIE_NONCE_SIZE]; /* ours */
    uint8_t server_nonce[COOKIE_NONCE_SIZE];
    uint8_t server_hash[SHA256_SIZE]; /* by which the tor proves that it knows the cookie */
};

/* Proves to a tor that has proved it first that we know the cookie. Returns 0, or -1 when the tor's hash is
 * not one of this cookie and these nonces; then proof is not written. */
int cookie_prove(uint8_t proof[SHA256_SIZE], const uint8_t cookie[COOKIE_SIZE],
                 const struct cookie_challenge *challenge);

#endif
