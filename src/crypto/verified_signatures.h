/* Signatures that were verified before and found good, so that the same one under the same text by the same
 * key need not be verified again. */
#ifndef OBPUB_CRYPTO_VERIFIED_SIGNATURES_H
#define OBPUB_CRYPTO_VERIFIED_SIGNATURES_H

#include <stdbool.h>

#include "crypto/ed25519.h"
#include "crypto/hash.h"

/* Most that are remembered, whatever is asked for. */
#define VERIFIED_SIGNATURES_MAX 128

/* Zeroed at first; release with verified_signatures_clear(). */
struct verified_signatures {
    uint8_t (*digests)[SHA256_SIZE]; /* of key, signature and text; the oldest first */
    size_t count;
};

void verified_signatures_clear(struct verified_signatures *verified);

/* Does what ed25519_verify() does, with the same result: only a signature that has been found good is known,
 * and only by all of its bits, its key's and its text's. verified may be NULL. */
int verified_signatures_verify(struct verified_signatures *verified,
                               const uint8_t signature[ED25519_SIGNATURE_SIZE], const void *message,
                               size_t length, const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE]);

/* Forgets all but the newest count. */
void verified_signatures_trim(struct verified_signatures *verified, size_t count);

#endif
