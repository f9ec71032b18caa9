/* Tests of laying a text out for a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "report/screen.h"

#define ROW "\033[K\n"
#define FULL                                                                                                 \
    "\n" /* nothing is to be cleared behind a row that is full: on many terminals its last character */

static void check(const char *text, size_t columns, size_t rows, const char *expected)
{
    char *screen = screen_lay_out(text, strlen(text), columns, rows);
    assert_non_null(screen);
    assert_true(strncmp(screen, "\033[H", 3) == 0);
    size_t length = strlen(screen);
    assert_string_equal(screen + length - 3, "\033[J");
    screen[length - 3] = '\0';
    assert_string_equal(screen + 3, expected);
    free(screen);
}

static void test_fits(void **state)
{
    (void)state;
    check("", 80, 24, "");
    check("one\n  two\n", 80, 24, "one" ROW "  two" ROW);
    check("one\n\nthree", 80, 24, "one" ROW ROW "three" ROW);
    check("one two\n", 7, 24, "one two" FULL);
    check("a long line that nobody wraps as the terminal is not known\n", 0, 0,
          "a long line that nobody wraps as the terminal is not known" ROW);
}

static void test_wraps(void **state)
{
    (void)state;
    check("one two three\n", 8, 24, "one two" ROW "three" ROW);
    check("one two three\n", 3, 24, "one" FULL "two" FULL "thr" FULL "ee" ROW);
    check("  name  is out: it is gone, which takes more than one row here\n", 40, 24,
          "  name  is out: it is gone, which takes" ROW "      more than one row here" ROW);
    check("aaaaaaaaaaaa\n", 5, 24, "aaaaa" FULL "aaaaa" FULL "aa" ROW);
}

/* Colours take no room, nor do bytes that go on with a character. */
static void test_widths(void **state)
{
    (void)state;
    check("\033[1;31mone\033[0m two\n", 7, 24, "\033[1;31mone\033[0m two" FULL);
    check("\xc3\xb6\xc3\xb6\xc3\xb6 two\n", 7, 24, "\xc3\xb6\xc3\xb6\xc3\xb6 two" FULL);
    check("\033[32mone two\033[0m\n", 4, 24, "\033[32mone" ROW "two\033[0m" ROW);
    check("\033[3", 80, 24, "\033[3" ROW);
    check("\033[3x", 80, 24, "\033[3x" ROW);
}

static void test_leaves_out(void **state)
{
    (void)state;
    check("1\n2\n3\n", 80, 4, "1" ROW "2" ROW "3" ROW);
    check("1\n2\n3\n4\n", 80, 4,
          "1" ROW "2" ROW "\033[0m... and 2 more lines: make this terminal higher" ROW);
    check("1\n2 2 2\n3\n4\n", 3, 5, "1" ROW "2 2" FULL "2" ROW "\033[0m..." FULL);
    check("1\n2\n", 80, 2, "\033[0m... and 2 more lines: make this terminal higher" ROW);
    check("1\n", 80, 2, "1" ROW);
    /* A line that is too long for all of it does not let shorter ones past. */
    check("1\n2 2 2 2 2 2 2 2\n3\n", 3, 5, "1" ROW "2 2" FULL "2 2" FULL "\033[0m..." FULL);
    check("one two three four\n", 8, 3, "one two" ROW "\033[0m... and " FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_leaves_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
