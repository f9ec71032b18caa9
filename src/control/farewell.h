/* The end of a connection whose last commands have to reach the tor. */
#ifndef OBPUB_CONTROL_FAREWELL_H
#define OBPUB_CONTROL_FAREWELL_H

#include <event2/buffer.h>
#include <stdint.h>

/* Sends what is in output to a connected socket, and then waits until its peer closes: so long in all at
 * most. What comes is thrown away. (A socket that is closed while there is something left to read may take
 * with it what its peer has not read yet.) */
void farewell_wait(int socket, struct evbuffer *output, int64_t milliseconds);

#endif
