/* The beginning of a web server's answer: the status, and the headers to their end. */
#include "engine/http_answer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Where in a line the next byte is. */
enum {
    IN_VERSION,    /* "HTTP/1.", a digit, a space and three digits; place says which */
    AFTER_STATUS,  /* a space and words, or the end of the line */
    IN_REASON,     /* those words */
    AFTER_CR,      /* the line feed that ends a line */
    AT_LINE_START, /* a header's name, or the end of all */
    IN_NAME,
    IN_VALUE,
    AFTER_LAST_CR, /* the line feed that ends all */
};

/* 'd' stands for a digit, and 's' for one of the status. */
static const char version[] = "HTTP/1.d sss";

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* RFC 9110, 5.6.2: of names of headers. */
static bool is_token(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

/* Of the words after a status, and of values: all but control characters. */
static bool is_text(uint8_t byte)
{
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

static enum http_answer_state refuse(struct http_answer *answer, const char *fault)
{
    answer->fault = fault;
    answer->state = HTTP_ANSWER_BAD;
    return answer->state;
}

static enum http_answer_state take_version(struct http_answer *answer, uint8_t byte)
{
    char wanted = version[answer->place++];
    if (wanted == 'd' || wanted == 's' ? !is_digit(byte) : byte != (uint8_t)wanted)
        return refuse(answer, "what it answers does not begin as HTTP/1.1 does");
    if (wanted == 's')
        answer->status = 10 * answer->status + (byte - '0');
    if (version[answer->place] != '\0')
        return HTTP_ANSWER_MORE;
    if (answer->status < 100)
        return refuse(answer, "its status is none of HTTP");
    answer->phase = AFTER_STATUS;
    return HTTP_ANSWER_MORE;
}

static enum http_answer_state take_line_start(struct http_answer *answer, uint8_t byte)
{
    if (byte == '\r') {
        answer->phase = AFTER_LAST_CR;
        return HTTP_ANSWER_MORE;
    }
    if (!is_token(byte))
        return refuse(answer, "one of its headers has no name");
    if (++answer->headers > HTTP_ANSWER_HEADERS_MAX)
        return refuse(answer, "it has too many headers");
    answer->phase = IN_NAME;
    return HTTP_ANSWER_MORE;
}

static enum http_answer_state take_name(struct http_answer *answer, uint8_t byte)
{
    if (byte == ':')
        answer->phase = IN_VALUE;
    else if (!is_token(byte))
        return refuse(answer, "the name of one of its headers has other characters than it may");
    return HTTP_ANSWER_MORE;
}

/* Takes a byte of words that end with the line. */
static enum http_answer_state take_text(struct http_answer *answer, uint8_t byte)
{
    if (byte == '\r')
        answer->phase = AFTER_CR;
    else if (!is_text(byte))
        return refuse(answer, "its headers have control characters");
    return HTTP_ANSWER_MORE;
}

static enum http_answer_state take_byte(struct http_answer *answer, uint8_t byte)
{
    if (++answer->bytes > HTTP_ANSWER_BYTES_MAX)
        return refuse(answer, "its headers don't end");
    switch (answer->phase) {
    case IN_VERSION:
        return take_version(answer, byte);
    case AFTER_STATUS:
        if (byte != ' ' && byte != '\r')
            return refuse(answer, "its status has more than three digits");
        answer->phase = byte == ' ' ? IN_REASON : AFTER_CR;
        return HTTP_ANSWER_MORE;
    case AT_LINE_START:
        return take_line_start(answer, byte);
    case IN_NAME:
        return take_name(answer, byte);
    case IN_REASON:
    case IN_VALUE:
        return take_text(answer, byte);
    default:
        break;
    }
    if (byte != '\n') /* after a carriage return */
        return refuse(answer, "its lines don't end as those of HTTP do");
    if (answer->phase == AFTER_LAST_CR)
        answer->state = HTTP_ANSWER_WHOLE;
    answer->phase = AT_LINE_START;
    return answer->state;
}

enum http_answer_state http_answer_take(struct http_answer *answer, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length && answer->state == HTTP_ANSWER_MORE; i++)
        take_byte(answer, bytes[i]);
    return answer->state;
}

size_t http_request_write(char request[HTTP_REQUEST_SIZE], const char *path, const char *host, unsigned port)
{
    char suffix[sizeof(":65535")] = "";
    if (port != 80)
        snprintf(suffix, sizeof(suffix), ":%hu", (unsigned short)port);
    int length = snprintf(request, HTTP_REQUEST_SIZE,
                          "GET %s HTTP/1.1\r\nHost: %s%s\r\nUser-Agent: obpub\r\nAccept: */*\r\n"
                          "Connection: close\r\n\r\n",
                          path, host, suffix);
    return (size_t)length < HTTP_REQUEST_SIZE ? (size_t)length : HTTP_REQUEST_SIZE - 1;
}
