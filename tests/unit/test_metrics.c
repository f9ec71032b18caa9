/* Tests of the metrics' text: its values, its form, and what is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "helper_report.h"
#include "onion/onion_address.h"
#include "report/metrics.h"

/* All the metrics; release with free(). */
static char *write_metrics(const struct report_view *view)
{
    struct evbuffer *buffer = evbuffer_new();
    assert_int_equal(metrics_write(view, buffer), 0);
    size_t length = evbuffer_get_length(buffer);
    char *text = memory_copy_text((const char *)evbuffer_pullup(buffer, -1), length);
    evbuffer_free(buffer);
    return text;
}

/* Puts the onion address of a key of equal bytes in the place of "@BYTE". */
static void fill_in(char *line, size_t size, const char *pattern)
{
    size_t length = 0;
    while (*pattern != '\0') {
        if (*pattern != '@') {
            line[length++] = *pattern++;
            continue;
        }
        uint8_t key[ED25519_PUBLIC_KEY_SIZE];
        char address[ONION_ADDRESS_SIZE];
        char *end;
        memset(key, (int)strtoul(pattern + 1, &end, 16), sizeof(key));
        onion_address_encode(address, key);
        length += (size_t)snprintf(line + length, size - length, "%s.onion", address);
        pattern = end;
    }
    line[length] = '\0';
}

/* True when there is a line that begins like this, or is just this when the pattern has a newline. */
static bool has_line(const char *text, const char *pattern)
{
    char line[512];
    fill_in(line, sizeof(line), pattern);
    for (const char *found = strstr(text, line); found != NULL; found = strstr(found + 1, line)) {
        if (found == text || found[-1] == '\n')
            return true;
    }
    return false;
}

static void check_lines(const char *text, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_line(text, patterns[i]))
            fail_msg("there is no line %s", patterns[i]);
    }
}
#define CHECK_LINES(text, lines) check_lines(text, lines, sizeof(lines) / sizeof((lines)[0]))

static void test_process(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    fixture.counters.uploads = 20;
    fixture.counters.uploads_taken = 12;
    fixture.counters.fetches[FETCH_TARGET_HSDIRS] = 7;
    fixture.counters.fetch_failures[FETCH_TARGET_BACKEND] = 3;
    fixture.publisher->upload_failures[UPLOAD_FAILURE_REJECTED] = 2;
    fixture.publisher->upload_failures[UPLOAD_FAILURE_BROKEN] = 1;
    fixture.publisher->upload_failures[UPLOAD_FAILURE_OTHER] = 1;
    fixture.publisher->upload_failures[UPLOAD_FAILURE_NO_ANSWER] = 4;
    fixture.view.started_at = REPORT_NOW - 1250;
    static const char *const lines[] = {
        "obpub_build_info{version=\"1.2.3\"} 1\n",
        "obpub_start_time_seconds 1795348798.750\n",
        "obpub_config_last_reload_successful 1\n",
        "obpub_sandbox_complete 1\n",
        "obpub_config_last_reload_success_timestamp_seconds 1795345200\n",
        "obpub_tor_connected 1\n",
        "obpub_consensus_live 0\n",
        "obpub_hsdirs 0\n",
        "obpub_uploads_total 20\n",
        "obpub_uploads_taken_total 12\n",
        "obpub_upload_failures_total{reason=\"rejected\"} 2\n",
        "obpub_upload_failures_total{reason=\"unexpected\"} 1\n",
        "obpub_upload_failures_total{reason=\"other\"} 1\n",
        "obpub_upload_failures_total{reason=\"refused_by_tor\"} 0\n",
        "obpub_upload_failures_total{reason=\"not_built\"} 0\n",
        "obpub_upload_failures_total{reason=\"no_answer\"} 4\n",
        "obpub_local_tor_connected{tor=\"unix:/run/tor/control\"} 1\n",
        "obpub_local_tor_connected{tor=\"127.0.0.1:9052\"} 0\n",
        "obpub_local_tor_ready{tor=\"unix:/run/tor/control\"} 1\n",
        "obpub_local_tor_uploads_in_flight{tor=\"unix:/run/tor/control\"} 3\n",
        "obpub_local_tor_uploads_total{tor=\"unix:/run/tor/control\"} 77\n",
        "obpub_frontends_waiting 0\n",
        "obpub_fetches_total{source=\"hsdirs\"} 7\n",
        "obpub_fetches_total{source=\"backend\"} 0\n",
        "obpub_fetch_failures_total{source=\"backend\"} 3\n",
    };
    char *text = write_metrics(&fixture.view);
    CHECK_LINES(text, lines);
    assert_false(has_line(text, "obpub_consensus_valid_until_timestamp_seconds "));
    free(text);
    fixture.view.reload_error = "bad";
    fixture.publisher->is_tor_up = false;
    const struct error lack = {.text = "no Landlock"};
    fixture.view.sandbox_lacks = &lack;
    fixture.view.sandbox_lack_count = 1;
    text = write_metrics(&fixture.view);
    assert_true(has_line(text, "obpub_config_last_reload_successful 0\n"));
    assert_true(has_line(text, "obpub_sandbox_complete 0\n"));
    assert_true(has_line(text, "obpub_tor_connected 0\n"));
    free(text);
    report_fixture_clear(&fixture);
}

static void test_histogram(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    histogram_note(&fixture.counters.reactions, 1300);
    histogram_note(&fixture.counters.reactions, 2400);
    histogram_note(&fixture.counters.reactions, 900000);
    static const char *const lines[] = {
        "# TYPE obpub_reaction_seconds histogram\n",     "obpub_reaction_seconds_bucket{le=\"0.5\"} 0\n",
        "obpub_reaction_seconds_bucket{le=\"2\"} 1\n",   "obpub_reaction_seconds_bucket{le=\"3\"} 2\n",
        "obpub_reaction_seconds_bucket{le=\"300\"} 2\n", "obpub_reaction_seconds_bucket{le=\"+Inf\"} 3\n",
        "obpub_reaction_seconds_sum 903.700\n",          "obpub_reaction_seconds_count 3\n",
    };
    char *text = write_metrics(&fixture.view);
    CHECK_LINES(text, lines);
    free(text);
    report_fixture_clear(&fixture);
}

static void test_frontends(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    static const char *const lines[] = {
        "obpub_frontend_published{frontend=\"@21\"} 0\n",
        "obpub_frontend_published{frontend=\"@22\"} 0\n",
        "obpub_frontend_static{frontend=\"@21\"} 0\n",
        "obpub_frontend_introduction_points{frontend=\"@21\"} 5\n",
        "obpub_frontend_flow_control{frontend=\"@21\"} 0\n",
        "obpub_frontend_introduction_points{frontend=\"@22\"} 3\n",
        "obpub_frontend_backends{frontend=\"@21\",state=\"live\"} 1\n",
        "obpub_frontend_backends{frontend=\"@21\",state=\"grace\"} 1\n",
        "obpub_frontend_backends{frontend=\"@21\",state=\"out\"} 1\n",
        "obpub_frontend_backends{frontend=\"@21\",state=\"waiting\"} 0\n",
        "obpub_frontend_backends{frontend=\"@22\",state=\"live\"} 1\n",
        "obpub_descriptor_hsdirs{frontend=\"@21\",descriptor=\"first\"} 3\n",
        "obpub_descriptor_hsdirs_current{frontend=\"@21\",descriptor=\"first\"} 3\n",
        "obpub_descriptor_hsdirs_current{frontend=\"@21\",descriptor=\"second\"} 1\n",
        "obpub_descriptor_hsdirs{frontend=\"@22\",descriptor=\"second\"} 0\n",
        "obpub_descriptor_last_success_timestamp_seconds{frontend=\"@21\",descriptor=\"first\"} 1795348742",
        "obpub_descriptor_last_success_age_seconds{frontend=\"@21\",descriptor=\"first\"} 57.500\n",
        "obpub_descriptor_next_upload_timestamp_seconds{frontend=\"@21\",descriptor=\"second\"} 1795348805\n",
        "obpub_descriptor_time_period{frontend=\"@21\",descriptor=\"second\"} 20417\n",
        "obpub_descriptor_revision_counter{frontend=\"@21\",descriptor=\"first\"} 123456789\n",
    };
    char *text = write_metrics(&fixture.view);
    CHECK_LINES(text, lines);
    /* What has not been has no value. */
    static const char *const absent[] = {
        "obpub_descriptor_last_success_timestamp_seconds{frontend=\"@22\"",
        "obpub_descriptor_last_success_age_seconds{frontend=\"@22\"",
        "obpub_descriptor_next_upload_timestamp_seconds{frontend=\"@22\"",
        "obpub_descriptor_time_period{frontend=\"@22\"",
        "obpub_descriptor_revision_counter{frontend=\"@21\",descriptor=\"second\"}",
    };
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        assert_false(has_line(text, absent[i]));
    free(text);

    static const struct flow_control flow_control = {true, 6, 31};
    report_fixture_set_flow_control(&fixture, &flow_control, &flow_control);
    report_fixture_publish(&fixture);
    fixture.publisher->frontends[0].is_frozen = true;
    text = write_metrics(&fixture.view);
    assert_true(has_line(text, "obpub_frontend_published{frontend=\"@21\"} 1\n"));
    assert_true(has_line(text, "obpub_frontend_static{frontend=\"@21\"} 1\n"));
    assert_true(has_line(text, "obpub_frontend_flow_control{frontend=\"@21\"} 1\n"));
    free(text);
    report_fixture_clear(&fixture);
}

/* A backend is shown once, however many frontends have it; quotes in its name are escaped. */
static void test_backends(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    static const char *const lines[] = {
        "obpub_backend_up{backend=\"@11\",name=\"one\"} 1\n",
        "obpub_backend_up{backend=\"@12\",name=\"two \\\"2\\\"\"} 0\n",
        "obpub_backend_up{backend=\"@13\"} 0\n",
        "obpub_backend_reachable{backend=\"@11\",name=\"one\"} 1\n",
        "obpub_backend_introduction_points{backend=\"@11\",name=\"one\"} 3\n",
        "obpub_backend_introduction_points{backend=\"@13\"} 0\n",
        "obpub_backend_state_since_timestamp_seconds{backend=\"@12\",name=\"two \\\"2\\\"\"} 1795348770\n",
        "obpub_backend_descriptor_received_timestamp_seconds{backend=\"@11\",name=\"one\"} 1795345200\n",
        "obpub_backend_state{backend=\"@12\",name=\"two \\\"2\\\"\",state=\"grace\"} 1\n",
        "obpub_backend_state{backend=\"@12\",name=\"two \\\"2\\\"\",state=\"live\"} 0\n",
    };
    char *text = write_metrics(&fixture.view);
    CHECK_LINES(text, lines);
    assert_null(strstr(text, "\"uno\""));
    assert_false(has_line(text, "obpub_backend_descriptor_received_timestamp_seconds{backend=\"@13\""));
    free(text);
    report_fixture_clear(&fixture);
}

/* Whatever a label has in it, it stays one label on one line. */
static void test_escapes(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    fixture.view.version = "a\\b\"c\nd\"} 5\n#%s";
    char *text = write_metrics(&fixture.view);
    assert_true(has_line(text, "obpub_build_info{version=\"a\\\\b\\\"c\\nd\\\"} 5\\n#%s\"} 1\n"));
    free(text);
    report_fixture_clear(&fixture);
}

/* Every line is a HELP, the TYPE of the same metric, or a sample of it; no metric is there twice. */
static void test_form(void **state)
{
    (void)state;
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    char *text = write_metrics(&fixture.view);
    char name[128] = "", seen[16384] = "";
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char found[128];
        if (sscanf(line, "# HELP %127s ", found) == 1) {
            strcpy(name, found);
            strcat(found, " ");
            assert_null(strstr(seen, found));
            strcat(seen, found);
            line = strtok(NULL, "\n");
            char type[32];
            assert_int_equal(sscanf(line, "# TYPE %127s %31s", found, type), 2);
            assert_string_equal(found, name);
            size_t length = strlen(name);
            bool is_total = strcmp(name + length - 6, "_total") == 0;
            assert_int_equal(is_total, strcmp(type, "counter") == 0);
        } else {
            assert_int_equal(strncmp(line, name, strlen(name)), 0);
            assert_non_null(strrchr(line, ' '));
        }
    }
    assert_true(strlen(seen) > 500);
    free(text);
    report_fixture_clear(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process),  cmocka_unit_test(test_histogram), cmocka_unit_test(test_frontends),
        cmocka_unit_test(test_backends), cmocka_unit_test(test_escapes),   cmocka_unit_test(test_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
