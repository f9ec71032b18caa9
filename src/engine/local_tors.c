/* The engine's local tors: their connections, which of them can be used, and whose view of the network is
 * taken.
 */
#include "engine/local_tors.h"

#include <string.h>

#include "base/clock.h"
#include "control/credential_reader.h"
#include "engine/backends.h"
#include "engine/engine_state.h"
#include "engine/health_checks.h"
#include "engine/look.h"
#include "engine/posts.h"

/* Milliseconds for a tor that is left to take what it was sent last. */
#define FAREWELL_PATIENCE 500

_Static_assert(CONFIG_TORS_MAX <= PUBLISHER_TORS_MAX, "each tor of a config needs a number");
_Static_assert(PUBLISHER_TORS_MAX <= 32, "connections over Tor have a bit for each tor");

/* -- what they say -------------------------------------------------------------------------------- */

static enum publisher_tor_state find_state(struct engine_tor *tor)
{
    if (tor->local_tor == NULL || local_tor_connection(tor->local_tor) == NULL)
        return TOR_DOWN;
    return local_tor_is_ready(tor->local_tor) ? TOR_READY : TOR_UNREADY;
}

/* Forgets what a tor was doing; the publisher has that done again. */
static void drop_work(struct engine *engine, size_t tor)
{
    engine_drop_posts(engine, tor);
    engine_drop_fetches(engine, tor);
    engine_drop_looks(engine, tor);
    engine_drop_checks(engine);
}

/* Tells the publisher what a tor is good for, and those that rely on the local tors whether there is any. */
static void update_state(struct engine_tor *tor)
{
    struct engine *engine = tor->engine;
    struct publisher *publisher = engine->publisher;
    enum publisher_tor_state state = find_state(tor);
    bool was_up = publisher->is_tor_up;
    if (state == publisher->tors[tor->number].state)
        return;
    publisher_note_tor(publisher, tor->number, state, clock_milliseconds());
    if (state == TOR_DOWN)
        drop_work(engine, tor->number);
    if (publisher->is_tor_up != was_up)
        engine_set_local_reachable(engine, publisher->is_tor_up);
    engine_wake(engine);
}

/* Once all of them have been tried, the reader knows the cookies of those that there are: from then on it
 * reads what backends' tors name, since none of them can pass a local tor's cookie off as its own any more.
 */
static void note_tries(const struct engine *engine)
{
    const struct credential_reader *reader = engine->credential_reader;
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        if (engine->tors[i].local_tor != NULL && !local_tor_was_tried(engine->tors[i].local_tor))
            return;
    }
    if (reader != NULL && reader->note_local_tors != NULL)
        reader->note_local_tors(reader->context);
}

static void tor_said(const struct hs_desc_event *event, void *context)
{
    struct engine_tor *tor = context;
    engine_note_local_event(tor->engine, tor->number, event);
    engine_note_upload_event(tor->engine, tor->number, event);
    engine_note_look_event(tor->engine, tor->number, event);
    engine_wake(tor->engine);
}

static void tor_told_of_stream(const struct stream_event *event, void *context)
{
    struct engine_tor *tor = context;
    engine_note_stream(tor->engine, tor->number, event);
}

static void tor_told_of_refusal(const struct introduction_refusal *refusal, void *context)
{
    const struct engine_tor *tor = context;
    engine_note_refusal(tor->engine, tor->number, refusal);
}

static void tor_told_of_socks(void *context)
{
    engine_hurry_links(((struct engine_tor *)context)->engine);
}

static void tor_is_lost(void *context)
{
    struct engine_tor *tor = context;
    client_keys_disconnect(tor->keys);
    tor->engine->counters.tor_connections_lost++;
    update_state(tor);
}

static void tor_changed(void *context)
{
    struct engine *engine = ((struct engine_tor *)context)->engine;
    update_state(context);
    note_tries(engine);
    engine_wake(engine);
}

static void tor_is_up(void *context)
{
    struct engine_tor *tor = context;
    client_keys_connect(tor->keys, local_tor_connection(tor->local_tor));
    tor_changed(tor);
}

/* True when a tor's view of the network is better than the one in use: newer, or as new and as complete. */
static bool is_better(const struct network *network, const struct network *used)
{
    if (used == NULL || !network_is_live(used, clock_wall_seconds()))
        return true;
    if (network->valid_after != used->valid_after)
        return network->valid_after > used->valid_after;
    return network->hsdirs_without_identity < used->hsdirs_without_identity;
}

static void network_came(struct network *network, void *context)
{
    struct engine_tor *tor = context;
    struct engine *engine = tor->engine;
    engine->counters.consensuses++;
    if (is_better(network, engine->publisher->network))
        publisher_set_network(engine->publisher, network, clock_milliseconds());
    else
        network_free(network);
    engine_wake(engine);
}

/* -- coming and going ----------------------------------------------------------------------------- */

static void add_tor(struct engine *engine, size_t number, const struct control_endpoint *endpoint,
                    const struct control_credentials *credentials)
{
    static const struct local_tor_callbacks callbacks = {
        .network = network_came,
        .hs_desc = tor_said,
        .stream = tor_told_of_stream,
        .refusal = tor_told_of_refusal,
        .socks = tor_told_of_socks,
        .up = tor_is_up,
        .lost = tor_is_lost,
        .changed = tor_changed,
    };
    struct engine_tor *tor = &engine->tors[number];
    tor->engine = engine;
    tor->number = number;
    control_endpoint_format(endpoint, tor->place, sizeof(tor->place));
    tor->local_tor = local_tor_new(engine->base, endpoint, credentials, &callbacks, tor);
    local_tor_follow_introductions(tor->local_tor, engine->has_onion_links);
    tor->keys = client_keys_new(engine->publisher->rules.check_permits > 0);
    if (engine->config != NULL)
        client_keys_set(tor->keys, engine->config);
}

/* Has a tor that is left give back the keys that it was given. */
static void take_keys_back(struct engine_tor *tor)
{
    if (tor->keys == NULL || !client_keys_are_given(tor->keys))
        return;
    client_keys_set(tor->keys, NULL);
    struct control_connection *connection = local_tor_connection(tor->local_tor);
    if (connection == NULL)
        return;
    control_connection_send(connection, "QUIT", NULL, NULL);
    control_connection_finish(connection, FAREWELL_PATIENCE);
}

static void free_tor(struct engine_tor *tor)
{
    take_keys_back(tor);
    client_keys_free(tor->keys);
    tor->keys = NULL;
    local_tor_free(tor->local_tor);
    tor->local_tor = NULL;
}

static void remove_tor(struct engine_tor *tor)
{
    free_tor(tor);
    update_state(tor);
    tor->engine->publisher->tors[tor->number].uploads = 0;
}

static bool has_place(const struct engine_tor *tor, const struct engine_tor_places *places, size_t i)
{
    return tor->local_tor != NULL &&
           local_tor_is_at(tor->local_tor, &places->endpoints[i], &places->credentials);
}

static bool is_among(const struct engine_tor *tor, const struct engine_tor_places *places)
{
    for (size_t i = 0; i < places->count; i++) {
        if (has_place(tor, places, i))
            return true;
    }
    return false;
}

static bool has_tor_at(const struct engine *engine, const struct engine_tor_places *places, size_t i)
{
    for (size_t number = 0; number < PUBLISHER_TORS_MAX; number++) {
        if (has_place(&engine->tors[number], places, i))
            return true;
    }
    return false;
}

static size_t find_free_number(const struct engine *engine)
{
    size_t number = 0;
    while (engine->tors[number].local_tor != NULL)
        number++;
    return number;
}

void engine_set_tor_places(struct engine *engine, const struct engine_tor_places *places)
{
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        if (engine->tors[i].local_tor != NULL && !is_among(&engine->tors[i], places))
            remove_tor(&engine->tors[i]);
    }
    for (size_t i = 0; i < places->count; i++) {
        if (!has_tor_at(engine, places, i))
            add_tor(engine, find_free_number(engine), &places->endpoints[i], &places->credentials);
    }
    note_tries(engine);
    engine_wake(engine);
}

void engine_ready_tors(struct engine *engine)
{
    engine->has_onion_links = config_has_onion_control(engine->config);
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        if (engine->tors[i].local_tor == NULL)
            continue;
        local_tor_follow_introductions(engine->tors[i].local_tor, engine->has_onion_links);
        client_keys_set(engine->tors[i].keys, engine->config);
    }
}

void engine_free_tors(struct engine *engine)
{
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        free_tor(&engine->tors[i]);
    }
}

/* -- how they are ---------------------------------------------------------------------------------- */

/* The tor to speak of when one has to stand for all: one that is ready, or else the best of the others. */
static const struct engine_tor *find_best(const struct engine *engine, size_t *count)
{
    const struct engine_tor *best = NULL;
    *count = 0;
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        const struct engine_tor *tor = &engine->tors[i];
        if (tor->local_tor == NULL)
            continue;
        (*count)++;
        if (best == NULL || engine->publisher->tors[i].state > engine->publisher->tors[best->number].state)
            best = tor;
    }
    return best;
}

const char *engine_tor_status(const struct engine *engine, bool *is_trouble)
{
    size_t count = 0;
    const struct engine_tor *best = find_best(engine, &count);
    *is_trouble = best != NULL && local_tor_is_trouble(best->local_tor);
    return best != NULL ? local_tor_status(best->local_tor) : "";
}

bool engine_tors_need_operator(const struct engine *engine)
{
    bool is_any = false;
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        const struct local_tor *tor = engine->tors[i].local_tor;
        is_any = is_any || tor != NULL;
        if (tor != NULL && !local_tor_needs_operator(tor))
            return false;
    }
    return is_any;
}

size_t engine_fill_tors(const struct engine *engine, struct report_tor tors[PUBLISHER_TORS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        const struct engine_tor *tor = &engine->tors[i];
        if (tor->local_tor == NULL)
            continue;
        tors[count++] = (struct report_tor){.number = i,
                                            .place = tor->place,
                                            .status = local_tor_status(tor->local_tor),
                                            .is_trouble = local_tor_is_trouble(tor->local_tor)};
    }
    return count;
}
