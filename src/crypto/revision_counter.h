/* Revision counters: order-preserving encryption of the seconds of a shared-random run, equal to tor's
 * (rend-spec-v3 appendix F.2, "Encrypted time in period"). */
#ifndef OBPUB_CRYPTO_REVISION_COUNTER_H
#define OBPUB_CRYPTO_REVISION_COUNTER_H

#include "crypto/ed25519.h"

#define REVISION_COUNTER_KEY_SIZE 32
/* Seconds that can be encrypted: 1 to this. */
#define REVISION_COUNTER_SECONDS_MAX 262144

/* Key stream between two remembered sums: a sample, two bytes of it, is one second's growth. */
#define REVISION_COUNTER_STRIDE 2048
#define REVISION_COUNTER_STRIDES_MAX (REVISION_COUNTER_SECONDS_MAX / REVISION_COUNTER_STRIDE)

/* A key with the sums of its key stream at regular intervals, as far as it has been walked along, so that the
 * next counter costs a microsecond. It belongs into secret memory, and is good once it has a key. */
struct revision_counter {
    uint8_t key[REVISION_COUNTER_KEY_SIZE];
    size_t known;                                    /* sums that are, but for the first one, which is 0 */
    uint64_t sums[REVISION_COUNTER_STRIDES_MAX + 1]; /* [i]: the counter for so many strides */
};

/* The key that tor uses for a blinded secret key. */
void revision_counter_derive_key(uint8_t key[REVISION_COUNTER_KEY_SIZE],
                                 const struct ed25519_secret_key *blinded_secret_key);

/* Gives it its key, or another one. */
void revision_counter_set_key(struct revision_counter *revision_counter,
                              const uint8_t key[REVISION_COUNTER_KEY_SIZE]);

/* The counter for seconds, which is one more than the seconds since the start of the shared-random run, so
 * that it is never 0. Returns 0, or -1 when seconds is not in 1..REVISION_COUNTER_SECONDS_MAX. */
int revision_counter_encrypt(struct revision_counter *revision_counter, int64_t seconds, uint64_t *counter);

/* What a counter was made from, without its key: on a whole run so exactly that it is a few minutes off at
 * most.
 */
int64_t revision_counter_estimate(uint64_t counter);

/* True when a counter, whatever its key, is so high that it is not one for seconds, nor for any of the hour
 * after it: no clock that is about right makes it. */
bool revision_counter_is_ahead(uint64_t counter, int64_t seconds);

#endif
