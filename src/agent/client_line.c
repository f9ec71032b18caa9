/* Cuts what a client of an agent sends into lines. */
#include "agent/client_line.h"

#include <stdbool.h>
#include <string.h>

/* True for the line of a command without data, of length bytes with its CR. */
static bool is_good(const char *line, size_t length)
{
    if (length == 0 || line[length - 1] != '\r' || line[0] == '+')
        return false;
    for (size_t i = 0; i < length - 1; i++) {
        if (line[i] < ' ' || line[i] > '~')
            return false;
    }
    return true;
}

ssize_t client_line_take(struct evbuffer *input, char *line, size_t size)
{
    ev_ssize_t copied = evbuffer_copyout(input, line, size);
    size_t length = copied > 0 ? (size_t)copied : 0;
    const char *end = memchr(line, '\n', length);
    if (end == NULL)
        return length < size ? CLIENT_LINE_NONE : CLIENT_LINE_BAD;
    length = (size_t)(end - line);
    evbuffer_drain(input, length + 1);
    if (!is_good(line, length))
        return CLIENT_LINE_BAD;
    line[length - 1] = '\0';
    return (ssize_t)length - 1;
}
