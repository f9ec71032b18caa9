/* What an operator wants to know, said in the log once when it happens. */
#include "report/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onion/presigned.h"
#include "publish/frontends.h"
#include "report/health_journal.h"
#include "report/publication.h"
#include "report/restriction_journal.h"
#include "report/twin_journal.h"

/* An HSDir is complained of after so many tries; the first ones may fail because it is being restarted. */
#define ATTEMPTS_TO_COMPLAIN 3
/* And after so many rounds that it refuses: the first one may be too soon after another publisher's. */
#define REFUSALS_TO_COMPLAIN 2

/* Milliseconds for which HSDirs may lack the points as they are now, before that is spoken of: after a change
 * they do for a moment. */
#define PARTLY_PATIENCE (5 * 60 * 1000)

/* A bundle that runs out is spoken of once a day. */
#define BUNDLE_WARNING_INTERVAL (24 * 60 * 60 * 1000)

struct journal_backend {
    uint64_t number; /* the publisher's */
    enum source_state state;
    struct log_state log;
    char *doubt; /* why it has been in doubt for a moment, which is not said yet; or NULL */
    bool is_restless;
    bool has_said[POINT_FAULTS]; /* that such points are left out */
    struct twin_journal_twin twin;
    struct health_journal_backend health;
    struct restriction_journal_backend restriction;
};

/* What was said last of a frontend's bundle. */
struct journal_bundle {
    int64_t end;     /* when it runs out, 0 while nothing has been said */
    int64_t said_at; /* milliseconds of the publisher's clock */
    enum presigned_state state;
};

struct journal_frontend {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct log_state published, backends, hsdirs, others, lacks, flow_control, drained, health;
    int64_t partly_since; /* since when it has been published in part only */
    struct journal_bundle bundle;
    struct restriction_journal_frontend restriction;
    struct twin_journal twins;
};

struct journal_tor {
    char place[256];
    struct log_state log;
};

struct journal {
    const struct log *log;
    struct log_state engine, checks;
    struct journal_tor tors[PUBLISHER_TORS_MAX]; /* by the publisher's numbers */
    struct journal_backend *backends;            /* by the rows of the publisher's sources */
    size_t backend_count;
    struct journal_frontend *frontends; /* likewise */
    size_t frontend_count;
    bool is_waiting; /* something is to be said a moment later */
};

struct journal *journal_new(const struct log *log)
{
    struct journal *journal = memory_allocate(1, sizeof(*journal));
    journal->log = log;
    return journal;
}

void journal_free(struct journal *journal)
{
    if (journal == NULL)
        return;
    for (size_t i = 0; i < journal->backend_count; i++)
        free(journal->backends[i].doubt);
    free(journal->backends);
    free(journal->frontends);
    free(journal);
}

/* -- backends ------------------------------------------------------------------------------------- */

static void say_doubt(struct journal *journal, struct journal_backend *known, const char *name,
                      const char *reason)
{
    log_write_trouble(journal->log, &known->log, LOG_LEVEL_WARNING,
                      "backend %s does not answer as it should and stays in for a while: %s", name, reason);
}

static void say_backend(struct journal *journal, struct journal_backend *known, const struct source *backend,
                        const char *name, bool is_twin)
{
    const struct log *log = journal->log;
    switch (backend->life.state) {
    case SOURCE_WAITING:
        break;
    case SOURCE_LIVE:
        log_write_well(log, &known->log, LOG_LEVEL_INFO, "backend %s is in, with %zu introduction point%s",
                       name, backend->descriptor->point_count,
                       backend->descriptor->point_count == 1 ? "" : "s");
        if (backend->descriptor->pow_params.is_present && !is_twin && known->state != SOURCE_LIVE)
            log_write(log, LOG_LEVEL_INFO,
                      "backend %s has proof of work on, and serves visitors of the frontend as effort 0: "
                      "only those of its own address can solve it. With \"mode: hardmap\" they can",
                      name);
        break;
    case SOURCE_GRACE:
        say_doubt(journal, known, name, backend->life.reason);
        break;
    case SOURCE_OUT:
        log_write_trouble(log, &known->log, LOG_LEVEL_WARNING, "backend %s is out: %s", name,
                          backend->life.reason);
        break;
    }
}

/* Says when a backend begins to change without end, and when that is over. */
static void update_restless(struct journal *journal, const struct report_view *view,
                            const struct source *backend, const char *name)
{
    struct journal_backend *known = &journal->backends[source_row(backend->number)];
    bool is_restless = source_is_restless(view->publisher, backend, view->now);
    if (known->is_restless == is_restless)
        return;
    known->is_restless = is_restless;
    if (is_restless)
        log_write(
            journal->log, LOG_LEVEL_WARNING,
            "backend %s keeps changing its introduction points: it is attacked, keeps being started anew, or "
            "is hostile. From now on its changes go out once in two minutes, and only in the descriptor that "
            "clients use",
            name);
    else
        log_write(journal->log, LOG_LEVEL_INFO, "backend %s has been quiet: its changes go out at once again",
                  name);
}

/* Says once of each kind of points that they are left out: who makes such may do so every few seconds. */
static void update_points(struct journal *journal, struct journal_backend *known,
                          const struct source *backend, const char *name)
{
    for (enum point_fault fault = POINT_FAULT_NONE; fault < POINT_FAULTS; fault++) {
        if (backend->points.left_out[fault] == 0 || known->has_said[fault])
            continue;
        known->has_said[fault] = true;
        log_write(journal->log, LOG_LEVEL_WARNING,
                  "backend %s offers introduction points that %s, and are left out: %s", name,
                  point_fault_is_lie(fault) ? "no tor makes" : "can't be used", point_fault_describe(fault));
    }
}

/* Keeps back that a backend is in doubt, and why: a tor that was ended is out a moment later, which then is
 * all that there is to say. Returns false once it has been for longer. */
static bool hold_doubt(struct journal *journal, struct journal_backend *known, const struct source *backend,
                       int64_t now)
{
    if (backend->life.state != SOURCE_GRACE || known->state == SOURCE_GRACE ||
        now - backend->life.since >= JOURNAL_PATIENCE)
        return false;
    free(known->doubt);
    known->doubt = memory_copy_text(backend->life.reason, strlen(backend->life.reason));
    journal->is_waiting = true;
    return true;
}

/* Says what was kept back, unless it has come to something else: of one that lives still, that it was in
 * doubt for a moment. */
static void end_doubt(struct journal *journal, struct journal_backend *known, const struct source *backend,
                      const char *name)
{
    if (known->doubt != NULL && backend->life.state == SOURCE_LIVE) {
        say_doubt(journal, known, name, known->doubt);
        known->state = SOURCE_GRACE;
    }
    free(known->doubt);
    known->doubt = NULL;
}

static void update_backend(struct journal *journal, const struct source *backend, const char *name,
                           bool is_twin, int64_t now)
{
    struct journal_backend *known = &journal->backends[source_row(backend->number)];
    if (known->number != backend->number) {
        free(known->doubt);
        *known = (struct journal_backend){.number = backend->number};
    }
    update_points(journal, known, backend, name);
    health_journal_note_backend(journal->log, &known->health, backend, name);
    if (hold_doubt(journal, known, backend, now))
        return;
    end_doubt(journal, known, backend, name);
    if (known->state == backend->life.state)
        return;
    say_backend(journal, known, backend, name, is_twin);
    known->state = backend->life.state;
}

/* -- frontends ------------------------------------------------------------------------------------ */

static size_t count_uploads(const struct publisher_frontend *frontend)
{
    return frontend->descriptors[DESCRIPTOR_FIRST].upload_count +
           frontend->descriptors[DESCRIPTOR_SECOND].upload_count;
}

/* What HSDirs make of a frontend's uploads. */
struct upload_troubles {
    size_t failing; /* HSDirs that are not reached, after several tries */
    size_t refusing;
    const char *reason; /* why one of the failing is not */
    bool is_over;       /* every HSDir has taken what it was sent last */
};

static void count_troubles(const struct publisher_descriptor *descriptor, struct upload_troubles *troubles)
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct publisher_upload *upload = &descriptor->uploads[i];
        troubles->is_over = troubles->is_over && upload->state == UPLOAD_DONE;
        troubles->refusing += upload->look.refusals >= REFUSALS_TO_COMPLAIN;
        if (upload->state == UPLOAD_DONE || upload->state == UPLOAD_REFUSED ||
            upload->failure == UPLOAD_FAILURE_NONE || upload->attempts < ATTEMPTS_TO_COMPLAIN)
            continue;
        troubles->failing++;
        troubles->reason = upload->reason;
    }
}

static struct upload_troubles find_troubles(const struct publisher_frontend *frontend)
{
    struct upload_troubles troubles = {.is_over = true};
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        count_troubles(&frontend->descriptors[slot], &troubles);
    return troubles;
}

/* Says which HSDirs don't take its descriptors; no figure that changes with each try is in it. */
static void update_hsdirs(struct journal *journal, const struct publisher_frontend *frontend,
                          struct journal_frontend *known, const char *address)
{
    const struct upload_troubles troubles = find_troubles(frontend);
    bool is_all = troubles.failing > 0 && troubles.failing == count_uploads(frontend);
    if (is_all)
        log_write_trouble(
            journal->log, &known->hsdirs, LOG_LEVEL_WARNING,
            "%s.onion: not one HSDir has taken its descriptors after %d tries (%s); they are tried "
            "again",
            address, ATTEMPTS_TO_COMPLAIN, troubles.reason);
    else if (troubles.failing > 0)
        log_write_trouble(
            journal->log, &known->hsdirs, LOG_LEVEL_WARNING,
            "%s.onion: not all HSDirs have taken a descriptor after %d tries (%s); they are tried again",
            address, ATTEMPTS_TO_COMPLAIN, troubles.reason);
    if (troubles.refusing > 0)
        log_write_trouble(
            journal->log, &known->hsdirs, LOG_LEVEL_WARNING,
            "%s.onion: HSDirs refuse its descriptors (UPLOAD_REJECTED), round after round: they "
            "may have newer ones of the same address. If Onionbalance or another publisher has just "
            "been stopped, that is over within some minutes",
            address);
    if (troubles.is_over && known->hsdirs.is_trouble)
        log_write_well(journal->log, &known->hsdirs, LOG_LEVEL_INFO,
                       "%s.onion: all HSDirs have its descriptors", address);
}

/* Says whether it is published, by what is known now and not by what was: the worst is said first. */
static void update_publication(struct journal *journal, const struct report_view *view,
                               const struct report_frontend *report, struct journal_frontend *known)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    const char *address = report->config->address;
    enum publication publication = publication_judge(view, report);
    char problem[PUBLICATION_TEXT_SIZE];
    publication_describe(problem, view, report);
    if (publication != PUBLICATION_PARTLY)
        known->partly_since = view->now;
    if (publication == PUBLICATION_STRANGER)
        log_write_trouble(journal->log, &known->others, LOG_LEVEL_ERROR, "%s.onion: %s", address, problem);
    else if (known->others.is_trouble)
        log_write_well(journal->log, &known->others, LOG_LEVEL_INFO,
                       "%s.onion: nobody else publishes this address any more, by what HSDirs hand out",
                       address);
    char restriction[REPORT_RESTRICTION_SIZE];
    report_view_describe_restriction(restriction, frontend->clients);
    if (publication == PUBLICATION_FULL)
        log_write_well(journal->log, &known->published, LOG_LEVEL_INFO,
                       "%s.onion is published%s: all %zu HSDirs of its two descriptors have them", address,
                       restriction, count_uploads(frontend));
    else if (publication == PUBLICATION_PARTLY && known->published.is_known &&
             view->now - known->partly_since >= PARTLY_PATIENCE)
        log_write_trouble(
            journal->log, &known->published, LOG_LEVEL_WARNING,
            "%s.onion is no longer published in full: not all HSDirs have its descriptors with the "
            "introduction points as they are now",
            address);
    else if (publication != PUBLICATION_STRANGER && problem[0] != '\0')
        log_write_trouble(journal->log, &known->published,
                          publication == PUBLICATION_EXPIRED ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
                          "%s.onion: %s", address, problem);
}

/* So many backends that others keep out are named: far fewer than a subject remembers as said, or each would
 * be said again and again. */
#define NAMED_MAX (LOG_STATE_TROUBLES_MAX / 2)

static size_t count_lack(const struct report_view *view, const struct publisher_frontend *frontend,
                         enum report_lack lack)
{
    size_t count = 0;
    for (size_t i = 0; i < frontend->member_count; i++)
        count += report_view_find_lack(view->publisher, frontend, i) == lack;
    return count;
}

/* Names each live backend that others keep out, or says that they are many. */
static void write_kept_out(struct journal *journal, const struct report_view *view,
                           const struct report_frontend *report, size_t count)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    struct log_state *known = &journal->frontends[report->number].lacks;
    if (count > NAMED_MAX)
        log_write_trouble(journal->log, known, LOG_LEVEL_WARNING,
                          "%s.onion: many live backends have no introduction point published: other "
                          "backends were first at their relays; the status names them",
                          report->config->address);
    for (size_t i = 0; count <= NAMED_MAX && i < frontend->member_count; i++) {
        if (report_view_find_lack(view->publisher, frontend, i) == REPORT_LACK_RELAYS)
            log_write_trouble(journal->log, known, LOG_LEVEL_WARNING,
                              "%s.onion: backend %s is live and has no introduction point published: %s",
                              report->config->address, report->config->backends[i].name,
                              report_view_describe_lack(REPORT_LACK_RELAYS));
    }
}

/* Says which live backends have no introduction point published, and why; of twins in a split
 * frontend twin_journal.c says so. Those for which there is no room
 * are too many to be named, and other ones in another time period. */
static void update_lacks(struct journal *journal, const struct report_view *view,
                         const struct report_frontend *report)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    struct log_state *known = &journal->frontends[report->number].lacks;
    size_t without_room = 0, kept_out = 0;
    if (frontend->has_started) {
        without_room = count_lack(view, frontend, REPORT_LACK_ROOM);
        kept_out = count_lack(view, frontend, REPORT_LACK_RELAYS);
    }
    if (without_room > 0)
        log_write_trouble(journal->log, known, LOG_LEVEL_WARNING,
                          "%s.onion: there is not room for all live backends: some have no introduction "
                          "point published until others take their turn in the next time period",
                          report->config->address);
    write_kept_out(journal, view, report, kept_out);
    if (without_room == 0 && kept_out == 0 && known->is_trouble)
        log_write_well(journal->log, known, LOG_LEVEL_INFO,
                       "%s.onion: each live backend has introduction points published",
                       report->config->address);
}

/* Names a backend for which no visitor has congestion control. */
static void update_flow_control(struct journal *journal, const struct report_view *view,
                                const struct report_frontend *report)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    struct journal_frontend *known = &journal->frontends[report->number];
    const char *address = report->config->address;
    size_t position = 0;
    while (position < frontend->member_count && !report_view_takes_flow_control(view, frontend, position))
        position++;
    if (position < frontend->member_count)
        log_write_trouble(journal->log, &known->flow_control, LOG_LEVEL_WARNING,
                          "%s.onion: no visitor has congestion control, because backend %s has no "
                          "flow-control like the others: is its tor older, or set up otherwise?",
                          address, report->config->backends[position].name);
    else if (known->flow_control.is_trouble && assignment_has_flow_control(frontend->assignment))
        log_write_well(journal->log, &known->flow_control, LOG_LEVEL_INFO,
                       "%s.onion: visitors have congestion control again", address);
}

/* Says that visitors come to backends that are drained, as no other one is live. */
static void update_drained(struct journal *journal, const struct publisher_frontend *frontend,
                           struct journal_frontend *known, const char *address)
{
    if (frontend->uses_drained && frontend->has_started)
        log_write_trouble(journal->log, &known->drained, LOG_LEVEL_WARNING,
                          "%s.onion: no other backend is live than such as are drained: visitors come to "
                          "these all the same",
                          address);
    else if (!frontend->uses_drained && known->drained.is_trouble)
        log_write_well(journal->log, &known->drained, LOG_LEVEL_INFO,
                       "%s.onion: a backend that is not drained is live again", address);
}

/* True when a backend has not been heard of yet, and not been given up. */
static bool waits_for_backend(const struct publisher *publisher, const struct publisher_frontend *frontend)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        if (publisher_member_source(publisher, &frontend->members[i])->life.state == SOURCE_WAITING)
            return true;
    }
    return false;
}

static void update_frontend(struct journal *journal, const struct report_view *view,
                            const struct report_frontend *report)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    struct journal_frontend *known = &journal->frontends[report->number];
    const char *address = report->config->address;
    bool has_begun = frontend->has_started || !waits_for_backend(view->publisher, frontend);
    if (memcmp(known->identity_key, frontend->identity_key, ED25519_PUBLIC_KEY_SIZE) != 0) {
        memset(known, 0, sizeof(*known));
        memcpy(known->identity_key, frontend->identity_key, ED25519_PUBLIC_KEY_SIZE);
    }
    restriction_journal_note_frontend(journal->log, &known->restriction, frontend, address);
    if (frontend->member_count == 0)
        log_write_trouble(
            journal->log, &known->backends, LOG_LEVEL_WARNING,
            "%s.onion has no backends yet: nothing of it is published until the config has some and "
            "is read again",
            address);
    else if (frontend->is_frozen && has_begun)
        log_write_trouble(journal->log, &known->backends, LOG_LEVEL_ERROR, "%s.onion: NO BACKEND IS LIVE; %s",
                          address,
                          frontend->has_started ? "its last good introduction points stay published"
                                                : "what was published before stays until HSDirs forget it");
    else if (!frontend->is_frozen && known->backends.is_trouble)
        log_write_well(journal->log, &known->backends, LOG_LEVEL_INFO, "%s.onion: a backend is live%s",
                       address, frontend->has_started ? " again" : "");
    update_drained(journal, frontend, known, address);
    health_journal_note_frontend(journal->log, &known->health, frontend, address);
    update_hsdirs(journal, frontend, known, address);
    update_publication(journal, view, report, known);
}

/* Says how a frontend's bundle stands: when that changes, and every day while it is not well. */
static void update_bundle(struct journal *journal, const struct report_view *view,
                          const struct report_frontend *report)
{
    const struct bundle_plan *plan = report_view_plan(report);
    if (plan == NULL)
        return;
    int64_t wall_now = view->wall_milliseconds / 1000;
    const struct time_schedule *schedule = report_view_schedule(view);
    enum presigned_state state = presigned_judge(plan, schedule, wall_now);
    struct journal_bundle *known = &journal->frontends[report->number].bundle;
    if (known->end == bundle_plan_end(plan) && known->state == state &&
        (state == PRESIGNED_GOOD || view->now - known->said_at < BUNDLE_WARNING_INTERVAL))
        return;
    char text[PRESIGNED_TEXT_SIZE];
    presigned_describe(text, plan, schedule, wall_now);
    log_write(journal->log,
              state == PRESIGNED_GOOD       ? LOG_LEVEL_INFO
              : state == PRESIGNED_RUNS_OUT ? LOG_LEVEL_WARNING
                                            : LOG_LEVEL_ERROR,
              "%s.onion: %s", report->config->address, text);
    *known = (struct journal_bundle){bundle_plan_end(plan), view->now, state};
}

/* -- all ------------------------------------------------------------------------------------------ */

/* Says how a tor is; where there are several, which one it is about. */
static void update_tor(struct journal *journal, const struct report_view *view, const struct report_tor *tor)
{
    const struct network *network = view->publisher->network;
    struct journal_tor *known = &journal->tors[tor->number];
    bool is_only = view->tor_count == 1;
    if (strcmp(known->place, tor->place) != 0) {
        memset(known, 0, sizeof(*known));
        snprintf(known->place, sizeof(known->place), "%s", tor->place);
    }
    if (tor->status[0] != '\0')
        log_write_trouble(journal->log, &known->log, tor->is_trouble ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                          "%s%s%s", is_only ? "" : tor->place, is_only ? "" : ": ", tor->status);
    else if (network != NULL)
        log_write_well(journal->log, &known->log, LOG_LEVEL_INFO,
                       "the local tor%s%s is there and has a live consensus with %zu HSDirs",
                       is_only ? "" : " at ", is_only ? "" : tor->place, network->hsdir_count);
}

static void update_tors(struct journal *journal, const struct report_view *view)
{
    for (size_t i = 0; i < view->tor_count; i++)
        update_tor(journal, view, &view->tors[i]);
    if (view->last_error[0] != '\0')
        log_write_trouble(journal->log, &journal->engine, LOG_LEVEL_ERROR, "%s", view->last_error);
}

/* A number that is free may be given to another one, or to the same one come back: that is news then. */
static void forget_removed(struct journal *journal, const struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (!publisher->frontends[i].is_used)
            memset(&journal->frontends[i], 0, sizeof(journal->frontends[i]));
    }
}

void journal_update(struct journal *journal, const struct report_view *view)
{
    const struct publisher *publisher = view->publisher;
    journal->backends = memory_extend(journal->backends, &journal->backend_count, publisher->source_count,
                                      sizeof(*journal->backends));
    journal->frontends = memory_extend(journal->frontends, &journal->frontend_count,
                                       publisher->frontend_count, sizeof(*journal->frontends));
    journal->is_waiting = false;
    forget_removed(journal, publisher);
    update_tors(journal, view);
    health_journal_note_way(journal->log, &journal->checks, publisher);
    for (size_t i = 0; i < view->frontend_count; i++) {
        const struct report_frontend *frontend = &view->frontends[i];
        const struct publisher_frontend *state = &publisher->frontends[frontend->number];
        for (size_t j = 0; j < state->member_count; j++) {
            const struct source *backend = publisher_member_source(publisher, &state->members[j]);
            const struct config_backend *config = &frontend->config->backends[j];
            char title[CONFIG_TITLE_SIZE];
            config_backend_format_title(title, config);
            update_backend(journal, backend, title, config->is_twin, view->now);
            update_restless(journal, view, backend, title);
            restriction_journal_note_backend(journal->log,
                                             &journal->backends[source_row(backend->number)].restriction,
                                             backend, config, title);
            if (config->is_twin)
                twin_journal_note_twin(journal->log, &journal->backends[source_row(backend->number)].twin,
                                       view, frontend, j);
        }
        if (frontend->config->mode == CONFIG_MODE_HARDMAP)
            twin_journal_note_frontend(journal->log, &journal->frontends[frontend->number].twins, view,
                                       frontend);
        update_frontend(journal, view, frontend);
        update_lacks(journal, view, frontend);
        update_flow_control(journal, view, frontend);
        update_bundle(journal, view, frontend);
    }
}

bool journal_is_waiting(const struct journal *journal)
{
    return journal->is_waiting;
}

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
    log_write(log, LOG_LEVEL_INFO, "  tor %s: %s, %zu uploads under way, %" PRIu64 " handed to it",
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
