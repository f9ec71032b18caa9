/* What a report says of a running engine, gathered when somebody asks. */
#include "command/live_view.h"

#include <stdlib.h>

#include "base/clock.h"

void live_view_fill(struct report_view *view, void *context)
{
    struct live_view *live = context;
    live_view_clear(live);
    *view = (struct report_view){
        .frontend_count = engine_fill_frontends(live->engine, &live->frontends),
        .publisher = engine_publisher(live->engine),
        .counters = engine_counters(live->engine),
        .version = OBPUB_VERSION,
        .now = clock_milliseconds(),
        .wall_milliseconds = clock_wall_seconds() * 1000,
        .started_at = live->started_at,
        .loaded_at = live->loaded_at,
        .reload_error = live->reload_error,
        .tor_count = engine_fill_tors(live->engine, live->tors),
        .tors = live->tors,
        .last_error = engine_last_error(live->engine),
        .sandbox_lacks = live->plan->lacks,
        .sandbox_lack_count = live->plan->lack_count,
    };
    view->frontends = live->frontends;
    view->tor_status = engine_tor_status(live->engine, &view->tor_is_trouble);
}

void live_view_clear(struct live_view *live)
{
    free(live->frontends);
    live->frontends = NULL;
}
