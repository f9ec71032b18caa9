/* Revision counters: order-preserving encryption of the seconds of a shared-random run, equal to tor's
 * (rend-spec-v3 appendix F.2, "Encrypted time in period"). */
#include "crypto/revision_counter.h"

#include <endian.h>
#include <string.h>

#include "aes_ctr.h"
#include "base/big_endian.h"
#include "base/memory.h"

#define STRIDE REVISION_COUNTER_STRIDE
#define SAMPLE_SIZE 2
#define BLOCKS_PER_STRIDE (STRIDE * SAMPLE_SIZE / AES_CTR_BLOCK_SIZE)
/* Strides of key stream made in one go. */
#define STRIDES_PER_PIECE 4
/* Samples that are summed up in one go. */
#define SAMPLES_PER_WORD (sizeof(uint64_t) / SAMPLE_SIZE)

_Static_assert(STRIDE *SAMPLE_SIZE % AES_CTR_BLOCK_SIZE == 0, "a stride is whole cipher blocks");
_Static_assert(REVISION_COUNTER_SECONDS_MAX % STRIDE == 0, "the last second ends a stride");
_Static_assert((STRIDE / SAMPLES_PER_WORD) * 2 * UINT16_MAX <= UINT32_MAX, "a stride's sums fit in 32 bits");

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
    big_endian_write_uint64(iv + AES_CTR_IV_SIZE - 8, (uint64_t)stride * BLOCKS_PER_STRIDE);
    static const uint8_t zeros[STRIDES_PER_PIECE * STRIDE * SAMPLE_SIZE];
    aes_ctr_apply(stream, zeros, length, key, iv);
}

/* The sum of at most a stride of samples, each taken as little-endian and increased by one. Four samples are
 * a word, which goes into two sums of 32 bits side by side; a stride's samples can't make either run over. */
static uint64_t sum_samples(const uint8_t *stream, size_t count)
{
    static const uint64_t every_other = UINT64_C(0x0000ffff0000ffff);
    const size_t word_count = count / SAMPLES_PER_WORD;
    uint64_t pair = 0, rest = 0;
    for (size_t i = 0; i < word_count; i++) {
        uint64_t word;
        memcpy(&word, stream + sizeof(word) * i, sizeof(word));
        word = le64toh(word);
        pair += (word & every_other) + (word >> 16 & every_other);
    }
    for (size_t i = word_count * SAMPLES_PER_WORD; i < count; i++)
        rest += (uint64_t)stream[SAMPLE_SIZE * i] | (uint64_t)stream[SAMPLE_SIZE * i + 1] << 8;
    return (pair & UINT32_MAX) + (pair >> 32) + rest + count;
}

/* Walks the key stream on until this sum is known. */
static void walk_to(struct revision_counter *revision_counter, size_t stride)
{
    uint8_t stream[STRIDES_PER_PIECE * STRIDE * SAMPLE_SIZE];
    uint64_t *sums = revision_counter->sums;
    while (revision_counter->known < stride) {
        const size_t first = revision_counter->known, left = stride - first;
        const size_t count = left < STRIDES_PER_PIECE ? left : STRIDES_PER_PIECE;
        generate_stream(stream, count * STRIDE * SAMPLE_SIZE, revision_counter->key, first);
        for (size_t i = 0; i < count; i++)
            sums[first + i + 1] = sums[first + i] + sum_samples(stream + i * STRIDE * SAMPLE_SIZE, STRIDE);
        revision_counter->known += count;
    }
    secret_wipe(stream, sizeof(stream));
}

void revision_counter_set_key(struct revision_counter *revision_counter,
                              const uint8_t key[REVISION_COUNTER_KEY_SIZE])
{
    memcpy(revision_counter->key, key, sizeof(revision_counter->key));
    revision_counter->known = 0;
    revision_counter->sums[0] = 0;
}

int revision_counter_encrypt(struct revision_counter *revision_counter, int64_t seconds, uint64_t *counter)
{
    if (seconds < 1 || seconds > REVISION_COUNTER_SECONDS_MAX)
        return -1;
    const size_t stride = (size_t)seconds / STRIDE;
    const size_t rest = (size_t)seconds % STRIDE;
    uint8_t stream[STRIDE * SAMPLE_SIZE];
    if (stride > revision_counter->known)
        walk_to(revision_counter, stride);
    generate_stream(stream, rest * SAMPLE_SIZE, revision_counter->key, stride);
    *counter = revision_counter->sums[stride] + sum_samples(stream, rest);
    secret_wipe(stream, rest * SAMPLE_SIZE);
    return 0;
}

/* A second adds 1 to 65536, all as likely: the sum of many is next to their mean. */
#define SECOND_MEAN 32768.5
#define SECOND_DEVIATION 18919.0
#define DEVIATIONS 8
#define CLOCK_TOLERANCE 3600

int64_t revision_counter_estimate(uint64_t counter)
{
    double seconds = (double)counter / SECOND_MEAN;
    return seconds < REVISION_COUNTER_SECONDS_MAX ? (int64_t)seconds : REVISION_COUNTER_SECONDS_MAX;
}

bool revision_counter_is_ahead(uint64_t counter, int64_t seconds)
{
    double latest = (double)seconds + CLOCK_TOLERANCE;
    double excess = (double)counter - latest * SECOND_MEAN, deviation = DEVIATIONS * SECOND_DEVIATION;
    return excess > 0 && excess * excess > deviation * deviation * latest;
}
