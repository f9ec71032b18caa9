/* Tests of making text safe to show on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/printable.h"

static void check(const char *text, const char *expected)
{
    char copy[64];
    assert_true(strlen(text) < sizeof(copy));
    strcpy(copy, text);
    assert_int_equal(text_make_printable(copy), strcmp(text, expected) != 0);
    assert_string_equal(copy, expected);
}

static void test_harmless_text_stays(void **state)
{
    (void)state;
    check("", "");
    check("node 1 ~!\"'\\", "node 1 ~!\"'\\");
    check("m\xc3\xbcnchen", "m\xc3\xbcnchen");
    check("\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac");
    check("\xf0\x9f\xa7\x85", "\xf0\x9f\xa7\x85");
    check("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"); /* U+10FFFF, the last one */
}

static void test_control_characters(void **state)
{
    (void)state;
    check("\x1b[2J", "?[2J");
    check("a\nb\tc\r", "a?b?c?");
    check("\x7f", "?");
    check("\xc2\x9b\x32J", "??2J"); /* U+009B, which begins a sequence as ESC [ does */
    check("a\xe2\x80\xae"
          "b",
          "a???b");                              /* U+202E turns the writing direction */
    check("\xe2\x81\xa6\xe2\x80\xa8", "??????"); /* U+2066, U+2028 */
    check("\xd8\x9cx", "??x");                   /* U+061C, which turns it as well */
    check("\xef\xbb\xbfx", "???x");              /* U+FEFF */
}

static void test_malformed_utf8(void **state)
{
    (void)state;
    check("\x80", "?");
    check("\xff\xfe", "??");
    check("\xc3", "?"); /* cut off by the end */
    check("\xe6\x9d", "??");
    check("\xc3(", "?(");
    check("\xc0\x9b", "??");           /* ESC in two bytes, one too many */
    check("\xe0\x80\x9b", "???");      /* ESC in three */
    check("\xed\xa0\x80", "???");      /* a surrogate */
    check("\xf4\x90\x80\x80", "????"); /* beyond U+10FFFF */
    check("\xf8\x88\x80\x80\x80", "?????");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_harmless_text_stays),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_malformed_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
