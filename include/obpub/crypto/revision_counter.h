/* Revision counters: order-preserving encryption of the seconds of a shared-random run, equal to tor's
 * (rend-spec-v3 appendix F.2, "Encrypted time in period"). */
#ifndef OBPUB_CRYPTO_REVISION_COUNTER_H
#define OBPUB_CRYPTO_REVISION_COUNTER_H

#include "obpub/crypto/ed25519.h"

#define REVISION_COUNTER_KEY_SIZE 32
/* Seconds that can be encrypted: 1 to this. */
#define REVISION_COUNTER_SECONDS_MAX 262144

/* A key with the sums of its key stream at regular places, as far as it has been walked along, so that the
 * next counter costs a microsecond. */
struct revision_counter;

/* The key that tor uses for a blinded secret key. */
void revision_counter_derive_key(uint8_t key[REVISION_COUNTER_KEY_SIZE],
                                 const struct ed25519_secret_key *blinded_secret_key);

/* The object is in secret memory; release it with revision_counter_free(). */
struct revision_counter *revision_counter_new(const uint8_t key[REVISION_COUNTER_KEY_SIZE]);
void revision_counter_free(struct revision_counter *revision_counter);

/* Goes over to another key. */
void revision_counter_set_key(struct revision_counter *revision_counter,
                              const uint8_t key[REVISION_COUNTER_KEY_SIZE]);

/* The counter for seconds, which is one more than the seconds since the start of the shared-random run, so
 * that it is never 0. Returns 0, or -1 when seconds is not in 1..REVISION_COUNTER_SECONDS_MAX. */
int revision_counter_encrypt(struct revision_counter *revision_counter, int64_t seconds, uint64_t *counter);

#endif
