/* Revision counters: order-preserving encryption of the seconds of a shared-random run, equal to tor's
 * (rend-spec-v3 appendix F.2, "Encrypted time in period"). */
#include "obpub/crypto/revision_counter.h"

#include <string.h>

#include "aes_ctr.h"
#include "obpub/memory.h"

/* Key stream between two remembered sums: a sample, two bytes of it, is one second's growth. */
#define STRIDE 1024
#define SAMPLE_SIZE 2
#define BLOCKS_PER_STRIDE (STRIDE * SAMPLE_SIZE / AES_CTR_BLOCK_SIZE)
#define STRIDES_MAX (REVISION_COUNTER_SECONDS_MAX / STRIDE)
/* Strides of key stream made in one go by revision_counter_new(). */
#define STRIDES_PER_PIECE 16

_Static_assert(STRIDE *SAMPLE_SIZE % AES_CTR_BLOCK_SIZE == 0, "a stride is whole cipher blocks");
_Static_assert(REVISION_COUNTER_SECONDS_MAX % STRIDE == 0, "the last second ends a stride");
_Static_assert(STRIDES_MAX % STRIDES_PER_PIECE == 0, "pieces make up the whole stream");

struct revision_counter {
    uint8_t key[REVISION_COUNTER_KEY_SIZE];
    uint64_t sums[STRIDES_MAX + 1]; /* [i]: the counter for i * STRIDE seconds */
};

void revision_counter_derive_key(uint8_t key[REVISION_COUNTER_KEY_SIZE],
                                 const struct ed25519_secret_key *blinded_secret_key)
{
    static const char prefix[] = "rev-counter-generation"; /* tor hashes its NUL, too */
    const struct span pieces[] = {
        {prefix, sizeof(prefix)},
        {blinded_secret_key->scalar, sizeof(blinded_secret_key->scalar)},
        {blinded_secret_key->nonce_prefix, sizeof(blinded_secret_key->nonce_prefix)},
    };
    hash_sha3_256(key, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

/* Writes length bytes of the key stream, from the beginning of a stride on. */
static void generate_stream(uint8_t *stream, size_t length, const uint8_t key[REVISION_COUNTER_KEY_SIZE],
                            size_t stride)
{
    uint8_t iv[AES_CTR_IV_SIZE] = {0};
    hash_encode_uint64(iv + AES_CTR_IV_SIZE - 8, (uint64_t)stride * BLOCKS_PER_STRIDE);
    memset(stream, 0, length);
    aes_ctr_apply(stream, stream, length, key, iv);
}

/* The sum of the samples, each taken as little-endian and increased by one. */
static uint64_t sum_samples(const uint8_t *stream, size_t count)
{
    uint64_t low = 0;
    uint64_t high = 0;
    for (size_t i = 0; i < count; i++) {
        low += stream[SAMPLE_SIZE * i];
        high += stream[SAMPLE_SIZE * i + 1];
    }
    return low + (high << 8) + count;
}

struct revision_counter *revision_counter_new(const uint8_t key[REVISION_COUNTER_KEY_SIZE])
{
    struct revision_counter *revision_counter = secret_allocate(sizeof(*revision_counter));
    memcpy(revision_counter->key, key, sizeof(revision_counter->key));
    uint8_t stream[STRIDES_PER_PIECE * STRIDE * SAMPLE_SIZE];
    uint64_t *sums = revision_counter->sums;
    for (size_t first = 0; first < STRIDES_MAX; first += STRIDES_PER_PIECE) {
        generate_stream(stream, sizeof(stream), key, first);
        for (size_t i = 0; i < STRIDES_PER_PIECE; i++)
            sums[first + i + 1] = sums[first + i] + sum_samples(stream + i * STRIDE * SAMPLE_SIZE, STRIDE);
    }
    secret_wipe(stream, sizeof(stream));
    return revision_counter;
}

void revision_counter_free(struct revision_counter *revision_counter)
{
    secret_free(revision_counter);
}

int revision_counter_encrypt(const struct revision_counter *revision_counter, int64_t seconds,
                             uint64_t *counter)
{
    if (seconds < 1 || seconds > REVISION_COUNTER_SECONDS_MAX)
        return -1;
    const size_t stride = (size_t)seconds / STRIDE;
    const size_t rest = (size_t)seconds % STRIDE;
    uint8_t stream[STRIDE * SAMPLE_SIZE];
    generate_stream(stream, rest * SAMPLE_SIZE, revision_counter->key, stride);
    *counter = revision_counter->sums[stride] + sum_samples(stream, rest);
    secret_wipe(stream, rest * SAMPLE_SIZE);
    return 0;
}
