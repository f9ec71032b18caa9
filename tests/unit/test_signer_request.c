/* Tests the requests that the signer takes from the engine and from the reader: their bytes, and that
 * everything else ends the conversation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/revision_counter.h"
#include "helper_signer.h"
#include "onion/time_period.h"
#include "signer/key_request.h"

#define HOUR 3600 /* seconds */

static struct signer *signer;
static struct bundle *coming; /* of which the reader has not sent all pieces */
static struct ed25519_secret_key *secret_key;
static uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], signing_key[ED25519_PUBLIC_KEY_SIZE];

/* A signer with one frontend, 0. */
static int set_up(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    secret_free(signer_make_key(9, signing_key));
    secret_key = signer_make_key(1, identity_key);
    struct ed25519_secret_key *copy = secret_allocate(sizeof(*copy));
    *copy = *secret_key;
    signer = signer_new();
    return signer_add_frontend(signer, copy, identity_key) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    bundle_free(coming);
    signer_free(signer);
    secret_free(secret_key);
    return 0;
}

/* The size of the answer to bytes, 0 for the end of the conversation, which has to have a reason. */
static size_t answer_bytes(const uint8_t *bytes, size_t size)
{
    uint8_t answer[SIGNER_ANSWER_SIZE_MAX];
    struct error error = {.text = ""};
    size_t answer_size = signer_request_answer(signer, bytes, size, SIGNER_NOW, answer, &error);
    assert_int_equal(answer_size == 0, error.text[0] != '\0');
    return answer_size;
}

static bool is_answered(const struct signer_request *request)
{
    uint8_t bytes[SIGNER_REQUEST_SIZE];
    signer_request_encode(bytes, request);
    return answer_bytes(bytes, sizeof(bytes)) > 0;
}

static bool is_period_answered(int64_t now, uint64_t number, uint32_t length)
{
    struct error error = {.text = ""};
    struct signer_request request = signer_count_request();
    request.period.number = number;
    request.period.length = length;
    return signer_request_check(&request, now, &error) == 0;
}

/* The bytes are those that request.h says. */
static void test_layout(void **state)
{
    (void)state;
    uint8_t bytes[SIGNER_REQUEST_SIZE];
    struct signer_request request = signer_certify_request();
    request.period = (struct signer_period){0x01020304, 0x1112131415161718, 0x21222324};
    request.expiration_hour = 0x31323334;
    memset(request.signing_key, 0x41, sizeof(request.signing_key));
    signer_request_encode(bytes, &request);
    static const uint8_t head[24] =
        "\1\1\0\0\1\2\3\4\x11\x12\x13\x14\x15\x16\x17\x18\x21\x22\x23\x24\x31\x32\x33\x34";
    assert_memory_equal(bytes, head, sizeof(head));
    for (size_t i = sizeof(head); i < sizeof(bytes); i++)
        assert_int_equal(bytes[i], 0x41);
    request.type = SIGNER_COUNT;
    request.seconds = 0x5152535455565758;
    signer_request_encode(bytes, &request);
    assert_int_equal(bytes[1], 2);
    static const uint8_t tail[36] = "\0\0\0\0\x51\x52\x53\x54\x55\x56\x57\x58";
    assert_memory_equal(bytes + 20, tail, sizeof(tail));
}

/* What comes back is what the signer itself makes. */
static void test_answers(void **state)
{
    (void)state;
    uint8_t bytes[SIGNER_REQUEST_SIZE], answer[SIGNER_ANSWER_SIZE_MAX];
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], certificate[CERTIFICATE_SIZE];
    struct signer_answer parsed;
    struct error error;
    struct signer_request request = signer_certify_request();
    signer_request_encode(bytes, &request);
    size_t size = signer_request_answer(signer, bytes, sizeof(bytes), SIGNER_NOW, answer, &error);
    assert_int_equal(size, SIGNER_CERTIFY_ANSWER_SIZE);
    assert_int_equal(signer_answer_parse(&parsed, SIGNER_CERTIFY, answer, size), 0);
    assert_int_equal(signer_certify(signer, &request.period, signing_key, request.expiration_hour, SIGNER_NOW,
                                    blinded_key, certificate, &error),
                     0);
    assert_memory_equal(parsed.blinded_key, blinded_key, sizeof(blinded_key));
    assert_memory_equal(parsed.certificate, certificate, sizeof(certificate));

    const int64_t seconds[] = {1, 2, 86400, REVISION_COUNTER_SECONDS_MAX};
    request = signer_count_request();
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        uint64_t counter;
        request.seconds = seconds[i];
        signer_request_encode(bytes, &request);
        size = signer_request_answer(signer, bytes, sizeof(bytes), SIGNER_NOW, answer, &error);
        assert_int_equal(size, SIGNER_COUNT_ANSWER_SIZE);
        assert_int_equal(signer_answer_parse(&parsed, SIGNER_COUNT, answer, size), 0);
        assert_int_equal(signer_count(signer, &request.period, seconds[i], &counter, &error), 0);
        assert_int_equal(parsed.counter, counter);
    }
}

static void test_bad_answers(void **state)
{
    (void)state;
    uint8_t answer[SIGNER_ANSWER_SIZE_MAX] = {SIGNER_VERSION, SIGNER_COUNT};
    struct signer_answer parsed;
    assert_int_equal(signer_answer_parse(&parsed, SIGNER_COUNT, answer, SIGNER_COUNT_ANSWER_SIZE), 0);
    assert_int_equal(signer_answer_parse(&parsed, SIGNER_COUNT, answer, SIGNER_COUNT_ANSWER_SIZE - 1), -1);
    assert_int_equal(signer_answer_parse(&parsed, SIGNER_COUNT, answer, SIGNER_COUNT_ANSWER_SIZE + 1), -1);
    assert_int_equal(signer_answer_parse(&parsed, SIGNER_CERTIFY, answer, SIGNER_COUNT_ANSWER_SIZE), -1);
    assert_int_equal(signer_answer_parse(&parsed, SIGNER_CERTIFY, answer, SIGNER_CERTIFY_ANSWER_SIZE), -1);
    for (size_t i = 0; i < 4; i++) {
        answer[i] ^= 4;
        assert_int_equal(signer_answer_parse(&parsed, SIGNER_COUNT, answer, SIGNER_COUNT_ANSWER_SIZE), -1);
        answer[i] ^= 4;
    }
}

static void test_sizes(void **state)
{
    (void)state;
    uint8_t bytes[2 * SIGNER_REQUEST_SIZE] = {0};
    const struct signer_request request = signer_certify_request();
    signer_request_encode(bytes, &request);
    for (size_t size = 0; size <= sizeof(bytes); size++)
        assert_int_equal(answer_bytes(bytes, size) > 0, size == SIGNER_REQUEST_SIZE);
}

/* Versions, types, and bytes that have to be zero. */
static void test_header(void **state)
{
    (void)state;
    uint8_t bytes[SIGNER_REQUEST_SIZE];
    const struct signer_request requests[] = {signer_certify_request(), signer_count_request()};
    for (size_t i = 0; i < 2; i++) {
        signer_request_encode(bytes, &requests[i]);
        assert_true(answer_bytes(bytes, sizeof(bytes)) > 0);
        for (size_t place = 0; place < 4; place++) {
            const uint8_t right = bytes[place];
            for (unsigned value = 0; value < 256; value++) {
                /* The other type is another request, which the rest of the bytes don't fit. */
                bytes[place] = (uint8_t)value;
                assert_int_equal(answer_bytes(bytes, sizeof(bytes)) > 0, value == right);
            }
            bytes[place] = right;
        }
    }
    signer_request_encode(bytes, &requests[1]);
    for (size_t place = 20; place < SIGNER_REQUEST_SIZE; place++) {
        if (place >= 24 && place < 32)
            continue;
        bytes[place] = 1;
        assert_int_equal(answer_bytes(bytes, sizeof(bytes)), 0);
        bytes[place] = 0;
    }
}

static void test_unknown_frontend(void **state)
{
    (void)state;
    const size_t unknown[] = {1, 2, 255, 65536, UINT32_MAX};
    struct signer_request request = signer_certify_request();
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        request.period.frontend = unknown[i];
        assert_false(is_answered(&request));
    }
    request.period.frontend = 0;
    assert_true(is_answered(&request));
    signer_remove_frontend(signer, 0);
    assert_false(is_answered(&request));
}

static void test_expiry(void **state)
{
    (void)state;
    struct signer_request request = signer_certify_request();
    assert_true(is_answered(&request));
    request.expiration_hour--;
    assert_true(is_answered(&request));
    request.expiration_hour += 2;
    assert_false(is_answered(&request));
    request.expiration_hour = UINT32_MAX;
    assert_false(is_answered(&request));
}

static void test_signing_key(void **state)
{
    (void)state;
    struct signer_request request = signer_certify_request();
    memset(request.signing_key, 0, sizeof(request.signing_key)); /* a point of small order */
    assert_false(is_answered(&request));
    memset(request.signing_key, 0xff, sizeof(request.signing_key)); /* not canonical */
    assert_false(is_answered(&request));
}

static void test_seconds(void **state)
{
    (void)state;
    const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX, REVISION_COUNTER_SECONDS_MAX + 1};
    struct signer_request request = signer_count_request();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        request.seconds = bad[i];
        assert_false(is_answered(&request));
    }
}

/* Whatever the hour, the two periods that tor publishes for are answered, with a consensus of up to 27 hours
 * ago too; further ones are not. */
static void test_public_periods(void **state)
{
    (void)state;
    for (int64_t now = SIGNER_NOW; now < SIGNER_NOW + 2 * 24 * HOUR; now += 20 * 60) {
        uint64_t current = signer_public_period(now), late = signer_public_period(now - 27 * HOUR);
        for (uint64_t number = late - 1; number <= current + 1; number++)
            assert_true(is_period_answered(now, number, SIGNER_PERIOD_LENGTH));
        assert_false(is_period_answered(now, current + 3, SIGNER_PERIOD_LENGTH));
        assert_false(is_period_answered(now, current + 1000000, SIGNER_PERIOD_LENGTH));
        assert_false(is_period_answered(now, late - 3, SIGNER_PERIOD_LENGTH));
        assert_false(is_period_answered(now, 0, SIGNER_PERIOD_LENGTH));
        assert_false(is_period_answered(now, UINT64_MAX, SIGNER_PERIOD_LENGTH));
    }
}

/* The last period that is answered, and the first one; and at which second they change. Periods begin at
 * noon, so none is answered more than 37 hours before it does. */
static void test_edges(void **state)
{
    (void)state;
    const int64_t midnight = SIGNER_NOW - SIGNER_NOW % (24 * HOUR);
    const uint64_t day = (uint64_t)midnight / (24 * HOUR);
    assert_true(is_period_answered(midnight + 23 * HOUR - 1, day + 1, SIGNER_PERIOD_LENGTH));
    assert_false(is_period_answered(midnight + 23 * HOUR - 1, day + 2, SIGNER_PERIOD_LENGTH));
    assert_true(is_period_answered(midnight + 23 * HOUR, day + 2, SIGNER_PERIOD_LENGTH));
    assert_false(is_period_answered(midnight + 23 * HOUR, day + 3, SIGNER_PERIOD_LENGTH));
    assert_true(is_period_answered(midnight + 15 * HOUR - 1, day - 3, SIGNER_PERIOD_LENGTH));
    assert_false(is_period_answered(midnight + 15 * HOUR, day - 3, SIGNER_PERIOD_LENGTH));
    assert_true(is_period_answered(midnight + 15 * HOUR, day - 2, SIGNER_PERIOD_LENGTH));
}

/* Every length of a period that a network may have, with the period that its time falls in, the one before
 * and the one after. */
static void test_lengths(void **state)
{
    (void)state;
    const uint32_t bad[] = {0, 14401, 65536, UINT32_MAX};
    for (uint32_t length = 1; length <= 14400; length++) {
        /* On a testing network the period is a shared-random run, elsewhere the voting interval is an hour.
         */
        const struct time_schedule testing = {.voting_interval = length * 60 / 24, .period_length = length};
        const struct time_schedule schedule = {.voting_interval = HOUR, .period_length = length};
        uint64_t number = time_period_number(&testing, SIGNER_NOW);
        for (uint64_t near = number - 1; near <= number + 1; near++)
            assert_true(is_period_answered(SIGNER_NOW, near, length));
        number = time_period_number(&schedule, SIGNER_NOW);
        for (uint64_t near = number - 1; near <= number + 1; near++)
            assert_true(is_period_answered(SIGNER_NOW, near, length));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(is_period_answered(SIGNER_NOW, 1, bad[i]));
}

/* A clock that nobody has set, or that says nonsense. */
static void test_clocks(void **state)
{
    (void)state;
    const int64_t clocks[] = {INT64_MIN, -1, 0, 1, 100000, INT64_MAX};
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        assert_false(is_period_answered(clocks[i], signer_public_period(SIGNER_NOW), SIGNER_PERIOD_LENGTH));
        assert_false(is_period_answered(clocks[i], 0, SIGNER_PERIOD_LENGTH));
    }
}

/* -- the reader's requests ------------------------------------------------------------------------ */

static size_t answer_key_bytes(const uint8_t *bytes, size_t size, size_t *frontend)
{
    uint8_t answer[SIGNER_KEY_ANSWER_SIZE];
    struct error error = {.text = ""};
    bool is_locked;
    size_t answer_size = signer_key_request_answer(signer, &coming, bytes, size, answer, &error);
    assert_int_equal(answer_size == 0, error.text[0] != '\0');
    if (answer_size > 0)
        assert_int_equal(signer_key_answer_parse(frontend, &is_locked, (enum signer_key_request_type)bytes[1],
                                                 answer, answer_size),
                         0);
    return answer_size;
}

static void test_keys(void **state)
{
    (void)state;
    uint8_t bytes[SIGNER_KEY_REQUEST_SIZE], other_identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *other = signer_make_key(2, other_identity_key);
    size_t frontend = 0;
    signer_key_request_add(bytes, other, other_identity_key);
    assert_true(answer_key_bytes(bytes, sizeof(bytes), &frontend) > 0);
    assert_int_equal(frontend, 1);
    struct signer_request request = signer_certify_request();
    request.period.frontend = 1;
    assert_true(is_answered(&request));

    signer_key_request_remove(bytes, 1);
    assert_true(answer_key_bytes(bytes, sizeof(bytes), &frontend) > 0);
    assert_int_equal(frontend, 1);
    assert_false(is_answered(&request));
    assert_int_equal(answer_key_bytes(bytes, sizeof(bytes), &frontend), 0); /* it is gone already */
    for (size_t place = 8; place < sizeof(bytes); place++) {                /* bytes it has no use for */
        signer_key_request_remove(bytes, 0);
        bytes[place] = 1;
        assert_int_equal(answer_key_bytes(bytes, sizeof(bytes), &frontend), 0);
    }
    signer_key_request_add(bytes, other, other_identity_key);
    bytes[7] = 1;
    assert_int_equal(answer_key_bytes(bytes, sizeof(bytes), &frontend), 0);
    signer_key_request_remove(bytes, UINT32_MAX);
    assert_int_equal(answer_key_bytes(bytes, sizeof(bytes), &frontend), 0);

    signer_key_request_add(bytes, other, identity_key); /* not its own */
    assert_int_equal(answer_key_bytes(bytes, sizeof(bytes), &frontend), 0);
    secret_free(other);
}

static void test_bad_key_requests(void **state)
{
    (void)state;
    uint8_t bytes[SIGNER_KEY_REQUEST_SIZE + 1];
    size_t frontend;
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        signer_key_request_add(bytes, secret_key, identity_key);
        assert_int_equal(answer_key_bytes(bytes, size, &frontend) > 0, size == SIGNER_KEY_REQUEST_SIZE);
    }
    for (size_t place = 0; place < 4; place++) {
        for (unsigned value = 0; value < 256; value++) {
            signer_key_request_add(bytes, secret_key, identity_key);
            bool is_right = bytes[place] == value || (place == 1 && value == SIGNER_KEY_REMOVE);
            bytes[place] = (uint8_t)value;
            bool is_taken = answer_key_bytes(bytes, SIGNER_KEY_REQUEST_SIZE, &frontend) > 0;
            if (!is_right)
                assert_false(is_taken);
        }
    }
}

/* It does not take keys without end. */
static void test_too_many_keys(void **state)
{
    (void)state;
    uint8_t bytes[SIGNER_KEY_REQUEST_SIZE];
    size_t frontend;
    signer_key_request_add(bytes, secret_key, identity_key);
    while (signer_frontend_count(signer) < SIGNER_FRONTENDS_MAX)
        assert_true(answer_key_bytes(bytes, sizeof(bytes), &frontend) > 0);
    assert_int_equal(answer_key_bytes(bytes, sizeof(bytes), &frontend), 0);
    signer_key_request_remove(bytes, 7);
    assert_true(answer_key_bytes(bytes, sizeof(bytes), &frontend) > 0);
    signer_key_request_add(bytes, secret_key, identity_key);
    assert_true(answer_key_bytes(bytes, sizeof(bytes), &frontend) > 0);
    assert_int_equal(frontend, 7);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_layout),         TEST(test_answers),     TEST(test_bad_answers),
        TEST(test_sizes),          TEST(test_header),      TEST(test_unknown_frontend),
        TEST(test_expiry),         TEST(test_signing_key), TEST(test_seconds),
        TEST(test_public_periods), TEST(test_edges),       TEST(test_lengths),
        TEST(test_clocks),         TEST(test_keys),        TEST(test_bad_key_requests),
        TEST(test_too_many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
