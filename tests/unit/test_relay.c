/* Tests of what an agent passes on of what its tor says: replies and events as they came, and of events only
 * those of the services that it serves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <string.h>

#include "agent/relay.h"
#include "control/reply_parser.h"

#define SERVED "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd"
#define SERVED_UPPER "PG6MMJIYJMCRSSLVYKFWNNTLARU7P5SVN6Y2YMMJU6NUBXNDF4PSCRYD"
#define OTHER "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad"
#define HSDIR "$0123456789ABCDEF0123456789ABCDEF01234567~hsdir"

static char addresses[][ONION_ADDRESS_SIZE] = {SERVED};
static const struct served_addresses served = {addresses, 1};

/* Parses a reply; the parser is the caller's. */
static const struct control_reply *parse(struct reply_parser *parser, const char *text)
{
    const struct control_reply *reply = NULL;
    struct error error;
    size_t used;
    assert_int_equal(reply_parser_take(parser, text, strlen(text), &used, &reply, &error),
                     REPLY_PARSER_COMPLETE);
    assert_int_equal(used, strlen(text));
    return reply;
}

static void check_same(const char *text)
{
    struct reply_parser *parser = reply_parser_new(4096, 65536);
    struct evbuffer *output = evbuffer_new();
    relay_write(output, parse(parser, text));
    evbuffer_add(output, "", 1);
    assert_string_equal((const char *)evbuffer_pullup(output, -1), text);
    evbuffer_free(output);
    reply_parser_free(parser);
}

static void test_replies_go_on_as_they_came(void **state)
{
    (void)state;
    check_same("250 OK\r\n");
    check_same("510 Unrecognized command \"X\"\r\n");
    check_same("250-uptime=17\r\n250 OK\r\n");
    check_same("250+hs/service/desc/id/" SERVED
               "=\r\nhs-descriptor 3\r\n..dot\r\n..\r\n\r\nend\r\n.\r\n250 OK\r\n");
    check_same("650+HS_DESC_CONTENT " SERVED " x " HSDIR "\r\n\r\n.\r\n650 OK\r\n");
    check_same("650+HS_DESC_CONTENT " SERVED " x " HSDIR "\r\n.\r\n650 OK\r\n");
    check_same("650 HS_DESC UPLOADED " SERVED " UNKNOWN " HSDIR "\r\n");
}

static void check_event(const char *text, enum relay_event expected)
{
    struct reply_parser *parser = reply_parser_new(4096, 65536);
    assert_int_equal(relay_judge_event(parse(parser, text), &served), expected);
    reply_parser_free(parser);
}

static void test_events_of_other_services_stay_here(void **state)
{
    (void)state;
    check_event("650 HS_DESC UPLOADED " SERVED " UNKNOWN " HSDIR "\r\n", RELAY_HS_DESC);
    check_event("650 HS_DESC UPLOADED " SERVED_UPPER " UNKNOWN " HSDIR "\r\n", RELAY_HS_DESC);
    check_event("650 HS_DESC FAILED " SERVED " UNKNOWN " HSDIR " REASON=NOT_FOUND\r\n", RELAY_HS_DESC);
    check_event("650+HS_DESC_CONTENT " SERVED " x " HSDIR "\r\nx\r\n.\r\n650 OK\r\n", RELAY_CONTENT);
    check_event("650 HS_DESC UPLOADED " OTHER " UNKNOWN " HSDIR "\r\n", RELAY_NOTHING);
    check_event("650 HS_DESC UPLOADED UNKNOWN UNKNOWN " HSDIR "\r\n", RELAY_NOTHING);
    check_event("650+HS_DESC_CONTENT " OTHER " x " HSDIR "\r\n" SERVED "\r\n.\r\n650 OK\r\n", RELAY_NOTHING);
    check_event("650 HS_DESC UPLOADED " OTHER " " SERVED " " HSDIR "\r\n", RELAY_NOTHING);
}

static void test_other_events_stay_here(void **state)
{
    (void)state;
    check_event("650 CIRC 1 BUILT " SERVED "\r\n", RELAY_NOTHING);
    check_event("650 STREAM 1 NEW 0 " SERVED ".onion:80\r\n", RELAY_NOTHING);
    check_event("650 OBPUB_AGENT TOR_GONE\r\n", RELAY_NOTHING);
    check_event("650 HS_DESC REQUESTED " SERVED " NO_AUTH " HSDIR "\r\n", RELAY_NOTHING);
    check_event("650 HS_DESC\r\n", RELAY_NOTHING);
    check_event("650 HS_DESC_CONTENT " SERVED " x " HSDIR "\r\n", RELAY_NOTHING);
    check_event("651 HS_DESC UPLOADED " SERVED " UNKNOWN " HSDIR "\r\n", RELAY_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies_go_on_as_they_came),
        cmocka_unit_test(test_events_of_other_services_stay_here),
        cmocka_unit_test(test_other_events_stay_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
