/* Tests of text that is compared, split and read in place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static void check_text(struct text text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_memory_equal(text.start, expected, text.length);
}

static void test_strings(void **state)
{
    (void)state;
    char copy[] = "tor";
    assert_true(string_equals("tor", copy));
    assert_false(string_equals("tor", "Tor"));
    assert_false(string_equals("tor", "tor "));
    assert_true(string_equals(NULL, NULL));
    assert_false(string_equals("", NULL));
    assert_false(string_equals(NULL, ""));
}

static void test_skipping_a_prefix(void **state)
{
    (void)state;
    static const char text[] = "credential:key";
    const char *cursor = text;
    assert_false(string_skip(&cursor, "credential:key."));
    assert_false(string_skip(&cursor, "key"));
    assert_ptr_equal(cursor, text);
    assert_true(string_skip(&cursor, "credential:"));
    assert_string_equal(cursor, "key");
    assert_true(string_skip(&cursor, "key"));
    assert_true(string_skip(&cursor, ""));
    assert_false(string_skip(&cursor, "k"));
    assert_string_equal(cursor, "");
}

static void test_comparing(void **state)
{
    (void)state;
    const struct text part = {"HSDir Running", 5};
    assert_true(text_equals(part, "HSDir"));
    assert_false(text_equals(part, "HSDi"));
    assert_false(text_equals(part, "HSDir Running"));
    assert_false(text_equals(part, "hsdir"));
    assert_true(text_begins_with(part, "HSDir"));
    assert_true(text_begins_with(part, "HS"));
    assert_true(text_begins_with(part, ""));
    assert_false(text_begins_with(part, "HSDir "));
    assert_false(text_begins_with(part, "Dir"));
    assert_false(text_begins_with((struct text){NULL, 0}, "a"));
}

static void test_splitting_at_a_separator(void **state)
{
    (void)state;
    struct text rest = text_from_string("a,,bc"), part;
    assert_true(text_take_until(&rest, ',', &part));
    check_text(part, "a");
    check_text(rest, ",bc");
    assert_true(text_take_until(&rest, ',', &part));
    check_text(part, "");
    assert_false(text_take_until(&rest, ',', &part));
    check_text(part, "bc");
    check_text(rest, "");
    assert_false(text_take_until(&rest, ',', &part));
    check_text(part, "");

    rest = text_from_string("a,");
    assert_true(text_take_until(&rest, ',', &part));
    check_text(rest, "");
    rest = (struct text){"a,b", 1};
    assert_false(text_take_until(&rest, ',', &part));
    check_text(part, "a");
    rest = (struct text){NULL, 0};
    assert_false(text_take_until(&rest, ',', &part));
    assert_int_equal(part.length, 0);
}

static void test_splitting_into_words(void **state)
{
    (void)state;
    struct text rest = text_from_string("  one \t two\t"), word;
    assert_true(text_take_word(&rest, ' ', '\t', &word));
    check_text(word, "one");
    assert_true(text_take_word(&rest, ' ', '\t', &word));
    check_text(word, "two");
    assert_false(text_take_word(&rest, ' ', '\t', &word));
    check_text(word, "");
    check_text(rest, "");

    rest = text_from_string("one\ttwo three");
    assert_true(text_take_word(&rest, ' ', ' ', &word));
    check_text(word, "one\ttwo");
    check_text(rest, " three");
    rest = text_from_string("");
    assert_false(text_take_word(&rest, ' ', ' ', &word));
    rest = (struct text){"one two", 4};
    assert_true(text_take_word(&rest, ' ', ' ', &word));
    assert_false(text_take_word(&rest, ' ', ' ', &word));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_skipping_a_prefix),
        cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_splitting_at_a_separator),
        cmocka_unit_test(test_splitting_into_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
