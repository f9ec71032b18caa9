/* Tests of the status: Onionbalance's keys with their meaning, and what is more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "helper_report.h"
#include "onion/onion_address.h"
#include "publish/choice.h"
#include "publish/descriptors.h"
#include "publish/rounds.h"
#include "report/status.h"

static void check_text(const json_t *object, const char *key, const char *expected)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_string(value));
    assert_string_equal(json_string_value(value), expected);
}

static void check_null(const json_t *object, const char *key)
{
    assert_true(json_is_null(json_object_get(object, key)));
}

static void check_count(const json_t *object, const char *key, json_int_t expected)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    assert_int_equal(json_integer_value(value), expected);
}

static void check_boolean(const json_t *object, const char *key, bool expected)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_boolean(value));
    assert_int_equal(json_is_true(value), expected);
}

static void check_address(const json_t *object, uint8_t byte)
{
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    char address[ONION_ADDRESS_SIZE + 6];
    memset(key, byte, sizeof(key));
    onion_address_encode(address, key);
    strcat(address, ".onion");
    check_text(object, "onionAddress", address);
}

static const json_t *find_service(const json_t *status, size_t number)
{
    return json_array_get(json_object_get(status, "services"), number);
}

static const json_t *find_instance(const json_t *service, size_t number)
{
    return json_array_get(json_object_get(service, "instances"), number);
}

/* What hs_v3/status.py of Onionbalance 0.2.2 answers, key by key. */
static void test_keys_of_onionbalance(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    json_t *status = status_make_json(&fixture.view);
    assert_int_equal(json_array_size(json_object_get(status, "services")), 2);

    const json_t *service = find_service(status, 0);
    check_address(service, 0x21);
    check_text(service, "publishAttemptFirstDescriptor", "2026-11-22 11:59:02");
    check_text(service, "publishAttemptSecondDescriptor", "2026-11-22 11:59:02");
    assert_int_equal(json_array_size(json_object_get(service, "instances")), 3);

    const json_t *instance = find_instance(service, 0);
    check_address(instance, 0x11);
    check_text(instance, "introSetModified", "2026-11-22 11:00:00");
    check_text(instance, "descriptorReceived", "2026-11-22 11:00:00");
    check_count(instance, "introPointsNum", 3);
    assert_null(json_object_get(instance, "received"));

    /* One it has no descriptor of has these two keys alone. */
    instance = find_instance(service, 2);
    check_address(instance, 0x13);
    check_null(instance, "received");
    assert_null(json_object_get(instance, "introSetModified"));
    assert_null(json_object_get(instance, "introPointsNum"));
    assert_null(json_object_get(instance, "descriptorReceived"));

    service = find_service(status, 1);
    check_address(service, 0x22);
    check_null(service, "publishAttemptFirstDescriptor");
    check_null(service, "publishAttemptSecondDescriptor");
    json_decref(status);
    report_fixture_clear(&fixture);
}

static void test_time_of_new_points(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    report_fixture_give_points(fixture.publisher, 0, 3, 0x31, REPORT_NOW - 20000); /* the same ones */
    json_t *status = status_make_json(&fixture.view);
    const json_t *instance = find_instance(find_service(status, 0), 0);
    check_text(instance, "introSetModified", "2026-11-22 11:00:00");
    check_text(instance, "descriptorReceived", "2026-11-22 11:59:40");
    json_decref(status);

    report_fixture_give_points(fixture.publisher, 0, 3, 0x32, REPORT_NOW - 10000);
    status = status_make_json(&fixture.view);
    instance = find_instance(find_service(status, 0), 0);
    check_text(instance, "introSetModified", "2026-11-22 11:59:50");
    check_text(instance, "descriptorReceived", "2026-11-22 11:59:50");
    json_decref(status);
    report_fixture_clear(&fixture);
}

static void test_backends(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    fixture.publisher->sources[1].descriptor->pow_params.is_present = true;
    json_t *status = status_make_json(&fixture.view);
    const json_t *service = find_service(status, 0);
    check_count(service, "introPointsNum", 5);
    check_boolean(service, "isStatic", false);

    const json_t *instance = find_instance(service, 0);
    check_text(instance, "name", "one");
    check_text(instance, "state", "live");
    check_text(instance, "since", "2026-11-22 11:00:00");
    check_boolean(instance, "hasControl", true);
    check_boolean(instance, "isReachable", true);
    check_boolean(instance, "hasProofOfWork", false);
    check_count(instance, "introPointsPublished", 3);
    check_null(instance, "error");

    instance = find_instance(service, 1);
    check_text(instance, "name", "two \"2\"");
    check_text(instance, "state", "grace");
    check_text(instance, "since", "2026-11-22 11:59:30");
    check_boolean(instance, "hasControl", false);
    check_boolean(instance, "hasProofOfWork", true);
    check_count(instance, "introPointsPublished", 2);
    check_text(instance, "error", "the connection timed out");

    instance = find_instance(service, 2);
    check_null(instance, "name");
    check_text(instance, "state", "out");
    check_boolean(instance, "hasProofOfWork", false);
    check_count(instance, "introPointsPublished", 0);

    check_text(find_instance(find_service(status, 1), 0), "name", "uno");
    json_decref(status);
    report_fixture_clear(&fixture);
}

/* What is for tors alone that have the frontend's key is null of others. */
static void test_softmap(void **state)
{
    (void)state;
    static const char *const of_service[] = {"lead", "leadInUse", "proofOfWork"};
    static const char *const of_instance[] = {
        "seed",         "effort",     "seedExpires",       "hasExpiredSeed",
        "hasOwnPoints", "ownUploads", "ownUploadsRefused", "ownUploadsThrough"};
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    report_fixture_give_work(fixture.publisher, 0, 3, 0x31, REPORT_NOW);
    json_t *status = status_make_json(&fixture.view);
    const json_t *service = find_service(status, 0);
    check_text(service, "mode", "softmap");
    check_boolean(service, "isSplit", false);
    for (size_t i = 0; i < sizeof(of_service) / sizeof(of_service[0]); i++)
        check_null(service, of_service[i]);
    for (size_t i = 0; i < sizeof(of_instance) / sizeof(of_instance[0]); i++)
        check_null(find_instance(service, 0), of_instance[i]);
    check_boolean(find_instance(service, 0), "hasProofOfWork", true);
    check_null(find_instance(service, 0), "share"); /* the network is not known */

    struct network network = {.client_slot = DESCRIPTOR_FIRST};
    struct publisher_descriptor *descriptor = &fixture.publisher->frontends[0].descriptors[DESCRIPTOR_FIRST];
    fixture.publisher->network = &network;
    descriptor->uploads[0].is_asked = descriptor->uploads[1].is_asked = true;
    json_decref(status);
    status = status_make_json(&fixture.view);
    service = find_service(status, 0);
    assert_true(json_real_value(json_object_get(find_instance(service, 0), "share")) == 0.6);
    assert_true(json_real_value(json_object_get(find_instance(service, 1), "share")) == 0.4);
    assert_true(json_real_value(json_object_get(find_instance(service, 2), "share")) == 0);
    fixture.publisher->network = NULL;
    json_decref(status);
    fixture.configs[0].lead = 2700; /* as while it goes over to the other mode */
    status = status_make_json(&fixture.view);
    check_count(find_service(status, 0), "lead", 2700);
    assert_true(json_is_integer(json_object_get(find_service(status, 0), "leadInUse")));
    json_decref(status);
    report_fixture_clear(&fixture);
}

/* With more points than a descriptor may have, each backend has some of its own left out. */
static void test_points_left_out(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    report_fixture_give_points(fixture.publisher, 0, 20, 0x50, REPORT_NOW);
    report_fixture_give_points(fixture.publisher, 1, 20, 0x70, REPORT_NOW);
    json_t *status = status_make_json(&fixture.view);
    const json_t *service = find_service(status, 0);
    check_count(service, "introPointsNum", 20);
    check_count(find_instance(service, 0), "introPointsNum", 20);
    check_count(find_instance(service, 0), "introPointsPublished", 10);
    check_count(find_instance(service, 1), "introPointsPublished", 10);
    json_decref(status);
    report_fixture_clear(&fixture);
}

/* What can't be used of a live backend's points, and why none of another one's is published. */
static void test_points_trouble(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    struct publisher *publisher = fixture.publisher;
    json_t *status = status_make_json(&fixture.view);
    for (size_t i = 0; i < 3; i++) {
        const json_t *instance = find_instance(find_service(status, 0), i);
        check_count(instance, "introPointsLeftOut", 0);
        check_null(instance, "introPointsFault");
        check_null(instance, "introPointsLack");
    }
    json_decref(status);

    report_fixture_give_faulty(publisher, 0, 3, 0x61, POINT_FAULT_TWO_RSA, REPORT_NOW - 1000);
    report_fixture_give_points(publisher, 1, 1, 0x62, REPORT_NOW); /* one that the other had first */
    status = status_make_json(&fixture.view);
    const json_t *instance = find_instance(find_service(status, 0), 0);
    check_count(instance, "introPointsNum", 3);
    check_count(instance, "introPointsPublished", 2);
    check_count(instance, "introPointsLeftOut", 1);
    check_text(instance, "introPointsFault", "offers points that no tor makes: two RSA identities (1)");
    check_null(instance, "introPointsLack");
    instance = find_instance(find_service(status, 0), 1);
    check_count(instance, "introPointsPublished", 0);
    check_null(instance, "introPointsFault");
    check_text(instance, "introPointsLack", "other backends were first at its relays");
    json_decref(status);
    report_fixture_clear(&fixture);
}

/* Has a frontend's assignment have no more than two places. */
static void leave_two_places(struct publisher *publisher, struct publisher_frontend *frontend)
{
    static const uint8_t seed[CHOICE_SEED_SIZE];
    struct choice_offer offers[3];
    for (size_t i = 0; i < 3; i++) {
        const struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        offers[i] = (struct choice_offer){.identity_key = source->identity_key,
                                          .points = source->points.points,
                                          .point_count = source->points.count,
                                          .source = source->number,
                                          .descriptor = source->descriptor};
    }
    struct point_set *set = choice_make_set(offers, 3, 2, NULL, seed);
    struct assignment *assignment = assignment_new_same(set);
    assignment_replace(&frontend->assignment, assignment);
    assignment_release(assignment);
    point_set_release(set);
}

static void test_no_room(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    for (uint8_t i = 0; i < 3; i++)
        report_fixture_give_points(fixture.publisher, i, 1, 0x61 + i, REPORT_NOW);
    leave_two_places(fixture.publisher, &fixture.publisher->frontends[0]);
    json_t *status = status_make_json(&fixture.view);
    size_t lacking = 0;
    for (size_t i = 0; i < 3; i++) {
        const json_t *instance = find_instance(find_service(status, 0), i);
        check_text(instance, "state", "live");
        if (json_integer_value(json_object_get(instance, "introPointsPublished")) > 0) {
            check_null(instance, "introPointsLack");
            continue;
        }
        lacking++;
        check_text(instance, "introPointsLack", "there is no room for more");
    }
    assert_int_equal(lacking, 1);
    json_decref(status);
    report_fixture_clear(&fixture);
}

/* Of which HSDir has what there is nothing to be said as long as all have the same. */
static void test_parts(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    json_t *status = status_make_json(&fixture.view);
    const json_t *service = find_service(status, 0);
    check_text(service, "descriptorsPolicy", "auto");
    check_boolean(service, "isDistinct", false);
    check_null(json_array_get(
                   json_object_get(json_array_get(json_object_get(service, "descriptors"), 0), "hsdirs"), 0),
               "parts");
    json_decref(status);

    struct publisher_descriptor *descriptor = &fixture.publisher->frontends[0].descriptors[DESCRIPTOR_SECOND];
    for (size_t i = 0; i < descriptor->upload_count; i++)
        descriptor->uploads[i].is_asked = true;
    report_fixture_give_points(fixture.publisher, 0, 3, 0x61, REPORT_NOW);
    publisher_set_descriptors(fixture.publisher, 0, DESCRIPTORS_DISTINCT, REPORT_NOW);
    point_set_replace(&descriptor->uploads[0].taken, descriptor->uploads[0].wanted);
    assert_non_null(descriptor->uploads[0].taken);
    status = status_make_json(&fixture.view);
    service = find_service(status, 0);
    check_boolean(service, "isDistinct", true);
    const json_t *hsdirs =
        json_object_get(json_array_get(json_object_get(service, "descriptors"), 1), "hsdirs");
    const json_t *list = json_object_get(json_array_get(hsdirs, 0), "parts");
    assert_int_equal(json_array_size(list), 2);
    check_count(json_array_get(list, 0), "introPoints", 3);
    check_count(json_array_get(list, 1), "introPoints", 2);
    assert_true(json_is_string(json_object_get(json_array_get(list, 0), "instance")));
    json_decref(status);
    report_fixture_clear(&fixture);
}

static void test_descriptors(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    json_t *status = status_make_json(&fixture.view);
    const json_t *list = json_object_get(find_service(status, 0), "descriptors");
    assert_int_equal(json_array_size(list), 2);
    const json_t *first = json_array_get(list, 0), *second = json_array_get(list, 1);
    check_text(first, "name", "first");
    check_count(first, "timePeriod", 20416);
    check_count(first, "revisionCounter", 123456789);
    check_text(first, "nextUpload", "2026-11-22 13:00:00");
    check_text(second, "name", "second");
    check_count(second, "timePeriod", 20417);
    check_null(second, "revisionCounter");
    check_text(second, "nextUpload", "2026-11-22 12:00:05"); /* the one that was refused goes first */

    const json_t *hsdirs = json_object_get(second, "hsdirs");
    assert_int_equal(json_array_size(hsdirs), REPORT_HSDIRS);
    const json_t *hsdir = json_array_get(hsdirs, 0);
    check_text(hsdir, "fingerprint", "A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0");
    check_text(hsdir, "state", "done");
    check_boolean(hsdir, "isCurrent", true);
    check_text(hsdir, "sent", "2026-11-22 11:59:00");
    check_text(hsdir, "answered", "2026-11-22 11:59:00");
    check_text(hsdir, "taken", "2026-11-22 11:59:00");
    check_null(hsdir, "nextTry");
    check_null(hsdir, "error");

    hsdir = json_array_get(hsdirs, 1);
    check_text(hsdir, "state", "in flight");
    check_boolean(hsdir, "isCurrent", false);
    check_null(hsdir, "answered");
    check_null(hsdir, "taken");

    hsdir = json_array_get(hsdirs, 2);
    check_text(hsdir, "state", "due");
    check_count(hsdir, "attempts", 4);
    check_text(hsdir, "nextTry", "2026-11-22 12:00:05");
    check_text(hsdir, "error", "UPLOAD_REJECTED");
    assert_int_equal(json_array_size(json_object_get(find_service(status, 1), "descriptors")), 0);
    json_decref(status);
    report_fixture_clear(&fixture);
}

/* What an HSDir was seen to hand out longer ago than it keeps anything tells nothing any more. */
static void test_seen(void **state)
{
    (void)state;
    static const int64_t ages[] = {10000, HSDIR_MEMORY - 1, HSDIR_MEMORY};
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    struct publisher_upload *uploads = fixture.publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].uploads;
    for (size_t i = 0; i < 3; i++)
        uploads[i].look = (struct publisher_look){.verdict = LOOK_CURRENT, .at = REPORT_NOW - ages[i]};
    json_t *status = status_make_json(&fixture.view);
    const json_t *list = json_object_get(find_service(status, 0), "descriptors");
    const json_t *hsdirs = json_object_get(json_array_get(list, 0), "hsdirs");
    for (size_t i = 0; i < 3; i++) {
        const json_t *hsdir = json_array_get(hsdirs, i);
        check_text(hsdir, "seen", i < 2 ? "current" : "unknown");
        assert_true(json_is_null(json_object_get(hsdir, "seenAt")) == (i == 2));
    }
    json_decref(status);
    report_fixture_clear(&fixture);
}

static void test_published(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    json_t *status = status_make_json(&fixture.view);
    check_boolean(find_service(status, 0), "isPublished", false);
    json_decref(status);
    report_fixture_publish(&fixture);
    status = status_make_json(&fixture.view);
    check_boolean(find_service(status, 0), "isPublished", true);
    check_boolean(find_service(status, 1), "isPublished", false);
    json_decref(status);

    /* Once a round with other points than those that were sent is planned, no HSDir is current. */
    report_fixture_give_points(fixture.publisher, 0, 3, 0x35, REPORT_NOW);
    struct publisher_frontend *frontend = &fixture.publisher->frontends[fixture.frontends[0].number];
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        round_plan(&frontend->descriptors[slot], UPLOAD_FOR_POINTS, REPORT_NOW);
    frontend_assign_uploads(frontend);
    status = status_make_json(&fixture.view);
    check_boolean(find_service(status, 0), "isPublished", false);
    const json_t *list = json_object_get(find_service(status, 0), "descriptors");
    const json_t *hsdirs = json_object_get(json_array_get(list, 0), "hsdirs");
    check_boolean(json_array_get(hsdirs, 0), "isCurrent", false);
    json_decref(status);
    report_fixture_clear(&fixture);
}

static void test_process(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    fixture.view.reload_error = "c.yaml:3: bad";
    fixture.view.last_error = "\xff is not UTF-8";
    const struct error lacks[] = {{.text = "no Landlock"}, {.text = "no seccomp"}};
    fixture.view.sandbox_lacks = lacks;
    fixture.view.sandbox_lack_count = 2;
    json_t *status = status_make_json(&fixture.view);
    check_text(status, "version", "1.2.3");
    check_text(status, "time", "2026-11-22 12:00:00");
    check_text(status, "started", "2026-11-22 10:00:00");
    check_text(status, "configLoaded", "2026-11-22 11:00:00");
    check_text(status, "reloadError", "c.yaml:3: bad");
    check_null(status, "error");
    const json_t *sandbox_lacks = json_object_get(status, "sandboxLacks");
    assert_int_equal(json_array_size(sandbox_lacks), 2);
    assert_string_equal(json_string_value(json_array_get(sandbox_lacks, 1)), "no seccomp");
    const json_t *tor = json_object_get(status, "tor");
    check_boolean(tor, "isConnected", true);
    check_null(tor, "status");
    assert_null(json_object_get(tor, "consensusValidAfter"));
    json_decref(status);

    struct network *network = fixture.publisher->network = memory_allocate(1, sizeof(*network));
    network->valid_after = REPORT_WALL_NOW / 1000 - 3600;
    network->valid_until = REPORT_WALL_NOW / 1000 + 7200;
    network->hsdir_count = 0;
    status = status_make_json(&fixture.view);
    tor = json_object_get(status, "tor");
    check_text(tor, "consensusValidAfter", "2026-11-22 11:00:00");
    check_text(tor, "consensusValidUntil", "2026-11-22 14:00:00");
    check_boolean(tor, "isConsensusLive", true);
    json_decref(status);
    network->valid_until -= 100 * 3600;
    status = status_make_json(&fixture.view);
    check_boolean(json_object_get(status, "tor"), "isConsensusLive", false);
    json_decref(status);
    report_fixture_clear(&fixture);
}

static void check_flow_control(const struct report_fixture *fixture, bool has, bool first_takes,
                               bool second_takes)
{
    json_t *status = status_make_json(&fixture->view);
    const json_t *service = find_service(status, 0);
    check_boolean(service, "hasFlowControl", has);
    check_boolean(find_instance(service, 0), "takesFlowControl", first_takes);
    check_boolean(find_instance(service, 1), "takesFlowControl", second_takes);
    check_boolean(find_instance(service, 2), "takesFlowControl", false); /* out */
    json_decref(status);
}

/* A backend without flow control, or with another one, takes it from all visitors, and is named. */
static void test_flow_control(void **state)
{
    (void)state;
    static const struct flow_control ours = {true, 6, 31}, other = {true, 6, 33}, none = {0};
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    check_flow_control(&fixture, false, false, false); /* no tor has it */
    report_fixture_set_flow_control(&fixture, &ours, &none);
    check_flow_control(&fixture, false, false, true);
    report_fixture_set_flow_control(&fixture, &none, &ours);
    check_flow_control(&fixture, false, true, false);
    report_fixture_set_flow_control(&fixture, &ours, &other);
    check_flow_control(&fixture, false, true, true);
    report_fixture_set_flow_control(&fixture, &ours, &ours);
    check_flow_control(&fixture, true, false, false);
    report_fixture_clear(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_of_onionbalance),
        cmocka_unit_test(test_time_of_new_points),
        cmocka_unit_test(test_backends),
        cmocka_unit_test(test_softmap),
        cmocka_unit_test(test_flow_control),
        cmocka_unit_test(test_points_left_out),
        cmocka_unit_test(test_points_trouble),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
