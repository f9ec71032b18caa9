/* Commands that wait for their answers, and the bytes that carry them (control-spec 2.2). */
#include "control/command_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

int command_encode(struct evbuffer *buffer, const char *line, struct command_data *data)
{
    if (line[0] == '\0' || strpbrk(line, "\r\n") != NULL || (line[0] == '+') != (data != NULL))
        return -1;
    evbuffer_add_printf(buffer, "%s\r\n", line);
    return data != NULL ? command_data_append(data, buffer) : 0;
}
