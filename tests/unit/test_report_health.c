/* What is reported of health checks: in the status, for people, in the metrics and in the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "helper_report.h"
#include "report/journal.h"
#include "report/metrics.h"
#include "report/status.h"
#include "report/status_document.h"
#include "report/status_text.h"

static const struct health_rules rules = {.interval = 1000, .fall = 1, .rise = 1};

/* Has a backend checked, with that outcome. */
static void check(struct report_fixture *fixture, size_t member, enum health_finding finding,
                  const char *reason)
{
    struct publisher *publisher = fixture->publisher;
    uint64_t number = publisher->frontends[0].members[member].source;
    struct source *source = publisher_find_source(publisher, number);
    publisher_set_health(publisher, number, &rules, false, REPORT_NOW);
    source_health_note_begun(source, REPORT_NOW);
    publisher_note_check(publisher, number, finding, reason, REPORT_NOW);
}

static const json_t *find_instance(const json_t *status, size_t instance)
{
    const json_t *object = json_array_get(json_object_get(status, "services"), 0);
    return json_array_get(json_object_get(object, "instances"), instance);
}

static const char *find_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_non_null(value);
    return json_is_null(value) ? "null" : json_string_value(value);
}

static void test_status(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    check(&fixture, 0, HEALTH_FINDING_BAD, "it answers 500");
    json_t *status = status_make_json(&fixture.view);
    const json_t *one = find_instance(status, 0), *two = find_instance(status, 1);
    assert_string_equal(find_text(one, "health"), "sick");
    assert_string_equal(find_text(one, "healthSince"), "2026-11-22 12:00:00");
    assert_string_equal(find_text(one, "healthChecked"), "2026-11-22 12:00:00");
    assert_string_equal(find_text(one, "healthError"), "it answers 500");
    assert_string_equal(find_text(one, "state"), "live");
    assert_int_equal(json_integer_value(json_object_get(one, "introPointsPublished")), 0);
    assert_true(json_real_value(json_object_get(one, "shareWanted")) == 0);
    for (size_t i = 0; i < 4; i++) {
        static const char *const keys[] = {"health", "healthSince", "healthChecked", "healthError"};
        assert_string_equal(find_text(two, keys[i]), "null");
    }
    const json_t *service = json_array_get(json_object_get(status, "services"), 0);
    assert_true(json_is_false(json_object_get(service, "doubtsHealth")));
    json_decref(status);
    check(&fixture, 1, HEALTH_FINDING_BAD, "it answers 500");
    status = status_make_json(&fixture.view);
    service = json_array_get(json_object_get(status, "services"), 0);
    assert_true(json_is_true(json_object_get(service, "doubtsHealth")));
    json_decref(status);
    report_fixture_clear(&fixture);
}

static void check_print(const struct report_fixture *fixture, const char *words)
{
    json_t *status = status_make_json(&fixture->view);
    struct status_document document;
    struct error error = {.text = ""};
    assert_int_equal(status_document_read(&document, status, &error), 0);
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    status_text_print(&document, false, file);
    fclose(file);
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, text);
    free(text);
    status_document_clear(&document);
    json_decref(status);
}

static void test_text(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    publisher_set_health(fixture.publisher, fixture.publisher->frontends[0].members[0].source, &rules, false,
                         REPORT_NOW);
    check_print(&fixture, ", not checked yet");
    check(&fixture, 0, HEALTH_FINDING_WELL, "");
    check_print(&fixture, ", healthy, ");
    check(&fixture, 0, HEALTH_FINDING_NO_WAY, "no SOCKS port");
    check_print(&fixture, ", healthy (last check: no SOCKS port), ");
    check(&fixture, 0, HEALTH_FINDING_BAD, "it answers 500");
    check_print(&fixture, ", sick for 0 s (it answers 500), ");
    check(&fixture, 1, HEALTH_FINDING_BAD, "it answers 500");
    check_print(&fixture, "all live backends fail their health checks: that changes nothing");
    report_fixture_clear(&fixture);
}

static void check_metrics(const struct report_fixture *fixture, const char *line)
{
    struct evbuffer *buffer = evbuffer_new();
    assert_int_equal(metrics_write(&fixture->view, buffer), 0);
    evbuffer_add(buffer, "", 1);
    const char *text = (const char *)evbuffer_pullup(buffer, -1);
    if (strstr(text, line) == NULL)
        fail_msg("\"%s\" is not in:\n%s", line, text);
    evbuffer_free(buffer);
}

static void test_metrics(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    check(&fixture, 0, HEALTH_FINDING_WELL, "");
    check(&fixture, 1, HEALTH_FINDING_BAD, "it answers 500");
    fixture.counters.health_checks[HEALTH_FINDING_NO_ANSWER] = 7;
    check_metrics(&fixture, ".onion\",name=\"one\"} 1\nobpub_backend_healthy{backend=\"");
    check_metrics(&fixture, "name=\"two \\\"2\\\"\"} 0\n# HELP obpub_backend_health_checked");
    check_metrics(&fixture, "obpub_health_checks_total{found=\"nothing_reached\"} 7\n");
    check_metrics(&fixture, "obpub_frontend_doubts_health{frontend=\"");
    report_fixture_clear(&fixture);
}

/* Lets the journal say what is new, and looks for it; NULL: it says nothing. */
static void check_said(struct journal *journal, const struct report_fixture *fixture, int from,
                       const char *words)
{
    char text[65536];
    journal_update(journal, &fixture->view);
    ssize_t length = read(from, text, sizeof(text) - 1);
    text[length > 0 ? length : 0] = '\0';
    if (words == NULL ? text[0] != '\0' : strstr(text, words) == NULL)
        fail_msg("not what it says: %s", text);
}

static void test_journal(void **state)
{
    (void)state;
    struct report_fixture fixture;
    struct log log = {.verbosity = LOG_LEVEL_INFO};
    int ends[2];
    report_fixture_make(&fixture);
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    log.descriptor = ends[1];
    struct journal *journal = journal_new(&log);
    check_said(journal, &fixture, ends[0], "backend one is in");
    check(&fixture, 0, HEALTH_FINDING_WELL, "");
    check_said(journal, &fixture, ends[0], "backend one is healthy, as its health check says");
    check(&fixture, 0, HEALTH_FINDING_NO_WAY, "no SOCKS port");
    check_said(journal, &fixture, ends[0], "the health of backends can't be checked, and what is known");
    check_said(journal, &fixture, ends[0], NULL);
    check(&fixture, 0, HEALTH_FINDING_BAD, "it answers 500");
    check_said(
        journal, &fixture, ends[0],
        "backend one is sick: its health check has failed 1 time in a row, the last time as it answers "
        "500");
    check(&fixture, 1, HEALTH_FINDING_BAD, "it answers 500");
    check_said(journal, &fixture, ends[0], "ALL BACKENDS THAT ARE LIVE FAIL THEIR HEALTH CHECKS");
    check_said(journal, &fixture, ends[0], NULL);
    check(&fixture, 0, HEALTH_FINDING_WELL, "");
    check_said(journal, &fixture, ends[0], "not all backends fail their health checks any more");
    check(&fixture, 1, HEALTH_FINDING_WELL, "");
    check_said(journal, &fixture, ends[0], "backend two \"2\" is healthy again");
    journal_free(journal);
    close(ends[0]);
    close(ends[1]);
    report_fixture_clear(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
