/* Commands that wait for their answers, and the bytes that carry them (control-spec 2.2). */
#include "control/command_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obpub/memory.h"

void command_queue_init(struct command_queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
    queue->length = 0;
}

void command_queue_push(struct command_queue *queue, const char *line, control_data_callback data,
                        control_reply_callback callback, void *context)
{
    struct command *command = memory_allocate(1, sizeof(*command));
    if (*line == '+')
        line++;
    snprintf(command->keyword, sizeof(command->keyword), "%.*s", (int)strcspn(line, " "), line);
    command->data = data;
    command->callback = callback;
    command->context = context;
    *queue->last = command;
    queue->last = &command->next;
    queue->length++;
}

bool command_queue_pop(struct command_queue *queue, struct command *command)
{
    struct command *first = queue->first;
    if (first == NULL)
        return false;
    *command = *first;
    command->next = NULL;
    queue->first = first->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    queue->length--;
    free(first);
    return true;
}

void command_queue_forget(struct command_queue *queue, const void *context)
{
    for (struct command *command = queue->first; command != NULL; command = command->next) {
        if (command->context == context) {
            command->data = NULL;
            command->callback = NULL;
        }
    }
}

void command_queue_clear(struct command_queue *queue)
{
    struct command command;
    while (command_queue_pop(queue, &command))
        continue;
}

/* Writes one line of data without its line end, escaped. Returns where the next one goes. */
static char *encode_data_line(char *wire, const char *line, size_t length)
{
    if (length > 0 && line[length - 1] == '\r')
        length--;
    if (length > 0 && line[0] == '.')
        *wire++ = '.';
    memcpy(wire, line, length);
    memcpy(wire + length, "\r\n", 2);
    return wire + length + 2;
}

/* The bytes that a line of data can grow by, and the end of the data. */
#define LINE_GROWTH 3

static size_t count_lines(const char *data, const char *end)
{
    size_t count = 1; /* there may be one more behind the last newline */
    const char *newline;
    for (; (newline = memchr(data, '\n', (size_t)(end - data))) != NULL; data = newline + 1)
        count++;
    return count;
}

static void release_wire(const void *bytes, size_t length, void *wire)
{
    (void)bytes;
    (void)length;
    free(wire);
}

/* Appends data as it goes over the wire, in one piece, however many lines it has. */
static void append_data(struct evbuffer *buffer, const char *data, size_t length)
{
    const char *end = data + length;
    char *wire = memory_resize(NULL, length + LINE_GROWTH * (count_lines(data, end) + 1), 1), *next = wire;
    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *line_end = newline != NULL ? newline : end;
        next = encode_data_line(next, data, (size_t)(line_end - data));
        data = newline != NULL ? newline + 1 : end;
    }
    memcpy(next, ".\r\n", 3);
    next += 3;
    if (evbuffer_add_reference(buffer, wire, (size_t)(next - wire), release_wire, wire) != 0)
        free(wire);
}

int command_encode(struct evbuffer *buffer, const char *line, const char *data, size_t length)
{
    if (line[0] == '\0' || strpbrk(line, "\r\n") != NULL || (line[0] == '+') != (data != NULL))
        return -1;
    evbuffer_add_printf(buffer, "%s\r\n", line);
    if (data != NULL)
        append_data(buffer, data, length);
    return 0;
}
