/* Tests of guessing the word that a mistyped one was to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/closest_word.h"

static const char *const words[] = {"services", "name", "control", "control-cookie-file", "address"};
#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

static void check(const char *word, const char *expected)
{
    size_t found = closest_word_find(word, words, WORD_COUNT);
    assert_true(found < WORD_COUNT);
    assert_string_equal(words[found], expected);
}

static void test_mistakes(void **state)
{
    (void)state;
    check("service", "services");
    check("Services", "services");
    check("sevrices", "services");
    check("nmae", "name");
    check("adress", "address");
    check("control_cookie_file", "control-cookie-file");
    check("controll", "control");
    check("control", "control");
}

static void test_nothing_close(void **state)
{
    (void)state;
    assert_int_equal(closest_word_find("completely-different", words, WORD_COUNT), WORD_COUNT);
    assert_int_equal(closest_word_find("", words, WORD_COUNT), WORD_COUNT);
    assert_int_equal(closest_word_find("x", words, WORD_COUNT), WORD_COUNT);
    assert_int_equal(closest_word_find("name", words, 0), 0);
}

/* What others write into configs is theirs, though it has most letters of a key. */
static void test_words_of_others(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"zone", "mode"},
                                           {"role", "mode"},
                                           {"note", "name"},
                                           {"date", "name"},
                                           {"country", "control"},
                                           {"team", "lead"},
                                           {"master", "user"},
                                           {"description", "descriptors"},
                                           {"", "key"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_false(closest_word_is_mistyped(pairs[i][0], pairs[i][1]));
    static const char *const mistyped[][2] = {{"nmae", "name"},
                                              {"kye", "key"},
                                              {"keys", "key"},
                                              {"Services", "services"},
                                              {"sevrices", "services"},
                                              {"adress", "address"},
                                              {"control_cokie_flie", "control-cookie-file"}};
    for (size_t i = 0; i < sizeof(mistyped) / sizeof(mistyped[0]); i++)
        assert_true(closest_word_is_mistyped(mistyped[i][0], mistyped[i][1]));
}

/* The table of distances has a fixed size: longer words must not reach beyond it. */
static void test_long_words(void **state)
{
    (void)state;
    char word[4096];
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    const char *const candidates[] = {word, "aaa"};
    assert_int_equal(closest_word_find(word, words, WORD_COUNT), WORD_COUNT);
    assert_int_equal(closest_word_find("aaaa", candidates, 2), 1);
    word[48] = '\0';
    const char *const longest[] = {word};
    assert_int_equal(closest_word_find(word, longest, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_nothing_close),
        cmocka_unit_test(test_words_of_others),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
