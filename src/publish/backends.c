/* The backends' part of the state machine: when to fetch a descriptor, from whom, and when to go on without
 * it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obpub/crypto/blinding.h"
#include "obpub/memory.h"
#include "publish/publisher.h"
#include "publish/publisher_parts.h"

/* The delay before the next try: the first one doubled for each attempt made, a minute at most. */
int64_t publisher_back_off(int64_t first_delay, unsigned attempts)
{
    int64_t delay = first_delay;
    for (unsigned i = 1; i < attempts && delay < 60000; i++)
        delay *= 2;
    return delay < 60000 ? delay : 60000;
}

bool backend_has_settled(const struct publisher_backend *backend)
{
    return backend->state == BACKEND_LIVE || backend->state == BACKEND_LOST;
}

static void backend_lose(struct publisher_backend *backend, const char *reason)
{
    backend->state = BACKEND_LOST;
    snprintf(backend->reason, sizeof(backend->reason), "%s", reason);
}

void publisher_set_reachable(struct publisher *publisher, size_t number, bool is_reachable, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    backend->is_reachable = is_reachable;
    if (!is_reachable && backend->state == BACKEND_FETCHING)
        backend->state = BACKEND_WAITING;
    if (is_reachable && backend->state == BACKEND_WAITING)
        backend->next_ask = now;
}

/* Introduction points that a superdescriptor can carry. */
static size_t count_usable_points(const struct descriptor *descriptor)
{
    size_t count = 0;
    for (size_t i = 0; i < descriptor->point_count; i++)
        count += !descriptor->points[i].has_legacy_key;
    return count;
}

void publisher_note_descriptor(struct publisher *publisher, size_t number, struct descriptor *descriptor,
                               int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    if (backend->state == BACKEND_LOST) {
        descriptor_free(descriptor);
        return;
    }
    const char *fault = NULL;
    bool is_final = true;
    if (descriptor->requires_intro_auth)
        fault = "its introduction points require an authentication that clients of the frontend don't have";
    else if (descriptor->point_count == 0) {
        fault = "its descriptor has no introduction points (yet)";
        is_final = false;
    } else if (count_usable_points(descriptor) == 0)
        fault = "its introduction points have legacy RSA keys, which can't be carried over";
    if (fault != NULL) {
        descriptor_free(descriptor);
        publisher_note_fetch_failed(publisher, number, fault, is_final, now);
        return;
    }
    descriptor_free(backend->descriptor);
    backend->descriptor = descriptor;
    backend->state = BACKEND_LIVE;
    backend->reason[0] = '\0';
}

void publisher_note_fetch_failed(struct publisher *publisher, size_t number, const char *reason,
                                 bool is_final, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    if (backend_has_settled(backend))
        return;
    if (is_final) {
        backend_lose(backend, reason);
        return;
    }
    snprintf(backend->reason, sizeof(backend->reason), "%s", reason);
    backend->state = BACKEND_WAITING;
    backend->ask_other_way = !backend->ask_other_way;
    backend->next_ask = now + publisher_back_off(publisher->rules.retry_delay, backend->attempts);
}

/* Why nothing at all has come from a backend. */
static const char *describe_silence(const struct publisher_backend *backend)
{
    if (backend->has_control && !backend->is_reachable)
        return "its control port did not let us in in time: is that tor stopped or overloaded?";
    return "no descriptor came in time";
}

/* Patience runs from the moment there is a network to ask in, not from the start of the program. */
void publisher_check_patience(struct publisher *publisher, int64_t now)
{
    if (publisher->network == NULL)
        return;
    for (size_t i = 0; i < publisher->backend_count; i++) {
        struct publisher_backend *backend = &publisher->backends[i];
        if (backend_has_settled(backend) || now < backend->first_asked + publisher->rules.backend_patience)
            continue;
        if (backend->reason[0] != '\0')
            backend->state = BACKEND_LOST;
        else
            backend_lose(backend, describe_silence(backend));
    }
}

/* Lists the HSDirs that clients ask for the backend's descriptor. */
static size_t list_hsdirs(struct publisher *publisher, const struct publisher_backend *backend)
{
    const struct network *network = publisher->network;
    enum descriptor_slot slot = network->client_slot;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    if (blinding_derive_public_key(blinded_key, backend->identity_key, network->period_number[slot],
                                   network->schedule.period_length) != 0)
        return 0;
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count = network_find_responsible(network, slot, blinded_key, true, responsible);
    if (count > PUBLISHER_ACTION_HSDIRS_MAX)
        count = PUBLISHER_ACTION_HSDIRS_MAX;
    for (size_t i = 0; i < count; i++)
        memcpy(publisher->action_fingerprints[i], network->hsdirs[responsible[i]->hsdir].fingerprint,
               RELAY_FINGERPRINT_SIZE);
    return count;
}

/* GETINFO answers with a service's first descriptor, always. While clients use the second one the first one's
 * introduction points are about to go, so then it is better to ask as clients do; where that fails, the other
 * way is still better than nothing. */
static bool should_ask_hsdirs(const struct publisher *publisher, const struct publisher_backend *backend)
{
    if (!backend->has_control)
        return true;
    if (publisher->network->client_slot == DESCRIPTOR_FIRST)
        return false;
    return !backend->ask_other_way;
}

bool publisher_next_fetch(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    if (publisher->network == NULL)
        return false;
    for (size_t i = 0; i < publisher->backend_count; i++) {
        struct publisher_backend *backend = &publisher->backends[i];
        if (backend->state != BACKEND_WAITING || !backend->is_reachable || now < backend->next_ask)
            continue;
        backend->state = BACKEND_FETCHING;
        backend->attempts++;
        memset(action, 0, sizeof(*action));
        action->type = PUBLISHER_FETCH;
        action->backend = i;
        action->from_hsdirs = should_ask_hsdirs(publisher, backend);
        action->fingerprints = (const uint8_t(*)[RELAY_FINGERPRINT_SIZE])publisher->action_fingerprints;
        action->hsdir_count = action->from_hsdirs ? list_hsdirs(publisher, backend) : 0;
        return true;
    }
    return false;
}

int64_t publisher_next_backend_moment(const struct publisher *publisher)
{
    int64_t moment = INT64_MAX;
    if (publisher->network == NULL)
        return moment;
    for (size_t i = 0; i < publisher->backend_count; i++) {
        const struct publisher_backend *backend = &publisher->backends[i];
        if (backend_has_settled(backend))
            continue;
        int64_t end = backend->first_asked + publisher->rules.backend_patience;
        moment = end < moment ? end : moment;
        if (backend->state == BACKEND_WAITING && backend->is_reachable && backend->next_ask < moment)
            moment = backend->next_ask;
    }
    return moment;
}
