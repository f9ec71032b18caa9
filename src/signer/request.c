/* What the engine may ask of the signer: two requests of one fixed size, and their answers. */
#include "signer/request.h"

#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "base/big_endian.h"
#include "crypto/revision_counter.h"

/* Where the fields are, see request.h. */
enum { OFFSET_FRONTEND = 4, OFFSET_NUMBER = 8, OFFSET_LENGTH = 16, OFFSET_HOUR = 20, OFFSET_BODY = 24 };
#define COUNT_END (OFFSET_BODY + 8)
/* And in an answer. */
enum {
    OFFSET_MISSING = 2,
    OFFSET_PRESIGNED = 3,
    OFFSET_BLINDED_KEY = 4,
    OFFSET_COUNTER = 4,
    OFFSET_CERTIFICATE = 36,
    OFFSET_SEED = 176,
};

/* In the place of seconds that no int64_t holds: refused, as are all that no revision counter is made from.
 */
#define SECONDS_NONE (-1)

/* Minutes. tor takes an hsdir_interval of up to ten days; the periods of testing networks are short. */
#define PERIOD_LENGTH_MAX 14400

/* The signer knows the time, but not when a period begins: period n begins n lengths after the epoch plus
 * twelve voting intervals, which make twelve hours on the public network and half a period on a testing one.
 * And the engine goes by the consensus, which tor uses until a day after its three hours. So in minutes: */
#define OFFSET_MAX 720
#define CONSENSUS_AGE_MAX 1620
/* The future is what a stranger in the engine's place would want certificates for, so little more than the
 * period after the one now running: so many minutes for a clock that is behind. */
#define CLOCK_BEHIND_MAX 60

static int check_period(const struct signer_period *period, int64_t wall_now, struct error *error)
{
    if (period->length < 1 || period->length > PERIOD_LENGTH_MAX)
        return error_set(error, "a time period of %" PRIu32 " minutes is not one of 1 to %d", period->length,
                         PERIOD_LENGTH_MAX);
    int64_t length = period->length, minutes = wall_now / 60;
    int64_t offset = length / 2 > OFFSET_MAX ? length / 2 : OFFSET_MAX;
    int64_t earliest = minutes - CONSENSUS_AGE_MAX - offset;
    if (earliest < length)
        return error_set(error, "this machine's clock is not set");
    /* The one before, the one now running, the one after; for an offset that is not known, one more at times:
     * on the public network, a period may be asked for from 37 hours before it begins. */
    uint64_t lowest = (uint64_t)(earliest / length - 1);
    uint64_t highest = (uint64_t)((minutes + CLOCK_BEHIND_MAX) / length + 1);
    if (period->number < lowest || period->number > highest)
        return error_set(error,
                         "time period %" PRIu64 " of %" PRIu32 " minutes is not near this machine's time, by "
                         "which it is one of %" PRIu64 " to %" PRIu64 ": is the clock right?",
                         period->number, period->length, lowest, highest);
    return 0;
}

int signer_request_check(const struct signer_request *request, int64_t wall_now, struct error *error)
{
    if (check_period(&request->period, wall_now, error) != 0)
        return -1;
    if (request->type == SIGNER_COUNT) {
        if (request->seconds < 1 || request->seconds > REVISION_COUNTER_SECONDS_MAX)
            return error_set(error, "there is no revision counter for second %" PRId64, request->seconds);
        return 0;
    }
    if (request->expiration_hour > signer_expiration_hour(wall_now))
        return error_set(error, "a certificate would outlive tor's own: is the clock right?");
    if (!ed25519_public_key_is_valid(request->signing_key))
        return error_set(error, "the descriptor signing key is no public key");
    return 0;
}

void signer_request_encode(uint8_t bytes[SIGNER_REQUEST_SIZE], const struct signer_request *request)
{
    memset(bytes, 0, SIGNER_REQUEST_SIZE);
    bytes[0] = SIGNER_VERSION;
    bytes[1] = (uint8_t)request->type;
    big_endian_write_uint32(bytes + OFFSET_FRONTEND, (uint32_t)request->period.frontend);
    big_endian_write_uint64(bytes + OFFSET_NUMBER, request->period.number);
    big_endian_write_uint32(bytes + OFFSET_LENGTH, request->period.length);
    if (request->type == SIGNER_COUNT) {
        big_endian_write_uint64(bytes + OFFSET_BODY, (uint64_t)request->seconds);
        return;
    }
    big_endian_write_uint32(bytes + OFFSET_HOUR, request->expiration_hour);
    memcpy(bytes + OFFSET_BODY, request->signing_key, ED25519_PUBLIC_KEY_SIZE);
}

int signer_request_parse(struct signer_request *request, const uint8_t *bytes, size_t size, int64_t wall_now,
                         struct error *error)
{
    if (size != SIGNER_REQUEST_SIZE)
        return error_set(error, "a request has %d bytes, not %zu", SIGNER_REQUEST_SIZE, size);
    if (bytes[0] != SIGNER_VERSION || (bytes[1] != SIGNER_CERTIFY && bytes[1] != SIGNER_COUNT) ||
        !sodium_is_zero(bytes + 2, 2))
        return error_set(error, "there is no request of version %u and type %u", bytes[0], bytes[1]);
    *request = (struct signer_request){
        .type = (enum signer_request_type)bytes[1],
        .period =
            {
                .frontend = big_endian_read_uint32(bytes + OFFSET_FRONTEND),
                .number = big_endian_read_uint64(bytes + OFFSET_NUMBER),
                .length = big_endian_read_uint32(bytes + OFFSET_LENGTH),
            },
    };
    if (request->type == SIGNER_COUNT) {
        if (!sodium_is_zero(bytes + OFFSET_HOUR, OFFSET_BODY - OFFSET_HOUR) ||
            !sodium_is_zero(bytes + COUNT_END, SIGNER_REQUEST_SIZE - COUNT_END))
            return error_set(error, "there is more in a request than it has fields");
        uint64_t seconds = big_endian_read_uint64(bytes + OFFSET_BODY);
        request->seconds = seconds <= INT64_MAX ? (int64_t)seconds : SECONDS_NONE;
    } else {
        request->expiration_hour = big_endian_read_uint32(bytes + OFFSET_HOUR);
        memcpy(request->signing_key, bytes + OFFSET_BODY, ED25519_PUBLIC_KEY_SIZE);
    }
    return signer_request_check(request, wall_now, error);
}

/* Has the signer certify, and writes what is behind the head of the answer. Returns 0, 1 or -1 as
 * signer_certify_presigned() does. */
static int answer_certify(struct signer *signer, const struct signer_request *request, int64_t wall_now,
                          uint8_t answer[SIGNER_CERTIFY_ANSWER_SIZE], struct error *error)
{
    uint8_t *blinded_key = answer + OFFSET_BLINDED_KEY, *certificate = answer + OFFSET_CERTIFICATE;
    if (!signer_is_presigned(signer, request->period.frontend))
        return signer_certify(signer, &request->period, request->signing_key, request->expiration_hour,
                              wall_now, blinded_key, certificate, error);
    answer[OFFSET_PRESIGNED] = 1;
    return signer_certify_presigned(signer, &request->period, request->expiration_hour, wall_now, blinded_key,
                                    certificate, answer + OFFSET_SEED, error);
}

/* The same for a revision counter. */
static int answer_count(struct signer *signer, const struct signer_request *request,
                        uint8_t answer[SIGNER_COUNT_ANSWER_SIZE], struct error *error)
{
    uint64_t counter = 0;
    int result = signer_count(signer, &request->period, request->seconds, &counter, error);
    big_endian_write_uint64(answer + OFFSET_COUNTER, counter);
    return result;
}

size_t signer_request_answer(struct signer *signer, const uint8_t *bytes, size_t size, int64_t wall_now,
                             uint8_t answer[SIGNER_ANSWER_SIZE_MAX], struct error *error)
{
    struct signer_request request;
    if (signer_request_parse(&request, bytes, size, wall_now, error) != 0)
        return 0;
    bool is_certify = request.type == SIGNER_CERTIFY;
    memset(answer, 0, SIGNER_ANSWER_SIZE_MAX);
    int result = is_certify ? answer_certify(signer, &request, wall_now, answer, error)
                            : answer_count(signer, &request, answer, error);
    if (result < 0)
        return 0;
    if (result > 0) /* whatever was found is not handed out */
        memset(answer, 0, SIGNER_ANSWER_SIZE_MAX);
    answer[0] = SIGNER_VERSION;
    answer[1] = (uint8_t)request.type;
    answer[OFFSET_MISSING] = result > 0;
    return is_certify ? SIGNER_CERTIFY_ANSWER_SIZE : SIGNER_COUNT_ANSWER_SIZE;
}

int signer_answer_parse(struct signer_answer *answer, enum signer_request_type type, const uint8_t *bytes,
                        size_t size)
{
    size_t expected = type == SIGNER_CERTIFY ? SIGNER_CERTIFY_ANSWER_SIZE : SIGNER_COUNT_ANSWER_SIZE;
    if (size != expected || bytes[0] != SIGNER_VERSION || bytes[1] != type || bytes[OFFSET_MISSING] > 1 ||
        bytes[OFFSET_PRESIGNED] > (type == SIGNER_CERTIFY))
        return -1;
    *answer = (struct signer_answer){
        .is_missing = bytes[OFFSET_MISSING] != 0,
        .is_presigned = bytes[OFFSET_PRESIGNED] != 0,
    };
    if (type == SIGNER_CERTIFY) {
        memcpy(answer->blinded_key, bytes + OFFSET_BLINDED_KEY, ED25519_PUBLIC_KEY_SIZE);
        memcpy(answer->certificate, bytes + OFFSET_CERTIFICATE, CERTIFICATE_SIZE);
        memcpy(answer->signing_seed, bytes + OFFSET_SEED, ED25519_SEED_SIZE);
    } else {
        answer->counter = big_endian_read_uint64(bytes + OFFSET_COUNTER);
    }
    return 0;
}
