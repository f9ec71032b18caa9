/* Tests what the journal says of a frontend's visitors who have no congestion control. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper_report.h"
#include "report/journal.h"

static const struct flow_control ours = {true, 6, 31}, none = {0};

/* How many lines of a file have the words. */
static int count_lines(FILE *file, const char *words)
{
    char line[1024];
    int count = 0;
    rewind(file);
    while (fgets(line, sizeof(line), file) != NULL)
        count += strstr(line, words) != NULL;
    return count;
}

/* It is said once, with the backend's name, and when it is over. */
static void test_flow_control(void **state)
{
    (void)state;
    struct report_fixture fixture;
    struct log log;
    FILE *file = tmpfile();
    assert_non_null(file);
    unsetenv("JOURNAL_STREAM");
    log_open(&log, fileno(file), LOG_LEVEL_INFO);
    report_fixture_make(&fixture);
    struct journal *journal = journal_new(&log);
    journal_update(journal, &fixture.view);
    assert_int_equal(count_lines(file, "congestion control"), 0);
    for (int round = 1; round <= 2; round++) {
        report_fixture_set_flow_control(&fixture, &ours, &none);
        for (int i = 0; i < 3; i++)
            journal_update(journal, &fixture.view);
        assert_int_equal(
            count_lines(file, "no visitor has congestion control, because backend two \"2\" has no"), round);
        report_fixture_set_flow_control(&fixture, &ours, &ours);
        journal_update(journal, &fixture.view);
        journal_update(journal, &fixture.view);
        assert_int_equal(count_lines(file, "visitors have congestion control again"), round);
    }
    assert_int_equal(count_lines(file, "congestion control"), 4);
    journal_free(journal);
    report_fixture_clear(&fixture);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
