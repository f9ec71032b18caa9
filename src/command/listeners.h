/* What a running obpub listens on, as its config says: the status socket, the command socket, and the place
 * of the metrics. */
#ifndef OBPUB_COMMAND_LISTENERS_H
#define OBPUB_COMMAND_LISTENERS_H

#include "command/live_view.h"
#include "config/config.h"
#include "report/command_socket.h"
#include "report/metrics_server.h"
#include "report/status_socket.h"

/* The fields before the first pointer to a listener are the caller's to set; the listeners are NULL at first.
 * Release with listeners_free(). */
struct listeners {
    struct event_base *base;
    struct live_view *live;          /* what status and metrics show */
    struct listener_remover remover; /* of the files of sockets */
    command_callback perform;        /* does what somebody asks for on the command socket */
    void *context;                   /* perform's */
    struct status_socket *status;
    struct command_socket *command;
    struct metrics_server *metrics;
};

/* Closes what is listened on where another config says something else of that: before any is opened, since
 * two may have changed places. */
void listeners_close_changed(struct listeners *listeners, const struct config *old,
                             const struct config *config);

/* Opens what the config says is to be listened on and is not yet. Returns 0, or -1 and the last error: what
 * can't be opened stays closed, for the next call to try again. */
int listeners_open(struct listeners *listeners, const struct config *config, struct error *error);

void listeners_free(struct listeners *listeners);

#endif
