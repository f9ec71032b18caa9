/* The engine's looks: what an HSDir hands out of a frontend, fetched through a local tor as a client would.
 */
#include "engine/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "crypto/descriptor_layer.h"
#include "crypto/revision_counter.h"
#include "publish/lead.h"

struct look {
    TAILQ_ENTRY(look) others;
    struct engine *engine;
    size_t frontend, tor;
    uint64_t period_number; /* of the descriptor that clients use now */
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    struct known_blinded_keys known_keys;
    uint8_t *cookie; /* secret memory: our own of the descriptor, that a restricted one of ours can be read;
                        NULL: there is none */
    struct fetch *fetch;
};

static void free_look(struct look *look)
{
    TAILQ_REMOVE(&look->engine->looks, look, others);
    fetch_free(look->fetch);
    secret_free(look->cookie);
    free(look);
}

/* Copies the cookie: the keyring may have another one before the look has ended. */
static void take_cookie(struct look *look)
{
    const uint8_t *cookie =
        keyring_cookie(&look->engine->frontends[look->frontend].keyring, look->period_number);
    if (cookie == NULL)
        return;
    look->cookie = secret_allocate(DESCRIPTOR_COOKIE_SIZE);
    memcpy(look->cookie, cookie, DESCRIPTOR_COOKIE_SIZE);
}

/* Another publisher's counter against those that this process has made, and those that clocks make. */
static void judge_counter(const struct look *look, uint64_t counter, struct look_result *result)
{
    const struct engine *engine = look->engine;
    const struct network *network = engine->publisher->network;
    /* Which of the two descriptors clients use may have changed since they were asked for; only of the one
     * that they use now the publisher believes anything. */
    int64_t seconds =
        network_revision_seconds(network, network->client_slot, clock_wall_seconds()) +
        lead_find_longest(engine->publisher, &engine->publisher->frontends[look->frontend]) / 1000;
    result->is_newer =
        counter > keyring_counter(&engine->frontends[look->frontend].keyring, look->period_number);
    result->is_of_other_half = network_may_be_of_other_half(network, clock_wall_seconds());
    result->made_at = clock_milliseconds() - (seconds - revision_counter_estimate(counter)) * 1000;
    result->is_ahead = revision_counter_is_ahead(counter, seconds);
}

static void judge_descriptor(const struct look *look, const struct descriptor *descriptor,
                             struct look_result *result)
{
    const struct keyring *keyring = &look->engine->frontends[look->frontend].keyring;
    if (descriptor->period_number != look->period_number)
        return; /* the tor has another consensus than we: as if nobody had answered */
    bool is_ours = keyring_has_made(keyring, descriptor, &result->made_at);
    result->finding = is_ours ? LOOK_FINDING_OURS : LOOK_FINDING_OTHERS;
    result->descriptor = descriptor;
    if (!is_ours)
        judge_counter(look, descriptor->revision_counter, result);
}

static void look_ended(struct fetch *fetch, struct descriptor *descriptor, const struct error *error,
                       void *context)
{
    (void)error;
    struct look *look = context;
    struct engine *engine = look->engine;
    struct look_result result = {.finding = LOOK_FINDING_NO_ANSWER, .made_at = MOMENT_NONE};
    if (descriptor != NULL)
        judge_descriptor(look, descriptor, &result);
    else if (fetch_was_answered_badly(fetch))
        result.finding = LOOK_FINDING_BROKEN;
    else if (fetch_was_answered(fetch))
        result.finding = LOOK_FINDING_NONE;
    publisher_note_look(engine->publisher, look->frontend, look->period_number, look->fingerprint, &result,
                        clock_milliseconds());
    descriptor_free(descriptor);
    free_look(look);
    engine_wake(engine);
}

static void begin_fetch(struct look *look, const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                        struct control_connection *connection)
{
    struct engine *engine = look->engine;
    const struct network *network = engine->publisher->network;
    const struct publisher_frontend *frontend = &engine->publisher->frontends[look->frontend];
    known_blinded_keys_add(&look->known_keys, frontend->identity_key, network->schedule.period_length,
                           look->period_number, blinded_key);
    take_cookie(look);
    struct fetch_request request = {
        .base = engine->base,
        .connection = connection,
        .expectation =
            {
                .identity_key = frontend->identity_key,
                .schedule = network->schedule,
                .period_number = time_period_number(&network->schedule, network->valid_after),
                .size_max = network->descriptor_size_max,
                .likely_period_number = look->period_number,
                .known_keys = &look->known_keys,
                .cookie = look->cookie,
                .accepts_closed = true,
            },
        .fingerprints = (const uint8_t(*)[RELAY_FINGERPRINT_SIZE]) & look->fingerprint,
        .hsdir_count = 1,
    };
    memcpy(request.address, engine->frontends[look->frontend].config->address, sizeof(request.address));
    look->fetch = fetch_new(&request, look_ended, look);
}

void engine_perform_look(struct engine *engine, const struct publisher_action *action)
{
    const struct publisher_frontend *frontend = &engine->publisher->frontends[action->frontend];
    struct control_connection *connection = engine_tor_connection(engine, action->tor);
    const struct look_result nothing = {.finding = LOOK_FINDING_NO_ANSWER, .made_at = MOMENT_NONE};
    uint64_t period_number = frontend->descriptors[action->slot].period_number;
    if (connection == NULL) {
        uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
        memcpy(fingerprint, action->fingerprints[0], sizeof(fingerprint));
        publisher_note_look(engine->publisher, action->frontend, period_number, fingerprint, &nothing,
                            clock_milliseconds());
        return;
    }
    engine_drop_looks_at(engine, action->frontend); /* one that the publisher waits for no more */
    struct look *look = memory_allocate(1, sizeof(*look));
    TAILQ_INSERT_TAIL(&engine->looks, look, others);
    look->engine = engine;
    look->frontend = action->frontend;
    look->tor = action->tor;
    look->period_number = period_number;
    memcpy(look->fingerprint, action->fingerprints[0], RELAY_FINGERPRINT_SIZE);
    begin_fetch(look, frontend->descriptors[action->slot].blinded_key, connection);
}

void engine_note_look_event(struct engine *engine, size_t tor, const struct hs_desc_event *event)
{
    struct look *next;
    for (struct look *look = TAILQ_FIRST(&engine->looks); look != NULL; look = next) {
        next = TAILQ_NEXT(look, others); /* the event may end this one, and no other */
        if (look->tor == tor)
            fetch_note_event(look->fetch, event);
    }
}

bool engine_is_looking(const struct engine *engine, size_t tor, const struct hs_desc_event *event)
{
    const struct look *look;
    TAILQ_FOREACH(look, &engine->looks, others)
    {
        if (look->tor == tor && event->has_fingerprint && event->has_address &&
            memcmp(look->fingerprint, event->fingerprint, RELAY_FINGERPRINT_SIZE) == 0 &&
            strcmp(engine->frontends[look->frontend].config->address, event->address) == 0)
            return true;
    }
    return false;
}

void engine_drop_looks(struct engine *engine, size_t tor)
{
    const struct look_result nothing = {.finding = LOOK_FINDING_NO_ANSWER, .made_at = MOMENT_NONE};
    struct look *next;
    for (struct look *look = TAILQ_FIRST(&engine->looks); look != NULL; look = next) {
        next = TAILQ_NEXT(look, others);
        if (tor != PUBLISHER_NO_TOR && look->tor != tor)
            continue;
        fetch_note_closed(look->fetch);
        publisher_note_look(engine->publisher, look->frontend, look->period_number, look->fingerprint,
                            &nothing, clock_milliseconds());
        free_look(look);
    }
}

void engine_drop_looks_at(struct engine *engine, size_t frontend)
{
    struct look *next;
    for (struct look *look = TAILQ_FIRST(&engine->looks); look != NULL; look = next) {
        next = TAILQ_NEXT(look, others);
        if (look->frontend == frontend)
            free_look(look);
    }
}
