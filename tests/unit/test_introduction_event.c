/* What introduction points and agents say of a tor that has ended: CIRC_MINOR and OBPUB_AGENT events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/agent_event.h"
#include "control/introduction_event.h"

#define ADDRESS "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd"
#define PATH                                                                                                 \
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA~relay2,$BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB~auth1,"      \
    "$0123456789ABCDEF0123456789ABCDEF01234567~relay7"
#define BEGINNING "CIRC_MINOR 7 PURPOSE_CHANGED " PATH " BUILD_FLAGS=IS_INTERNAL,NEED_CAPACITY,NEED_UPTIME"
#define MIDDLE                                                                                               \
    " PURPOSE=HS_CLIENT_INTRO HS_STATE=HSCI_CONNECTING REND_QUERY=" ADDRESS                                  \
    " TIME_CREATED=2026-11-30T02:02:31.123456"
#define END " OLD_PURPOSE=HS_CLIENT_INTRO OLD_HS_STATE=HSCI_INTRO_SENT"

static int parse(struct introduction_refusal *refusal, int status, const char *text)
{
    const struct control_line line = {.status = status, .text = text, .text_length = strlen(text)};
    const struct control_reply reply = {.status = status, .lines = &line, .line_count = 1};
    return introduction_refusal_parse(refusal, &reply);
}

/* As tor 0.4.9.11 says it, with and without what a SOCKS user has sent. */
static void test_refusal(void **state)
{
    (void)state;
    static const uint8_t point[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23,
                                    0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67};
    static const char *const texts[] = {
        BEGINNING MIDDLE END,
        BEGINNING MIDDLE " SOCKS_USERNAME=\"control-7-1\" SOCKS_PASSWORD=\"obpub\"" END,
        BEGINNING MIDDLE
        " SOCKS_USERNAME=\"a REND_QUERY=x HS_STATE=HSCI_DONE \\\"b\" SOCKS_PASSWORD=\"obpub\"" END,
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct introduction_refusal refusal;
        if (parse(&refusal, 650, texts[i]) != 0)
            fail_msg("not taken: %s", texts[i]);
        assert_string_equal(refusal.address, ADDRESS);
        assert_memory_equal(refusal.point, point, sizeof(point));
    }
}

/* Other steps of circuits, and what somebody makes look like a refusal by the name he gives a SOCKS port. */
static void test_no_refusal(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "CIRC_MINOR",
        BEGINNING MIDDLE,
        "CIRC 7 CLOSED " PATH MIDDLE END,
        "CIRC_MINOR 7 CANNIBALIZED " PATH MIDDLE END,
        BEGINNING MIDDLE " OLD_PURPOSE=HS_CLIENT_INTRO OLD_HS_STATE=HSCI_CONNECTING",
        BEGINNING " PURPOSE=HS_CLIENT_INTRO HS_STATE=HSCI_DONE REND_QUERY=" ADDRESS END,
        BEGINNING " PURPOSE=HS_CLIENT_REND HS_STATE=HSCI_CONNECTING REND_QUERY=" ADDRESS END,
        BEGINNING " PURPOSE=HS_CLIENT_INTRO HS_STATE=HSCI_CONNECTING" END,
        BEGINNING " PURPOSE=HS_CLIENT_INTRO HS_STATE=HSCI_CONNECTING REND_QUERY=short" END,
        "CIRC_MINOR 7 PURPOSE_CHANGED relay2,relay7" MIDDLE END,
        BEGINNING MIDDLE " SOCKS_USERNAME=\"x" END "\" SOCKS_PASSWORD=\"y\" OLD_PURPOSE=HS_CLIENT_INTRO",
        BEGINNING " PURPOSE=GENERAL SOCKS_USERNAME=\"x" MIDDLE "\"" END,
    };
    struct introduction_refusal refusal;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (parse(&refusal, 650, texts[i]) != -1)
            fail_msg("taken: %s", texts[i]);
    }
    assert_int_equal(parse(&refusal, 250, BEGINNING MIDDLE END), -1);
}

static enum agent_word parse_word(int status, const char *text)
{
    const struct control_line line = {.status = status, .text = text, .text_length = strlen(text)};
    const struct control_reply reply = {.status = status, .lines = &line, .line_count = 1};
    return agent_event_parse(&reply);
}

static void test_agent_words(void **state)
{
    (void)state;
    assert_int_equal(parse_word(650, "OBPUB_AGENT TOR_GONE"), AGENT_TOR_GONE);
    assert_int_equal(parse_word(650, "OBPUB_AGENT LEAVING"), AGENT_LEAVING);
    assert_int_equal(parse_word(650, "OBPUB_AGENT LEAVING for good"), AGENT_LEAVING);
    assert_int_equal(parse_word(250, "OBPUB_AGENT TOR_GONE"), AGENT_SAYS_NOTHING);
    assert_int_equal(parse_word(650, "OBPUB_AGENT"), AGENT_SAYS_NOTHING);
    assert_int_equal(parse_word(650, "OBPUB_AGENT TOR_GONE_HOME"), AGENT_SAYS_NOTHING);
    assert_int_equal(parse_word(650, "HS_DESC TOR_GONE"), AGENT_SAYS_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_no_refusal),
        cmocka_unit_test(test_agent_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
