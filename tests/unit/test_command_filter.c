/* Tests of what an agent lets through to its tor: the few commands that obpub sends, and none of all others
 * of tor's control protocol, however they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agent/command_filter.h"

#define SERVED "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd"
#define OTHER "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad"
#define FINGERPRINT "$0123456789abcdef0123456789ABCDEF01234567"
#define TEXT_SIZE 4096

static char addresses[][ONION_ADDRESS_SIZE] = {
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    SERVED,
};
static const struct served_addresses served = {addresses, 2};

static struct filtered_command judge_bytes(const char *line, size_t length)
{
    struct filtered_command command;
    memset(&command, 0xee, sizeof(command));
    command_filter_judge(&command, line, length, &served);
    return command;
}

static struct filtered_command judge(const char *line)
{
    return judge_bytes(line, strlen(line));
}

static void check_refused(const char *line)
{
    struct filtered_command command = judge(line);
    if (command.verdict != FILTER_REFUSED)
        fail_msg("let through: %s", line);
    assert_string_equal(command.text, "");
}

static void check_passed(const char *line, const char *expected)
{
    struct filtered_command command = judge(line);
    if (command.verdict != FILTER_PASSED)
        fail_msg("not let through: %s", line);
    assert_string_equal(command.text, expected);
}

/* -- what is let through -------------------------------------------------------------------------- */

static void test_what_obpub_asks_is_passed(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "GETINFO uptime",
        "GETINFO hs/service/desc/id/" SERVED,
        "GETCONF PublishHidServDescriptors",
        "HSFETCH " SERVED,
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        check_passed(lines[i], lines[i]);
    check_passed("HSFETCH " SERVED " SERVER=" FINGERPRINT,
                 "HSFETCH " SERVED " SERVER=$0123456789ABCDEF0123456789ABCDEF01234567");
    assert_int_equal(judge("QUIT").verdict, FILTER_QUIT);
}

static void test_as_many_hsdirs_as_fit(void **state)
{
    (void)state;
    char line[TEXT_SIZE] = "HSFETCH " SERVED;
    for (size_t i = 0; i < FILTER_HSDIRS_MAX; i++)
        strcat(line, " SERVER=" FINGERPRINT);
    assert_int_equal(strlen(line), FILTER_LINE_MAX);
    struct filtered_command command = judge(line);
    assert_int_equal(command.verdict, FILTER_PASSED);
    assert_int_equal(strlen(command.text), FILTER_LINE_MAX);
    strcat(line, " SERVER=" FINGERPRINT);
    check_refused(line);
}

static void check_events(const char *line, bool wants_hs_desc, bool wants_content)
{
    struct filtered_command command = judge(line);
    assert_int_equal(command.verdict, FILTER_EVENTS);
    assert_int_equal(command.wants_hs_desc, wants_hs_desc);
    assert_int_equal(command.wants_content, wants_content);
}

static void test_events(void **state)
{
    (void)state;
    check_events("SETEVENTS HS_DESC HS_DESC_CONTENT", true, true);
    check_events("SETEVENTS HS_DESC_CONTENT HS_DESC", true, true);
    check_events("SETEVENTS HS_DESC", true, false);
    check_events("SETEVENTS HS_DESC_CONTENT", false, true);
    check_events("SETEVENTS", false, false);
}

/* -- every other command -------------------------------------------------------------------------- */

/* Each of control-spec 3, and of what tors have had besides, with what does harm. */
static const char *const others[] = {
    "SETCONF ControlPort=0.0.0.0:9051",
    "SETCONF",
    "RESETCONF PublishHidServDescriptors",
    "RESETCONF PublishHidServDescriptors=0",
    "GETCONF",
    "GETCONF HiddenServiceOptions",
    "GETCONF HashedControlPassword",
    "GETCONF PublishHidServDescriptors HiddenServiceOptions",
    "GETCONF HiddenServiceOptions PublishHidServDescriptors",
    "GETCONF publishhidservdescriptors",
    "AUTHENTICATE",
    "AUTHENTICATE 00",
    "AUTHCHALLENGE SAFECOOKIE 00",
    "AUTHCHALLENGE OBPUB-SECRET 00",
    "PROTOCOLINFO",
    "PROTOCOLINFO 1",
    "SAVECONF",
    "SAVECONF FORCE",
    "SIGNAL SHUTDOWN",
    "SIGNAL HALT",
    "SIGNAL NEWNYM",
    "SIGNAL RELOAD",
    "MAPADDRESS 0.0.0.0=example.com",
    "EXTENDCIRCUIT 0",
    "EXTENDCIRCUIT 0 purpose=general",
    "SETCIRCUITPURPOSE 1 purpose=general",
    "SETROUTERPURPOSE " FINGERPRINT " general",
    "ATTACHSTREAM 1 0",
    "POSTDESCRIPTOR purpose=general",
    "REDIRECTSTREAM 1 127.0.0.1",
    "CLOSESTREAM 1 1",
    "CLOSECIRCUIT 1",
    "USEFEATURE VERBOSE_NAMES",
    "USEFEATURE EXTENDED_EVENTS",
    "RESOLVE example.com",
    "LOADCONF",
    "TAKEOWNERSHIP",
    "DROPOWNERSHIP",
    "DROPGUARDS",
    "DROPTIMEOUTS",
    "ADD_ONION NEW:BEST Port=80",
    "ADD_ONION NEW:ED25519-V3 Flags=Detach Port=80,127.0.0.1:22",
    "DEL_ONION " SERVED,
    "HSPOST SERVER=" FINGERPRINT,
    "HSPOST HSADDRESS=" SERVED,
    "ONION_CLIENT_AUTH_ADD " SERVED " x25519:AAAA",
    "ONION_CLIENT_AUTH_REMOVE " SERVED,
    "ONION_CLIENT_AUTH_VIEW",
    "ONION_CLIENT_AUTH_VIEW " SERVED,
    "GETINFO",
    "SETEVENTS CIRC",
    "SETEVENTS STREAM HS_DESC",
    "SETEVENTS HS_DESC STREAM",
    "SETEVENTS EXTENDED HS_DESC",
    "SETEVENTS HS_DESC HS_DESC",
    "SETEVENTS hs_desc",
    "SETEVENTS HS_DESC_CONTENTS",
    "HSFETCH",
    "HSFETCH " OTHER,
    "HSFETCH v2-" OTHER,
    "HSFETCH v3-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "HSFETCH duskgytldkxiuqc6",
    "HSFETCH AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "HSFETCH " SERVED ".onion",
    "HSFETCH " SERVED " SERVER=0123456789ABCDEF0123456789ABCDEF01234567",
    "HSFETCH " SERVED " SERVER=" FINGERPRINT "~nickname",
    "HSFETCH " SERVED " SERVER=nickname",
    "HSFETCH " SERVED " SERVER=",
    "HSFETCH " SERVED " SERVER=" FINGERPRINT "0",
    "HSFETCH " SERVED " SERVER=$0123456789ABCDEF0123456789ABCDEF0123456",
    "HSFETCH " SERVED " SERVER=$0123456789ABCDEF0123456789ABCDEF0123456g",
    "HSFETCH " SERVED " server=" FINGERPRINT,
    "HSFETCH " SERVED " " OTHER,
    "HSFETCH " SERVED " SERVER=" FINGERPRINT " " OTHER,
    "HSFETCH " OTHER " " SERVED,
    "QUIT now",
    "QUIT ",
    "quit",
    "",
    " ",
    "250 OK",
    "650 OBPUB_AGENT TOR_GONE",
    "GET / HTTP/1.1",
    "AGENT",
};

static void test_every_other_command_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        check_refused(others[i]);
}

/* What GETINFO can be asked for (control-spec 3.9): tests/cli has the list that a tor itself gives. */
static const char *const keys[] = {
    "config-file",
    "config-text",
    "config/names",
    "onions/current",
    "onions/detached",
    "hs/client/desc/id/" SERVED,
    "hs/service/desc/id/" OTHER,
    "hs/service/desc/id/",
    "hs/service/desc/id/" SERVED ".onion",
    "hs/service/desc/id/" SERVED "/",
    "hs/service/desc/id",
    "hs/service/desc/ID/" SERVED,
    "circuit-status",
    "stream-status",
    "entry-guards",
    "orconn-status",
    "address",
    "ns/all",
    "md/all",
    "dir/status-vote/current/consensus-microdesc",
    "net/listeners/control",
    "net/listeners/socks",
    "status/enough-dir-info",
    "process/pid",
    "info/names",
    "Uptime",
    "uptime/",
    "uptim",
    "version",
};

static void test_getinfo_is_asked_for_nothing_else(void **state)
{
    (void)state;
    /* What stands before and behind the key. */
    static const char *const forms[][2] = {
        {"GETINFO ", ""},  {"GETINFO uptime ", ""}, {"GETINFO ", " uptime"},
        {"GETINFO\t", ""}, {"GETINFO  ", ""},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (size_t j = 0; j < sizeof(forms) / sizeof(forms[0]); j++) {
            char line[TEXT_SIZE];
            snprintf(line, sizeof(line), "%s%s%s", forms[j][0], keys[i], forms[j][1]);
            check_refused(line);
        }
    }
    check_refused("GETINFO uptime version");
    check_refused("GETINFO uptime hs/service/desc/id/" SERVED);
    check_refused("GETINFO hs/service/desc/id/" SERVED " uptime");
}

/* -- however they are written --------------------------------------------------------------------- */

static const char *const good[] = {
    "GETINFO uptime",
    "GETINFO hs/service/desc/id/" SERVED,
    "GETCONF PublishHidServDescriptors",
    "HSFETCH " SERVED,
    "HSFETCH " SERVED " SERVER=" FINGERPRINT,
    "SETEVENTS HS_DESC",
    "QUIT",
};
#define GOOD (sizeof(good) / sizeof(good[0]))

static void test_spaces_and_other_bytes_around_and_between(void **state)
{
    (void)state;
    static const char bytes[] = {' ',  '\t', '\r', '\n',   '\0',   '+',   '"',
                                 '\\', '.',  '=',  '\x7f', '\x80', '\xff'};
    for (size_t i = 0; i < GOOD; i++) {
        size_t length = strlen(good[i]);
        for (size_t place = 0; place <= length; place++) {
            for (size_t j = 0; j < sizeof(bytes); j++) {
                char line[TEXT_SIZE];
                memcpy(line, good[i], place);
                line[place] = bytes[j];
                memcpy(line + place + 1, good[i] + place, length - place);
                assert_int_equal(judge_bytes(line, length + 1).verdict, FILTER_REFUSED);
            }
        }
    }
}

static void test_any_byte_that_is_another_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOOD; i++) {
        size_t length = strlen(good[i]);
        for (size_t place = 0; place < length; place++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                char line[TEXT_SIZE];
                memcpy(line, good[i], length);
                line[place] = (char)byte;
                /* Digits of a fingerprint are anybody's choice. */
                bool is_digit = strncmp(good[i], "HSFETCH " SERVED " SERVER=$",
                                        sizeof("HSFETCH " SERVED " SERVER=$") - 1) == 0 &&
                                place >= sizeof("HSFETCH " SERVED " SERVER=$") - 1 && isxdigit((int)byte);
                if (line[place] != good[i][place] && !is_digit)
                    assert_int_equal(judge_bytes(line, length).verdict, FILTER_REFUSED);
            }
        }
    }
}

static void test_what_is_cut_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOOD; i++) {
        for (size_t length = 0; length < strlen(good[i]); length++) {
            enum filter_verdict verdict = judge_bytes(good[i], length).verdict;
            bool is_whole = (length == strlen("HSFETCH " SERVED) && strncmp(good[i], "HSFETCH", 7) == 0) ||
                            (length == strlen("SETEVENTS") && strncmp(good[i], "SETEVENTS", 9) == 0);
            assert_int_equal(verdict == FILTER_REFUSED, !is_whole);
        }
    }
}

static void test_other_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOOD; i++) {
        char line[TEXT_SIZE];
        size_t length = strlen(good[i]);
        for (size_t j = 0; j <= length; j++)
            line[j] = (char)tolower((unsigned char)good[i][j]);
        check_refused(line);
        for (size_t j = 0; j <= length; j++)
            line[j] = (char)toupper((unsigned char)good[i][j]);
        if (strcmp(line, good[i]) != 0)
            check_refused(line);
    }
}

/* Nothing but what stands in this source, an address that is served, and digits, ever goes to the tor. */
static void test_nothing_of_the_line_goes_on(void **state)
{
    (void)state;
    uint8_t seed[randombytes_SEEDBYTES] = {1};
    uint8_t bytes[2 * 4000];
    randombytes_buf_deterministic(bytes, sizeof(bytes), seed);
    for (size_t i = 0; i < 4000; i++) {
        char line[TEXT_SIZE];
        const char *whole = good[bytes[2 * i] % GOOD];
        size_t length = strlen(whole);
        memcpy(line, whole, length);
        line[bytes[2 * i + 1] % length] = (char)bytes[(i * 7) % sizeof(bytes)];
        struct filtered_command command = judge_bytes(line, length);
        for (const char *byte = command.text; *byte != '\0'; byte++)
            assert_true(*byte >= ' ' && *byte <= '~');
        if (command.verdict == FILTER_PASSED)
            assert_true(strncmp(command.text, "GETINFO ", 8) == 0 ||
                        strncmp(command.text, "GETCONF ", 8) == 0 ||
                        strncmp(command.text, "HSFETCH " SERVED, strlen("HSFETCH " SERVED)) == 0);
        else
            assert_string_equal(command.text, "");
    }
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_obpub_asks_is_passed),
        cmocka_unit_test(test_as_many_hsdirs_as_fit),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_every_other_command_is_refused),
        cmocka_unit_test(test_getinfo_is_asked_for_nothing_else),
        cmocka_unit_test(test_spaces_and_other_bytes_around_and_between),
        cmocka_unit_test(test_any_byte_that_is_another_one),
        cmocka_unit_test(test_what_is_cut_off),
        cmocka_unit_test(test_other_cases),
        cmocka_unit_test(test_nothing_of_the_line_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
