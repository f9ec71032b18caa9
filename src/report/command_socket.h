/* The unix socket that takes commands for the obpub that runs: from its own user and from root alone.
 *
 * A connection sends one line, which drain_request.h describes, and gets one line back; then it is closed.
 */
#ifndef OBPUB_REPORT_COMMAND_SOCKET_H
#define OBPUB_REPORT_COMMAND_SOCKET_H

#include <event2/event.h>

#include "base/error.h"
#include "report/drain_request.h"
#include "report/listener.h"

/* Connections that are served at the same time: for another one, the oldest is closed. So who sends nothing
 * keeps nobody out. */
#define COMMAND_CONNECTIONS_MAX 16
/* Seconds that a connection may take for all of it. */
#define COMMAND_CONNECTION_SECONDS 10

/* Does what is asked for. */
typedef void (*command_callback)(const struct drain_request *request, struct drain_answer *answer,
                                 void *context);

struct command_socket;

/* Makes the socket at path and begins to take commands. A file that is there already is only taken away when
 * it is a socket on which nobody listens. Only the file's owner may connect to the new one (mode 0600); and
 * of those who do, who is neither root nor the user that this process runs as then, by what the kernel says,
 * gets nothing but the end of the connection. remover is needed for as long as there is the socket. Returns
 * NULL with a sentence when it can't be made. */
struct command_socket *command_socket_new(struct event_base *base, const char *path,
                                          const struct listener_remover *remover, command_callback perform,
                                          void *context, struct error *error);

/* Closes it with all its connections and removes the file, unless another one is in its place by now. NULL
 * is fine. */
void command_socket_free(struct command_socket *socket);

#endif
