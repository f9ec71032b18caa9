/* Tests what "obpub drain" sends and is answered: each field, its limits, and what makes no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "report/drain_request.h"

static const char address[] = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd";

static void check_there_and_back(bool is_drained, const char *name, const char *frontend, const char *line)
{
    struct drain_request request, parsed;
    struct error error;
    char text[DRAIN_REQUEST_MAX];
    assert_int_equal(drain_request_make(&request, is_drained, name, frontend, &error), 0);
    size_t length = drain_request_format(text, &request);
    assert_int_equal(length, strlen(line));
    assert_memory_equal(text, line, length);
    assert_int_equal(drain_request_parse(&parsed, (struct text){text, length - 1}, &error), 0);
    assert_int_equal(parsed.is_drained, is_drained);
    assert_string_equal(parsed.name, name);
    assert_string_equal(parsed.frontend, frontend != NULL ? address : "");
}

static void test_good_requests(void **state)
{
    (void)state;
    char text[DRAIN_REQUEST_MAX], name[DRAIN_NAME_MAX + 1];
    check_there_and_back(true, "node1", NULL, "drain\tnode1\n");
    check_there_and_back(false, "n\xc3\xb6 1", NULL, "undrain\tn\xc3\xb6 1\n");
    check_there_and_back(true, "a", "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion",
                         "drain\ta\tpg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd\n");
    memset(name, 'x', DRAIN_NAME_MAX);
    name[DRAIN_NAME_MAX] = '\0';
    snprintf(text, sizeof(text), "undrain\t%s\t%s\n", name, address);
    check_there_and_back(false, name, address, text);
}

static void test_what_is_no_name(void **state)
{
    (void)state;
    struct drain_request request;
    struct error error;
    char name[DRAIN_NAME_MAX + 2];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    static const char *const bad[] = {"", "a\tb", "a\n", "\x1b[2J", "\x7f"};
    assert_int_equal(drain_request_make(&request, true, name, NULL, &error), -1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(drain_request_make(&request, true, bad[i], NULL, &error), -1);
    assert_int_equal(drain_request_make(&request, true, "a", "nonsense", &error), -1);
    assert_non_null(strstr(error.text, "the frontend's address"));
}

static void test_bad_requests(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "drain",
        "drain\t",
        "drain node1",
        "DRAIN\tnode1",
        "status\tnode1",
        "drain\ta\x01",
        "drain\tnode1\t",
        "drain\tnode1\tx",
        "drain\tnode1\tpg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscrye",
        "drain\tnode1\tpg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd\t",
        "drain\tnode1\tpg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct drain_request request;
        struct error error = {.text = ""};
        assert_int_equal(drain_request_parse(&request, text_from_string(bad[i]), &error), -1);
        assert_true(error.text[0] != '\0');
    }
    struct drain_request request;
    struct error error;
    assert_int_equal(drain_request_parse(&request, (struct text){"drain\ta\0b", 9}, &error), -1);
}

static void test_answers(void **state)
{
    (void)state;
    for (int result = DRAIN_DONE; result <= DRAIN_UNKNOWN; result++) {
        struct drain_answer answer, parsed;
        struct error error;
        char text[DRAIN_ANSWER_MAX];
        drain_answer_set(&answer, (enum drain_result)result, "what %s", "happened\n\x1b[2J");
        size_t length = drain_answer_format(text, &answer);
        assert_int_equal(drain_answer_parse(&parsed, (struct text){text, length}, &error), 0);
        assert_int_equal(parsed.result, result);
        assert_string_equal(parsed.sentence, "what happened??[2J");
    }
}

/* The longest one there can be is sent whole. */
static void test_long_answer(void **state)
{
    (void)state;
    static char sentence[2 * DRAIN_ANSWER_MAX];
    char text[DRAIN_ANSWER_MAX];
    struct drain_answer answer, parsed;
    struct error error;
    memset(sentence, 'x', sizeof(sentence) - 1);
    drain_answer_set(&answer, DRAIN_REFUSED, "%s", sentence);
    size_t length = drain_answer_format(text, &answer);
    assert_true(length < DRAIN_ANSWER_MAX && text[length - 1] == '\n');
    assert_int_equal(drain_answer_parse(&parsed, (struct text){text, length}, &error), 0);
    assert_string_equal(parsed.sentence, answer.sentence);
}

static void test_bad_answers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "done",        "done\tx",       "done x\n",
                                      "maybe\tx\n", "done\tx\n\n", "done\tx\nmore", "{\"version\": \"1\"}\n"};
    static char longest[DRAIN_ANSWER_MAX + 8] = "done\t";
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct drain_answer answer;
        struct error error;
        assert_int_equal(drain_answer_parse(&answer, text_from_string(bad[i]), &error), -1);
    }
    struct drain_answer answer;
    struct error error;
    memset(longest + 5, 'x', DRAIN_ANSWER_MAX);
    longest[sizeof(longest) - 2] = '\n';
    assert_int_equal(drain_answer_parse(&answer, text_from_string(longest), &error), -1);
    /* Whoever answers can't steer a terminal. */
    assert_int_equal(drain_answer_parse(&answer, text_from_string("done\t\x1b[2J\n"), &error), 0);
    assert_string_equal(answer.sentence, "?[2J");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_requests), cmocka_unit_test(test_what_is_no_name),
        cmocka_unit_test(test_bad_requests),  cmocka_unit_test(test_answers),
        cmocka_unit_test(test_long_answer),   cmocka_unit_test(test_bad_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
