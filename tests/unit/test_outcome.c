/* Tests of what one publication adds to the status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_report.h"
#include "report/outcome.h"
#include "report/status.h"

/* The status of one publication of 1.25 seconds; release with json_decref(). */
static json_t *make_status(const struct report_fixture *fixture, const char *problem)
{
    const struct outcome outcome = {
        .publisher = fixture->publisher,
        .started = REPORT_NOW - 1250,
        .ended = REPORT_NOW,
        .problem = problem,
    };
    json_t *status = status_make_json(&fixture->view);
    size_t keys = json_object_size(status);
    outcome_add_to_status(&outcome, status);
    assert_int_equal(json_object_size(status), keys + 3);
    return status;
}

static void check_result(const struct report_fixture *fixture, const char *expected)
{
    json_t *status = make_status(fixture, "");
    assert_string_equal(json_string_value(json_object_get(status, "result")), expected);
    assert_true(json_is_null(json_object_get(status, "problem")));
    json_decref(status);
}

/* Why uploads fail now, and not what was wrong at first. */
static void test_last_failure(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    struct publisher *publisher = fixture.publisher;
    struct publisher_upload *uploads = publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].uploads;
    size_t count = publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].upload_count;
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(uploads[i].state, UPLOAD_DONE);
    assert_ptr_not_equal(outcome_find_failure(publisher), &uploads[0]);
    char *reasons[] = {uploads[0].reason, uploads[1].reason};
    enum upload_state states[] = {uploads[0].state, uploads[1].state};
    char refused[] = "UPLOAD_REJECTED", silent[] = "no answer";
    uploads[0].reason = refused;
    uploads[1].reason = silent;
    uploads[0].state = UPLOAD_DUE;
    uploads[1].state = UPLOAD_IN_FLIGHT;
    uploads[0].answered_at = REPORT_NOW + 1;
    uploads[1].answered_at = REPORT_NOW + 2;
    assert_ptr_equal(outcome_find_failure(publisher), &uploads[1]);
    uploads[1].state = UPLOAD_DONE;
    assert_ptr_equal(outcome_find_failure(publisher), &uploads[0]);
    for (size_t i = 0; i < 2; i++) {
        uploads[i].reason = reasons[i];
        uploads[i].state = states[i];
    }
    report_fixture_clear(&fixture);
}

static void test_problem(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    json_t *status = make_status(&fixture, "1 of 6 uploads were not taken");
    assert_string_equal(json_string_value(json_object_get(status, "problem")),
                        "1 of 6 uploads were not taken");
    assert_true(json_real_value(json_object_get(status, "seconds")) == 1.25);
    assert_int_equal(json_array_size(json_object_get(status, "services")), 2);
    json_decref(status);
    report_fixture_clear(&fixture);
}

static void test_result(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    check_result(&fixture, "incomplete");

    /* Of the second frontend there is nothing yet. */
    report_fixture_publish(&fixture);
    check_result(&fixture, "incomplete");
    fixture.publisher->frontend_count = 1;
    check_result(&fixture, "complete");

    struct publisher_descriptor *descriptors = fixture.publisher->frontends[0].descriptors;
    descriptors[DESCRIPTOR_SECOND].uploads[0].state = UPLOAD_GIVEN_UP;
    check_result(&fixture, "incomplete");
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        for (size_t i = 0; i < REPORT_HSDIRS; i++)
            descriptors[slot].uploads[i].state = UPLOAD_GIVEN_UP;
    }
    check_result(&fixture, "nothing");
    fixture.publisher->frontend_count = 2;
    report_fixture_clear(&fixture);
}

/* With --verify it is complete once all HSDirs that visitors ask have been looked at, and not while some have
 * been. */
static void test_verified(void **state)
{
    (void)state;
    struct report_fixture fixture;
    struct network network = {.client_slot = DESCRIPTOR_FIRST};
    report_fixture_make(&fixture);
    report_fixture_publish(&fixture);
    struct publisher *publisher = fixture.publisher;
    const struct outcome outcome = {.publisher = publisher, .ended = REPORT_NOW, .is_verified = true};
    struct publisher_upload *uploads = publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].uploads;
    publisher->frontend_count = 1;
    publisher->network = &network;
    assert_int_equal(outcome_judge(&outcome), OUTCOME_INCOMPLETE);
    uploads[0].look = (struct publisher_look){.asked_at = REPORT_NOW - 1, .verdict = LOOK_CURRENT};
    uploads[1].look.wanted_at = REPORT_NOW + 1;
    assert_int_equal(outcome_judge(&outcome), OUTCOME_INCOMPLETE);
    uploads[1].look = uploads[0].look;
    assert_int_equal(outcome_judge(&outcome), OUTCOME_COMPLETE);
    uploads[1].look.verdict = LOOK_NONE;
    assert_int_equal(outcome_judge(&outcome), OUTCOME_INCOMPLETE);
    publisher->network = NULL;
    publisher->frontend_count = 2;
    report_fixture_clear(&fixture);
}

/* The table says what is wrong with a backend's points, and why none of another's is published. */
static void test_points_trouble(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    struct config config = {.frontends = fixture.configs, .frontend_count = 2};
    const struct outcome outcome = {.publisher = fixture.publisher, .config = &config, .ended = REPORT_NOW};
    report_fixture_give_faulty(fixture.publisher, 0, 3, 0x61, POINT_FAULT_NO_IPV4, REPORT_NOW - 1000);
    report_fixture_give_points(fixture.publisher, 1, 1, 0x62, REPORT_NOW);
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    outcome_print_table(&outcome, file);
    fclose(file);
    assert_non_null(strstr(text,
                           "    one      3 introduction points\n"
                           "             note: it offers points that no tor makes: no IPv4 address (1)\n"
                           "    two \"2\"  1 introduction point\n"
                           "             note: none of them is published, as other backends were first at "
                           "its relays\n"));
    free(text);
    report_fixture_clear(&fixture);
}

/* Of a backend with proof of work it is said what that is good for. */
static void test_proof_of_work(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    struct config config = {.frontends = fixture.configs, .frontend_count = 2};
    const struct outcome outcome = {.publisher = fixture.publisher, .config = &config, .ended = REPORT_NOW};
    report_fixture_give_work(fixture.publisher, 1, 2, 0x41, REPORT_NOW);
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    outcome_print_table(&outcome, file);
    fclose(file);
    assert_non_null(strstr(text, "    one      3 introduction points\n"
                                 "    two \"2\"  2 introduction points\n"
                                 "             note: it has proof of work on, and serves visitors of the "
                                 "frontend as effort 0:\n"
                                 "             what they solve it for"));
    free(text);
    report_fixture_clear(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problem),        cmocka_unit_test(test_result),
        cmocka_unit_test(test_last_failure),   cmocka_unit_test(test_verified),
        cmocka_unit_test(test_points_trouble), cmocka_unit_test(test_proof_of_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
