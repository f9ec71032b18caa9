/* Tests what is said of presigned bundles: in the log, in the status and in the metrics, as they run out. */
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

#include "base/memory.h"
#include "helper_bundle.h"
#include "helper_folder.h"
#include "helper_report.h"
#include "onion/presigned.h"
#include "report/journal.h"
#include "report/metrics.h"
#include "report/status.h"
#include "report/status_document.h"
#include "report/status_text.h"

#define DAY 86400
#define NOW (REPORT_WALL_NOW / 1000) /* 2026-11-22 12:00:00 UTC */

static struct bundle_plan make_plan(int64_t now, unsigned days)
{
    struct bundle_plan plan;
    assert_int_equal(bundle_plan_set(&plan, &schedule_public, now, days, NULL), 0);
    return plan;
}

static void check_state(const struct bundle_plan *plan, const struct time_schedule *schedule, int64_t now,
                        enum presigned_state state, const char *text)
{
    char described[PRESIGNED_TEXT_SIZE];
    assert_int_equal(presigned_judge(plan, schedule, now), state);
    presigned_describe(described, plan, schedule, now);
    if (strstr(described, text) == NULL)
        fail_msg("\"%s\" is not in: %s", text, described);
}

static void test_states(void **state)
{
    (void)state;
    const struct bundle_plan plan = make_plan(NOW, 30);
    int64_t end = bundle_plan_end(&plan), begin = bundle_plan_begin(&plan);
    const struct time_schedule longer = {.voting_interval = 3600, .period_length = 720};
    assert_int_equal(end, NOW + 30 * DAY);
    check_state(&plan, NULL, NOW, PRESIGNED_GOOD, "good until 2026-12-22 12:00 UTC");
    check_state(&plan, &schedule_public, end - 7 * DAY, PRESIGNED_GOOD, "good until");
    check_state(&plan, &schedule_public, end - 7 * DAY + 1, PRESIGNED_RUNS_OUT,
                "runs out at 2026-12-22 12:00 UTC");
    check_state(&plan, NULL, end - 1, PRESIGNED_RUNS_OUT, "obpub presign");
    check_state(&plan, NULL, end, PRESIGNED_RAN_OUT, "ran out at 2026-12-22 12:00 UTC");
    check_state(&plan, NULL, begin, PRESIGNED_GOOD, "good until");
    check_state(&plan, NULL, begin - 1, PRESIGNED_NOT_YET, "only from 2026-11-22 10:00 UTC on");
    check_state(&plan, &schedule_testing, NOW, PRESIGNED_OTHER_NETWORK,
                "--period-minutes 4 --voting-interval 10");
    check_state(&plan, &longer, end + 1, PRESIGNED_OTHER_NETWORK,
                "--period-minutes 720 --voting-interval 3600");
    assert_true(presigned_is_usable(PRESIGNED_GOOD) && presigned_is_usable(PRESIGNED_RUNS_OUT));
    assert_false(presigned_is_usable(PRESIGNED_RAN_OUT) || presigned_is_usable(PRESIGNED_NOT_YET) ||
                 presigned_is_usable(PRESIGNED_OTHER_NETWORK));
}

static bool is_published(const struct report_fixture *fixture)
{
    json_t *status = status_make_json(&fixture->view);
    const json_t *service = json_array_get(json_object_get(status, "services"), 0);
    bool result = json_is_true(json_object_get(service, "isPublished"));
    json_decref(status);
    return result;
}

/* A fixture whose first frontend has a bundle. */
static void make_fixture(struct report_fixture *fixture, int64_t made_at, unsigned days)
{
    report_fixture_make(fixture);
    fixture->configs[0].key_format = KEY_FORMAT_BUNDLE;
    fixture->configs[0].plan = make_plan(made_at, days);
    snprintf(fixture->configs[0].address, sizeof(fixture->configs[0].address), "first");
}

/* The lines of a log's file that have a text, which is then emptied. */
static size_t count_lines(int file, const char *text)
{
    static char written[65536];
    size_t count = 0;
    ssize_t length = pread(file, written, sizeof(written) - 1, 0);
    assert_true(length >= 0);
    written[length] = '\0';
    assert_int_equal(ftruncate(file, 0), 0);
    for (const char *found = strstr(written, text); found != NULL; found = strstr(found + 1, text))
        count++;
    return count;
}

/* Lets the time pass and has the journal look. */
static void look(struct journal *journal, struct report_view *view, int64_t seconds)
{
    view->now += seconds * 1000;
    view->wall_milliseconds += seconds * 1000;
    journal_update(journal, view);
}

static void test_log(void **state)
{
    (void)state;
    struct report_fixture fixture;
    struct log log;
    int file = open("log", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    log_open(&log, file, LOG_LEVEL_INFO);
    make_fixture(&fixture, NOW, 30);
    struct journal *journal = journal_new(&log);
    struct report_view *view = &fixture.view;
    look(journal, view, 0);
    assert_int_equal(count_lines(file, "first.onion: its bundle is good until"), 1);
    for (int hour = 0; hour < 23 * 24; hour++)
        look(journal, view, 3600);
    assert_int_equal(count_lines(file, "bundle"), 0);
    /* The last seven days: once a day. */
    for (int hour = 1; hour < 7 * 24; hour++)
        look(journal, view, 3600);
    assert_int_equal(count_lines(file, "first.onion: its bundle runs out"), 7);
    /* Then every day, and as an error. */
    look(journal, view, 3600);
    assert_int_equal(count_lines(file, " error: first.onion: its bundle ran out"), 1);
    for (int hour = 0; hour < 48; hour++)
        look(journal, view, 3600);
    assert_int_equal(count_lines(file, "first.onion: its bundle ran out"), 2);
    /* A new one. */
    fixture.configs[0].plan = make_plan(view->wall_milliseconds / 1000, 8);
    look(journal, view, 1);
    assert_int_equal(count_lines(file, "first.onion: its bundle is good until"), 1);
    journal_free(journal);
    report_fixture_clear(&fixture);
    close(file);
}

static void test_status(void **state)
{
    (void)state;
    struct report_fixture fixture;
    struct status_document document;
    struct error error = {.text = ""};
    make_fixture(&fixture, NOW, 3);
    json_t *status = status_make_json(&fixture.view);
    json_t *services = json_object_get(status, "services");
    const json_t *bundle = json_object_get(json_array_get(services, 0), "bundle");
    assert_string_equal(json_string_value(json_object_get(bundle, "created")), "2026-11-22 12:00:00");
    assert_string_equal(json_string_value(json_object_get(bundle, "begins")), "2026-11-22 10:00:01");
    assert_string_equal(json_string_value(json_object_get(bundle, "expires")), "2026-11-25 12:00:00");
    assert_string_equal(json_string_value(json_object_get(bundle, "state")), "runs out");
    assert_non_null(json_string_value(json_object_get(bundle, "error")));
    assert_true(json_is_null(json_object_get(json_array_get(services, 1), "bundle")));

    assert_int_equal(status_document_read(&document, status, &error), 0);
    assert_true(document.services[0].is_presigned && !document.services[1].is_presigned);
    assert_int_equal(document.services[0].bundle.expires, NOW + 3 * DAY);
    char *text = NULL;
    size_t length = 0;
    FILE *output = open_memstream(&text, &length);
    status_text_print(&document, false, output);
    fclose(output);
    assert_non_null(strstr(text, "  presigned bundle: runs out in 3 days: its bundle runs out at"));
    free(text);
    status_document_clear(&document);

    /* An obpub that knows of no bundles, and one that says nonsense. */
    json_object_del(json_array_get(services, 0), "bundle");
    assert_int_equal(status_document_read(&document, status, &error), 0);
    assert_false(document.services[0].is_presigned);
    status_document_clear(&document);
    json_object_set_new(json_array_get(services, 0), "bundle", json_integer(1));
    assert_int_equal(status_document_read(&document, status, &error), -1);
    json_object_set_new(json_array_get(services, 0), "bundle", json_object());
    assert_int_equal(status_document_read(&document, status, &error), -1);
    assert_non_null(strstr(error.text, "expires"));
    json_decref(status);
    report_fixture_clear(&fixture);
}

/* The metrics have this line, or not; "%s" stands for the first frontend. */
static void check_metric(const struct report_fixture *fixture, const char *expected, bool is_there)
{
    struct evbuffer *buffer = evbuffer_new();
    assert_int_equal(metrics_write(&fixture->view, buffer), 0);
    evbuffer_add(buffer, "", 1);
    const char *text = (const char *)evbuffer_pullup(buffer, -1);
    if ((strstr(text, expected) != NULL) != is_there)
        fail_msg("\"%s\" %s in:\n%s", expected, is_there ? "is not" : "is", text);
    evbuffer_free(buffer);
}

/* The value of the first frontend's metric of this name. */
static double read_metric(struct report_fixture *fixture, const char *name)
{
    char opening[64];
    snprintf(opening, sizeof(opening), "\n%s{", name);
    struct evbuffer *buffer = evbuffer_new();
    assert_int_equal(metrics_write(&fixture->view, buffer), 0);
    evbuffer_add(buffer, "", 1);
    const char *line = strstr((const char *)evbuffer_pullup(buffer, -1), opening);
    assert_non_null(line);
    double value = strtod(strchr(line, '}') + 1, NULL);
    evbuffer_free(buffer);
    return value;
}

/* What was published with a bundle ends with it. */
static void test_published_until_the_end(void **state)
{
    (void)state;
    struct report_fixture fixture;
    make_fixture(&fixture, NOW, 3);
    report_fixture_publish(&fixture);
    fixture.view.wall_milliseconds = (NOW + 3 * DAY) * 1000 - 1;
    assert_true(is_published(&fixture));
    assert_true(read_metric(&fixture, "obpub_frontend_published") == 1);
    fixture.view.wall_milliseconds = (NOW + 3 * DAY) * 1000;
    assert_false(is_published(&fixture));
    assert_true(read_metric(&fixture, "obpub_frontend_published") == 0);
    report_fixture_clear(&fixture);
}

static void test_metrics(void **state)
{
    (void)state;
    static const struct {
        int64_t left; /* seconds that the bundle still has */
        int runs_out;
        int is_usable;
    } rows[] = {
        {8 * DAY, 0, 1}, {7 * DAY, 0, 1}, {7 * DAY - 1, 1, 1}, {1, 1, 1}, {0, 0, 0},
    };
    struct report_fixture fixture;
    char expected[128];
    make_fixture(&fixture, NOW, 8);
    snprintf(expected, sizeof(expected), ".onion\"} %lld\n", (long long)NOW + 8 * DAY);
    check_metric(&fixture, "# TYPE obpub_bundle_expiry_timestamp_seconds gauge\n", true);
    check_metric(&fixture, expected, true);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture.view.wall_milliseconds = (NOW + 8 * DAY - rows[i].left) * 1000;
        assert_true(read_metric(&fixture, "obpub_bundle_runs_out") == rows[i].runs_out);
        assert_true(read_metric(&fixture, "obpub_bundle_usable") == rows[i].is_usable);
    }
    fixture.configs[0].key_format = KEY_FORMAT_PEM;
    check_metric(&fixture, "obpub_bundle_expiry_timestamp_seconds{", false);
    check_metric(&fixture, "obpub_bundle_runs_out{", false);
    check_metric(&fixture, "obpub_bundle_usable{", false);
    report_fixture_clear(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test_setup_teardown(test_log, folder_setup, folder_teardown),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_published_until_the_end),
        cmocka_unit_test(test_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
