/* The data of a command as they go over the wire, counted: each buffer that holds them has a share. */
#include "control/command_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The bytes that a line of data can grow by, and the end of the data. */
#define LINE_GROWTH 3

struct command_data {
    unsigned references;
    size_t length;
    char *bytes;
};

/* Writes one line without its line end, escaped. Returns where the next one goes. */
static char *encode_line(char *wire, const char *line, size_t length)
{
    if (length > 0 && line[length - 1] == '\r')
        length--;
    if (length > 0 && line[0] == '.')
        *wire++ = '.';
    memcpy(wire, line, length);
    memcpy(wire + length, "\r\n", 2);
    return wire + length + 2;
}

static size_t count_lines(const char *text, const char *end)
{
    size_t count = 1; /* there may be one more behind the last newline */
    const char *newline;
    for (; (newline = memchr(text, '\n', (size_t)(end - text))) != NULL; text = newline + 1)
        count++;
    return count;
}

struct command_data *command_data_new(const char *text, size_t length)
{
    const char *end = text + length;
    struct command_data *data = memory_allocate(1, sizeof(*data));
    data->references = 1;
    data->bytes = memory_resize(NULL, length + LINE_GROWTH * (count_lines(text, end) + 1), 1);
    char *next = data->bytes;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline != NULL ? newline : end;
        next = encode_line(next, text, (size_t)(line_end - text));
        text = newline != NULL ? newline + 1 : end;
    }
    memcpy(next, ".\r\n", 3);
    data->length = (size_t)(next + 3 - data->bytes);
    return data;
}

struct command_data *command_data_share(struct command_data *data)
{
    data->references++;
    return data;
}

void command_data_release(struct command_data *data)
{
    if (data == NULL || --data->references > 0)
        return;
    free(data->bytes);
    free(data);
}

static void release_share(const void *bytes, size_t length, void *data)
{
    (void)bytes;
    (void)length;
    command_data_release(data);
}

int command_data_append(struct command_data *data, struct evbuffer *buffer)
{
    if (evbuffer_add_reference(buffer, data->bytes, data->length, release_share, data) != 0)
        return -1;
    data->references++;
    return 0;
}
