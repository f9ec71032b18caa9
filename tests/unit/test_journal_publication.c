/* Tests what the log says of a frontend, and that it says it from evidence that is recent enough, once. */
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

#include "base/memory.h"
#include "helper_folder.h"
#include "helper_report.h"
#include "report/journal.h"
#include "report/publication.h"

#define MINUTE ((int64_t)60 * 1000)

static struct report_fixture fixture;
static struct log log_file;
static struct journal *journal;
static char written[16384];

static int setup(void **state)
{
    if (folder_setup(state) != 0)
        return -1;
    unsetenv("JOURNAL_STREAM");
    int file = open("log", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    log_open(&log_file, file, LOG_LEVEL_INFO);
    report_fixture_make(&fixture);
    fixture.view.frontend_count = 1;
    for (size_t i = 0; i < 3; i++) {
        char *name = memory_copy_text("name", 4);
        if (fixture.backends[i].name == NULL)
            fixture.backends[i].name = name;
        else
            free(name);
    }
    journal = journal_new(&log_file);
    return 0;
}

static int teardown(void **state)
{
    journal_free(journal);
    report_fixture_clear(&fixture);
    close(log_file.descriptor);
    return folder_teardown(state);
}

/* Moves the time on, and returns what the log says then. */
static const char *say_after(int64_t milliseconds)
{
    fixture.view.now += milliseconds;
    fixture.view.wall_milliseconds += milliseconds;
    assert_int_equal(ftruncate(log_file.descriptor, 0), 0);
    journal_update(journal, &fixture.view);
    ssize_t length = pread(log_file.descriptor, written, sizeof(written) - 1, 0);
    assert_true(length >= 0);
    written[length] = '\0';
    return written;
}

static struct publisher_frontend *frontend(void)
{
    return &fixture.publisher->frontends[fixture.frontends[0].number];
}

static void set_failing(size_t slot, enum upload_state state, enum upload_failure failure, unsigned attempts)
{
    for (size_t i = 0; i < REPORT_HSDIRS; i++) {
        struct publisher_upload *upload = &frontend()->descriptors[slot].uploads[i];
        upload->state = state;
        upload->failure = failure;
        upload->attempts = attempts;
        free(upload->reason);
        upload->reason = memory_copy_text("no answer", strlen("no answer"));
    }
}

static bool is_published(void)
{
    return report_view_is_published(&fixture.view, &fixture.frontends[0]);
}

/* What was taken counts for three hours; half an hour before it is said. */
static void test_expiry(void **state)
{
    (void)state;
    report_fixture_publish(&fixture);
    assert_non_null(strstr(say_after(0), "is published: all 6 HSDirs"));
    assert_true(is_published());
    assert_null(strstr(say_after(149 * MINUTE), ".onion"));
    assert_non_null(
        strstr(say_after(2 * MINUTE), "no HSDir has taken one of its descriptors for two and a half hours"));
    assert_true(is_published());
    assert_null(strstr(say_after(10 * MINUTE), ".onion"));
    assert_non_null(strstr(say_after(20 * MINUTE), "IT IS NO LONGER PUBLISHED"));
    assert_false(is_published());
    assert_int_equal(publication_judge(&fixture.view, &fixture.frontends[0]), PUBLICATION_EXPIRED);
    assert_null(strstr(say_after(60 * MINUTE), ".onion"));
    report_fixture_publish(&fixture);
    assert_non_null(strstr(say_after(0), "is published: all 6 HSDirs"));
}

/* That all HSDirs fail is said as that, and once, however often they are tried. */
static void test_all_fail(void **state)
{
    (void)state;
    report_fixture_publish(&fixture);
    say_after(0);
    for (unsigned attempts = 3; attempts < 40; attempts++) {
        set_failing(DESCRIPTOR_FIRST, UPLOAD_DUE, UPLOAD_FAILURE_NO_ANSWER, attempts);
        set_failing(DESCRIPTOR_SECOND, UPLOAD_DUE, UPLOAD_FAILURE_NO_ANSWER, attempts);
        const char *said = say_after(MINUTE / 2);
        assert_int_equal(strstr(said, "not one HSDir has taken its descriptors") != NULL, attempts == 3);
        assert_null(strstr(said, "all HSDirs have"));
    }
    /* A tor that is lost takes a try back: that is no success. */
    set_failing(DESCRIPTOR_FIRST, UPLOAD_DUE, UPLOAD_FAILURE_NO_ANSWER, 2);
    set_failing(DESCRIPTOR_SECOND, UPLOAD_DUE, UPLOAD_FAILURE_NO_ANSWER, 2);
    assert_null(strstr(say_after(MINUTE), "all HSDirs have"));
    report_fixture_publish(&fixture);
    assert_non_null(strstr(say_after(MINUTE), "all HSDirs have its descriptors"));
}

static void test_some_fail(void **state)
{
    (void)state;
    report_fixture_publish(&fixture);
    say_after(0);
    set_failing(DESCRIPTOR_SECOND, UPLOAD_DUE, UPLOAD_FAILURE_NO_ANSWER, 3);
    assert_non_null(
        strstr(say_after(MINUTE), "not all HSDirs have taken a descriptor after 3 tries (no answer)"));
}

/* What a refusal means is said, and that not all have its descriptors when that lasts. */
static void test_refusals(void **state)
{
    (void)state;
    report_fixture_publish(&fixture);
    say_after(0);
    set_failing(DESCRIPTOR_FIRST, UPLOAD_REFUSED, UPLOAD_FAILURE_REJECTED, 1);
    point_set_replace(&frontend()->descriptors[DESCRIPTOR_FIRST].uploads[0].taken, NULL);
    frontend()->descriptors[DESCRIPTOR_FIRST].uploads[0].look.refusals = 1;
    assert_null(strstr(say_after(MINUTE), ".onion"));
    frontend()->descriptors[DESCRIPTOR_FIRST].uploads[0].look.refusals = 2;
    assert_non_null(strstr(say_after(MINUTE), "UPLOAD_REJECTED"));
    assert_null(strstr(say_after(MINUTE), ".onion"));
    assert_non_null(strstr(say_after(5 * MINUTE), "is no longer published in full"));
    /* As long as one counts as refusing, they don't all have them. */
    set_failing(DESCRIPTOR_FIRST, UPLOAD_DONE, UPLOAD_FAILURE_NONE, 1);
    assert_null(strstr(say_after(MINUTE), "all HSDirs have its descriptors"));
    frontend()->descriptors[DESCRIPTOR_FIRST].uploads[0].look.refusals = 0;
    assert_non_null(strstr(say_after(MINUTE), "all HSDirs have its descriptors"));
}

/* One line when somebody else begins to publish the address, and one when he ends. */
static void test_stranger(void **state)
{
    (void)state;
    report_fixture_publish(&fixture);
    say_after(0);
    frontend()->looks.others = OTHERS_STRANGER;
    frontend()->looks.evidence = STRANGER_COUNTER;
    const char *said = say_after(MINUTE);
    assert_non_null(strstr(said, "SOMEBODY ELSE PUBLISHES THIS ADDRESS: HSDirs have a revision counter"));
    assert_non_null(strstr(said, " error: "));
    assert_false(is_published());
    assert_int_equal(publication_judge(&fixture.view, &fixture.frontends[0]), PUBLICATION_STRANGER);
    assert_null(strstr(say_after(MINUTE), ".onion"));
    frontend()->looks.others = OTHERS_NONE;
    assert_non_null(strstr(say_after(MINUTE), "nobody else publishes this address any more"));
    assert_null(strstr(say_after(MINUTE), ".onion"));
}

/* Who sees no backend and leaves another publisher's descriptors in place does not say that his own are
 * there. */
static void test_left(void **state)
{
    (void)state;
    report_fixture_publish(&fixture);
    say_after(0);
    frontend()->is_frozen = frontend()->looks.is_left = true;
    frontend()->looks.held_since = fixture.view.now;
    assert_non_null(
        strstr(say_after(200 * MINUTE), "another publisher's descriptors are left in their place"));
    assert_false(is_published());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_expiry, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_some_fail, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stranger, setup, teardown),
        cmocka_unit_test_setup_teardown(test_left, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
