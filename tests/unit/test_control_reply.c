/* Tests what is read from a reply of tor's control protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "control/reply.h"

/* Reads uptime from a reply of this status, whose first line has this text. */
static int read_uptime(int status, const char *text, uint64_t *number)
{
    const struct control_line lines[] = {
        {.status = status, .text = text, .text_length = strlen(text)},
        {.status = status, .text = "OK", .text_length = strlen("OK")},
    };
    const struct control_reply reply = {.status = status, .lines = lines, .line_count = 2};
    return control_reply_read_number(&reply, "uptime", INT32_MAX, number);
}

static void test_reads_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t number;
    } cases[] = {{"uptime=0", 0}, {"uptime=86400", 86400}, {"uptime=2147483647", INT32_MAX}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t number = UINT64_MAX;
        assert_int_equal(read_uptime(250, cases[i].text, &number), 0);
        assert_int_equal(number, cases[i].number);
    }
}

/* What is malformed is no number: above all not 0, which would be a tor that has just started. */
static void test_refuses_what_is_no_number(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "uptime=",
        "uptime= ",
        "uptime= 7",
        "uptime=7 ",
        "uptime=-1",
        "uptime=+7",
        "uptime=07",
        "uptime=0x7",
        "uptime=7.0",
        "uptime=\"7\"",
        "uptime=x",
        "uptime=2147483648",
        "uptime=18446744073709551616",
        "uptime",
        "uptimes=7",
        "up=7",
        "",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t number = UINT64_MAX;
        if (read_uptime(250, bad[i], &number) != -1)
            fail_msg("a number was read from '%s'", bad[i]);
        assert_true(number == UINT64_MAX);
    }
}

static void test_refuses_negative_reply(void **state)
{
    (void)state;
    uint64_t number;
    assert_int_equal(read_uptime(552, "uptime=7", &number), -1);
    assert_int_equal(read_uptime(650, "uptime=7", &number), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_number),
        cmocka_unit_test(test_refuses_what_is_no_number),
        cmocka_unit_test(test_refuses_negative_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
