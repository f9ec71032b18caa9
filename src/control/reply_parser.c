/* Cuts the bytes that come from a control port into replies and events (control-spec 2.3); does no I/O. */
#include "control/reply_parser.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BUFFER_FIRST 4096 /* bytes allocated for the first line */
#define LINES_FIRST 16

#define STATUS_LENGTH 3
#define LINE_START (STATUS_LENGTH + 1) /* status and separator */
#define EVENT_STATUS_MIN 600           /* 6yz is an asynchronous reply, control-spec 4 */

#define QUOTE_MAX 40 /* bytes of a wrong line that an error quotes */

/* The texts and data of a reply are gathered one behind the other in one buffer, each with a NUL behind it.
 * While the buffer may still move, a line knows only its lengths; the pointers are set when the reply is
 * complete. */
struct reply_parser {
    size_t line_max;
    size_t reply_max;
    char *buffer;
    size_t length;    /* bytes in use */
    size_t capacity;  /* bytes allocated */
    size_t line_from; /* where the wire line that is being gathered begins */
    size_t data_from; /* where the data of the last line begin */
    bool at_data_start;
    control_data_callback sink; /* who gets the data of replies, or NULL */
    void *sink_context;
    bool sink_is_fed; /* with the data at hand */
    size_t taken;     /* bytes of this reply so far, as they came */
    struct control_line *lines;
    size_t line_count;
    size_t line_capacity;
    bool in_data;
    bool complete;
    struct error *failure; /* NULL before it has failed */
    struct control_reply reply;
};

struct reply_parser *reply_parser_new(size_t line_max, size_t reply_max)
{
    struct reply_parser *parser = memory_allocate(1, sizeof(*parser));
    parser->line_max = line_max;
    parser->reply_max = reply_max;
    return parser;
}

void reply_parser_free(struct reply_parser *parser)
{
    if (parser == NULL)
        return;
    free(parser->buffer);
    free(parser->lines);
    free(parser->failure);
    free(parser);
}

void reply_parser_forget(struct reply_parser *parser)
{
    if (!parser->complete)
        return;
    parser->complete = false;
    parser->length = parser->line_from = parser->data_from = parser->taken = 0;
    parser->line_count = 0;
    /* Nearly all of many connections are idle. */
    free(parser->buffer);
    parser->buffer = NULL;
    parser->capacity = 0;
    free(parser->lines);
    parser->lines = NULL;
    parser->line_capacity = 0;
}

void reply_parser_set_sink(struct reply_parser *parser, control_data_callback sink, void *context)
{
    parser->sink = sink;
    parser->sink_context = context;
}

bool reply_parser_is_inside_reply(const struct reply_parser *parser)
{
    return !parser->complete && parser->taken > 0;
}

/* Makes room for some more bytes, and one for a NUL. */
static void reserve(struct reply_parser *parser, size_t more)
{
    parser->buffer =
        memory_make_room(parser->buffer, &parser->capacity, parser->length + more + 1, BUFFER_FIRST, 1);
}

/* Puts a NUL behind what has been gathered. */
static void terminate(struct reply_parser *parser)
{
    reserve(parser, 1);
    parser->buffer[parser->length++] = '\0';
}

static struct error *begin_failure(struct reply_parser *parser)
{
    free(parser->failure);
    return parser->failure = memory_allocate(1, sizeof(*parser->failure));
}

/* Fails with a sentence that quotes the beginning of the line at hand. */
static int fail_quoting(struct reply_parser *parser, const char *what)
{
    const char *line = parser->buffer + parser->line_from;
    size_t length = parser->length - parser->line_from;
    size_t quoted = 0;
    while (quoted < length && quoted < QUOTE_MAX && line[quoted] != '\r' && line[quoted] != '\n' &&
           line[quoted] != '\0')
        quoted++;
    return error_set(begin_failure(parser), "%s (the line begins with '%.*s')", what, (int)quoted, line);
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* Checks as much of a status as has come, so that a peer that is not tor is known by its first bytes. */
static int check_status_digits(struct reply_parser *parser)
{
    const char *line = parser->buffer + parser->line_from;
    size_t length = parser->length - parser->line_from;
    for (size_t i = 0; i < length && i < STATUS_LENGTH; i++) {
        if (!is_digit(line[i]))
            return fail_quoting(parser, "this is not tor's control protocol: a line begins without a status");
    }
    return 0;
}

/* Appends bytes of one wire line within the limits. */
static int gather(struct reply_parser *parser, const char *bytes, size_t length)
{
    if (length > parser->reply_max - parser->taken)
        return error_set(begin_failure(parser), "a reply or event is longer than %zu bytes",
                         parser->reply_max);
    parser->taken += length;
    reserve(parser, length);
    memcpy(parser->buffer + parser->length, bytes, length);
    parser->length += length;
    if (parser->in_data)
        return 0;
    if (check_status_digits(parser) != 0)
        return -1;
    size_t line_length = parser->length - parser->line_from;
    if (line_length > parser->line_max && line_length - parser->line_max > 2)
        return error_set(begin_failure(parser), "a line is longer than %zu bytes", parser->line_max);
    return 0;
}

/* Takes the CR and LF off the wire line at hand. Returns 0, or -1 when there is no CR. */
static int strip_line_end(struct reply_parser *parser)
{
    size_t length = parser->length - parser->line_from;
    if (length < 2 || parser->buffer[parser->length - 2] != '\r')
        return -1;
    parser->length -= 2;
    return 0;
}

static void end_data(struct reply_parser *parser)
{
    struct control_line *line = &parser->lines[parser->line_count - 1];
    line->data_length = parser->length - parser->data_from;
    terminate(parser);
    parser->in_data = false;
}

/* Hands the line of data at hand on, if it is not to be kept. */
static int feed_sink(struct reply_parser *parser)
{
    parser->at_data_start = false;
    if (!parser->sink_is_fed)
        return 0;
    parser->sink(parser->buffer + parser->line_from, parser->length - parser->line_from,
                 parser->sink_context);
    parser->length = parser->line_from;
    return 0;
}

/* Finishes one line of data: takes off the dot that escapes another one, and makes its end \n. */
static int finish_data_line(struct reply_parser *parser)
{
    if (strip_line_end(parser) != 0) {
        /* tor's escaping leaves the CR out in one place: where data begin with an empty line. */
        if (parser->at_data_start && parser->length == parser->line_from + 1)
            return feed_sink(parser);
        return fail_quoting(parser, "a line of data ends with LF alone, not with CR LF");
    }
    char *line = parser->buffer + parser->line_from;
    size_t length = parser->length - parser->line_from;
    if (length > 0 && line[0] == '.') {
        parser->length--;
        if (length == 1) {
            end_data(parser);
            return 0;
        }
        memmove(line, line + 1, length - 1);
    }
    parser->buffer[parser->length++] = '\n';
    return feed_sink(parser);
}

/* Adds a line whose text has been gathered. */
static struct control_line *add_line(struct reply_parser *parser)
{
    parser->lines = memory_make_room(parser->lines, &parser->line_capacity, parser->line_count + 1,
                                     LINES_FIRST, sizeof(*parser->lines));
    struct control_line *line = &parser->lines[parser->line_count++];
    memset(line, 0, sizeof(*line));
    return line;
}

/* Reads the three digits of a status that check_status_digits() has seen. Returns it, or -1. */
static int read_status(const char *line)
{
    int status = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    return status >= 100 && status <= 699 ? status : -1;
}

/* Sets the pointers of all lines now that the buffer stays where it is. */
static void complete_reply(struct reply_parser *parser)
{
    const char *cursor = parser->buffer;
    for (size_t i = 0; i < parser->line_count; i++) {
        struct control_line *line = &parser->lines[i];
        line->text = cursor;
        cursor += line->text_length + 1;
        if (line->data == NULL)
            continue;
        line->data = cursor;
        cursor += line->data_length + 1;
    }
    parser->reply.status = parser->lines[parser->line_count - 1].status;
    parser->reply.lines = parser->lines;
    parser->reply.line_count = parser->line_count;
    parser->complete = true;
}

/* Finishes one line outside data. */
static int finish_reply_line(struct reply_parser *parser)
{
    if (strip_line_end(parser) != 0)
        return fail_quoting(parser, "a line ends with LF alone, not with CR LF");
    char *line = parser->buffer + parser->line_from;
    size_t length = parser->length - parser->line_from;
    if (length < LINE_START || strchr("-+ ", line[STATUS_LENGTH]) == NULL || line[STATUS_LENGTH] == '\0')
        return fail_quoting(parser, "a line has no '-', '+' or space behind its status");
    int status = read_status(line);
    if (status < 0)
        return fail_quoting(parser, "a line's status is not one from 100 to 699");
    size_t text_length = length - LINE_START;
    if (memchr(line + LINE_START, '\0', text_length) != NULL ||
        memchr(line + LINE_START, '\r', text_length) != NULL)
        return fail_quoting(parser, "a line has a NUL or a CR in it");
    /* A few replies of tor's mix statuses (MAPADDRESS), but an event is never inside a reply. */
    if (parser->line_count > 0 &&
        (parser->lines[0].status >= EVENT_STATUS_MIN) != (status >= EVENT_STATUS_MIN))
        return fail_quoting(parser, "a reply and an event are mixed up");
    if (parser->line_count == REPLY_PARSER_LINES_MAX)
        return error_set(begin_failure(parser), "a reply or event has more than %d lines",
                         REPLY_PARSER_LINES_MAX);

    char separator = line[STATUS_LENGTH];
    memmove(line, line + LINE_START, text_length);
    parser->length = parser->line_from + text_length;
    terminate(parser);
    struct control_line *added = add_line(parser);
    added->status = status;
    added->text_length = text_length;
    if (separator == '+') {
        added->data = ""; /* stands for "there will be some" until complete_reply() */
        parser->data_from = parser->length;
        parser->in_data = parser->at_data_start = true;
        parser->sink_is_fed = parser->sink != NULL && status < EVENT_STATUS_MIN;
    } else if (separator == ' ') {
        complete_reply(parser);
    }
    return 0;
}

/* Finishes the wire line that has been gathered with its line end. */
static int finish_line(struct reply_parser *parser)
{
    int result = parser->in_data ? finish_data_line(parser) : finish_reply_line(parser);
    parser->line_from = parser->length;
    return result;
}

/* Takes bytes until a reply is complete or there are no more. */
static int take_lines(struct reply_parser *parser, const char *bytes, size_t length, size_t *used)
{
    while (*used < length && !parser->complete) {
        const char *rest = bytes + *used;
        const char *newline = memchr(rest, '\n', length - *used);
        size_t count = newline != NULL ? (size_t)(newline - rest) + 1 : length - *used;
        if (gather(parser, rest, count) != 0)
            return -1;
        *used += count;
        if (newline != NULL && finish_line(parser) != 0)
            return -1;
    }
    return 0;
}

enum reply_parser_result reply_parser_take(struct reply_parser *parser, const void *bytes, size_t length,
                                           size_t *used, const struct control_reply **reply,
                                           struct error *error)
{
    *used = 0;
    *reply = NULL;
    reply_parser_forget(parser);
    if (parser->failure != NULL || take_lines(parser, bytes, length, used) != 0) {
        error_set(error, "%s", parser->failure->text);
        return REPLY_PARSER_FAILED;
    }
    if (!parser->complete)
        return REPLY_PARSER_MORE;
    *reply = &parser->reply;
    return REPLY_PARSER_COMPLETE;
}
