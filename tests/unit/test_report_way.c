/* What is reported of the way to a backend's control port: in the status, for people and in the metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "helper_report.h"
#include "report/metrics.h"
#include "report/status.h"
#include "report/status_document.h"
#include "report/status_text.h"

#define AGENT "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion:9151"

/* What the config has for each backend, and what is said of that. */
static const struct {
    const char *name, *control, *way; /* NULL: it has no control port */
    const char *text;
} rows[] = {
    {"one", "unix:/run/one/control", "unix", ", asked at unix:/run/one/control"},
    {"two \\\"2\\\"", "192.0.2.7:9051", "tcp", ", asked at 192.0.2.7:9051"},
    {"three", AGENT, "onion", ", asked over Tor at " AGENT},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Three backends with these control ports; of the one whose number is given the config names none. */
static void make(struct report_fixture *fixture, size_t without)
{
    struct error error = {.text = ""};
    report_fixture_make(fixture);
    /* The config's third backend is to be the publisher's. */
    memcpy(fixture->backends[2].identity_key, fixture->publisher->sources[2].identity_key,
           ED25519_PUBLIC_KEY_SIZE);
    for (size_t i = 0; i < ROWS; i++) {
        fixture->publisher->sources[i].kind =
            i == without ? SOURCE_BACKEND_ON_HSDIRS : SOURCE_BACKEND_WITH_CONTROL;
        if (i == without)
            continue;
        assert_int_equal(control_endpoint_parse(&fixture->backends[i].control, rows[i].control, &error), 0);
        fixture->backends[i].has_control = true;
    }
}

static void clear(struct report_fixture *fixture)
{
    for (size_t i = 0; i < ROWS; i++)
        control_endpoint_clear(&fixture->backends[i].control);
    report_fixture_clear(fixture);
}

/* Checks a member of a backend in the status; NULL: it is null. */
static void check_member(const json_t *status, size_t backend, const char *key, const char *expected)
{
    const json_t *service = json_array_get(json_object_get(status, "services"), 0);
    const json_t *instance = json_array_get(json_object_get(service, "instances"), backend);
    const json_t *value = json_object_get(instance, key);
    assert_non_null(value);
    if (expected == NULL)
        assert_true(json_is_null(value));
    else
        assert_string_equal(json_string_value(value), expected);
}

/* The status as people see it; the caller's. */
static char *print(const json_t *status)
{
    struct status_document document;
    struct error error = {.text = ""};
    char *text = NULL;
    size_t length = 0;
    assert_int_equal(status_document_read(&document, status, &error), 0);
    FILE *file = open_memstream(&text, &length);
    status_text_print(&document, false, file);
    fclose(file);
    status_document_clear(&document);
    return text;
}

/* The lines of obpub_backend_way, without their comments; the caller's. */
static char *write_ways(const struct report_fixture *fixture)
{
    struct evbuffer *buffer = evbuffer_new();
    assert_int_equal(metrics_write(&fixture->view, buffer), 0);
    evbuffer_add(buffer, "", 1);
    char *text = (char *)evbuffer_pullup(buffer, -1), *ways = strdup("");
    for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *longer = NULL;
        if (strncmp(line, "obpub_backend_way{", strlen("obpub_backend_way{")) != 0)
            continue;
        assert_true(asprintf(&longer, "%s%s\n", ways, line) >= 0);
        free(ways);
        ways = longer;
    }
    evbuffer_free(buffer);
    return ways;
}

static size_t count(const char *text, char wanted)
{
    size_t found = 0;
    for (; *text != '\0'; text++)
        found += *text == wanted;
    return found;
}

static void check_has(const char *text, const char *words, bool has)
{
    if ((strstr(text, words) != NULL) != has)
        fail_msg("\"%s\" is %sin:\n%s", words, has ? "not " : "", text);
}

/* Everywhere the same ways, with one backend that has none, or with all. */
static void check_ways(size_t without)
{
    struct report_fixture fixture;
    make(&fixture, without);
    json_t *status = status_make_json(&fixture.view);
    char *text = print(status), *ways = write_ways(&fixture);
    for (size_t i = 0; i < ROWS; i++) {
        char end[128];
        snprintf(end, sizeof(end), ".onion\",name=\"%s\",way=\"%s\"} 1\n", rows[i].name, rows[i].way);
        check_member(status, i, "way", i == without ? NULL : rows[i].way);
        check_member(status, i, "place", i == without ? NULL : rows[i].control);
        check_has(text, rows[i].text, i != without);
        check_has(ways, end, i != without);
    }
    check_has(text, ", seen through HSDirs", without < ROWS);
    assert_int_equal(count(ways, '\n'), without < ROWS ? ROWS - 1 : ROWS);
    free(ways);
    free(text);
    json_decref(status);
    clear(&fixture);
}

static void test_all_ways(void **state)
{
    (void)state;
    check_ways(SIZE_MAX);
}

static void test_one_without_control_port(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        check_ways(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_ways),
        cmocka_unit_test(test_one_without_control_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
