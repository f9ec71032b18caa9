/* The fetches' part of the state machine: when a source is asked for its descriptor, and who is asked. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"
#include "publish/publisher.h"
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

void source_fetch_soon(struct publisher *publisher, size_t number, int64_t delay, int64_t now)
{
    struct source *source = &publisher->sources[number];
    int64_t moment = later(now + delay, next_sign(publisher, source));
    source->has_sign = true;
    if (source->is_fetching)
        source->fetch_again = true;
    if (source->fetch_at > moment)
        source->fetch_at = moment;
    publisher_touch_source(publisher, number, now);
}

void source_end_fetch(struct publisher *publisher, size_t number, int64_t next_fetch, int64_t now)
{
    struct source *source = &publisher->sources[number];
    source->is_fetching = false;
    source_leave_fetch_place(publisher, number);
    int64_t again = later(now + FETCH_DELAY, next_sign(publisher, source));
    source->fetch_at = source->fetch_again ? again : next_fetch;
    source->fetch_again = false;
    publisher_touch_source(publisher, number, now);
}

void publisher_note_fetch_lost(struct publisher *publisher, size_t number, int64_t now)
{
    source_end_fetch(publisher, number, now, now);
}

/* -- what its tor says of its uploads ------------------------------------------------------------- */

static struct publisher_announcement *find_announcement(struct publisher_signs *signs,
                                                        const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    for (size_t i = 0; signs != NULL && i < signs->announced_count; i++) {
        if (memcmp(signs->announced[i].fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return &signs->announced[i];
    }
    return NULL;
}

static void remove_announcement(struct publisher_signs *signs, struct publisher_announcement *announcement)
{
    *announcement = signs->announced[--signs->announced_count];
}

static struct publisher_announcement *add_announcement(struct publisher_signs *signs,
                                                       const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    if (signs->announced_count == SOURCE_ANNOUNCEMENTS_MAX)
        remove_announcement(signs, &signs->announced[0]);
    struct publisher_announcement *announcement = &signs->announced[signs->announced_count++];
    memset(announcement, 0, sizeof(*announcement));
    memcpy(announcement->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE);
    return announcement;
}

/* Gives the memory back when there is nothing in it any more. */
static void release_signs(struct source *source)
{
    if (source->signs != NULL && source->signs->announced_count == 0 && source->signs->fresh_count == 0)
        source_forget_uploads(source);
}

static void note_begun(struct source *source, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                       const uint8_t *blinded_key)
{
    if (source->signs == NULL)
        source->signs = memory_allocate(1, sizeof(*source->signs));
    struct publisher_announcement *announcement = find_announcement(source->signs, fingerprint);
    if (announcement == NULL)
        announcement = add_announcement(source->signs, fingerprint);
    if (blinded_key == NULL || memcmp(blinded_key, source->blinded_key, ED25519_PUBLIC_KEY_SIZE) == 0)
        announcement->is_for_clients = true;
    else
        announcement->is_for_others = true;
}

static void add_fresh(struct publisher_signs *signs, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    for (size_t i = 0; i < signs->fresh_count; i++) {
        if (memcmp(signs->fresh[i], fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return;
    }
    if (signs->fresh_count < SOURCE_FRESH_HSDIRS_MAX)
        memcpy(signs->fresh[signs->fresh_count++], fingerprint, RELAY_FINGERPRINT_SIZE);
}

/* Returns true when the HSDir has the descriptor that clients use, as it is now. The event does not say which
 * of the two it took: where both were on their way, the second answer counts. */
static bool note_taken(struct source *source, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    struct publisher_announcement *announcement = find_announcement(source->signs, fingerprint);
    if (announcement == NULL)
        return false;
    if (announcement->is_for_others && announcement->is_for_clients) {
        announcement->is_for_others = false;
        return false;
    }
    bool is_fresh = announcement->is_for_clients;
    remove_announcement(source->signs, announcement);
    if (is_fresh)
        add_fresh(source->signs, fingerprint);
    release_signs(source);
    return is_fresh;
}

bool publisher_prefers_hsdirs(const struct publisher *publisher)
{
    return publisher->network->client_slot == DESCRIPTOR_SECOND;
}

/* True when its tor has not yet turned to the descriptor that clients with our consensus use. */
static bool has_other_period(const struct source *source)
{
    return source->descriptor == NULL || source->descriptor->period_number != source->period_number;
}

void publisher_note_source_upload(struct publisher *publisher, size_t number, bool is_taken,
                                  const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                                  const uint8_t *blinded_key, int64_t now)
{
    struct source *source = &publisher->sources[number];
    if (publisher->network == NULL)
        return;
    /* It began before its connection was made: what it is of can't be told. */
    bool is_unannounced = is_taken && find_announcement(source->signs, fingerprint) == NULL;
    if (!is_taken)
        note_begun(source, fingerprint, blinded_key);
    bool is_fresh = is_taken && note_taken(source, fingerprint);
    if (is_fresh) {
        source->trusts_hsdirs = true;
        source->is_denied = false;
    }
    /* GETINFO tells what is being uploaded at once, HSDirs when they have it. A tor that has not turned to
     * the descriptor we mean uploads for clients what we would not call so. */
    if (!publisher_prefers_hsdirs(publisher) || is_fresh || has_other_period(source)) {
        source->ask_other_way = publisher_prefers_hsdirs(publisher) && !is_fresh;
        source->asked_both = false;
        source_fetch_soon(publisher, number, FETCH_DELAY, now);
    } else if (is_unannounced && source->trusts_hsdirs) {
        source_fetch_soon(publisher, number, FETCH_DELAY, now);
    }
}

void source_forget_uploads(struct source *source)
{
    free(source->signs);
    source->signs = NULL;
}

/* -- who is asked --------------------------------------------------------------------------------- */

void source_update_network(struct publisher *publisher, size_t number, bool has_new_half, int64_t now)
{
    struct source *source = &publisher->sources[number];
    const struct network *network = publisher->network;
    uint64_t period_number = network->period_number[network->client_slot];
    if (source->policy->asks_own_tor && source->is_reachable)
        source_update_trust(publisher, source);
    if (!has_new_half)
        return;
    if (source->period_number != period_number) {
        source->period_number = period_number;
        source_forget_uploads(source);
        if (blinding_derive_public_key(source->blinded_key, source->identity_key, period_number,
                                       network->schedule.period_length) != 0)
            memset(source->blinded_key, 0, sizeof(source->blinded_key));
    }
    source->ask_other_way = source->asked_both = false;
    int64_t spread = source->state != SOURCE_WAITING ? source->policy->new_half_spread : 0;
    source_fetch_soon(publisher, number, publisher_draw(publisher, 0, spread), now);
}

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

void source_turn_fetch(const struct publisher *publisher, struct source *source)
{
    source->ask_other_way =
        publisher->network != NULL && publisher_prefers_hsdirs(publisher) == source->asks_hsdirs;
}

bool source_is_behind(const struct source *source, const struct descriptor *descriptor)
{
    return source->policy->asks_own_tor && source->trusts_hsdirs &&
           descriptor->period_number < source->period_number;
}

/* Lists the HSDirs to ask: those that have just got the descriptor, else those that clients ask. */
static size_t list_hsdirs(struct publisher *publisher, struct source *source, bool *is_fresh)
{
    *is_fresh = source->signs != NULL && source->signs->fresh_count > 0;
    if (*is_fresh) {
        size_t count = source->signs->fresh_count;
        memcpy(publisher->action_fingerprints, source->signs->fresh, count * RELAY_FINGERPRINT_SIZE);
        source->signs->fresh_count = 0;
        release_signs(source);
        return count;
    }
    const struct network *network = publisher->network;
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count =
        network_find_responsible(network, network->client_slot, source->blinded_key, true, responsible);
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

static void enter_fetch_place(struct publisher *publisher, size_t number, int64_t now)
{
    publisher->fetches++;
    publisher->sources[number].has_fetch_place = true;
    agenda_set(&publisher->fetch_places, number, now + publisher->rules.fetch_place_timeout);
}

void source_leave_fetch_place(struct publisher *publisher, size_t number)
{
    struct source *source = &publisher->sources[number];
    publisher->fetches -= source->has_fetch_place;
    source->has_fetch_place = false;
    agenda_set(&publisher->fetch_places, number, AGENDA_NEVER);
}

/* Others are asked in the place of those that take long to answer. */
static void free_fetch_places(struct publisher *publisher, int64_t now)
{
    size_t number = 0;
    while (agenda_first(&publisher->fetch_places, &number) <= now)
        source_leave_fetch_place(publisher, number);
}

static void begin_fetch(struct publisher *publisher, size_t number, struct publisher_action *action,
                        int64_t now)
{
    struct source *source = &publisher->sources[number];
    source->asked_from += now - source->queued_at; /* that it had to wait is not its own doing */
    source->queued_at = AGENDA_NEVER;
    /* An HSDir's answer to the fetch that is cut short may be taken for one to this fetch. */
    source->fetch_again = source->is_fetching;
    source->is_fetching = true;
    source->is_polling = !source->has_sign;
    if (source->has_sign)
        note_sign(publisher, source, now);
    source->has_sign = false;
    source_leave_fetch_place(publisher, number);
    enter_fetch_place(publisher, number, now);
    source->fetch_at = AGENDA_NEVER;
    source->asks_hsdirs = should_ask_hsdirs(publisher, source);
    action->type = PUBLISHER_FETCH;
    action->source = number;
    action->from_hsdirs = source->asks_hsdirs;
    action->tor = source->policy->asks_own_tor ? PUBLISHER_NO_TOR : publisher_choose_fetch_tor(publisher);
    action->hsdir_count = action->from_hsdirs ? list_hsdirs(publisher, source, &action->is_fresh) : 0;
}

bool fetch_queue_take(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    size_t number = 0;
    free_fetch_places(publisher, now);
    while (publisher->fetches < publisher->rules.fetch_places &&
           agenda_first(&publisher->fetch_queue, &number) != AGENDA_NEVER) {
        agenda_set(&publisher->fetch_queue, number, AGENDA_NEVER);
        publisher_touch_source(publisher, number, now);
        if (!source_wants_fetch(publisher, &publisher->sources[number], now))
            continue; /* it was lost meanwhile */
        begin_fetch(publisher, number, action, now);
        return true;
    }
    return false;
}
