/* What the status and the metrics are made from: the publisher, and what its caller knows beside it.
 *
 * Nothing here is copied or kept: a view is put together when somebody asks, and good for that one answer.
 */
#ifndef OBPUB_REPORT_VIEW_H
#define OBPUB_REPORT_VIEW_H

#include "config/config.h"
#include "publish/publisher.h"
#include "report/counters.h"

/* One frontend, in the order in which they are to be shown (the config's). */
struct report_frontend {
    size_t number; /* the publisher's */
    const struct config_frontend
        *config; /* names its backends; one it does not list is called by its address */
    /* Of the last superdescriptor that was built for the time period the slot has now; 0 for none. */
    uint64_t revision_counters[DESCRIPTOR_SLOTS];
};

/* A local tor. */
struct report_tor {
    size_t number;      /* the publisher's */
    const char *place;  /* where its control port is */
    const char *status; /* what it is doing or waiting for; "" when all is well */
    bool is_trouble;    /* that is because something is wrong */
};

struct report_view {
    const struct publisher *publisher;
    const struct report_frontend *frontends; /* all that the publisher uses, each once */
    size_t frontend_count;
    const struct report_counters *counters;
    const char *version;
    int64_t now;               /* milliseconds of the publisher's clock */
    int64_t wall_milliseconds; /* the same moment in milliseconds since the epoch */
    int64_t started_at;        /* when the process began, by the publisher's clock */
    int64_t loaded_at;         /* when the config in use was read, by the publisher's clock */
    const char *reload_error;  /* why the last reload was refused; "" when it was not */
    const struct report_tor *tors;
    size_t tor_count;
    const char *tor_status; /* what the best of them is doing or waiting for; "" when all is well */
    bool tor_is_trouble; /* it is waited for because something is wrong, not just because it takes a moment */
    const char *last_error;            /* the last error of the engine's own, "" if none */
    const struct error *sandbox_lacks; /* what of the processes' confinement can't be had here */
    size_t sandbox_lack_count;
};

/* Fills in a view; called whenever somebody asks. What it points to has to stay until the event loop goes on.
 */
typedef void (*report_view_callback)(struct report_view *view, void *context);

/* The name that a frontend's config gives to the member at a position: members and config stand in the same
 * order. identity_key is the member's; NULL when the config has another one there. */
const char *report_view_name_backend(const struct config_frontend *config, size_t position,
                                     const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]);

/* Likewise the instance of the config; NULL when it has another one there. */
const struct config_backend *report_view_find_backend(const struct config_frontend *config, size_t position,
                                                      const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]);

/* The way to a backend's control port: "unix", "tcp" or "onion"; NULL when none is used. config may be NULL.
 */
const char *report_view_name_way(const struct config_backend *config, const struct source *backend);

/* The plan of the bundle that a frontend was presigned with, NULL for one with a key. */
const struct bundle_plan *report_view_plan(const struct report_frontend *frontend);

/* The schedule of the network, NULL while there is no consensus. */
const struct time_schedule *report_view_schedule(const struct report_view *view);

/* True when all HSDirs have a frontend's descriptors with the introduction points as they are now, these have
 * not expired with the frontend's bundle, and nobody else publishes its address. */
bool report_view_is_published(const struct report_view *view, const struct report_frontend *frontend);

/* Writes behind what is published that only so many clients may read it: ", restricted to 2 clients"; "" for
 * NULL, everybody. */
#define REPORT_RESTRICTION_SIZE 64
void report_view_describe_restriction(char text[REPORT_RESTRICTION_SIZE],
                                      const struct authorized_clients *clients);

/* True when HSDirs of a frontend have points of their own, and not for proof of work. */
bool report_view_is_distinct(const struct report_view *view, const struct report_frontend *frontend);

/* Why a backend that is in has no introduction point in what the frontend's HSDirs are to have. */
enum report_lack {
    REPORT_LACK_NONE,   /* it has one, or is not in, or left out because it is drained */
    REPORT_LACK_ROOM,   /* there are more backends than places */
    REPORT_LACK_RELAYS, /* other backends were first at all its relays, or with its very points */
    REPORT_LACK_WORK,   /* it is a twin with proof of work off, while others have it on */
    REPORT_LACK_TURN,   /* others have their turn: there are more backends than all HSDirs together have room
                           for, or more twins with proof of work than HSDirs that clients ask */
};

/* position: of the backend among the frontend's members. */
enum report_lack report_view_find_lack(const struct publisher *publisher,
                                       const struct publisher_frontend *frontend, size_t position);

/* A few words for that; NULL for none. */
const char *report_view_describe_lack(enum report_lack lack);

/* True when it is for the member at a position that a frontend is published without flow control, so that no
 * visitor has congestion control: others that are in have it, and this one has none; or all have, and they
 * differ. */
bool report_view_takes_flow_control(const struct report_view *view, const struct publisher_frontend *frontend,
                                    size_t position);

/* When a descriptor is uploaded next, to one HSDir at least: not before the view's now; MOMENT_NEVER when
 * nothing is planned. */
int64_t report_view_next_upload(const struct report_view *view, const struct publisher_frontend *frontend,
                                enum descriptor_slot slot);

#endif
