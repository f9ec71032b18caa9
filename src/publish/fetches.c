/* The fetches' part of the state machine: when a backend is asked for its descriptor, and who is asked. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"
#include "publish/publisher.h"
#include "publish/publisher_parts.h"

/* When all turn to a new descriptor at once, they are asked within so many milliseconds. */
#define NEW_HALF_SPREAD 2000
#define NEW_HALF_SPREAD_HSDIRS 10000

/* So many signs of something new at a backend are followed at once, and then one each so many milliseconds
 * (on a testing network more often). A tor has sixteen HSDirs to tell of when it uploads, and uploads seldom;
 * but each answer takes time to verify, and who makes up signs is not to have all of it. */
#define SIGNS_AT_ONCE 40
#define SIGN_INTERVAL 5000

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* When a sign may be followed, at the earliest. */
static int64_t next_sign(const struct publisher *publisher, const struct publisher_backend *backend)
{
    return backend->signs_settled - SIGNS_AT_ONCE * publisher_scale(publisher, SIGN_INTERVAL);
}

/* A sign is being followed. */
static void note_sign(const struct publisher *publisher, struct publisher_backend *backend, int64_t now)
{
    backend->signs_settled = later(backend->signs_settled, now) + publisher_scale(publisher, SIGN_INTERVAL);
}

void backend_fetch_soon(struct publisher *publisher, size_t number, int64_t delay, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    int64_t moment = later(now + delay, next_sign(publisher, backend));
    backend->has_sign = true;
    if (backend->is_fetching)
        backend->fetch_again = true;
    if (backend->fetch_at > moment)
        backend->fetch_at = moment;
    publisher_touch_backend(publisher, number, now);
}

void backend_end_fetch(struct publisher *publisher, size_t number, int64_t next_fetch, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    backend->is_fetching = false;
    backend_leave_fetch_place(publisher, number);
    int64_t again = later(now + FETCH_DELAY, next_sign(publisher, backend));
    backend->fetch_at = backend->fetch_again ? again : next_fetch;
    backend->fetch_again = false;
    publisher_touch_backend(publisher, number, now);
}

void publisher_note_fetch_lost(struct publisher *publisher, size_t number, int64_t now)
{
    backend_end_fetch(publisher, number, now, now);
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
    if (signs->announced_count == BACKEND_ANNOUNCEMENTS_MAX)
        remove_announcement(signs, &signs->announced[0]);
    struct publisher_announcement *announcement = &signs->announced[signs->announced_count++];
    memset(announcement, 0, sizeof(*announcement));
    memcpy(announcement->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE);
    return announcement;
}

/* Gives the memory back when there is nothing in it any more. */
static void release_signs(struct publisher_backend *backend)
{
    if (backend->signs != NULL && backend->signs->announced_count == 0 && backend->signs->fresh_count == 0)
        backend_forget_uploads(backend);
}

static void note_begun(struct publisher_backend *backend, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                       const uint8_t *blinded_key)
{
    if (backend->signs == NULL)
        backend->signs = memory_allocate(1, sizeof(*backend->signs));
    struct publisher_announcement *announcement = find_announcement(backend->signs, fingerprint);
    if (announcement == NULL)
        announcement = add_announcement(backend->signs, fingerprint);
    if (blinded_key == NULL || memcmp(blinded_key, backend->blinded_key, ED25519_PUBLIC_KEY_SIZE) == 0)
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
    if (signs->fresh_count < BACKEND_FRESH_HSDIRS_MAX)
        memcpy(signs->fresh[signs->fresh_count++], fingerprint, RELAY_FINGERPRINT_SIZE);
}

/* Returns true when the HSDir has the descriptor that clients use, as it is now. The event does not say which
 * of the two it took: where both were on their way, the second answer counts. */
static bool note_taken(struct publisher_backend *backend, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    struct publisher_announcement *announcement = find_announcement(backend->signs, fingerprint);
    if (announcement == NULL)
        return false;
    if (announcement->is_for_others && announcement->is_for_clients) {
        announcement->is_for_others = false;
        return false;
    }
    bool is_fresh = announcement->is_for_clients;
    remove_announcement(backend->signs, announcement);
    if (is_fresh)
        add_fresh(backend->signs, fingerprint);
    release_signs(backend);
    return is_fresh;
}

bool publisher_prefers_hsdirs(const struct publisher *publisher)
{
    return publisher->network->client_slot == DESCRIPTOR_SECOND;
}

/* True when its tor has not yet turned to the descriptor that clients with our consensus use. */
static bool has_other_period(const struct publisher_backend *backend)
{
    return backend->descriptor == NULL || backend->descriptor->period_number != backend->period_number;
}

void publisher_note_backend_upload(struct publisher *publisher, size_t number, bool is_taken,
                                   const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                                   const uint8_t *blinded_key, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    if (publisher->network == NULL)
        return;
    /* It began before its connection was made: what it is of can't be told. */
    bool is_unannounced = is_taken && find_announcement(backend->signs, fingerprint) == NULL;
    if (!is_taken)
        note_begun(backend, fingerprint, blinded_key);
    bool is_fresh = is_taken && note_taken(backend, fingerprint);
    if (is_fresh) {
        backend->trusts_hsdirs = true;
        backend->is_denied = false;
    }
    /* GETINFO tells what is being uploaded at once, HSDirs when they have it. A tor that has not turned to
     * the descriptor we mean uploads for clients what we would not call so. */
    if (!publisher_prefers_hsdirs(publisher) || is_fresh || has_other_period(backend)) {
        backend->ask_other_way = publisher_prefers_hsdirs(publisher) && !is_fresh;
        backend->asked_both = false;
        backend_fetch_soon(publisher, number, FETCH_DELAY, now);
    } else if (is_unannounced && backend->trusts_hsdirs) {
        backend_fetch_soon(publisher, number, FETCH_DELAY, now);
    }
}

void backend_forget_uploads(struct publisher_backend *backend)
{
    free(backend->signs);
    backend->signs = NULL;
}

/* -- who is asked --------------------------------------------------------------------------------- */

void backend_update_network(struct publisher *publisher, size_t number, bool has_new_half, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    const struct network *network = publisher->network;
    uint64_t period_number = network->period_number[network->client_slot];
    if (backend->has_control && backend->is_reachable)
        backend_update_trust(publisher, backend);
    if (!has_new_half)
        return;
    if (backend->period_number != period_number) {
        backend->period_number = period_number;
        backend_forget_uploads(backend);
        if (blinding_derive_public_key(backend->blinded_key, backend->identity_key, period_number,
                                       network->schedule.period_length) != 0)
            memset(backend->blinded_key, 0, sizeof(backend->blinded_key));
    }
    backend->ask_other_way = backend->asked_both = false;
    int64_t spread = 0;
    if (backend->state != BACKEND_WAITING)
        spread = backend->has_control ? NEW_HALF_SPREAD : NEW_HALF_SPREAD_HSDIRS;
    backend_fetch_soon(publisher, number, publisher_draw(publisher, 0, spread), now);
}

/* GETINFO answers with a service's first descriptor, always. While clients use the second one the first one's
 * introduction points are about to go, so then it is better to ask as clients do, once the HSDirs are known
 * to have what this process uploaded; where that fails, the other way is still better than nothing. And a tor
 * that has not yet seen the newest shared random value answers GETINFO with what clients used before. */
static bool should_ask_hsdirs(const struct publisher *publisher, const struct publisher_backend *backend)
{
    if (!backend->has_control)
        return true;
    return backend->trusts_hsdirs && !backend->is_denied &&
           publisher_prefers_hsdirs(publisher) != backend->ask_other_way;
}

void backend_turn_fetch(const struct publisher *publisher, struct publisher_backend *backend)
{
    backend->ask_other_way =
        publisher->network != NULL && publisher_prefers_hsdirs(publisher) == backend->asks_hsdirs;
}

bool backend_is_behind(const struct publisher_backend *backend, const struct descriptor *descriptor)
{
    return backend->has_control && backend->trusts_hsdirs &&
           descriptor->period_number < backend->period_number;
}

/* Lists the HSDirs to ask: those that have just got the descriptor, else those that clients ask. */
static size_t list_hsdirs(struct publisher *publisher, struct publisher_backend *backend, bool *is_fresh)
{
    *is_fresh = backend->signs != NULL && backend->signs->fresh_count > 0;
    if (*is_fresh) {
        size_t count = backend->signs->fresh_count;
        memcpy(publisher->action_fingerprints, backend->signs->fresh, count * RELAY_FINGERPRINT_SIZE);
        backend->signs->fresh_count = 0;
        release_signs(backend);
        return count;
    }
    const struct network *network = publisher->network;
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count =
        network_find_responsible(network, network->client_slot, backend->blinded_key, true, responsible);
    if (count > PUBLISHER_ACTION_HSDIRS_MAX)
        count = PUBLISHER_ACTION_HSDIRS_MAX;
    for (size_t i = 0; i < count; i++)
        memcpy(publisher->action_fingerprints[i], network->hsdirs[responsible[i]->hsdir].fingerprint,
               RELAY_FINGERPRINT_SIZE);
    return count;
}

bool backend_may_be_asked(const struct publisher_backend *backend)
{
    return backend->is_reachable && (!backend->is_fetching || (backend->is_polling && backend->has_sign));
}

bool backend_wants_fetch(const struct publisher *publisher, const struct publisher_backend *backend,
                         int64_t now)
{
    return publisher->network != NULL && backend->is_used && backend_may_be_asked(backend) &&
           now >= backend->fetch_at;
}

static void enter_fetch_place(struct publisher *publisher, size_t number, int64_t now)
{
    publisher->fetches++;
    publisher->backends[number].has_fetch_place = true;
    agenda_set(&publisher->fetch_places, number, now + publisher->rules.fetch_place_timeout);
}

void backend_leave_fetch_place(struct publisher *publisher, size_t number)
{
    struct publisher_backend *backend = &publisher->backends[number];
    publisher->fetches -= backend->has_fetch_place;
    backend->has_fetch_place = false;
    agenda_set(&publisher->fetch_places, number, AGENDA_NEVER);
}

/* Others are asked in the place of those that take long to answer. */
static void free_fetch_places(struct publisher *publisher, int64_t now)
{
    size_t number = 0;
    while (agenda_first(&publisher->fetch_places, &number) <= now)
        backend_leave_fetch_place(publisher, number);
}

static void begin_fetch(struct publisher *publisher, size_t number, struct publisher_action *action,
                        int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    backend->asked_from += now - backend->queued_at; /* that it had to wait is not its own doing */
    backend->queued_at = AGENDA_NEVER;
    /* An HSDir's answer to the fetch that is cut short may be taken for one to this fetch. */
    backend->fetch_again = backend->is_fetching;
    backend->is_fetching = true;
    backend->is_polling = !backend->has_sign;
    if (backend->has_sign)
        note_sign(publisher, backend, now);
    backend->has_sign = false;
    backend_leave_fetch_place(publisher, number);
    enter_fetch_place(publisher, number, now);
    backend->fetch_at = AGENDA_NEVER;
    backend->asks_hsdirs = should_ask_hsdirs(publisher, backend);
    action->type = PUBLISHER_FETCH;
    action->backend = number;
    action->from_hsdirs = backend->asks_hsdirs;
    action->tor = backend->has_control ? PUBLISHER_NO_TOR : publisher_choose_fetch_tor(publisher);
    action->hsdir_count = action->from_hsdirs ? list_hsdirs(publisher, backend, &action->is_fresh) : 0;
}

bool fetch_queue_take(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    size_t number = 0;
    free_fetch_places(publisher, now);
    while (publisher->fetches < publisher->rules.fetch_places &&
           agenda_first(&publisher->fetch_queue, &number) != AGENDA_NEVER) {
        agenda_set(&publisher->fetch_queue, number, AGENDA_NEVER);
        publisher_touch_backend(publisher, number, now);
        if (!backend_wants_fetch(publisher, &publisher->backends[number], now))
            continue; /* it was lost meanwhile */
        begin_fetch(publisher, number, action, now);
        return true;
    }
    return false;
}
