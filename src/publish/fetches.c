/* The fetches' part of the state machine: when a source is asked for its descriptor, and who is asked. */
#include "publish/fetches.h"

#include <string.h>

#include "publish/pace.h"
#include "publish/tors.h"
#include "publish/twin_on_hsdirs.h"

/* So many hints of something new at a source are followed at once, and then one each so many milliseconds
 * (on a testing network more often). A tor has sixteen HSDirs to tell of when it uploads, and uploads seldom;
 * but each answer takes time to verify, and who makes up hints is not to have all of it. */
#define HINTS_AT_ONCE 40
#define HINT_INTERVAL 5000

/* When a hint may be followed, at the earliest. */
static int64_t next_hint(const struct publisher *publisher, const struct source *source)
{
    return source->inquiry.hints_settled - HINTS_AT_ONCE * publisher_scale(publisher, HINT_INTERVAL);
}

/* A hint is being followed. */
static void pay_for_hint(const struct publisher *publisher, struct source *source, int64_t now)
{
    int64_t settled = later(source->inquiry.hints_settled, now);
    source->inquiry.hints_settled = settled + publisher_scale(publisher, HINT_INTERVAL);
}

void source_fetch_soon(struct publisher *publisher, struct source *source, int64_t delay, const char *why,
                       int64_t now)
{
    inquiry_note_hint(source, later(now + delay, next_hint(publisher, source)), why);
    publisher_touch_source(publisher, source, now);
}

void source_end_fetch(struct publisher *publisher, struct source *source, int64_t next_fetch, int64_t now)
{
    source_return_fetch_permit(publisher, source);
    inquiry_note_ended(source, next_fetch, later(now + FETCH_DELAY, next_hint(publisher, source)));
    publisher_touch_source(publisher, source, now);
}

/* -- who is asked --------------------------------------------------------------------------------- */

enum inquiry_target publisher_preferred_target(const struct publisher *publisher)
{
    bool is_second = publisher->network != NULL && publisher->network->client_slot == DESCRIPTOR_SECOND;
    return is_second ? INQUIRY_OF_HSDIRS : INQUIRY_OF_TOR;
}

/* HSDirs are asked by way of the source's tor only once they are known to have what its process uploaded. */
static enum inquiry_target choose_target(const struct source *source)
{
    const struct source_policy *policy = source_policy(source->kind);
    if (!policy->asks_own_tor)
        return INQUIRY_OF_HSDIRS;
    /* What its tor has just made it says first: the seed that tells it apart. Until it has answered nobody
     * else is asked. */
    if (!policy->is_on_hsdirs)
        return !source->has_begun_upload && source->inquiry.failures == 0 &&
                       announcements_have_fresh(source->announcements)
                   ? INQUIRY_OF_HSDIRS
                   : INQUIRY_OF_TOR;
    return trust_includes_hsdirs(source) ? source->inquiry.wanted : INQUIRY_OF_TOR;
}

/* Lists the HSDirs to ask: those that have just got the descriptor, else those that clients ask. */
static size_t list_hsdirs(struct publisher *publisher, struct source *source, bool *is_fresh)
{
    size_t count;
    if (source_policy(source->kind)->is_at_spares)
        return twin_on_hsdirs_list(publisher, source, publisher->action_fingerprints);
    if (source_policy(source->kind)->is_on_hsdirs)
        count = announcements_take_fresh(&source->announcements, publisher->action_fingerprints);
    else /* each of them may have another twin's */
        count = announcements_take_one(&source->announcements, publisher->action_fingerprints[0],
                                       &source->is_searching);
    *is_fresh = count > 0;
    if (*is_fresh)
        return count;
    const struct network *network = publisher->network;
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    count = network_find_responsible(network, network->client_slot, source->blinded_key, true, responsible);
    if (count > PUBLISHER_ACTION_HSDIRS_MAX)
        count = PUBLISHER_ACTION_HSDIRS_MAX;
    for (size_t i = 0; i < count; i++)
        memcpy(publisher->action_fingerprints[i], network->hsdirs[responsible[i]->hsdir].fingerprint,
               RELAY_FINGERPRINT_SIZE);
    return count;
}

bool source_wants_fetch(const struct publisher *publisher, const struct source *source, int64_t now)
{
    return publisher->network != NULL && source->is_used && source_may_be_asked(source) &&
           now >= source->inquiry.ask_at;
}

static void take_fetch_permit(struct publisher *publisher, const struct source *source, int64_t now)
{
    agenda_set(&publisher->fetch_permits, source_row(source->number),
               now + publisher->rules.fetch_permit_timeout);
}

void source_return_fetch_permit(struct publisher *publisher, const struct source *source)
{
    agenda_set(&publisher->fetch_permits, source_row(source->number), MOMENT_NEVER);
}

/* Others are asked in the place of those that take long to answer. */
static void expire_fetch_permits(struct publisher *publisher, int64_t now)
{
    size_t row = 0;
    while (agenda_first(&publisher->fetch_permits, &row) <= now)
        source_return_fetch_permit(publisher, &publisher->sources[row]);
}

/* HSDirs are asked for a twin by a local tor: a tor fetches the descriptor of the time period that runs as
 * far as it knows, and a twin's may learn an hour or two later than the network's clients of a new one. */
static bool is_asked_by_own(const struct source *source, enum inquiry_target target)
{
    const struct source_policy *policy = source_policy(source->kind);
    return policy->asks_own_tor && (policy->is_on_hsdirs || target == INQUIRY_OF_TOR);
}

static void begin_fetch(struct publisher *publisher, struct source *source, struct publisher_action *action,
                        int64_t now)
{
    enum inquiry_target target = choose_target(source);
    if (inquiry_has_hint(source))
        pay_for_hint(publisher, source, now);
    inquiry_note_begun(source, target);
    source->asks_of_upload = target == INQUIRY_OF_TOR && source->has_begun_upload;
    source->has_begun_upload &= target != INQUIRY_OF_TOR;
    take_fetch_permit(publisher, source, now);
    action->type = PUBLISHER_FETCH;
    action->source = source->number;
    action->from_hsdirs = target == INQUIRY_OF_HSDIRS;
    action->tor = is_asked_by_own(source, target) ? PUBLISHER_NO_TOR : publisher_choose_fetch_tor(publisher);
    action->hsdir_count = action->from_hsdirs ? list_hsdirs(publisher, source, &action->is_fresh) : 0;
}

void fetch_queue_update(struct publisher *publisher, const struct source *source, int64_t now)
{
    if (!source_wants_fetch(publisher, source, now))
        agenda_set(&publisher->fetch_queue, source_row(source->number), MOMENT_NEVER);
    else if (agenda_moment(&publisher->fetch_queue, source_row(source->number)) == MOMENT_NEVER)
        agenda_set(&publisher->fetch_queue, source_row(source->number), now);
}

bool fetch_queue_take(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    size_t row = 0;
    expire_fetch_permits(publisher, now);
    while (agenda_count(&publisher->fetch_permits) < publisher->rules.fetch_permits) {
        int64_t queued_at = agenda_first(&publisher->fetch_queue, &row);
        if (queued_at == MOMENT_NEVER)
            return false;
        struct source *source = &publisher->sources[row];
        agenda_set(&publisher->fetch_queue, row, MOMENT_NEVER);
        publisher_touch_source(publisher, source, now);
        if (!source_wants_fetch(publisher, source, now))
            continue;                                  /* it was lost meanwhile */
        source->life.patience_from += now - queued_at; /* that it had to wait is not its own doing */
        begin_fetch(publisher, source, action, now);
        return true;
    }
    return false;
}
