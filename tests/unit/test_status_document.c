/* Tests of reading a status, from a socket and from whoever may answer there, and of printing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_report.h"
#include "report/status.h"
#include "report/status_document.h"
#include "report/status_text.h"

static json_t *make_status(void)
{
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    json_t *status = status_make_json(&fixture.view);
    report_fixture_clear(&fixture);
    return status;
}

/* The same of a service whose tors have its key, with values that no obpub has. */
static json_t *make_odd_twins(void)
{
    json_t *status = make_status();
    json_t *service = json_array_get(json_object_get(status, "services"), 0);
    json_object_set_new(service, "mode", json_string("hardmap"));
    json_object_set_new(service, "isSplit", json_true());
    json_object_set_new(service, "lead", json_integer(INT64_MAX));
    json_object_set_new(service, "proofOfWork", json_string("\033c"));
    for (size_t i = 0; i < 3; i++) {
        json_t *instance = json_array_get(json_object_get(service, "instances"), i);
        json_object_set_new(instance, "seed", json_string("\033c"));
        json_object_set_new(instance, "effort", json_integer(INT64_MAX));
        json_object_set_new(instance, "hasExpiredSeed", json_boolean(i != 0));
        json_object_set_new(instance, "hasOwnPoints", json_boolean(i != 0));
        json_object_set_new(instance, "ownUploads", json_string(i != 0 ? "\a" : "on"));
    }
    return status;
}

static char *print(const json_t *status, bool has_colours)
{
    struct status_document document;
    assert_int_equal(status_document_read(&document, status, NULL), 0);
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    status_text_print(&document, has_colours, file);
    fclose(file);
    status_document_clear(&document);
    return text;
}

static void check_has(const char *text, const char *expected)
{
    if (strstr(text, expected) == NULL)
        fail_msg("\"%s\" is not in:\n%s", expected, text);
}

static void test_read(void **state)
{
    (void)state;
    json_t *status = make_status();
    struct status_document document;
    struct error error = {.text = ""};
    assert_int_equal(status_document_read(&document, status, &error), 0);
    assert_string_equal(document.version, "1.2.3");
    assert_int_equal(document.time, REPORT_WALL_NOW / 1000);
    assert_int_equal(document.started, REPORT_WALL_NOW / 1000 - 7200);
    assert_true(document.is_tor_connected);
    assert_null(document.tor_status);
    assert_int_equal(document.tor_count, 2);
    assert_string_equal(document.tors[0].place, "unix:/run/tor/control");
    assert_true(document.tors[0].is_connected && document.tors[0].is_ready);
    assert_int_equal(document.tors[0].uploads_in_flight, 3);
    assert_null(document.tors[0].status);
    assert_false(document.tors[1].is_connected || document.tors[1].is_ready);
    assert_string_equal(document.tors[1].status, "the local tor: connection refused");
    assert_int_equal(document.consensus_valid_until, STATUS_NO_TIME);
    assert_int_equal(document.service_count, 2);
    const struct status_service *service = &document.services[0];
    assert_int_equal(service->points, 5);
    assert_int_equal(service->instance_count, 3);
    assert_string_equal(service->instances[0].name, "one");
    assert_int_equal(service->instances[0].points, 3);
    assert_null(service->instances[2].name);
    assert_int_equal(service->instances[2].points, 0);
    assert_int_equal(service->descriptor_count, 2);
    assert_int_equal(service->descriptors[0].revision_counter, 123456789);
    assert_int_equal(service->descriptors[1].revision_counter, 0);
    assert_int_equal(service->descriptors[1].hsdirs[2].attempts, 4);
    assert_string_equal(service->descriptors[1].hsdirs[2].error, "UPLOAD_REJECTED");
    assert_false(status_document_is_published(&document));
    status_document_clear(&document);
    json_decref(status);
}

/* A person sees which backend takes congestion control from the visitors, and on whose line. */
static void test_flow_control(void **state)
{
    (void)state;
    static const struct flow_control ours = {true, 6, 31}, none = {0};
    static const char words[] = "takes congestion control from all visitors";
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    report_fixture_set_flow_control(&fixture, &ours, &none);
    json_t *status = status_make_json(&fixture.view);
    char *text = print(status, false);
    check_has(text, "2 of 2 introduction points published, takes congestion control from all visitors");
    assert_null(strstr(strstr(text, words) + 1, words));
    free(text);
    json_decref(status);
    report_fixture_set_flow_control(&fixture, &ours, &ours);
    status = status_make_json(&fixture.view);
    text = print(status, false);
    assert_null(strstr(text, words));
    free(text);
    json_decref(status);
    report_fixture_clear(&fixture);
}

static bool is_published(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    struct status_document document;
    assert_int_equal(status_document_read(&document, object, NULL), 0);
    bool result = status_document_is_published(&document);
    status_document_clear(&document);
    json_decref(object);
    return result;
}

#define HEAD                                                                                                 \
    "{\"version\":\"1\",\"time\":\"2026-11-22 12:00:00\",\"started\":\"2026-11-22 11:00:00\","               \
    "\"reloadError\":null,\"error\":null,\"tor\":{\"isConnected\":true,\"status\":null},\"services\":["
#define SERVICE(published)                                                                                   \
    "{\"onionAddress\":\"a.onion\",\"isPublished\":" published                                               \
    ",\"isStatic\":false,\"introPointsNum\":1,\"instances\":[],\"descriptors\":[]}"

static void test_is_published(void **state)
{
    (void)state;
    assert_true(is_published(HEAD SERVICE("true") "]}"));
    assert_true(is_published(HEAD SERVICE("true") "," SERVICE("true") "]}"));
    assert_false(is_published(HEAD SERVICE("true") "," SERVICE("false") "]}"));
    assert_false(is_published(HEAD "]}"));
}

static const json_t *const *list_odd_values(size_t *count)
{
    static const json_t *values[12];
    static const char *const texts[] = {"null",
                                        "true",
                                        "[]",
                                        "[1]",
                                        "{}",
                                        "\"\"",
                                        "\"x\"",
                                        "-1",
                                        "1.5",
                                        "\"2026-13-01 00:00:00\"",
                                        "\"2026-11-22 12:00:00Z\"",
                                        "99999999999999999"};
    *count = sizeof(texts) / sizeof(texts[0]);
    for (size_t i = 0; i < *count && values[i] == NULL; i++)
        values[i] = json_loads(texts[i], JSON_DECODE_ANY, NULL);
    return values;
}

/* Reads, and prints when that succeeds: whatever it is, it has to come to an end of one kind or the other. */
static size_t try_document(const json_t *root)
{
    struct status_document document;
    struct error error = {.text = ""};
    if (status_document_read(&document, root, &error) != 0) {
        assert_true(error.text[0] != '\0');
        return 1;
    }
    FILE *file = fopen("/dev/null", "w");
    status_text_print(&document, true, file);
    fclose(file);
    status_document_clear(&document);
    return 0;
}

/* The keys of an object as a list, for it is not to be changed while one goes through it. */
static json_t *list_keys(json_t *object)
{
    json_t *keys = json_array();
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        json_array_append_new(keys, json_string(key));
    }
    return keys;
}

static size_t try_changes(const json_t *root, json_t *place);

static size_t try_key(const json_t *root, json_t *object, const char *key)
{
    size_t refused = 0, count;
    const json_t *const *odd = list_odd_values(&count);
    json_t *kept = json_incref(json_object_get(object, key));
    for (size_t i = 0; i < count; i++) {
        json_object_set_new(object, key, json_deep_copy(odd[i]));
        refused += try_document(root);
    }
    json_object_del(object, key);
    refused += try_document(root);
    json_object_set_new(object, key, kept);
    return refused + try_changes(root, kept);
}

static size_t try_entry(const json_t *root, json_t *list, size_t number)
{
    size_t refused = 0, count;
    const json_t *const *odd = list_odd_values(&count);
    json_t *kept = json_incref(json_array_get(list, number));
    for (size_t i = 0; i < count; i++) {
        json_array_set_new(list, number, json_deep_copy(odd[i]));
        refused += try_document(root);
    }
    json_array_set_new(list, number, kept);
    return refused + try_changes(root, kept);
}

/* Every value of a status in turn becomes every odd value, or is missing. Returns how many were refused. */
static size_t try_changes(const json_t *root, json_t *place)
{
    size_t refused = 0;
    json_t *keys = list_keys(place);
    for (size_t i = 0; i < json_array_size(keys); i++)
        refused += try_key(root, place, json_string_value(json_array_get(keys, i)));
    json_decref(keys);
    for (size_t i = 0; i < json_array_size(place); i++)
        refused += try_entry(root, place, i);
    return refused;
}

static void test_every_value_changed(void **state)
{
    (void)state;
    json_t *status = make_status();
    assert_int_equal(try_document(status), 0);
    assert_true(try_changes(status, status) > 1000);
    assert_int_equal(try_document(status), 0); /* it is as it was */
    json_decref(status);
    status = make_odd_twins();
    assert_true(try_changes(status, status) > 1000);
    json_decref(status);
    size_t count;
    const json_t *const *odd = list_odd_values(&count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(try_document(odd[i]), 1);
        json_decref((json_t *)odd[i]);
    }
}

static void test_text(void **state)
{
    (void)state;
    json_t *status = make_status();
    char *text = print(status, false);
    check_has(text, "obpub 1.2.3, running for 2 h, its tor is connected, there is no consensus yet\n");
    check_has(text, ".onion  not fully published\n  5 introduction points\n");
    check_has(text, "    one               live for 60 min, 3 of 3 introduction points published\n");
    check_has(text, "    two \"2\"           grace for 30 s, seen through HSDirs, 2 of 2 introduction points "
                    "published: the "
                    "connection timed out\n");
    check_has(text, "    cmjrgeytcmjrgeyt  out for 2 h, seen through HSDirs, 0 of 0 introduction points "
                    "published: no descriptor "
                    "came in time\n");
    check_has(text, "  first descriptor, time period 20416, revision counter 123456789: 3 of 3 HSDirs, next "
                    "upload in 60 min\n  second descriptor, time period 20417: 1 of 3 HSDirs, next upload in "
                    "5 s\n");
    check_has(text, "    $A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1  in flight\n");
    check_has(text, "    $A2A2A2A2A2A2A2A2A2A2A2A2A2A2A2A2A2A2A2A2  due, 4 attempts, again in 5 s: "
                    "UPLOAD_REJECTED\n");
    assert_null(strstr(text, "A0A0")); /* all is well with that one */
    assert_null(strchr(text, '\033'));
    free(text);
    text = print(status, true);
    check_has(text, "\033[32mlive\033[0m");
    free(text);
    json_decref(status);
}

static void test_text_of_troubles(void **state)
{
    (void)state;
    json_t *status = json_loads(HEAD SERVICE("true") "]}", 0, NULL);
    json_object_set_new(status, "reloadError", json_string("c.yaml:1: bad"));
    json_object_set_new(status, "error", json_string("no"));
    json_t *tor = json_object_get(status, "tor");
    json_object_set_new(tor, "isConnected", json_false());
    json_object_set_new(tor, "status", json_string("gone"));
    json_object_set_new(tor, "isConsensusLive", json_false());
    json_object_set_new(tor, "consensusValidUntil", json_string("2026-11-20 00:00:00"));
    json_t *service = json_array_get(json_object_get(status, "services"), 0);
    json_object_set_new(service, "isStatic", json_true());
    char *text = print(status, false);
    check_has(text, "its tor is not connected, the consensus is out of date\n");
    check_has(text, "\ngone\n");
    check_has(text, "the config was not read again: c.yaml:1: bad\n");
    check_has(text, "last error: no\n");
    check_has(text, "published, no backend is live: the last good introduction points stay up\n");
    check_has(text, "  1 introduction point\n");
    free(text);
    /* They do not where they have expired, or another publisher's are there. */
    json_object_set_new(service, "problem", json_string("IT IS NO LONGER PUBLISHED"));
    text = print(status, false);
    check_has(text, "published, no backend is live\n");
    check_has(text, "  IT IS NO LONGER PUBLISHED\n");
    free(text);
    json_decref(status);
}

/* One that has no backends yet, and one that never had a good introduction point to keep. */
static void test_text_of_nothing(void **state)
{
    (void)state;
    json_t *status = json_loads(HEAD SERVICE("false") "]}", 0, NULL);
    json_t *service = json_array_get(json_object_get(status, "services"), 0);
    json_object_set_new(service, "isStatic", json_true());
    json_object_set_new(service, "introPointsNum", json_integer(0));
    char *text = print(status, false);
    check_has(text, "not fully published, no backends yet: the config has none for it\n");
    assert_null(strstr(text, "stay up"));
    free(text);
    json_decref(status);
    status = make_status();
    service = json_array_get(json_object_get(status, "services"), 0);
    json_object_set_new(service, "isStatic", json_true());
    json_object_set_new(service, "introPointsNum", json_integer(0));
    text = print(status, false);
    check_has(text, "published, no backend is live\n");
    free(text);
    json_decref(status);
}

/* Nothing of what is read steers the terminal. */
/* A backend with points of its that are left out, and one that has none published. */
static void test_text_of_points(void **state)
{
    (void)state;
    json_t *status = make_status();
    json_t *instances = json_object_get(json_array_get(json_object_get(status, "services"), 0), "instances");
    json_object_set_new(json_array_get(instances, 0), "introPointsFault", json_string("offers odd ones (2)"));
    json_t *second = json_array_get(instances, 1);
    json_object_set_new(second, "introPointsLack", json_string("no room"));
    json_object_set_new(second, "error", json_null());
    json_object_del(json_array_get(instances, 2), "introPointsFault"); /* as an older obpub's */
    json_object_del(json_array_get(instances, 2), "introPointsLack");
    char *text = print(status, false);
    check_has(text, "3 of 3 introduction points published; offers odd ones (2)\n");
    check_has(text, "2 of 2 introduction points published; no room\n");
    free(text);
    json_decref(status);
}

/* Of a backend with proof of work it is said what that is good for; an older obpub's says nothing of modes.
 */
static void test_text_of_work(void **state)
{
    (void)state;
    json_t *status = make_status();
    json_t *service = json_array_get(json_object_get(status, "services"), 0);
    json_t *instance = json_array_get(json_object_get(service, "instances"), 0);
    json_object_set_new(instance, "hasProofOfWork", json_true());
    for (size_t i = 0; i < 2; i++) {
        char *text = print(status, false);
        check_has(text, "3 of 3 introduction points published, proof of work on: visitors of the frontend "
                        "count as effort 0 (with mode hardmap they solve it)\n");
        assert_null(strstr(text, "mode hardmap,"));
        free(text);
        static const char *const keys[] = {"mode", "lead", "leadInUse", "proofOfWork", "isSplit"};
        for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++)
            json_object_del(service, keys[j]);
    }
    json_decref(status);
}

static void test_text_of_odd_twins(void **state)
{
    (void)state;
    json_t *status = make_odd_twins();
    char *text = print(status, false);
    check_has(text, "proof of work: seed ?c, effort 9223372036854775807; not asked of clients until");
    check_has(text, "; own uploads: 0 refused, 0 got through\n");
    check_has(text, "; own uploads: ?: the connection");
    check_has(text, "    HSDirs that clients ask, by whose points they have:\n");
    free(text);
    json_decref(status);
}

static void test_hostile_text(void **state)
{
    (void)state;
    json_t *status = make_status();
    json_object_set_new(status, "version",
                        json_string("\033[2J\a\r\n\xc2\x9b"
                                    "1m\xe2\x80\xae"));
    json_t *service = json_array_get(json_object_get(status, "services"), 0);
    json_object_set_new(service, "onionAddress", json_string("\033]0;x\a"));
    json_t *instance = json_array_get(json_object_get(service, "instances"), 0);
    json_object_set_new(instance, "name", json_string("\033c"));
    json_object_set_new(instance, "state", json_string("\033c"));
    json_object_set_new(instance, "error", json_string("a\nb"));
    char *text = print(status, false);
    for (const char *byte = text; *byte != '\0'; byte++)
        assert_true(*byte == '\n' || (*byte >= ' ' && *byte < 0x7f));
    check_has(text, "obpub ?[2J???");
    check_has(text, "a?b\n");
    free(text);
    json_decref(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_is_published),
        cmocka_unit_test(test_every_value_changed),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_of_troubles),
        cmocka_unit_test(test_text_of_nothing),
        cmocka_unit_test(test_text_of_points),
        cmocka_unit_test(test_flow_control),
        cmocka_unit_test(test_text_of_work),
        cmocka_unit_test(test_text_of_odd_twins),
        cmocka_unit_test(test_hostile_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
