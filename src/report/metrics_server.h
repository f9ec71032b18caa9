/* The HTTP server that gives the metrics to Prometheus. */
#ifndef OBPUB_REPORT_METRICS_SERVER_H
#define OBPUB_REPORT_METRICS_SERVER_H

#include <event2/event.h>

#include "base/error.h"
#include "report/listener.h"
#include "report/view.h"

struct metrics_server;

/* Listens where listen says: "address:port", "[IPv6 address]:port" or "unix:/path", and answers GET
 * /metrics. A socket file is treated as status_socket_new() does, with the same remover. Returns NULL with a
 * sentence when it can't listen there. */
struct metrics_server *metrics_server_new(struct event_base *base, const char *listen,
                                          const struct listener_remover *remover, report_view_callback view,
                                          void *context, struct error *error);

/* Closes it with all its connections, and removes its socket file. NULL is fine. */
void metrics_server_free(struct metrics_server *server);

#endif
