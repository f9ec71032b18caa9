/* The connection to one backend's control port, made again whenever it is lost. */
#ifndef OBPUB_ENGINE_BACKEND_LINK_H
#define OBPUB_ENGINE_BACKEND_LINK_H

#include "config/config.h"
#include "control/connection.h"
#include "control/hs_desc_event.h"

struct backend_link;

struct backend_link_callbacks {
    /* Commands can be sent from now on. */
    void (*up)(size_t backend, void *context);
    void (*hs_desc)(size_t backend, const struct hs_desc_event *event, void *context);
    /* The connection is lost or could not be had, and why. When can_retry it is tried again by itself. */
    void (*down)(size_t backend, const struct error *error, bool can_retry, void *context);
};

/* Starts connecting. config has to outlive the link; number is what the callbacks get. */
struct backend_link *backend_link_new(struct event_base *base, const struct config_backend *config,
                                      size_t number, const struct backend_link_callbacks *callbacks,
                                      void *context);
void backend_link_free(struct backend_link *link);

/* Its connection while it is up, else NULL. */
struct control_connection *backend_link_connection(struct backend_link *link);

#endif
