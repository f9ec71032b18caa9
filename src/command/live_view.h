/* What a report says of a running engine, gathered when somebody asks. */
#ifndef OBPUB_COMMAND_LIVE_VIEW_H
#define OBPUB_COMMAND_LIVE_VIEW_H

#include "confine/confine.h"
#include "engine/engine.h"
#include "report/view.h"

/* The first part is the command's to fill in; what is pointed to stays the command's. */
struct live_view {
    struct engine *engine;
    const struct confine_plan *plan;
    int64_t started_at, loaded_at; /* milliseconds of the publisher's clock; see struct report_view */
    const char *reload_error;      /* "" for none */
    /* Of the last view that was filled in. */
    struct report_frontend *frontends;
    struct report_tor tors[PUBLISHER_TORS_MAX];
};

/* A report_view_callback: the context is a struct live_view. What is filled in is good until the next time.
 */
void live_view_fill(struct report_view *view, void *context);

/* Releases what the last view points to. */
void live_view_clear(struct live_view *live);

#endif
