/* The metrics as Prometheus' text format. */
#include "report/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "onion/onion_address.h"
#include "publish/source_life.h"
#include "publish/weights.h"
#include "report/metrics_text.h"
#include "report/metrics_values.h"
#include "report/publication.h"
#include "report/twins.h"

#define DOMAIN_SIZE (ONION_ADDRESS_SIZE + sizeof(".onion"))

static void begin(struct metrics_text *text, const struct metric_help *help)
{
    metrics_text_begin(text, help->name, help->type, help->text);
}

static void format_domain(char domain[DOMAIN_SIZE], const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    char address[ONION_ADDRESS_SIZE];
    onion_address_encode(address, identity_key);
    snprintf(domain, DOMAIN_SIZE, "%s.onion", address);
}

/* -- the process */

static void write_build(struct metrics_text *text, const struct report_view *view)
{
    const struct metrics_label label = {"version", view->version};
    metrics_text_begin(text, "obpub_build_info", "gauge", "Always 1; its label says the version.");
    metrics_text_add(text, "obpub_build_info", "", &label, 1, 1);
}

static void write_process(struct metrics_text *text, const struct report_view *view)
{
    for (const struct process_metric *metric = process_metrics; metric->value != NULL; metric++) {
        begin(text, &metric->help);
        metrics_text_add(text, metric->help.name, "", NULL, 0, metric->value(view));
    }
}

static void write_tors(struct metrics_text *text, const struct report_view *view)
{
    for (const struct tor_metric *metric = tor_metrics; metric->value != NULL; metric++) {
        begin(text, &metric->help);
        for (size_t i = 0; i < view->tor_count; i++) {
            const struct metrics_label label = {"tor", view->tors[i].place};
            metrics_text_add(text, metric->help.name, "", &label, 1,
                             metric->value(&view->publisher->tors[view->tors[i].number]));
        }
    }
}

static void write_failure(struct metrics_text *text, const char *reason, uint64_t count)
{
    const struct metrics_label label = {"reason", reason};
    metrics_text_add(text, "obpub_upload_failures_total", "", &label, 1, (double)count);
}

static void write_failures(struct metrics_text *text, const struct report_view *view)
{
    static const char *const reasons[UPLOAD_FAILURES] = {
        [UPLOAD_FAILURE_REJECTED] = "rejected",     [UPLOAD_FAILURE_BROKEN] = "unexpected",
        [UPLOAD_FAILURE_CIRCUIT] = "circuit_broke", [UPLOAD_FAILURE_TOR] = "refused_by_tor",
        [UPLOAD_FAILURE_NOT_BUILT] = "not_built",   [UPLOAD_FAILURE_NO_ANSWER] = "no_answer",
        [UPLOAD_FAILURE_OTHER] = "other",
    };
    metrics_text_begin(text, "obpub_upload_failures_total", "counter",
                       "Uploads that failed, one for each HSDir.");
    for (size_t i = UPLOAD_FAILURE_NONE + 1; i < UPLOAD_FAILURES; i++)
        write_failure(text, reasons[i], view->publisher->upload_failures[i]);
}

/* What looks have found since the process began, and what HSDirs were last seen to have. */
static void write_looks(struct metrics_text *text, const struct report_view *view)
{
    metrics_text_begin(text, "obpub_looks_total", "counter",
                       "Looks at what HSDirs hand out of the frontends, by what was found.");
    for (size_t i = 0; i < LOOK_VERDICTS; i++) {
        const struct metrics_label label = {"found", publication_name_verdict((enum look_verdict)i)};
        metrics_text_add(text, "obpub_looks_total", "", &label, 1, (double)view->publisher->looks[i]);
    }
}

static void write_fetches(struct metrics_text *text, const char *name, const char *help,
                          const uint64_t counts[FETCH_TARGETS])
{
    static const char *const targets[FETCH_TARGETS] = {
        [FETCH_TARGET_BACKEND] = "backend",
        [FETCH_TARGET_HSDIRS] = "hsdirs",
    };
    metrics_text_begin(text, name, "counter", help);
    for (size_t i = 0; i < FETCH_TARGETS; i++) {
        const struct metrics_label label = {"source", targets[i]};
        metrics_text_add(text, name, "", &label, 1, (double)counts[i]);
    }
}

static void write_checks(struct metrics_text *text, const uint64_t counts[HEALTH_FINDINGS])
{
    static const char name[] = "obpub_health_checks_total";
    static const char *const findings[HEALTH_FINDINGS] = {
        [HEALTH_FINDING_WELL] = "well",
        [HEALTH_FINDING_BAD] = "failed",
        [HEALTH_FINDING_NO_CONNECTION] = "no_connection",
        [HEALTH_FINDING_NO_ANSWER] = "nothing_reached",
        [HEALTH_FINDING_NO_WAY] = "not_made",
    };
    metrics_text_begin(text, name, "counter", "Health checks of backends, by what came of them.");
    for (size_t i = 0; i < HEALTH_FINDINGS; i++) {
        const struct metrics_label label = {"found", findings[i]};
        metrics_text_add(text, name, "", &label, 1, (double)counts[i]);
    }
}

static void write_reactions(struct metrics_text *text, const struct histogram *histogram)
{
    static const char name[] = "obpub_reaction_seconds";
    metrics_text_begin(text, name, "histogram",
                       "Time from a hint of a change at a backend until every HSDir had the frontend's "
                       "descriptors with it.");
    uint64_t count = 0;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        char bound[32] = "+Inf";
        if (i < HISTOGRAM_BOUNDS)
            snprintf(bound, sizeof(bound), "%g", (double)histogram_bounds[i] / 1000.0);
        const struct metrics_label label = {"le", bound};
        count += histogram->buckets[i];
        metrics_text_add(text, name, "_bucket", &label, 1, (double)count);
    }
    metrics_text_add(text, name, "_sum", NULL, 0, (double)histogram->sum / 1000.0);
    metrics_text_add(text, name, "_count", NULL, 0, (double)count);
}

/* -- frontends and their descriptors */

/* The HSDirs that clients ask now, by what each was last seen to hand out. */
static void write_frontend_looks(struct metrics_text *text, const struct report_view *view,
                                 const struct publisher_frontend *frontend, const char *domain)
{
    const struct network *network = view->publisher->network;
    size_t counts[LOOK_VERDICTS] = {0};
    if (network == NULL)
        return;
    const struct publisher_descriptor *descriptor = &frontend->descriptors[network->client_slot];
    for (size_t i = 0; i < descriptor->upload_count; i++)
        counts[publication_find_verdict(view, &descriptor->uploads[i])]++;
    for (size_t i = 0; i < LOOK_VERDICTS; i++) {
        const struct metrics_label labels[] = {{"frontend", domain},
                                               {"found", publication_name_verdict((enum look_verdict)i)}};
        metrics_text_add(text, "obpub_frontend_hsdirs_seen", "", labels, 2, (double)counts[i]);
    }
}

static void write_frontend_states(struct metrics_text *text, const struct report_view *view,
                                  const struct publisher_frontend *frontend, const char *domain)
{
    size_t counts[SOURCE_OUT + 1] = {0};
    for (size_t i = 0; i < frontend->member_count; i++)
        counts[publisher_member_source(view->publisher, &frontend->members[i])->life.state]++;
    for (size_t state = 0; state <= SOURCE_OUT; state++) {
        const struct metrics_label labels[] = {{"frontend", domain},
                                               {"state", source_name_state((enum source_state)state)}};
        metrics_text_add(text, "obpub_frontend_backends", "", labels, 2, (double)counts[state]);
    }
}

static void write_frontends(struct metrics_text *text, const struct report_view *view)
{
    char domain[DOMAIN_SIZE];
    for (const struct frontend_metric *metric = frontend_metrics; metric->value != NULL; metric++) {
        begin(text, &metric->help);
        for (size_t i = 0; i < view->frontend_count; i++) {
            const struct report_frontend *shown = &view->frontends[i];
            format_domain(domain, view->publisher->frontends[shown->number].identity_key);
            const struct metrics_label label = {"frontend", domain};
            metrics_text_add(text, metric->help.name, "", &label, 1, metric->value(view, shown));
        }
    }
    metrics_text_begin(text, "obpub_frontend_backends", "gauge", "Backends of the frontend, by state.");
    for (size_t i = 0; i < view->frontend_count; i++) {
        const struct publisher_frontend *frontend = &view->publisher->frontends[view->frontends[i].number];
        format_domain(domain, frontend->identity_key);
        write_frontend_states(text, view, frontend, domain);
    }
}

static void write_seen(struct metrics_text *text, const struct report_view *view)
{
    char domain[DOMAIN_SIZE];
    metrics_text_begin(text, "obpub_frontend_hsdirs_seen", "gauge",
                       "HSDirs of the descriptor that clients use, by what they were last seen to hand out, "
                       "within three hours.");
    for (size_t i = 0; i < view->frontend_count; i++) {
        const struct publisher_frontend *frontend = &view->publisher->frontends[view->frontends[i].number];
        format_domain(domain, frontend->identity_key);
        write_frontend_looks(text, view, frontend, domain);
    }
}

static void write_descriptors(struct metrics_text *text, const struct report_view *view)
{
    static const char *const slots[] = {[DESCRIPTOR_FIRST] = "first", [DESCRIPTOR_SECOND] = "second"};
    for (const struct descriptor_metric *metric = descriptor_metrics; metric->value != NULL; metric++) {
        begin(text, &metric->help);
        for (size_t i = 0; i < DESCRIPTOR_SLOTS * view->frontend_count; i++) {
            const struct report_frontend *shown = &view->frontends[i / DESCRIPTOR_SLOTS];
            enum descriptor_slot slot = (enum descriptor_slot)(i % DESCRIPTOR_SLOTS);
            char domain[DOMAIN_SIZE];
            format_domain(domain, view->publisher->frontends[shown->number].identity_key);
            const struct metrics_label labels[] = {{"frontend", domain}, {"descriptor", slots[slot]}};
            metrics_text_add(text, metric->help.name, "", labels, 2, metric->value(view, shown, slot));
        }
    }
}

/* -- backends */

/* A backend as its labels show it. */
struct shown_backend {
    const struct source *backend; /* NULL: no frontend has it */
    const char *way;              /* to its control port, or NULL */
    const char *name;             /* the one that the first of its frontends gives it, or NULL */
    char domain[DOMAIN_SIZE];
};

/* Lists the backends by the publisher's numbers; release with free(). */
static struct shown_backend *list_backends(const struct report_view *view)
{
    const struct publisher *publisher = view->publisher;
    struct shown_backend *list = memory_allocate(publisher->source_count, sizeof(*list));
    for (size_t i = 0; i < view->frontend_count; i++) {
        const struct report_frontend *shown = &view->frontends[i];
        const struct publisher_frontend *frontend = &publisher->frontends[shown->number];
        for (size_t j = 0; j < frontend->member_count; j++) {
            struct shown_backend *entry = &list[source_row(frontend->members[j].source)];
            if (entry->backend != NULL)
                continue;
            entry->backend = publisher_member_source(publisher, &frontend->members[j]);
            entry->name = report_view_name_backend(shown->config, j, entry->backend->identity_key);
            entry->way = report_view_name_way(
                report_view_find_backend(shown->config, j, entry->backend->identity_key), entry->backend);
            format_domain(entry->domain, entry->backend->identity_key);
        }
    }
    return list;
}

static void write_backend_state(struct metrics_text *text, const struct shown_backend *shown)
{
    for (size_t state = 0; state <= SOURCE_OUT; state++) {
        const struct metrics_label labels[] = {{"backend", shown->domain},
                                               {"name", shown->name},
                                               {"state", source_name_state((enum source_state)state)}};
        metrics_text_add(text, "obpub_backend_state", "", labels, 3, shown->backend->life.state == state);
    }
}

static void write_backend_way(struct metrics_text *text, const struct shown_backend *shown)
{
    if (shown->way == NULL)
        return;
    const struct metrics_label labels[] = {
        {"backend", shown->domain}, {"name", shown->name}, {"way", shown->way}};
    metrics_text_add(text, "obpub_backend_way", "", labels, 3, 1);
}

/* Writes a table of metrics for the backends; of twins for these alone. */
static void write_backend_metrics(struct metrics_text *text, const struct report_view *view,
                                  const struct shown_backend *list, const struct backend_metric *metric,
                                  bool is_of_twins)
{
    for (; metric->value != NULL; metric++) {
        begin(text, &metric->help);
        for (size_t i = 0; i < view->publisher->source_count; i++) {
            const struct source *backend = list[i].backend;
            if (backend == NULL || (is_of_twins && !twins_has_key(view->publisher, backend)))
                continue;
            const struct metrics_label labels[] = {{"backend", list[i].domain}, {"name", list[i].name}};
            metrics_text_add(text, metric->help.name, "", labels, 2, metric->value(view, backend));
        }
    }
}

/* What each frontend's backends have of its visitors. */
static void write_members(struct metrics_text *text, const struct report_view *view,
                          const struct shown_backend *list, const struct report_frontend *shown,
                          const struct member_metric *metric)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[shown->number];
    unsigned weights = weights_sum(view->publisher, frontend);
    char domain[DOMAIN_SIZE];
    format_domain(domain, frontend->identity_key);
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        const struct shown_backend *backend = &list[source_row(member->source)];
        const struct metrics_label labels[] = {
            {"frontend", domain}, {"backend", backend->domain}, {"name", backend->name}};
        metrics_text_add(text, metric->help.name, "", labels, 3,
                         metric->value(view, frontend, member, weights));
    }
}

static void write_shares(struct metrics_text *text, const struct report_view *view,
                         const struct shown_backend *list)
{
    for (const struct member_metric *metric = member_metrics; metric->value != NULL; metric++) {
        begin(text, &metric->help);
        for (size_t i = 0; i < view->frontend_count; i++)
            write_members(text, view, list, &view->frontends[i], metric);
    }
}

static void write_backends(struct metrics_text *text, const struct report_view *view)
{
    struct shown_backend *list = list_backends(view);
    write_backend_metrics(text, view, list, backend_metrics, false);
    write_backend_metrics(text, view, list, twin_metrics, true);
    metrics_text_begin(text, "obpub_backend_state", "gauge", "1 for the state that the backend is in.");
    for (size_t i = 0; i < view->publisher->source_count; i++) {
        if (list[i].backend != NULL)
            write_backend_state(text, &list[i]);
    }
    metrics_text_begin(text, "obpub_backend_way", "gauge",
                       "1 for the way to the backend's control port, if it has one.");
    for (size_t i = 0; i < view->publisher->source_count; i++) {
        if (list[i].backend != NULL)
            write_backend_way(text, &list[i]);
    }
    write_shares(text, view, list);
    free(list);
}

/* -- the whole */

int metrics_write(const struct report_view *view, struct evbuffer *buffer)
{
    struct metrics_text text = {.buffer = buffer};
    write_build(&text, view);
    write_process(&text, view);
    write_tors(&text, view);
    write_failures(&text, view);
    write_fetches(&text, "obpub_fetches_total", "Fetches of backends' descriptors, by who was asked.",
                  view->counters->fetches);
    write_fetches(&text, "obpub_fetch_failures_total",
                  "Fetches of backends' descriptors that failed, by who was asked.",
                  view->counters->fetch_failures);
    write_looks(&text, view);
    write_checks(&text, view->counters->health_checks);
    write_reactions(&text, &view->counters->reactions);
    write_frontends(&text, view);
    write_seen(&text, view);
    write_descriptors(&text, view);
    write_backends(&text, view);
    return text.has_failed ? -1 : 0;
}
