/* The data of a command as they go over the wire (control-spec 2.2, CmdData), made once for all the commands
 * that carry them. */
#ifndef OBPUB_CONTROL_COMMAND_DATA_H
#define OBPUB_CONTROL_COMMAND_DATA_H

#include <event2/buffer.h>
#include <stddef.h>

struct command_data;

/* Makes the data of length bytes of text with \n or CR LF line ends: these become CR LF, dots are escaped,
 * and the end is marked. text is not kept. Release with command_data_release(). */
struct command_data *command_data_new(const char *text, size_t length);

/* Shares the data with one more holder, and returns them. */
struct command_data *command_data_share(struct command_data *data);

/* Gives the caller's share back; commands that are still to be sent keep theirs. NULL is fine. */
void command_data_release(struct command_data *data);

/* Appends the data to buffer, without a copy. Returns 0, or -1 when there is no memory for that. */
int command_data_append(struct command_data *data, struct evbuffer *buffer);

#endif
