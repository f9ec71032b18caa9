/* Tests of the one human sentence that says why a call failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"

static void test_set_writes_sentence(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(error_set(&error, "line %d has %s", 3, "no colon"), -1);
    assert_string_equal(error.text, "line 3 has no colon");
}

static void test_context_comes_first(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, "line %d has no colon", 3);
    assert_int_equal(error_add_context(&error, "%s", "config.yaml"), -1);
    assert_int_equal(error_add_context(&error, "service %d", 1), -1);
    assert_string_equal(error.text, "service 1: config.yaml: line 3 has no colon");
}

static void test_no_error_wanted(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, "%d", 1), -1);
    assert_int_equal(error_add_context(NULL, "%d", 1), -1);
}

/* Whether it lasts is said anew by each sentence, and kept by what is put before one. */
static void test_what_lasts(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(error_set_lasting(&error, "no %s", "colon"), -1);
    assert_true(error.lasts);
    error_add_context(&error, "%s", "config.yaml");
    assert_true(error.lasts);
    assert_string_equal(error.text, "config.yaml: no colon");
    error_set(&error, "busy");
    assert_false(error.lasts);
    error_add_context(&error, "here");
    assert_false(error.lasts);
    assert_int_equal(error_set_lasting(NULL, "%d", 1), -1);
}

/* So is whether tor would have failed. */
static void test_what_is_stricter(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(error_set_stricter(&error, "too %s", "long"), -1);
    assert_true(error.is_stricter && !error.lasts);
    error_add_context(&error, "here");
    assert_true(error.is_stricter);
    assert_string_equal(error.text, "here: too long");
    error_set_lasting(&error, "busy");
    assert_true(!error.is_stricter && error.lasts);
    assert_int_equal(error_set_stricter(NULL, "%d", 1), -1);
}

/* Control characters would move the cursor of a terminal, a newline would forge a line of a log. */
static void test_strangers_bytes_become_question_marks(void **state)
{
    (void)state;
    struct error error;
    error_set(&error, "tor said \"%s\"", "a\nb\x1b[2Jc\x7f\xc3\xa9~ ");
    assert_string_equal(error.text, "tor said \"a?b?[2Jc???~ \"");
    error_set(&error, "bad");
    error_add_context(&error, "%s", "dir\r\tname");
    assert_string_equal(error.text, "dir??name: bad");
}

static void test_long_sentences_are_cut(void **state)
{
    (void)state;
    char text[2 * ERROR_TEXT_SIZE];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    struct error error;
    error_set(&error, "%s", text);
    assert_int_equal(strlen(error.text), ERROR_TEXT_SIZE - 1);
    error_add_context(&error, "here");
    assert_int_equal(strlen(error.text), ERROR_TEXT_SIZE - 1);
    assert_memory_equal(error.text, "here: xxx", 9);
    error_add_context(&error, "%s", text);
    assert_int_equal(strlen(error.text), ERROR_TEXT_SIZE - 1);
    assert_memory_equal(error.text, "xxxx", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_writes_sentence),
        cmocka_unit_test(test_context_comes_first),
        cmocka_unit_test(test_no_error_wanted),
        cmocka_unit_test(test_what_lasts),
        cmocka_unit_test(test_what_is_stricter),
        cmocka_unit_test(test_strangers_bytes_become_question_marks),
        cmocka_unit_test(test_long_sentences_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
