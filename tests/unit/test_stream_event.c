/* Tests the STREAM events of uploads, as seen from a stock tor 0.4.9.11, cut, bent and overlong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "control/stream_event.h"

#define TARGET "127.0.0.1.$0123456789ABCDEF0123456789ABCDEF01234567.exit:31104"
#define REST " CLIENT_PROTOCOL=UNKNOWN NYM_EPOCH=0 SESSION_GROUP=-2 ISO_FIELDS="

/* Parses the event of so many bytes of text, in memory that ends right behind them. */
static int parse_part(struct stream_event *event, int status, const char *text, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    struct control_line line = {.status = status, .text = copy, .text_length = length};
    const struct control_reply reply = {.status = status, .lines = &line, .line_count = 1};
    int result = stream_event_parse(event, &reply);
    free(copy);
    return result;
}

static int parse(struct stream_event *event, const char *text)
{
    return parse_part(event, 650, text, strlen(text));
}

static void test_upload_begins(void **state)
{
    (void)state;
    static const uint8_t expected[RELAY_FINGERPRINT_SIZE] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
                                                             0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
                                                             0xcd, 0xef, 0x01, 0x23, 0x45, 0x67};
    struct stream_event event;
    assert_int_equal(parse(&event, "STREAM 57 NEW 0 " TARGET " PURPOSE=DIR_UPLOAD" REST), 0);
    assert_int_equal(event.action, STREAM_BEGINS_UPLOAD);
    assert_int_equal(event.stream, 57);
    assert_memory_equal(event.fingerprint, expected, sizeof(expected));
    assert_int_equal(
        parse(&event, "STREAM 57 NEW 0 " TARGET " SOURCE_ADDR=(Tor_internal):0 PURPOSE=DIR_UPLOAD"), 0);
}

static void test_stream_ends(void **state)
{
    (void)state;
    struct stream_event event;
    assert_int_equal(parse(&event, "STREAM 59 CLOSED 22 " TARGET " REASON=END REMOTE_REASON=DONE" REST), 0);
    assert_int_equal(event.action, STREAM_ENDS);
    assert_int_equal(event.stream, 59);
    assert_int_equal(parse(&event, "STREAM 1 CLOSED 22 example.org:80 REASON=DESTROY"), 0);
    assert_int_equal(parse(&event, "STREAM 9999999999999999999 CLOSED 22 example.org:80"), 0);
    assert_true(event.stream == 9999999999999999999u);
}

static void test_stream_is_connected(void **state)
{
    (void)state;
    struct stream_event event;
    assert_int_equal(parse(&event, "STREAM 44 SUCCEEDED 17 " TARGET REST), 0);
    assert_int_equal(event.action, STREAM_IS_CONNECTED);
    assert_int_equal(event.stream, 44);
}

static void test_others(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "STREAM",
        "STREAM 57",
        "STREAM 57 CLOSED 22",
        "STREAM 57 NEW 0 example.org:80 SOURCE_ADDR=127.0.0.1:4000 PURPOSE=USER",
        "STREAM 57 NEW 0 " TARGET " PURPOSE=DIR_FETCH",
        "STREAM 57 NEW 0 " TARGET,
        "STREAM 57 SENTCONNECT 22 " TARGET,
        "STREAM 57 DETACHED 22 " TARGET " REASON=TIMEOUT",
        "STREAM_BW 57 1 2 3",
        "HS_DESC UPLOADED a b c d",
    };
    struct stream_event event;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(parse(&event, others[i]), -1);
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "STREAM 0 CLOSED 22 " TARGET,
        "STREAM -1 CLOSED 22 " TARGET,
        "STREAM 1x CLOSED 22 " TARGET,
        "STREAM  CLOSED 22 " TARGET,
        "STREAM 99999999999999999999 CLOSED 22 " TARGET,
        "STREAM 57 NEW 0 127.0.0.1:80 PURPOSE=DIR_UPLOAD",
        "STREAM 57 NEW 0 127.0.0.1.$ PURPOSE=DIR_UPLOAD",
        "STREAM 57 NEW 0 127.0.0.1.$0123456789ABCDEF0123456789ABCDEF0123456 PURPOSE=DIR_UPLOAD",
        "STREAM 57 NEW 0 127.0.0.1.$0123456789ABCDEF0123456789ABCDEF0123456Z.exit:1 PURPOSE=DIR_UPLOAD",
    };
    struct stream_event event;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
        assert_int_equal(parse(&event, malformed[i]), -1);
}

static void test_other_status(void **state)
{
    (void)state;
    static const char text[] = "STREAM 59 CLOSED 22 " TARGET;
    struct stream_event event;
    assert_int_equal(parse_part(&event, 250, text, strlen(text)), -1);
}

/* An upload that is cut before its purpose is told is none; wherever it is cut, nothing behind is read. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    static const char text[] = "STREAM 57 NEW 0 " TARGET " PURPOSE=DIR_UPLOAD";
    struct stream_event event;
    for (size_t length = 0; length < strlen(text); length++)
        assert_int_equal(parse_part(&event, 650, text, length), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upload_begins),       cmocka_unit_test(test_stream_ends),
        cmocka_unit_test(test_stream_is_connected), cmocka_unit_test(test_others),
        cmocka_unit_test(test_malformed),           cmocka_unit_test(test_other_status),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
