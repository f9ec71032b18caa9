/* The fetches' part of the state machine: when a source is asked for its descriptor, and who is asked. */
#include "publish/fetches.h"

#include <string.h>

#include "publish/publisher_parts.h"

/* So many signs of something new at a source are followed at once, and then one each so many milliseconds
 * (on a testing network more often). A tor has sixteen HSDirs to tell of when it uploads, and uploads seldom;
 * but each answer takes time to verify, and who makes up signs is not to have all of it. */
#define SIGNS_AT_ONCE 40
#define SIGN_INTERVAL 5000

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* When a sign may be followed, at the earliest. */
static int64_t next_sign(const struct publisher *publisher, const struct source *source)
{
    return source->signs_settled - SIGNS_AT_ONCE * publisher_scale(publisher, SIGN_INTERVAL);
}

/* A sign is being followed. */
static void note_sign(const struct publisher *publisher, struct source *source, int64_t now)
{
    source->signs_settled = later(source->signs_settled, now) + publisher_scale(publisher, SIGN_INTERVAL);
}

void source_fetch_soon(struct publisher *publisher, struct source *source, int64_t delay, int64_t now)
{
    int64_t moment = later(now + delay, next_sign(publisher, source));
    source->has_sign = true;
    if (source->is_fetching)
        source->fetch_again = true;
    if (source->fetch_at > moment)
        source->fetch_at = moment;
    publisher_touch_source(publisher, source, now);
}

void source_end_fetch(struct publisher *publisher, struct source *source, int64_t next_fetch, int64_t now)
{
    source->is_fetching = false;
    source_leave_fetch_place(publisher, source);
    int64_t again = later(now + FETCH_DELAY, next_sign(publisher, source));
    source->fetch_at = source->fetch_again ? again : next_fetch;
    source->fetch_again = false;
    publisher_touch_source(publisher, source, now);
}

bool publisher_prefers_hsdirs(const struct publisher *publisher)
{
    return publisher->network->client_slot == DESCRIPTOR_SECOND;
}

/* -- who is asked --------------------------------------------------------------------------------- */

/* GETINFO answers with a service's first descriptor, always. While clients use the second one the first one's
 * introduction points are about to go, so then it is better to ask as clients do, once the HSDirs are known
 * to have what this process uploaded; where that fails, the other way is still better than nothing. And a tor
 * that has not yet seen the newest shared random value answers GETINFO with what clients used before. */
static bool should_ask_hsdirs(const struct publisher *publisher, const struct source *source)
{
    if (!source->policy->asks_own_tor)
        return true;
    return source->trusts_hsdirs && !source->is_denied &&
           publisher_prefers_hsdirs(publisher) != source->ask_other_way;
}

/* Lists the HSDirs to ask: those that have just got the descriptor, else those that clients ask. */
static size_t list_hsdirs(struct publisher *publisher, struct source *source, bool *is_fresh)
{
    size_t count = announcements_take_fresh(&source->announcements, publisher->action_fingerprints);
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

bool source_may_be_asked(const struct source *source)
{
    return source->is_reachable && (!source->is_fetching || (source->is_polling && source->has_sign));
}

bool source_wants_fetch(const struct publisher *publisher, const struct source *source, int64_t now)
{
    return publisher->network != NULL && source->is_used && source_may_be_asked(source) &&
           now >= source->fetch_at;
}

static void enter_fetch_place(struct publisher *publisher, const struct source *source, int64_t now)
{
    agenda_set(&publisher->fetch_places, source->number, now + publisher->rules.fetch_place_timeout);
}

void source_leave_fetch_place(struct publisher *publisher, const struct source *source)
{
    agenda_set(&publisher->fetch_places, source->number, AGENDA_NEVER);
}

/* Others are asked in the place of those that take long to answer. */
static void free_fetch_places(struct publisher *publisher, int64_t now)
{
    size_t number = 0;
    while (agenda_first(&publisher->fetch_places, &number) <= now)
        source_leave_fetch_place(publisher, &publisher->sources[number]);
}

static void begin_fetch(struct publisher *publisher, struct source *source, struct publisher_action *action,
                        int64_t now)
{
    /* An HSDir's answer to the fetch that is cut short may be taken for one to this fetch. */
    source->fetch_again = source->is_fetching;
    source->is_fetching = true;
    source->is_polling = !source->has_sign;
    if (source->has_sign)
        note_sign(publisher, source, now);
    source->has_sign = false;
    enter_fetch_place(publisher, source, now);
    source->fetch_at = AGENDA_NEVER;
    source->asks_hsdirs = should_ask_hsdirs(publisher, source);
    action->type = PUBLISHER_FETCH;
    action->source = source->number;
    action->from_hsdirs = source->asks_hsdirs;
    action->tor = source->policy->asks_own_tor ? PUBLISHER_NO_TOR : publisher_choose_fetch_tor(publisher);
    action->hsdir_count = action->from_hsdirs ? list_hsdirs(publisher, source, &action->is_fresh) : 0;
}

void fetch_queue_update(struct publisher *publisher, const struct source *source, int64_t now)
{
    if (!source_wants_fetch(publisher, source, now))
        agenda_set(&publisher->fetch_queue, source->number, AGENDA_NEVER);
    else if (agenda_moment(&publisher->fetch_queue, source->number) == AGENDA_NEVER)
        agenda_set(&publisher->fetch_queue, source->number, now);
}

bool fetch_queue_take(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    size_t number = 0;
    free_fetch_places(publisher, now);
    while (publisher->fetch_places.heap_count < publisher->rules.fetch_places) {
        int64_t queued_at = agenda_first(&publisher->fetch_queue, &number);
        if (queued_at == AGENDA_NEVER)
            return false;
        struct source *source = &publisher->sources[number];
        agenda_set(&publisher->fetch_queue, number, AGENDA_NEVER);
        publisher_touch_source(publisher, source, now);
        if (!source_wants_fetch(publisher, source, now))
            continue;                                  /* it was lost meanwhile */
        source->life.patience_from += now - queued_at; /* that it had to wait is not its own doing */
        begin_fetch(publisher, source, action, now);
        return true;
    }
    return false;
}
