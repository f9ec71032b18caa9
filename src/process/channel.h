/* A channel between two of obpub's processes: a pair of sockets that carry whole messages, in order. */
#ifndef OBPUB_PROCESS_CHANNEL_H
#define OBPUB_PROCESS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Makes a channel: ends[0] and ends[1], both closed on exec, to be closed with close(). Returns 0 or -1. */
int channel_open(int ends[2], struct error *error);

/* Sends one message of 1 or more bytes, waiting while the other end is behind. Returns 0, or -1 when the
 * other end is closed. The process has to ignore SIGPIPE. */
int channel_send(int end, const void *message, size_t size);

/* The same with a file descriptor, of which the other end gets a copy; -1 for none. */
int channel_send_descriptor(int end, const void *message, size_t size, int descriptor);

/* Waits for one message and takes it into size bytes. Returns its length; 0 when the other end is closed, or
 * sent a message of no bytes, which nobody does; or -1 when it is longer than size. */
ssize_t channel_receive(int end, void *message, size_t size);

/* The same, and takes the descriptor that came with the message, closed on exec and to be closed by the
 * caller whatever is returned; -1 when none did. Of several only the first is kept. */
ssize_t channel_receive_descriptor(int end, void *message, size_t size, int *descriptor);

/* True when the other end is closed, and no message of it is left. */
bool channel_is_closed(int end);

/* Waits until a message, or the other end's being closed, can be received. Returns 1, 0 when it takes longer
 * than milliseconds, or -1 when it can't be waited for. */
int channel_wait(int end, int64_t milliseconds);

#endif
