/* How everything is, said in the log whether it is new or not. */
#include "report/journal.h"

#include <inttypes.h>

#include "publish/frontends.h"
#include "report/publication.h"

static const char *name_state(enum source_state state)
{
    static const char *const names[] = {
        [SOURCE_WAITING] = "waiting",
        [SOURCE_LIVE] = "in",
        [SOURCE_GRACE] = "in, but in doubt",
        [SOURCE_OUT] = "out",
    };
    return names[state];
}

static void dump_descriptor(const struct log *log, const struct report_view *view,
                            const struct publisher_descriptor *descriptor, const char *name)
{
    size_t taken = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++)
        taken += upload_is_current(&descriptor->uploads[i], view->now);
    int64_t refresh =
        descriptor->refresh_at == MOMENT_NEVER ? 0 : (descriptor->refresh_at - view->now) / 1000;
    log_write(log, LOG_LEVEL_INFO,
              "  %s descriptor, time period %" PRIu64 ": %zu of %zu HSDirs have it, next upload in %" PRId64
              " s",
              name, descriptor->period_number, taken, descriptor->upload_count, refresh);
}

static void dump_tor(const struct log *log, const struct report_view *view, const struct report_tor *tor)
{
    const struct publisher_tor *state = &view->publisher->tors[tor->number];
    log_write(log, LOG_LEVEL_INFO, "  tor %s: %s, uploads: %zu under way, %" PRIu64 " handed to it",
              tor->place, tor->status[0] != '\0' ? tor->status : "well", state->in_flight, state->uploads);
}

void journal_dump(const struct log *log, const struct report_view *view)
{
    log_write(log, LOG_LEVEL_INFO, "obpub %s, up for %" PRId64 " s; local tor: %s", view->version,
              (view->now - view->started_at) / 1000, view->tor_status[0] != '\0' ? view->tor_status : "well");
    for (size_t i = 0; view->tor_count > 1 && i < view->tor_count; i++)
        dump_tor(log, view, &view->tors[i]);
    for (size_t i = 0; i < view->frontend_count; i++) {
        const struct report_frontend *report = &view->frontends[i];
        const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
        char problem[PUBLICATION_TEXT_SIZE];
        publication_describe(problem, view, report);
        char restriction[REPORT_RESTRICTION_SIZE];
        report_view_describe_restriction(restriction, frontend->clients);
        log_write(log, LOG_LEVEL_INFO, "%s.onion: %s%s%s%s", report->config->address,
                  report_view_is_published(view, report) ? "published" : "not fully published", restriction,
                  problem[0] != '\0' ? ": " : "", problem);
        for (size_t j = 0; j < frontend->member_count; j++) {
            const struct source *backend = publisher_member_source(view->publisher, &frontend->members[j]);
            log_write(log, LOG_LEVEL_INFO, "  backend %s: %s%s%s%s", report->config->backends[j].name,
                      name_state(backend->life.state), source_is_sick(backend) ? ", sick" : "",
                      backend->life.reason[0] != '\0' ? ": " : "", backend->life.reason);
        }
        dump_descriptor(log, view, &frontend->descriptors[DESCRIPTOR_FIRST], "first");
        dump_descriptor(log, view, &frontend->descriptors[DESCRIPTOR_SECOND], "second");
    }
}
