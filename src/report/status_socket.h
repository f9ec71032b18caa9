/* The unix socket that answers each connection with the status and closes it. */
#ifndef OBPUB_REPORT_STATUS_SOCKET_H
#define OBPUB_REPORT_STATUS_SOCKET_H

#include <event2/event.h>

#include "base/error.h"
#include "report/listener.h"
#include "report/view.h"

/* Connections that are answered at the same time: for another one, the oldest is closed. So who does not take
 * the answer keeps nobody out. */
#define STATUS_CONNECTIONS_MAX 64
/* Seconds in which a connection has to take its answer. */
#define STATUS_CONNECTION_SECONDS 10

struct status_socket;

/* Makes the socket at path and begins to answer. A file that is there already is only taken away when it is a
 * socket on which nobody listens. The new one may be used by its owner and group (mode 0660). remover
 * is needed for as long as there is the socket. Returns NULL with a sentence when it can't be made. */
struct status_socket *status_socket_new(struct event_base *base, const char *path,
                                        const struct listener_remover *remover, report_view_callback view,
                                        void *context, struct error *error);

/* Closes it with all its connections and removes the file, unless another one is in its place by now. NULL
 * is fine. */
void status_socket_free(struct status_socket *socket);

#endif
