/* A listening socket of our own: made safely, also where an old socket file lies, and quiet when there are no
 * file descriptors left. */
#ifndef OBPUB_REPORT_LISTENER_H
#define OBPUB_REPORT_LISTENER_H

#include <sys/types.h>

#include <event2/event.h>
#include <event2/listener.h>

#include "address/listen_address.h"

/* Who removes the file of a socket: remove() returns 0, or -1 with a sentence. */
struct listener_remover {
    int (*remove)(const char *path, void *context, struct error *error);
    void *context;
};

struct listener {
    struct evconnlistener *connections; /* belongs to the listener unless taken over; no callback is set */
    struct event *watch, *pause;        /* sees whether there is room for them; waits until there is */
    char *path;                         /* of the socket file, or NULL */
    dev_t device;                       /* of the socket file: another one is not removed */
    ino_t inode;
    const struct listener_remover *remover;
};

/* Who may use a socket file. */
#define LISTENER_FOR_GROUP 0660 /* its owner and group */
#define LISTENER_FOR_OWNER 0600 /* its owner alone */

/* Listens there. A file that is in the way is only taken away when it is a socket on which nobody listens. A
 * socket file gets that mode, one of those above. remover is needed for as long as the listener is open.
 * Returns 0, or -1 with a sentence. */
int listener_open(struct listener *listener, struct event_base *base, const struct listen_address *address,
                  mode_t mode, const struct listener_remover *remover, struct error *error);

/* Closes it and removes its socket file. is_taken_over: connections is freed by somebody else, later. */
void listener_close(struct listener *listener, bool is_taken_over);

#endif
