/* The log's lines on frontends whose tors have their key. */
#include "report/twin_journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "publish/source_life.h"
#include "publish/weights.h"
#include "report/twins.h"

/* Room for the names of some twins. */
#define NAMES_SIZE 512

/* A seed that would have been good for so many seconds more was not replaced because it was time: clocks may
 * differ by less. */
#define SEED_TOO_EARLY 300

/* So many own uploads that got through are spoken of, and this seldom (milliseconds): one or two may have
 * been on their way together with ours. */
#define THROUGH_TO_SPEAK 3
#define THROUGH_INTERVAL (6 * 60 * 60 * 1000)

static const struct source *find_source(const struct report_view *view, const struct report_frontend *report,
                                        size_t position)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    return publisher_member_source(view->publisher, &frontend->members[position]);
}

/* -- a frontend ----------------------------------------------------------------------------------- */

/* How many of its tors are in, and the names of those of them that have proof of work off. */
struct work_count {
    size_t live, having;
    char lacking[NAMES_SIZE];
};

static void add_name(char names[NAMES_SIZE], const char *name)
{
    size_t length = strlen(names);
    snprintf(names + length, NAMES_SIZE - length, "%s%s", length > 0 ? ", " : "", name);
}

static void count_work(struct work_count *count, const struct report_view *view,
                       const struct report_frontend *report)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    *count = (struct work_count){0};
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct source *twin = find_source(view, report, i);
        if (!source_is_in(twin) || twin->points.count == 0 ||
            weights_find(frontend, &frontend->members[i]) == 0)
            continue;
        count->live++;
        count->having += twin->pow_params.is_present;
        if (!twin->pow_params.is_present)
            add_name(count->lacking, report->config->backends[i].name);
    }
}

/* Says whether each HSDir has the points of one tor. */
static void note_split(const struct log *log, struct twin_journal *known,
                       const struct publisher_frontend *frontend, const char *address)
{
    if (known->is_split == frontend->is_split)
        return;
    known->is_split = frontend->is_split;
    if (frontend->is_split)
        log_write(log, LOG_LEVEL_INFO,
                  "%s.onion is split from now on: its tors have proof of work on, so each HSDir that clients "
                  "ask gets the points of one of them, with its proof of work",
                  address);
    else
        log_write(log, LOG_LEVEL_INFO,
                  "%s.onion is merged from now on: all HSDirs get the points of all its tors, without proof "
                  "of work",
                  address);
}

static void note_turns(const struct log *log, struct twin_journal *known,
                       const struct publisher_frontend *frontend, const char *address)
{
    bool takes_turns = frontend->turn_at != MOMENT_NEVER;
    if (takes_turns && !known->takes_turns)
        log_write(log, LOG_LEVEL_INFO,
                  "%s.onion has more tors than there are HSDirs that clients ask: they take turns", address);
    known->takes_turns = takes_turns;
}

/* Says which tors lack proof of work that others have. */
static void note_work(const struct log *log, struct twin_journal *known, const struct report_view *view,
                      const struct report_frontend *report)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    const char *address = report->config->address;
    struct work_count count;
    count_work(&count, view, report);
    bool is_mixed = frontend->takes_proof_of_work && count.having > 0 && count.having < count.live;
    if (is_mixed && frontend->is_split)
        log_write_trouble(
            log, &known->work, LOG_LEVEL_WARNING,
            "%s.onion: NO VISITOR COMES TO %s, where proof of work is off while the frontend's other tors "
            "have it on. Write \"HiddenServicePoWDefensesEnabled 1\" below the HiddenServiceDir line there "
            "and restart it, or \"proof-of-work: off\" in obpub's config",
            address, count.lacking);
    else if (is_mixed)
        log_write_trouble(
            log, &known->work, LOG_LEVEL_WARNING,
            "%s.onion: proof of work is on at some tors only, so visitors solve nothing. It is off at %s: "
            "write \"HiddenServicePoWDefensesEnabled 1\" below the HiddenServiceDir line there and restart "
            "it",
            address, count.lacking);
    else if (count.live > 0 && known->work.is_trouble)
        log_write_well(log, &known->work, LOG_LEVEL_INFO, "%s.onion: proof of work is %s at all live tors",
                       address, count.having > 0 ? "on" : "off");
}

void twin_journal_note_frontend(const struct log *log, struct twin_journal *known,
                                const struct report_view *view, const struct report_frontend *report)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    note_split(log, known, frontend, report->config->address);
    note_turns(log, known, frontend, report->config->address);
    note_work(log, known, view, report);
}

/* -- a twin --------------------------------------------------------------------------------------- */

/* Says when a tor has thrown its seed away, and with it what visitors had solved. */
static void note_seed(const struct log *log, struct twin_journal_twin *known, const struct report_view *view,
                      const struct source *twin, const char *title)
{
    bool is_new = known->seeds_replaced != twin->seeds_replaced;
    known->seeds_replaced = twin->seeds_replaced;
    int64_t left = twin->replaced_expires_at - view->wall_milliseconds / 1000;
    if (!is_new || left < SEED_TOO_EARLY)
        return;
    log_write(log, LOG_LEVEL_WARNING,
              "tor %s has thrown away its proof of work %" PRId64 " minute%s before its time%s: visitors who "
              "solve for its old seed are cut off until they fetch a new descriptor, which goes out now. DO "
              "NOT SEND SIGHUP (or \"reload\") to a tor with proof of work: restart it when its torrc has "
              "changed",
              title, left / 60, left / 60 == 1 ? "" : "s",
              source_policy(twin->kind)->asks_own_tor ? ", as SIGHUP and SETCONF have it do"
                                                      : ", as SIGHUP, SETCONF and a restart have it do");
}

/* Says what it means that HSDirs take what a tor uploads itself. */
static void note_through(const struct log *log, struct twin_journal_twin *known,
                         const struct report_view *view, const struct report_frontend *report,
                         const struct source *twin, const char *title)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    uint64_t count = twin->uploads_through - known->through;
    bool is_said = known->through_said_at != 0 && view->now - known->through_said_at < THROUGH_INTERVAL;
    if (count < THROUGH_TO_SPEAK || is_said)
        return;
    known->through = twin->uploads_through;
    known->through_said_at = view->now;
    if (frontend->lead == 0)
        log_write(log, LOG_LEVEL_WARNING,
                  "HSDirs have taken %" PRIu64 " uploads that tor %s made itself in the place of obpub's, "
                  "which were sent again at once: the frontend's lead is 0. A lead keeps them out",
                  count, title);
    else
        log_write(log, LOG_LEVEL_WARNING,
                  "HSDirs have taken %" PRIu64 " uploads that tor %s made itself in the place of obpub's, "
                  "which were sent again at once, though obpub's revision counters lead by %" PRId64
                  " minutes: is the clock there ahead, or the one here behind?",
                  count, title, (int64_t)report->config->lead / 60);
}

/* Says that proof of work needs the tors' own uploads: what they make for the second half of the day is seen
 * nowhere else. */
static void note_uploading(const struct log *log, struct twin_journal_twin *known,
                           const struct publisher_frontend *frontend, const struct source *twin,
                           const char *title)
{
    if (frontend->is_split && twin->pow_params.is_present && twin->uploading == SOURCE_UPLOADING_OFF)
        log_write_trouble(
            log, &known->uploading, LOG_LEVEL_WARNING,
            "tor %s has proof of work on and PublishHidServDescriptors 0: in the second half of "
            "each day its visitors solve nothing. Write PublishHidServDescriptors 1 there",
            title);
    else if (known->uploading.is_trouble)
        log_write_well(log, &known->uploading, LOG_LEVEL_INFO,
                       "tor %s has no longer both, proof of work and publishing switched off", title);
}

/* Says that what a tor has had visitors solve is over, and nothing else has come. */
static void note_expiry(const struct log *log, struct twin_journal_twin *known,
                        const struct publisher_frontend *frontend, const struct source *twin,
                        const char *title)
{
    bool is_over = twins_has_expired_seed(twin);
    if (frontend->is_split && is_over)
        log_write_trouble(
            log, &known->expiry, LOG_LEVEL_WARNING,
            "tor %s has told of no other seed since its proof of work expired: its introduction "
            "points are published without any until it does, and visitors have nothing to "
            "solve. Is its control port out of reach, or its clock or the one here wrong?",
            title);
    else if (!is_over && known->expiry.is_trouble)
        log_write_well(log, &known->expiry, LOG_LEVEL_INFO,
                       "the proof of work of tor %s is no longer an expired one", title);
}

/* Says that a tor's own uploads are for others than the frontend's descriptors: who is shut out here reads
 * those, or who is shut out there reads ours. What is closed to obpub tells nothing, and the tor is out then.
 */
static void note_readers(const struct log *log, struct twin_journal_twin *known,
                         const struct publisher_frontend *frontend, const struct source *twin,
                         const char *title)
{
    const struct descriptor *descriptor = twin->descriptor;
    if (descriptor == NULL)
        return;
    bool is_restricted = frontend->clients != NULL;
    bool uploads = twin->uploading != SOURCE_UPLOADING_OFF;
    if (is_restricted && !descriptor->is_restricted && uploads)
        log_write_trouble(
            log, &known->readers, LOG_LEVEL_WARNING,
            "what tor %s uploads itself EVERYBODY CAN READ, though the frontend is restricted: put the same "
            "clients into authorized_clients of its HiddenServiceDir, or write PublishHidServDescriptors 0 "
            "there",
            title);
    else if (!is_restricted && descriptor->is_restricted)
        log_write_trouble(
            log, &known->readers, LOG_LEVEL_WARNING,
            "tor %s has authorised clients, and what obpub publishes for it EVERYBODY CAN READ: write "
            "\"authorized-clients\" into the service in obpub's config",
            title);
    else if (known->readers.is_trouble)
        log_write_well(log, &known->readers, LOG_LEVEL_INFO,
                       "what tor %s uploads itself is for those whom the frontend is for", title);
}

void twin_journal_note_twin(const struct log *log, struct twin_journal_twin *known,
                            const struct report_view *view, const struct report_frontend *report,
                            size_t position)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[report->number];
    const struct source *twin = find_source(view, report, position);
    char title[CONFIG_TITLE_SIZE];
    config_backend_format_title(title, &report->config->backends[position]);
    if (!known->is_known) {
        known->is_known = true;
        known->seeds_replaced = twin->seeds_replaced;
        known->through = twin->uploads_through;
    }
    note_seed(log, known, view, twin, title);
    note_through(log, known, view, report, twin, title);
    note_uploading(log, known, frontend, twin, title);
    note_expiry(log, known, frontend, twin, title);
    note_readers(log, known, frontend, twin, title);
}
