/* What is reported of weights, shares and drained backends: in the status, for people, in the metrics and in
 * the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "base/memory.h"
#include "helper_report.h"
#include "report/journal.h"
#include "report/metrics.h"
#include "report/status.h"
#include "report/status_document.h"
#include "report/status_text.h"

static void set_weights(struct report_fixture *fixture, unsigned first, unsigned second)
{
    publisher_set_weights(fixture->publisher, 0, (const unsigned[]){first, second, 10}, REPORT_NOW);
}

/* Drains the first backend at the first frontend, as of a minute ago. */
static void drain(struct report_fixture *fixture)
{
    uint64_t source = fixture->publisher->frontends[0].members[0].source;
    assert_true(publisher_set_drained(fixture->publisher, 0, source, true, REPORT_NOW - 60000));
}

static const json_t *find_instance(const json_t *status, size_t service, size_t instance)
{
    const json_t *object = json_array_get(json_object_get(status, "services"), service);
    return json_array_get(json_object_get(object, "instances"), instance);
}

/* A number of an instance's, or -1 for null. */
static double find_number(const json_t *instance, const char *key)
{
    const json_t *value = json_object_get(instance, key);
    assert_non_null(value);
    return json_is_null(value) ? -1 : json_number_value(value);
}

static void test_status(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    set_weights(&fixture, 30, 10);
    json_t *status = status_make_json(&fixture.view);
    const json_t *one = find_instance(status, 0, 0), *two = find_instance(status, 0, 1);
    assert_int_equal(find_number(one, "weight"), 30);
    assert_true(find_number(one, "shareWanted") == 0.75 && find_number(two, "shareWanted") == 0.25);
    assert_true(find_number(find_instance(status, 0, 2), "shareWanted") == 0); /* it is out */
    assert_int_equal(find_number(find_instance(status, 1, 0), "weight"), 10);  /* of the other frontend */
    assert_true(json_is_false(json_object_get(one, "isDrained")));
    assert_true(json_is_null(json_object_get(one, "drainedSince")));
    json_decref(status);
    drain(&fixture);
    status = status_make_json(&fixture.view);
    one = find_instance(status, 0, 0);
    assert_true(json_is_true(json_object_get(one, "isDrained")));
    assert_string_equal(json_string_value(json_object_get(one, "drainedSince")), "2026-11-22 11:59:00");
    assert_true(find_number(one, "shareWanted") == 0);
    assert_true(find_number(find_instance(status, 0, 1), "shareWanted") == 1);
    assert_true(json_is_null(json_object_get(one, "introPointsLack"))); /* that is on purpose */
    assert_true(json_is_false(json_object_get(find_instance(status, 1, 0), "isDrained")));
    json_decref(status);
    report_fixture_clear(&fixture);
}

/* The status for people, with a share of the first backend in the place of what is known; release with
 * free(). */
static char *print(const struct report_fixture *fixture, double share)
{
    json_t *status = status_make_json(&fixture->view);
    json_t *one = json_array_get(
        json_object_get(json_array_get(json_object_get(status, "services"), 0), "instances"), 0);
    if (share >= 0)
        json_object_set_new(one, "share", json_real(share));
    struct status_document document;
    struct error error = {.text = ""};
    assert_int_equal(status_document_read(&document, status, &error), 0);
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    status_text_print(&document, false, file);
    fclose(file);
    status_document_clear(&document);
    json_decref(status);
    return text;
}

static void check_print(const struct report_fixture *fixture, double share, const char *words)
{
    char *text = print(fixture, share);
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, text);
    free(text);
}

static void test_text(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    check_print(&fixture, -1, "3 of 3 introduction points published\n");
    check_print(&fixture, 0.5, "3 of 3 introduction points published, 50 % of the clients that come now\n");
    set_weights(&fixture, 30, 10);
    check_print(&fixture, 0.6, ", 60 % of the clients that come now (75 % wanted)\n");
    check_print(&fixture, 0.75, ", 75 % of the clients that come now\n");
    set_weights(&fixture, 0, 10);
    check_print(&fixture, 0, ", 0 % of the clients that come now, drained by its weight\n");
    set_weights(&fixture, 10, 10);
    drain(&fixture);
    check_print(&fixture, 0.3, ", 30 % of the clients that come now (0 % wanted), drained for 60 s\n");
    set_weights(&fixture, 10, 0);
    check_print(&fixture, 0.5, ", drained for 60 s, and used all the same\n");
    check_print(&fixture, 0.5, "visitors come to drained backends, since no others are live\n");
    report_fixture_clear(&fixture);
}

/* What an obpub that knew no weights says is read, too. */
static void test_older_status(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    json_t *status = status_make_json(&fixture.view);
    json_t *service = json_array_get(json_object_get(status, "services"), 0);
    json_t *one = json_array_get(json_object_get(service, "instances"), 0);
    json_object_del(service, "usesDrained");
    static const char *const keys[] = {"weight", "isDrained", "drainedSince", "shareWanted", "share"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_int_equal(json_object_del(one, keys[i]), 0);
    struct status_document document;
    struct error error = {.text = ""};
    assert_int_equal(status_document_read(&document, status, &error), 0);
    const struct status_instance *instance = &document.services[0].instances[0];
    assert_true(instance->share < 0 && instance->share_wanted < 0 && !instance->is_drained);
    assert_int_equal(instance->drained_since, STATUS_NO_TIME);
    status_document_clear(&document);
    json_decref(status);
    report_fixture_clear(&fixture);
}

/* True when a line of the metrics begins like this, and ends with this value. */
static bool has_line(const char *text, const char *name, const char *backend, const char *value)
{
    for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t length = strcspn(line, "\n"), end = strlen(value);
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == '{' && length > end &&
            strncmp(line + length - end, value, end) == 0 &&
            memmem(line, length, backend, strlen(backend)) != NULL)
            return true;
    }
    return false;
}

static void test_metrics(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    set_weights(&fixture, 30, 10);
    drain(&fixture);
    struct evbuffer *buffer = evbuffer_new();
    assert_int_equal(metrics_write(&fixture.view, buffer), 0);
    size_t length = evbuffer_get_length(buffer);
    char *text = memory_allocate(length + 1, 1);
    evbuffer_remove(buffer, text, length);
    evbuffer_free(buffer);
    assert_true(has_line(text, "obpub_frontend_backend_weight", "name=\"one\"", "} 30"));
    assert_true(
        has_line(text, "obpub_frontend_backend_weight", "name=\"one\"", "} 10")); /* the other one's */
    assert_true(has_line(text, "obpub_frontend_backend_drained", "name=\"one\"", "} 1"));
    assert_true(has_line(text, "obpub_frontend_backend_drained", "name=\"two", "} 0"));
    assert_true(has_line(text, "obpub_frontend_backend_share_wanted", "name=\"one\"", "} 0"));
    assert_true(has_line(text, "obpub_frontend_backend_share_wanted", "name=\"two", "} 1"));
    assert_true(has_line(text, "obpub_frontend_uses_drained", "frontend", "} 0"));
    assert_false(has_line(text, "obpub_frontend_backend_share", "frontend", "")); /* that is not known */
    free(text);
    report_fixture_clear(&fixture);
}

static size_t count_lines(FILE *file, const char *words)
{
    char line[LOG_MESSAGE_SIZE_MAX];
    size_t count = 0;
    rewind(file);
    while (fgets(line, sizeof(line), file) != NULL)
        count += strstr(line, words) != NULL;
    return count;
}

static void test_journal(void **state)
{
    (void)state;
    static const char trouble[] = "no other backend is live than such as are drained";
    static const char well[] = "a backend that is not drained is live again";
    struct report_fixture fixture;
    struct log log;
    report_fixture_make(&fixture);
    FILE *file = tmpfile();
    assert_non_null(file);
    log_open(&log, fileno(file), LOG_LEVEL_DEBUG);
    struct journal *journal = journal_new(&log);
    set_weights(&fixture, 0, 10);
    journal_update(journal, &fixture.view);
    assert_int_equal(count_lines(file, trouble), 0);
    publisher_set_weights(fixture.publisher, 0, (const unsigned[]){0, 0, 10}, REPORT_NOW);
    for (size_t i = 0; i < 2; i++) {
        journal_update(journal, &fixture.view);
        assert_int_equal(count_lines(file, trouble), 1);
    }
    set_weights(&fixture, 0, 10);
    journal_update(journal, &fixture.view);
    assert_int_equal(count_lines(file, trouble), 1);
    assert_int_equal(count_lines(file, well), 1);
    journal_free(journal);
    fclose(file);
    report_fixture_clear(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),  cmocka_unit_test(test_text),    cmocka_unit_test(test_older_status),
        cmocka_unit_test(test_metrics), cmocka_unit_test(test_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
