/* What an operator wants to know, said in the log once when it happens. */
#include "report/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onion/presigned.h"
#include "publish/frontends.h"
#include "report/backend_journal.h"
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
    struct backend_journal life;
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
        backend_journal_clear(&journal->backends[i].life);
    free(journal->backends);
    free(journal->frontends);
    free(journal);
}

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
    else if (troubles.is_over && known->hsdirs.is_trouble)
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

/* Says what is new of a backend, which is member number position of a frontend. */
static void update_backend(struct journal *journal, const struct report_view *view,
                           const struct report_frontend *frontend, size_t position)
{
    const struct publisher_frontend *state = &view->publisher->frontends[frontend->number];
    const struct source *backend = publisher_member_source(view->publisher, &state->members[position]);
    const struct config_backend *config = &frontend->config->backends[position];
    struct journal_backend *known = &journal->backends[source_row(backend->number)];
    char title[CONFIG_TITLE_SIZE];
    config_backend_format_title(title, config);
    if (known->number != backend->number) {
        backend_journal_clear(&known->life);
        *known = (struct journal_backend){.number = backend->number};
    }
    health_journal_note_backend(journal->log, &known->health, backend, title);
    if (backend_journal_note(journal->log, &known->life, view, backend, title, config->is_twin))
        journal->is_waiting = true;
    restriction_journal_note_backend(journal->log, &known->restriction, backend, config, title);
    if (config->is_twin)
        twin_journal_note_twin(journal->log, &known->twin, view, frontend, position);
}

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
        for (size_t j = 0; j < state->member_count; j++)
            update_backend(journal, view, frontend, j);
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
