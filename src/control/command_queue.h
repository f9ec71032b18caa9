/* Commands that wait for their answers, and the bytes that carry them (control-spec 2.2). */
#ifndef OBPUB_CONTROL_COMMAND_QUEUE_H
#define OBPUB_CONTROL_COMMAND_QUEUE_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/command_data.h"
#include "control/connection.h"

#define COMMAND_KEYWORD_SIZE 32 /* bytes with the NUL */

struct command {
    char keyword[COMMAND_KEYWORD_SIZE]; /* "GETINFO", cut to fit: for messages, which never give arguments */
    control_data_callback data;         /* or NULL */
    control_reply_callback callback;    /* or NULL */
    void *context;
    struct command *next;
};

struct command_queue {
    struct command *first;
    struct command **last; /* where the next one is hung in */
    size_t length;
};

void command_queue_init(struct command_queue *queue);

/* Adds a command for the line that carries it. */
void command_queue_push(struct command_queue *queue, const char *line, control_data_callback data,
                        control_reply_callback callback, void *context);

/* Takes the first command out into *command. Returns false when there is none. */
bool command_queue_pop(struct command_queue *queue, struct command *command);

/* Takes the callbacks out of all commands with this context; the commands stay. */
void command_queue_forget(struct command_queue *queue, const void *context);

/* Drops all commands, without their callbacks. */
void command_queue_clear(struct command_queue *queue);

/* Appends a command as it goes over the wire to buffer: the line, CR LF, and the data unless they are NULL.
 * Returns 0, or -1 when the line is empty or holds a CR or LF, or when there are data for a line that doesn't
 * begin with '+', or none for one that does.
 */
int command_encode(struct evbuffer *buffer, const char *line, struct command_data *data);

#endif
