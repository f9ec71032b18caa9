/* Tests the HS_DESC and HS_DESC_CONTENT events, as seen from a stock tor 0.4.9.11, cut, bent and overlong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/hs_desc_event.h"

#define ADDRESS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HSDIR "$0123456789ABCDEF0123456789ABCDEF01234567"
#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

/* Parses the event of that text, in memory that ends right behind it, with data or without (NULL). */
static int parse_with_data(struct hs_desc_event *event, const char *text, const char *data)
{
    struct control_line line = {.status = 650, .text_length = strlen(text)};
    char *copy = strdup(text);
    line.text = copy;
    line.data = data;
    line.data_length = data != NULL ? strlen(data) : 0;
    const struct control_reply reply = {.status = 650, .lines = &line, .line_count = 1};
    int result = hs_desc_event_parse(event, &reply);
    free(copy);
    return result;
}

static int parse(struct hs_desc_event *event, const char *text)
{
    return parse_with_data(event, text, NULL);
}

static void check_fingerprint(const struct hs_desc_event *event)
{
    static const uint8_t expected[RELAY_FINGERPRINT_SIZE] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
                                                             0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
                                                             0xcd, 0xef, 0x01, 0x23, 0x45, 0x67};
    assert_true(event->has_fingerprint);
    assert_memory_equal(event->fingerprint, expected, sizeof(expected));
}

static void test_upload(void **state)
{
    (void)state;
    struct hs_desc_event event;
    assert_int_equal(
        parse(&event, "HS_DESC UPLOAD " ADDRESS " UNKNOWN " HSDIR "~relay1 " KEY " HSDIR_INDEX=00FF"), 0);
    assert_int_equal(event.action, HS_DESC_UPLOAD);
    assert_true(event.has_address);
    assert_string_equal(event.address, ADDRESS);
    check_fingerprint(&event);
    assert_true(event.has_blinded_key);
    for (uint8_t i = 0; i < ED25519_PUBLIC_KEY_SIZE; i++)
        assert_int_equal(event.blinded_key[i], i);
    assert_int_equal(event.reason, HS_DESC_REASON_NONE);
    assert_string_equal(event.reason_word, "");
}

static void test_uploaded_and_failed(void **state)
{
    (void)state;
    struct hs_desc_event event;
    assert_int_equal(parse(&event, "HS_DESC UPLOADED " ADDRESS " UNKNOWN " HSDIR "~relay1"), 0);
    assert_int_equal(event.action, HS_DESC_UPLOADED);
    assert_false(event.has_blinded_key);
    assert_int_equal(
        parse(&event, "HS_DESC FAILED " ADDRESS " UNKNOWN " HSDIR "~relay1 REASON=UPLOAD_REJECTED"), 0);
    assert_int_equal(event.action, HS_DESC_FAILED);
    assert_string_equal(event.reason_word, "UPLOAD_REJECTED");
    check_fingerprint(&event);
}

/* Each reason by its whole word. */
static void test_reasons(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum hs_desc_reason reason;
    } cases[] = {
        {"BAD_DESC", HS_DESC_BAD_DESC},
        {"NOT_FOUND", HS_DESC_NOT_FOUND},
        {"QUERY_REJECTED", HS_DESC_QUERY_REJECTED},
        {"QUERY_NO_HSDIR", HS_DESC_QUERY_NO_HSDIR},
        {"QUERY_RATE_LIMITED", HS_DESC_QUERY_RATE_LIMITED},
        {"UPLOAD_REJECTED", HS_DESC_UPLOAD_REJECTED},
        {"UNEXPECTED", HS_DESC_UNEXPECTED},
        {"UNEXPECTED_", HS_DESC_REASON_OTHER},
        {"UNEXPECTE", HS_DESC_REASON_OTHER},
        {"unexpected", HS_DESC_REASON_OTHER},
        {"?", HS_DESC_REASON_OTHER},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        struct hs_desc_event event;
        snprintf(text, sizeof(text), "HS_DESC FAILED " ADDRESS " UNKNOWN " HSDIR "~relay1 REASON=%s",
                 cases[i].word);
        assert_int_equal(parse(&event, text), 0);
        assert_int_equal(event.reason, cases[i].reason);
        assert_string_equal(event.reason_word, cases[i].word);
    }
    struct hs_desc_event event;
    assert_int_equal(parse(&event, "HS_DESC FAILED " ADDRESS " UNKNOWN " HSDIR "~relay1 REASON="), 0);
    assert_int_equal(event.reason, HS_DESC_REASON_NONE);
}

/* Older tors do not say which service an upload was of; a failed fetch may be of no HSDir at all. */
static void test_unknown(void **state)
{
    (void)state;
    struct hs_desc_event event;
    assert_int_equal(parse(&event, "HS_DESC UPLOADED UNKNOWN UNKNOWN " HSDIR "=relay1"), 0);
    assert_false(event.has_address);
    check_fingerprint(&event);
    assert_int_equal(
        parse(&event, "HS_DESC FAILED " ADDRESS " NO_AUTH UNKNOWN " KEY " REASON=QUERY_NO_HSDIR"), 0);
    assert_false(event.has_fingerprint);
    assert_string_equal(event.reason_word, "QUERY_NO_HSDIR");
    assert_int_equal(parse(&event, "HS_DESC UPLOADED UNKNOWN UNKNOWN " HSDIR), 0);
    check_fingerprint(&event);
}

static void test_other_actions(void **state)
{
    (void)state;
    struct hs_desc_event event;
    assert_int_equal(parse(&event, "HS_DESC CREATED " ADDRESS " UNKNOWN UNKNOWN " KEY " REPLICA=1"), 0);
    assert_int_equal(event.action, HS_DESC_CREATED);
    assert_string_equal(event.address, ADDRESS);
    assert_false(event.has_fingerprint);
    assert_int_equal(parse(&event, "HS_DESC REQUESTED " ADDRESS " NO_AUTH " HSDIR "~relay1 " KEY), 0);
    assert_int_equal(event.action, HS_DESC_OTHER);
    assert_int_equal(parse(&event, "HS_DESC uploaded x y z"), 0);
    assert_int_equal(event.action, HS_DESC_OTHER);
}

static void test_content(void **state)
{
    (void)state;
    struct hs_desc_event event;
    const char *text = "HS_DESC_CONTENT " ADDRESS " " KEY " " HSDIR "~relay1";
    const char *data = "hs-descriptor 3\n";
    assert_int_equal(parse_with_data(&event, text, data), 0);
    assert_int_equal(event.action, HS_DESC_CONTENT);
    assert_ptr_equal(event.content, data);
    assert_int_equal(event.content_length, strlen(data));
    check_fingerprint(&event);
    /* nothing there: tor says so with no line or with an empty one */
    assert_int_equal(parse_with_data(&event, text, ""), 0);
    assert_int_equal(event.content_length, 0);
    assert_int_equal(parse_with_data(&event, text, "\n"), 0);
    assert_int_equal(event.content_length, 0);
    assert_int_equal(parse(&event, text), -1);
}

static void test_address_is_lower_case(void **state)
{
    (void)state;
    struct hs_desc_event event;
    char text[] = "HS_DESC UPLOADED " ADDRESS " UNKNOWN " HSDIR;
    text[strlen("HS_DESC UPLOADED ")] = 'B';
    assert_int_equal(parse(&event, text), 0);
    assert_int_equal(event.address[0], 'b');
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "HS_DESC",
        "HS_DESC UPLOADED",
        "HS_DESC UPLOADED " ADDRESS " UNKNOWN",
        "HS_DESC UPLOADED " ADDRESS "a UNKNOWN " HSDIR,
        "HS_DESC UPLOADED aaaa UNKNOWN " HSDIR,
        "HS_DESC UPLOADED " ADDRESS " UNKNOWN 0123456789ABCDEF0123456789ABCDEF01234567",
        "HS_DESC UPLOADED " ADDRESS " UNKNOWN $0123456789ABCDEF0123456789ABCDEF0123456",
        "HS_DESC UPLOADED " ADDRESS " UNKNOWN " HSDIR "8",
        "HS_DESC UPLOADED " ADDRESS " UNKNOWN $0123456789ABCDEF0123456789ABCDEF0123456G",
        "HS_DESC UPLOADED  " ADDRESS " UNKNOWN " HSDIR,
        "HS_DESCX UPLOADED " ADDRESS " UNKNOWN " HSDIR,
        "NEWCONSENSUS",
        "HS_DESC_CONTENT " ADDRESS " " KEY,
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct hs_desc_event event;
        if (parse_with_data(&event, texts[i], "x\n") != -1)
            fail_msg("taken: %s", texts[i]);
    }
}

static void test_other_status(void **state)
{
    (void)state;
    const char text[] = "HS_DESC UPLOADED " ADDRESS " UNKNOWN " HSDIR;
    const struct control_line line = {.status = 250, .text = text, .text_length = sizeof(text) - 1};
    const struct control_reply reply = {.status = 250, .lines = &line, .line_count = 1};
    struct hs_desc_event event;
    assert_int_equal(hs_desc_event_parse(&event, &reply), -1);
}

/* Every prefix is either refused or a well-formed event with less in it. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    const char text[] = "HS_DESC UPLOAD " ADDRESS " UNKNOWN " HSDIR "~relay1 " KEY " HSDIR_INDEX=00FF";
    char cut[sizeof(text)];
    for (size_t length = 0; length < sizeof(text); length++) {
        memcpy(cut, text, length);
        cut[length] = '\0';
        struct hs_desc_event event;
        int result = parse(&event, cut);
        if (length < strlen("HS_DESC UPLOAD " ADDRESS " UNKNOWN " HSDIR) &&
            length > strlen("HS_DESC UPLOAD " ADDRESS))
            assert_int_equal(result, -1);
        if (result == 0 && length < strlen("HS_DESC UPLOAD " ADDRESS " UNKNOWN " HSDIR "~relay1 " KEY))
            assert_false(event.has_blinded_key);
    }
}

/* A key of another length is none, and what stands in a reason can't be anything. */
static void test_strange_words(void **state)
{
    (void)state;
    struct hs_desc_event event;
    assert_int_equal(parse(&event, "HS_DESC UPLOAD " ADDRESS " UNKNOWN " HSDIR " " KEY "AAAA"), 0);
    assert_false(event.has_blinded_key);
    assert_int_equal(parse(&event, "HS_DESC UPLOAD " ADDRESS " UNKNOWN " HSDIR " not/a*key"), 0);
    assert_false(event.has_blinded_key);
    assert_int_equal(parse(&event, "HS_DESC FAILED " ADDRESS " UNKNOWN " HSDIR " REASON=A\033[31mB"), 0);
    assert_int_equal(event.reason, HS_DESC_REASON_OTHER);
    assert_string_equal(event.reason_word, "A??31mB");
    char text[400] = "HS_DESC FAILED " ADDRESS " UNKNOWN " HSDIR " REASON=";
    size_t length = strlen(text);
    memset(text + length, 'X', 200);
    text[length + 200] = '\0';
    assert_int_equal(parse(&event, text), 0);
    assert_int_equal(strlen(event.reason_word), HS_DESC_REASON_WORD_SIZE - 1);
}

/* More words than are kept, for tors to come. */
static void test_many_words(void **state)
{
    (void)state;
    char text[600] = "HS_DESC FAILED " ADDRESS " UNKNOWN " HSDIR " REASON=NOT_FOUND";
    for (int i = 0; i < 100; i++)
        strcat(text, " W=1");
    struct hs_desc_event event;
    assert_int_equal(parse(&event, text), 0);
    assert_string_equal(event.reason_word, "NOT_FOUND");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upload),       cmocka_unit_test(test_uploaded_and_failed),
        cmocka_unit_test(test_unknown),      cmocka_unit_test(test_other_actions),
        cmocka_unit_test(test_content),      cmocka_unit_test(test_address_is_lower_case),
        cmocka_unit_test(test_malformed),    cmocka_unit_test(test_other_status),
        cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_strange_words),
        cmocka_unit_test(test_many_words),   cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
