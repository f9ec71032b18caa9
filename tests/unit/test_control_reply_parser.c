/* The parser of tor's control replies: whole and in pieces, well formed and not, within and beyond its
 * limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "control/reply_parser.h"

#define LINE_MAX_BYTES 64
#define REPLY_MAX_BYTES 4096

/* Writes replies out again in a form that is easy to compare: "250-text|250+text{data}|250 text;". */
struct transcript {
    char text[65536];
    size_t length;
};

static void add(struct transcript *transcript, const char *bytes, size_t length)
{
    assert_true(transcript->length + length < sizeof(transcript->text));
    memcpy(transcript->text + transcript->length, bytes, length);
    transcript->length += length;
    transcript->text[transcript->length] = '\0';
}

static void add_reply(struct transcript *transcript, const struct control_reply *reply)
{
    assert_true(reply->line_count >= 1);
    assert_int_equal(reply->status, reply->lines[reply->line_count - 1].status);
    for (size_t i = 0; i < reply->line_count; i++) {
        const struct control_line *line = &reply->lines[i];
        bool is_end = i + 1 == reply->line_count;
        char status[16];
        assert_int_equal(strlen(line->text), line->text_length);
        snprintf(status, sizeof(status), "%d%c", line->status, is_end ? ' ' : line->data != NULL ? '+' : '-');
        add(transcript, status, strlen(status));
        add(transcript, line->text, line->text_length);
        if (line->data != NULL) {
            assert_int_equal(line->data[line->data_length], '\0');
            add(transcript, "{", 1);
            add(transcript, line->data, line->data_length);
            add(transcript, "}", 1);
        }
        add(transcript, is_end ? ";" : "|", 1);
    }
}

/* Feeds bytes in pieces of step bytes; returns how the last piece ended. */
static enum reply_parser_result feed(struct reply_parser *parser, const char *bytes, size_t length,
                                     size_t step, struct transcript *transcript, struct error *error)
{
    enum reply_parser_result result = REPLY_PARSER_MORE;
    size_t done = 0;
    while (done < length) {
        size_t piece = length - done < step ? length - done : step;
        /* A copy of exactly this size, so that a sanitizer sees any byte that is read past it. */
        char *copy = malloc(piece);
        assert_non_null(copy);
        memcpy(copy, bytes + done, piece);
        size_t used;
        const struct control_reply *reply;
        result = reply_parser_take(parser, copy, piece, &used, &reply, error);
        free(copy);
        assert_true(used <= piece);
        if (result == REPLY_PARSER_FAILED)
            return result;
        if (result == REPLY_PARSER_COMPLETE)
            add_reply(transcript, reply);
        else
            assert_int_equal(used, piece);
        done += used;
    }
    return result;
}

/* Parses bytes in pieces of every size up to their length, and expects the same of each. */
static void expect_transcript(const char *bytes, size_t length, const char *expected)
{
    for (size_t step = 1; step <= length; step++) {
        struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
        struct transcript transcript = {.length = 0};
        struct error error = {.text = ""};
        enum reply_parser_result result = feed(parser, bytes, length, step, &transcript, &error);
        if (result == REPLY_PARSER_FAILED)
            fail_msg("step %zu: %s", step, error.text);
        assert_string_equal(transcript.text, expected);
        assert_false(reply_parser_is_inside_reply(parser));
        reply_parser_free(parser);
    }
}

/* Parses bytes in pieces of every size, and expects a failure with these words. */
static void expect_failure(const char *bytes, size_t length, const char *words)
{
    for (size_t step = 1; step <= length; step++) {
        struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
        struct transcript transcript = {.length = 0};
        struct error error = {.text = ""};
        enum reply_parser_result result = feed(parser, bytes, length, step, &transcript, &error);
        if (result != REPLY_PARSER_FAILED)
            fail_msg("accepted with step %zu: %s", step, bytes);
        if (strstr(error.text, words) == NULL)
            fail_msg("'%s' failed with: %s", bytes, error.text);
        /* Nothing is taken after a failure. */
        size_t used;
        const struct control_reply *reply;
        struct error again;
        assert_int_equal(reply_parser_take(parser, "250 OK\r\n", 8, &used, &reply, &again),
                         REPLY_PARSER_FAILED);
        assert_int_equal(used, 0);
        assert_null(reply);
        assert_string_equal(again.text, error.text);
        reply_parser_free(parser);
    }
}

#define EXPECT(bytes, expected) expect_transcript(bytes, sizeof(bytes) - 1, expected)
#define REFUSE(bytes, words) expect_failure(bytes, sizeof(bytes) - 1, words)

static void test_reads_replies(void **state)
{
    (void)state;
    EXPECT("250 OK\r\n", "250 OK;");
    EXPECT("250 \r\n", "250 ;");
    EXPECT("250-version=0.4.9.11\r\n250 OK\r\n", "250-version=0.4.9.11|250 OK;");
    EXPECT("551 a\r\n250 b\r\n", "551 a;250 b;");
    EXPECT("100 a\r\n599 b\r\n699 c\r\n", "100 a;599 b;699 c;");
    EXPECT("512-syntax error: invalid address '@@@'\r\n250 127.199.80.246=bogus1.google.com\r\n",
           "512-syntax error: invalid address '@@@'|250 127.199.80.246=bogus1.google.com;");
    EXPECT("250 h\xc3\xb6she -+ .\r\n", "250 h\xc3\xb6she -+ .;");
}

static void test_reads_data(void **state)
{
    (void)state;
    EXPECT("250+k=\r\na\r\nb\r\n.\r\n250 OK\r\n", "250+k={a\nb\n}|250 OK;");
    EXPECT("250+k=\r\n.\r\n250 OK\r\n", "250+k={}|250 OK;");
    EXPECT("250+k=\r\n\r\n\r\n.\r\n250 OK\r\n", "250+k={\n\n}|250 OK;");
    EXPECT("250+k=\r\n..\r\n...x\r\n.y\r\n.\r\n250 OK\r\n", "250+k={.\n..x\ny\n}|250 OK;");
    EXPECT("250+k=\r\n250 OK\r\n.\r\n250 OK\r\n", "250+k={250 OK\n}|250 OK;");
    EXPECT("250+a=\r\n1\r\n.\r\n250-b=2\r\n250+c=\r\n3\r\n.\r\n250 OK\r\n",
           "250+a={1\n}|250-b=2|250+c={3\n}|250 OK;");
    /* A CR that is not before a LF is data, as in the spec's LineItem. */
    EXPECT("250+k=\r\na\rb\r\r\n.\r\n250 OK\r\n", "250+k={a\rb\r\n}|250 OK;");
    /* tor writes no CR before the LF that data begin with. */
    EXPECT("250+k=\r\n\nb\r\n.\r\n250 OK\r\n", "250+k={\nb\n}|250 OK;");
    EXPECT("650+HS_DESC_CONTENT a\r\nx\r\n.\r\n650 OK\r\n", "650+HS_DESC_CONTENT a{x\n}|650 OK;");
}

static void test_reads_events_between_replies(void **state)
{
    (void)state;
    EXPECT("650 A\r\n250-x\r\n250 OK\r\n650-B\r\n650-C\r\n650 OK\r\n250 y\r\n",
           "650 A;250-x|250 OK;650-B|650-C|650 OK;250 y;");
}

/* Data may hold any byte; a NUL is neither the end of it nor an error. */
static void test_keeps_nul_in_data(void **state)
{
    (void)state;
    static const char bytes[] = "250+k=\r\na\0b\r\n.\r\n250 OK\r\n";
    struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
    size_t used;
    const struct control_reply *reply;
    assert_int_equal(reply_parser_take(parser, bytes, sizeof(bytes) - 1, &used, &reply, NULL),
                     REPLY_PARSER_COMPLETE);
    assert_int_equal(used, sizeof(bytes) - 1);
    assert_int_equal(reply->lines[0].data_length, 4);
    assert_memory_equal(reply->lines[0].data, "a\0b\n", 5);
    reply_parser_free(parser);
}

static void test_refuses_what_is_not_tor(void **state)
{
    (void)state;
    REFUSE("HTTP/1.1 400 Bad Request\r\n", "not tor's control protocol");
    REFUSE("SSH-2.0-OpenSSH_9.2\r\n", "not tor's control protocol");
    REFUSE("\x15\x03\x01\x00\x02\x02\x16", "not tor's control protocol");
    REFUSE("\r\n", "not tor's control protocol");
    REFUSE("2 0 OK\r\n", "not tor's control protocol");
    REFUSE("-50 OK\r\n", "not tor's control protocol");
    REFUSE("25\r\n", "not tor's control protocol");
    REFUSE("250 OK\r\n250-x\r\njunk\r\n", "not tor's control protocol");
}

static void test_refuses_malformed_lines(void **state)
{
    (void)state;
    REFUSE("250\r\n", "no '-', '+' or space");
    REFUSE("250/OK\r\n", "no '-', '+' or space");
    REFUSE("2500 OK\r\n", "no '-', '+' or space");
    REFUSE("250\0OK\r\n", "no '-', '+' or space");
    REFUSE("099 OK\r\n", "100 to 699");
    REFUSE("700 OK\r\n", "100 to 699");
    REFUSE("250 OK\n", "LF alone");
    REFUSE("250 OK\r\n\n", "not tor's control protocol");
    REFUSE("250 a\rb\r\n", "a NUL or a CR");
    REFUSE("250 OK\r\r\n", "a NUL or a CR");
    REFUSE("250 a\0b\r\n", "a NUL or a CR");
}

static void test_refuses_malformed_data(void **state)
{
    (void)state;
    REFUSE("250+k=\r\na\nb\r\n.\r\n250 OK\r\n", "LF alone");
    REFUSE("250+k=\r\na\r\n.\n250 OK\r\n", "LF alone");
    REFUSE("250+k=\r\n.\n", "LF alone");
    REFUSE("250+k=\r\n\n\nb\r\n", "LF alone");
    REFUSE("250+k=\r\na\r\n\n", "LF alone");
}

static void test_refuses_events_inside_replies(void **state)
{
    (void)state;
    REFUSE("250-a\r\n650 CIRC 1\r\n", "mixed up");
    REFUSE("650-a\r\n250 OK\r\n", "mixed up");
    REFUSE("250+a\r\n.\r\n650 OK\r\n", "mixed up");
}

static void test_bounds_lines(void **state)
{
    (void)state;
    char line[LINE_MAX_BYTES + 4];
    char expected[LINE_MAX_BYTES + 4];
    memset(line, 'x', sizeof(line));
    memcpy(line, "250 ", 4);
    memcpy(line + LINE_MAX_BYTES, "\r\n", 2);
    snprintf(expected, sizeof(expected), "%.*s;", LINE_MAX_BYTES, line);
    expect_transcript(line, LINE_MAX_BYTES + 2, expected);
    memcpy(line + LINE_MAX_BYTES, "x\r\n", 3);
    expect_failure(line, LINE_MAX_BYTES + 3, "a line is longer than 64 bytes");

    /* The limit holds while the line end has not come, or nothing would stop a line without one. */
    memset(line, 'x', sizeof(line));
    memcpy(line, "250 ", 4);
    expect_failure(line, LINE_MAX_BYTES + 3, "a line is longer than 64 bytes");

    /* It is for lines outside data. */
    char data[3 * LINE_MAX_BYTES + 32] = "250+k=\r\n";
    memset(data + 8, 'y', 3 * LINE_MAX_BYTES);
    strcpy(data + 8 + 3 * LINE_MAX_BYTES, "\r\n.\r\n250 OK\r\n");
    struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
    struct transcript transcript = {.length = 0};
    assert_int_equal(feed(parser, data, strlen(data), 7, &transcript, NULL), REPLY_PARSER_COMPLETE);
    reply_parser_free(parser);
}

/* Feeds the same bytes again and again until the parser fails, and says after how many. */
static size_t feed_until_failure(struct reply_parser *parser, const char *bytes, struct error *error)
{
    size_t length = strlen(bytes);
    struct transcript *transcript = memory_allocate(1, sizeof(*transcript));
    for (size_t fed = 0; fed < 64 * 1024 * 1024; fed += length) {
        if (feed(parser, bytes, length, length, transcript, error) == REPLY_PARSER_FAILED) {
            free(transcript);
            return fed;
        }
    }
    fail_msg("never fails");
    return 0;
}

static void test_bounds_replies(void **state)
{
    (void)state;
    static const char *const endless[] = {"250-x\r\n", "650-x\r\n", "250+k=\r\n.\r\n"};
    struct error error;
    for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
        struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
        assert_true(feed_until_failure(parser, endless[i], &error) <= REPLY_MAX_BYTES);
        assert_non_null(strstr(error.text, "longer than 4096 bytes"));
        reply_parser_free(parser);
    }

    /* Endless data, with line ends and without. */
    static const char *const data[] = {"xxxx\r\n", "xxxx", "\r\n"};
    for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
        struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
        struct transcript transcript = {.length = 0};
        assert_int_equal(feed(parser, "250+k=\r\n", 8, 8, &transcript, &error), REPLY_PARSER_MORE);
        assert_true(feed_until_failure(parser, data[i], &error) <= REPLY_MAX_BYTES);
        assert_non_null(strstr(error.text, "longer than 4096 bytes"));
        reply_parser_free(parser);
    }

    /* Exactly the limit is within it, and the next reply has the whole of it again. */
    char reply[REPLY_MAX_BYTES + 1] = "250+k=\r\n";
    memset(reply + 8, 'x', sizeof(reply) - 8);
    strcpy(reply + REPLY_MAX_BYTES - 13, "\r\n.\r\n250 OK\r\n");
    assert_int_equal(strlen(reply), REPLY_MAX_BYTES);
    struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
    struct transcript transcript = {.length = 0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(feed(parser, reply, REPLY_MAX_BYTES, 1000, &transcript, &error),
                         REPLY_PARSER_COMPLETE);
    reply_parser_free(parser);
}

static void test_bounds_line_count(void **state)
{
    (void)state;
    struct error error;
    struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, 32 * 1024 * 1024);
    assert_int_equal(feed_until_failure(parser, "250-\r\n", &error), 6 * REPLY_PARSER_LINES_MAX);
    assert_non_null(strstr(error.text, "more than 4096 lines"));
    reply_parser_free(parser);
}

/* However often events come, a reply's worth of memory is all that is kept. */
static void test_forgets(void **state)
{
    (void)state;
    struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
    for (int i = 0; i < 100000; i++) {
        size_t used;
        const struct control_reply *reply;
        assert_int_equal(reply_parser_take(parser, "650 CIRC 1\r\n", 12, &used, &reply, NULL),
                         REPLY_PARSER_COMPLETE);
        assert_string_equal(reply->lines[0].text, "CIRC 1");
        assert_false(reply_parser_is_inside_reply(parser));
        if (i % 2 == 0)
            reply_parser_forget(parser);
    }
    size_t used;
    const struct control_reply *reply;
    assert_int_equal(reply_parser_take(parser, "2", 1, &used, &reply, NULL), REPLY_PARSER_MORE);
    assert_true(reply_parser_is_inside_reply(parser));
    reply_parser_forget(parser);
    assert_true(reply_parser_is_inside_reply(parser));
    reply_parser_free(parser);
}

/* A reply cut anywhere is not complete, and no byte of it is lost. */
static void test_waits_for_the_rest(void **state)
{
    (void)state;
    static const char bytes[] = "250-a=1\r\n250+b=\r\n..x\r\n.\r\n250 OK\r\n";
    for (size_t cut = 1; cut < sizeof(bytes) - 1; cut++) {
        struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
        struct transcript transcript = {.length = 0};
        assert_int_equal(feed(parser, bytes, cut, cut, &transcript, NULL), REPLY_PARSER_MORE);
        assert_true(reply_parser_is_inside_reply(parser));
        assert_int_equal(transcript.length, 0);
        size_t rest = sizeof(bytes) - 1 - cut;
        assert_int_equal(feed(parser, bytes + cut, rest, rest, &transcript, NULL), REPLY_PARSER_COMPLETE);
        assert_string_equal(transcript.text, "250-a=1|250+b={.x\n}|250 OK;");
        reply_parser_free(parser);
    }
}

/* Bytes from a generator: whatever comes, the parser neither crashes nor stands still. */
static void test_survives_noise(void **state)
{
    (void)state;
    static const char *const pieces[] = {"250",   "650", "-", "+",  " ",  "\r\n",
                                         ".\r\n", "\n",  ".", "x=", "\r", "OK"};
    uint32_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        struct reply_parser *parser = reply_parser_new(16, 200);
        struct transcript transcript = {.length = 0};
        for (int i = 0; i < 60; i++) {
            seed = seed * 1664525 + 1013904223;
            const char *piece = pieces[(seed >> 16) % (sizeof(pieces) / sizeof(pieces[0]))];
            if (feed(parser, piece, strlen(piece), 2, &transcript, NULL) == REPLY_PARSER_FAILED)
                break;
        }
        reply_parser_free(parser);
    }
}

/* A reply of the size of the public network's microdescriptors takes time in proportion to its size: the
 * generous limit is passed by rescanning or copying it for every piece that comes. */
static void test_takes_large_replies(void **state)
{
    (void)state;
    static const char line[] = "ntor-onion-key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n";
    size_t lines = 16 * 1024 * 1024 / (sizeof(line) - 1);
    struct reply_parser *parser = reply_parser_new(65536, 32 * 1024 * 1024);
    struct transcript transcript = {.length = 0};
    clock_t start = clock();
    assert_int_equal(feed(parser, "250+md/all=\r\n", 13, 13, &transcript, NULL), REPLY_PARSER_MORE);
    for (size_t i = 0; i < lines; i++)
        assert_int_equal(feed(parser, line, sizeof(line) - 1, sizeof(line) - 1, &transcript, NULL),
                         REPLY_PARSER_MORE);
    size_t used;
    const struct control_reply *reply;
    assert_int_equal(reply_parser_take(parser, ".\r\n250 OK\r\n", 11, &used, &reply, NULL),
                     REPLY_PARSER_COMPLETE);
    assert_int_equal(reply->lines[0].data_length, lines * (sizeof(line) - 2));
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 5);
    reply_parser_free(parser);
}

static void test_finds_lines(void **state)
{
    (void)state;
    static const char bytes[] = "250-version=1\r\n250-v=2\r\n250-v=3\r\n250 OK\r\n";
    struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
    size_t used;
    const struct control_reply *reply;
    assert_int_equal(reply_parser_take(parser, bytes, sizeof(bytes) - 1, &used, &reply, NULL),
                     REPLY_PARSER_COMPLETE);
    assert_true(control_reply_is_ok(reply));
    assert_string_equal(control_reply_find(reply, "v")->text, "v=2");
    assert_string_equal(control_reply_find(reply, "version")->text, "version=1");
    assert_null(control_reply_find(reply, "versio"));
    assert_null(control_reply_find(reply, "OK"));
    assert_int_equal(reply_parser_take(parser, "551 no\r\n", 8, &used, &reply, NULL), REPLY_PARSER_COMPLETE);
    assert_false(control_reply_is_ok(reply));
    assert_int_equal(reply_parser_take(parser, "650 v=1\r\n", 9, &used, &reply, NULL), REPLY_PARSER_COMPLETE);
    assert_false(control_reply_is_ok(reply));
    reply_parser_free(parser);
}

static void write_line_down(const char *line, size_t length, void *context)
{
    assert_true(length > 0 && line[length - 1] == '\n');
    add(context, "<", 1);
    add(context, line, length - 1);
    add(context, ">", 1);
}

/* Parses bytes in pieces of every size with a sink for data. */
static void expect_fed(const char *bytes, size_t length, const char *expected)
{
    for (size_t step = 1; step <= length; step++) {
        struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
        struct transcript transcript = {.length = 0};
        struct error error = {.text = ""};
        reply_parser_set_sink(parser, write_line_down, &transcript);
        if (feed(parser, bytes, length, step, &transcript, &error) == REPLY_PARSER_FAILED)
            fail_msg("step %zu: %s", step, error.text);
        assert_string_equal(transcript.text, expected);
        reply_parser_free(parser);
    }
}

#define EXPECT_FED(bytes, expected) expect_fed(bytes, sizeof(bytes) - 1, expected)

static void test_feeds_a_sink(void **state)
{
    (void)state;
    EXPECT_FED("250+a=\r\nx\r\n..y\r\n\r\n.\r\n250 OK\r\n", "<x><.y><>250+a={}|250 OK;");
    EXPECT_FED("250+a=\r\n.\r\n250 OK\r\n", "250+a={}|250 OK;");
    EXPECT_FED("250+a=\r\n1\r\n.\r\n250-b\r\n250+c=\r\n2\r\n.\r\n250 OK\r\n",
               "<1><2>250+a={}|250-b|250+c={}|250 OK;");
    /* An event's data are kept, and so is what has no data. */
    EXPECT_FED("650+E\r\nx\r\n.\r\n650 OK\r\n250+a=\r\ny\r\n.\r\n250 OK\r\n",
               "650+E{x\n}|650 OK;<y>250+a={}|250 OK;");
    EXPECT_FED("250-v=1\r\n250 OK\r\n", "250-v=1|250 OK;");
    /* The one place where tor leaves a CR out. */
    EXPECT_FED("250+a=\r\n\nx\r\n.\r\n250 OK\r\n", "<><x>250+a={}|250 OK;");
}

/* What a sink takes is bounded and held to its form like what is kept. */
static void test_sink_gets_nothing_malformed(void **state)
{
    (void)state;
    static char endless[2 * REPLY_MAX_BYTES];
    static const char *const malformed[] = {"250+a=\r\nx\r\n\ny\r\n.\r\n", "250+a=\r\nx\ny\r\n.\r\n",
                                            endless};
    memset(endless, 'x', sizeof(endless) - 1);
    memcpy(endless, "250+a=\r\n", 8);
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct reply_parser *parser = reply_parser_new(LINE_MAX_BYTES, REPLY_MAX_BYTES);
        struct transcript transcript = {.length = 0};
        struct error error;
        reply_parser_set_sink(parser, write_line_down, &transcript);
        assert_int_equal(feed(parser, malformed[i], strlen(malformed[i]), 7, &transcript, &error),
                         REPLY_PARSER_FAILED);
        reply_parser_free(parser);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_replies),
        cmocka_unit_test(test_reads_data),
        cmocka_unit_test(test_reads_events_between_replies),
        cmocka_unit_test(test_keeps_nul_in_data),
        cmocka_unit_test(test_refuses_what_is_not_tor),
        cmocka_unit_test(test_refuses_malformed_lines),
        cmocka_unit_test(test_refuses_malformed_data),
        cmocka_unit_test(test_refuses_events_inside_replies),
        cmocka_unit_test(test_bounds_lines),
        cmocka_unit_test(test_bounds_replies),
        cmocka_unit_test(test_bounds_line_count),
        cmocka_unit_test(test_forgets),
        cmocka_unit_test(test_waits_for_the_rest),
        cmocka_unit_test(test_survives_noise),
        cmocka_unit_test(test_takes_large_replies),
        cmocka_unit_test(test_finds_lines),
        cmocka_unit_test(test_feeds_a_sink),
        cmocka_unit_test(test_sink_gets_nothing_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
