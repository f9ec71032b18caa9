/* Tests frontends with a presigned bundle at the signer: how the bundle gets there, and that what comes out
 * is what the master key would have made, as far as the bundle goes and no further. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "helper_bundle.h"
#include "signer/bundle_request.h"
#include "signer/request.h"

#define NOW 1790000123
#define HOUR 3600
#define DAYS 4 /* more than a certificate of tor's lives */

enum { WITH_KEY, WITH_BUNDLE };

static struct signer *signer;
static struct bundle *bundle, *coming;
static uint8_t *bytes; /* for a request */

/* A signer with one frontend twice: its key, and a bundle made with it. */
static int set_up(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *secret_key = make_master_key(1, identity_key);
    bytes = secret_allocate(SIGNER_KEY_REQUEST_SIZE_MAX + 1);
    bundle = make_bundle(1, &schedule_public, NOW, DAYS);
    signer = signer_new();
    bool is_made = signer_add_frontend(signer, secret_key, identity_key) == WITH_KEY &&
                   signer_add_bundle(signer, make_bundle(1, &schedule_public, NOW, DAYS)) == WITH_BUNDLE;
    return is_made ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    signer_free(signer);
    bundle_free(bundle);
    bundle_free(coming);
    coming = NULL;
    secret_free(bytes);
    return 0;
}

static struct signer_period period_at(size_t frontend, int64_t moment)
{
    return (struct signer_period){
        .frontend = frontend,
        .number = time_period_number(&schedule_public, moment),
        .length = schedule_public.period_length,
    };
}

/* Has the signer answer a request of the engine's; false when the conversation ends. */
static bool ask(const struct signer_request *request, int64_t now, struct signer_answer *answer)
{
    uint8_t encoded[SIGNER_REQUEST_SIZE], answered[SIGNER_ANSWER_SIZE_MAX];
    struct error error = {.text = ""};
    signer_request_encode(encoded, request);
    size_t size = signer_request_answer(signer, encoded, sizeof(encoded), now, answered, &error);
    if (size > 0)
        assert_int_equal(signer_answer_parse(answer, request->type, answered, size), 0);
    return size > 0;
}

static struct signer_request certify_request(size_t frontend, int64_t now)
{
    struct signer_request request = {
        .type = SIGNER_CERTIFY,
        .period = period_at(frontend, now),
        .expiration_hour = signer_expiration_hour(now),
    };
    memcpy(request.signing_key, bundle->periods[0].signing_key, ED25519_PUBLIC_KEY_SIZE);
    return request;
}

/* The certificate is byte for byte what the signer makes with the master key for the bundle's signing key,
 * but none outlives the bundle's days. */
static void test_certificates_are_those_of_the_key(void **state)
{
    (void)state;
    uint32_t end_hour = (uint32_t)(bundle_plan_end(&bundle->plan) / HOUR);
    for (int64_t now = NOW; now <= NOW + DAYS * 24 * HOUR; now += HOUR) {
        struct signer_answer presigned, made;
        struct signer_request request = certify_request(WITH_BUNDLE, now);
        assert_true(ask(&request, now, &presigned));
        assert_true(presigned.is_presigned && !presigned.is_missing);
        const struct bundle_period *period = bundle_find_period(bundle, request.period.number);
        assert_memory_equal(presigned.signing_seed, bundle_get_secrets(bundle, period)->signing_seed,
                            sizeof(presigned.signing_seed));
        request.period.frontend = WITH_KEY;
        if (request.expiration_hour > end_hour)
            request.expiration_hour = end_hour;
        memcpy(request.signing_key, period->signing_key, sizeof(request.signing_key));
        assert_true(ask(&request, now, &made));
        assert_false(made.is_presigned || made.is_missing);
        assert_true(sodium_is_zero(made.signing_seed, sizeof(made.signing_seed)));
        assert_memory_equal(presigned.certificate, made.certificate, CERTIFICATE_SIZE);
        assert_memory_equal(presigned.blinded_key, made.blinded_key, ED25519_PUBLIC_KEY_SIZE);
    }
}

static void test_counters_are_those_of_the_key(void **state)
{
    (void)state;
    for (int64_t seconds = 1; seconds < 200000; seconds += 9999) {
        struct signer_answer answers[2];
        struct signer_request request = {.type = SIGNER_COUNT, .seconds = seconds};
        for (size_t frontend = WITH_KEY; frontend <= WITH_BUNDLE; frontend++) {
            request.period = period_at(frontend, NOW);
            assert_true(ask(&request, NOW, &answers[frontend]));
            assert_false(answers[frontend].is_missing);
        }
        assert_int_equal(answers[WITH_KEY].counter, answers[WITH_BUNDLE].counter);
    }
}

/* What the bundle lacks is said, without a word of its secrets, and the conversation goes on. */
static void test_what_is_not_there_is_said(void **state)
{
    (void)state;
    static const uint8_t nothing[CERTIFICATE_SIZE];
    const int64_t too_late = bundle_plan_end(&bundle->plan) + 1,
                  too_early = bundle_plan_begin(&bundle->plan) - 1;
    const int64_t moments[] = {too_late, too_early, too_late + 10 * 24 * HOUR, too_early - 10 * 24 * HOUR};
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        struct signer_answer answer;
        struct signer_request request = certify_request(WITH_BUNDLE, moments[i]);
        assert_true(ask(&request, moments[i], &answer));
        assert_true(answer.is_missing && !answer.is_presigned);
        assert_memory_equal(answer.signing_seed, nothing, sizeof(answer.signing_seed));
        assert_memory_equal(answer.certificate, nothing, sizeof(answer.certificate));
        assert_memory_equal(answer.blinded_key, nothing, sizeof(answer.blinded_key));
    }
    struct signer_answer answer;
    struct signer_request request = {.type = SIGNER_COUNT, .seconds = 1};
    request.period = period_at(WITH_BUNDLE, too_late + 10 * 24 * HOUR);
    assert_true(ask(&request, too_late + 10 * 24 * HOUR, &answer));
    assert_true(answer.is_missing && answer.counter == 0);
    /* Periods of another length, which have other blinded keys. */
    request = certify_request(WITH_BUNDLE, NOW);
    request.period.length = 1439;
    request.period.number = (uint64_t)NOW / 60 / 1439;
    assert_true(ask(&request, NOW, &answer));
    assert_true(answer.is_missing);
}

/* A certificate is looked at before it is given away. */
static void test_a_bad_certificate_is_not_given_away(void **state)
{
    (void)state;
    struct bundle *bad = make_bundle(2, &schedule_public, NOW, DAYS);
    struct signer_request request = certify_request(0, NOW);
    const struct bundle_period *period = bundle_find_period(bad, request.period.number);
    bad->signatures[period->first_certificate + request.expiration_hour - period->first_expiration_hour][5] ^=
        1;
    request.period.frontend = signer_add_bundle(signer, bad);
    struct signer_answer answer;
    assert_true(ask(&request, NOW, &answer));
    assert_true(answer.is_missing);
    request.expiration_hour--;
    assert_true(ask(&request, NOW, &answer));
    assert_false(answer.is_missing);
    signer_remove_frontend(signer, request.period.frontend);
}

/* Whoever takes the engine over gets no certificate of the days to come. */
static void test_the_future_ends_the_conversation(void **state)
{
    (void)state;
    struct signer_answer answer;
    struct signer_request request = certify_request(WITH_BUNDLE, NOW);
    request.expiration_hour++;
    assert_false(ask(&request, NOW, &answer));
    request = certify_request(WITH_BUNDLE, NOW);
    request.period.number += 2;
    assert_false(ask(&request, NOW, &answer));
}

/* -- how it gets there ---------------------------------------------------------------------------- */

/* Sends the piece in bytes. Returns the frontend's number, or -1 when the conversation ends. */
static int64_t send_piece(size_t size)
{
    uint8_t answer[SIGNER_KEY_ANSWER_SIZE];
    struct error error = {.text = ""};
    size_t frontend = 0;
    bool is_locked;
    enum signer_key_request_type type = (enum signer_key_request_type)bytes[1];
    size_t answer_size = signer_key_request_answer(signer, &coming, bytes, size, answer, &error);
    if (answer_size == 0) {
        assert_string_not_equal(error.text, "");
        return -1;
    }
    assert_int_equal(signer_key_answer_parse(&frontend, &is_locked, type, answer, answer_size), 0);
    return (int64_t)frontend;
}

static void test_pieces_arrive(void **state)
{
    (void)state;
    const struct time_schedule *schedules[] = {&schedule_public, &schedule_testing};
    for (size_t i = 0; i < 2; i++) {
        struct bundle *sent = make_bundle(3, schedules[i], NOW, 1);
        int64_t frontend = SIGNER_NO_FRONTEND;
        size_t size, count = 0;
        for (; (size = signer_bundle_request(bytes, sent, count)) > 0; count++) {
            assert_int_equal(frontend, SIGNER_NO_FRONTEND);
            frontend = send_piece(size);
        }
        assert_int_equal(count, 1 + sent->plan.period_count + (sent->plan.certificate_count + 23) / 24);
        assert_int_equal(frontend, 2);
        assert_true(signer_is_presigned(signer, 2));
        assert_false(signer_is_presigned(signer, WITH_KEY));
        assert_null(coming);
        struct signer_request request = certify_request(2, NOW);
        request.period.number = time_period_number(schedules[i], NOW);
        request.period.length = schedules[i]->period_length;
        struct signer_answer answer;
        assert_true(ask(&request, NOW, &answer));
        assert_true(answer.is_presigned);
        signer_remove_frontend(signer, 2);
        assert_false(signer_has_frontend(signer, 2));
        bundle_free(sent);
    }
}

/* Another size or other bytes in its head end the conversation. */
static void test_bad_pieces_end_the_conversation(void **state)
{
    (void)state;
    const size_t indexes[] = {0, 1, 1 + bundle->plan.period_count};
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        if (i > 0) /* nothing has come before it */
            assert_int_equal(send_piece(signer_bundle_request(bytes, bundle, indexes[i])), -1);
        for (size_t j = 0; j < indexes[i]; j++)
            assert_int_equal(send_piece(signer_bundle_request(bytes, bundle, j)), SIGNER_NO_FRONTEND);
        size_t size = signer_bundle_request(bytes, bundle, indexes[i]);
        const size_t sizes[] = {0, 1, 7, 8, size - 1, size + 1};
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
            assert_int_equal(send_piece(sizes[j]), -1);
        for (size_t place = 0; place < 8; place++) {
            signer_bundle_request(bytes, bundle, indexes[i]);
            bytes[place] ^= 0x80;
            assert_int_equal(send_piece(size), -1);
        }
        bundle_free(coming);
        coming = NULL;
    }
}

static void test_pieces_out_of_order_end_the_conversation(void **state)
{
    (void)state;
    size_t periods = bundle->plan.period_count;
    /* Signatures before all periods. */
    assert_int_equal(send_piece(signer_bundle_request(bytes, bundle, 0)), SIGNER_NO_FRONTEND);
    assert_int_equal(send_piece(signer_bundle_request(bytes, bundle, 1 + periods)), -1);
    /* A period twice, which then has not its own blinded key. */
    assert_int_equal(send_piece(signer_bundle_request(bytes, bundle, 1)), SIGNER_NO_FRONTEND);
    assert_int_equal(send_piece(signer_bundle_request(bytes, bundle, 1)), -1);
    /* Something behind the last signature. */
    size_t size = signer_bundle_request(bytes, bundle, 0);
    for (size_t index = 1; index <= 1 + periods + (bundle->plan.certificate_count - 1) / 24; index++) {
        assert_int_equal(send_piece(size), SIGNER_NO_FRONTEND);
        size = signer_bundle_request(bytes, bundle, index);
    }
    bytes[size - 1] = 1;
    assert_int_equal(send_piece(size), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_certificates_are_those_of_the_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counters_are_those_of_the_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_not_there_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_bad_certificate_is_not_given_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_future_ends_the_conversation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pieces_arrive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_pieces_end_the_conversation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pieces_out_of_order_end_the_conversation, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
