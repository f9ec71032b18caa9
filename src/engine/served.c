/* What the engine serves: the frontends and backends of a config. */
#include "engine/served.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/backends.h"
#include "engine/engine_state.h"
#include "engine/index.h"
#include "engine/local_tors.h"
#include "engine/look.h"
#include "engine/posts.h"
#include "engine/source_match.h"

/* So many backends are asked whether they live in a second, all together; and milliseconds between two times
 * that one is asked for, at least. */
#define PINGS_A_SECOND 100
#define PING_INTERVAL_MIN 10000
/* Reports may look at so many frontends and backends in a millisecond of the interval between two; and that
 * interval at most. */
#define THINGS_REPORTED_IN_A_MILLISECOND 10
#define REPORT_INTERVAL_MAX 1000

/* Serves a source of the new config as one that is new. */
static uint64_t add_source(struct engine *engine, const struct config_backend *config)
{
    uint64_t number = publisher_add_source(engine->publisher, config->identity_key,
                                           engine_source_kind(config), clock_milliseconds());
    engine_open_backend(engine, number, config);
    return number;
}

/* The backends of a config that stand for its sources: the first one that is listed of each. */
static const struct config_backend **list_sources(const struct config *config)
{
    const struct config_backend **sources =
        memory_allocate(config->source_count, sizeof(const struct config_backend *));
    for (size_t i = 0; i < config->frontend_count; i++) {
        for (size_t j = 0; j < config->frontends[i].backend_count; j++) {
            const struct config_backend *backend = &config->frontends[i].backends[j];
            if (sources[backend->source] == NULL)
                sources[backend->source] = backend;
        }
    }
    return sources;
}

/* For each source of the new config the row of the one that it was, or SOURCE_MATCH_NONE. */
static size_t *match_sources(const struct engine *engine, const struct config_backend *const *sources,
                             size_t count)
{
    const struct config_backend **served =
        memory_allocate(engine->backend_count, sizeof(const struct config_backend *));
    size_t *matches = memory_allocate(count, sizeof(*matches));
    for (size_t i = 0; i < engine->backend_count; i++)
        served[i] = engine->backends[i]->config;
    source_match(served, engine->backend_count, sources, count, matches);
    free(served);
    return matches;
}

/* Serves the sources of the new config, each as the one it was or as a new one. Gives their numbers, in the
 * order of the config; release with free(). */
static uint64_t *set_sources(struct engine *engine, const struct config *config)
{
    size_t count = config->source_count;
    const struct config_backend **sources = list_sources(config);
    size_t *matches = match_sources(engine, sources, count);
    uint64_t *numbers = memory_allocate(count, sizeof(*numbers));
    for (size_t i = 0; i < count; i++) {
        bool is_new = matches[i] == SOURCE_MATCH_NONE;
        numbers[i] = is_new ? add_source(engine, sources[i]) : engine->backends[matches[i]]->number;
        if (!is_new)
            engine_update_backend(engine, numbers[i], sources[i]);
        engine_backend(engine, numbers[i])->is_in_new_config = true;
    }
    free(matches);
    free(sources);
    return numbers;
}

static struct engine_frontend *make_frontend_row(struct engine *engine, size_t number)
{
    while (engine->frontend_count <= number) {
        engine->frontends = memory_make_room(engine->frontends, &engine->frontend_room,
                                             engine->frontend_count + 1, 8, sizeof(*engine->frontends));
        memset(&engine->frontends[engine->frontend_count++], 0, sizeof(*engine->frontends));
    }
    return &engine->frontends[number];
}

static bool has_members(const struct publisher_frontend *frontend, const uint64_t *backends, size_t count)
{
    if (frontend->member_count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (frontend->members[i].source != backends[i])
            return false;
    }
    return true;
}

static void set_policies(struct engine *engine, size_t number, const struct config_frontend *config)
{
    static const enum descriptors_policy policies[] = {
        [CONFIG_DESCRIPTORS_AUTO] = DESCRIPTORS_AUTO,
        [CONFIG_DESCRIPTORS_SAME] = DESCRIPTORS_SAME,
        [CONFIG_DESCRIPTORS_DISTINCT] = DESCRIPTORS_DISTINCT,
    };
    publisher_set_descriptors(engine->publisher, number, policies[config->descriptors], clock_milliseconds());
    publisher_set_points_max(engine->publisher, number, config->points_max, clock_milliseconds());
    bool takes_proof_of_work = config->mode == CONFIG_MODE_HARDMAP && !config->has_proof_of_work_off;
    publisher_set_twins(engine->publisher, number, (int64_t)config->lead * 1000, takes_proof_of_work,
                        clock_milliseconds());
}

/* Has the members of a frontend have the weights that its config gives them: both are in the same order. */
static void set_weights(struct engine *engine, size_t number, const struct config_frontend *config)
{
    unsigned *weights = memory_allocate(config->backend_count, sizeof(*weights));
    for (size_t i = 0; i < config->backend_count; i++)
        weights[i] = config->backends[i].weight;
    publisher_set_weights(engine->publisher, number, weights, clock_milliseconds());
    free(weights);
}

static size_t add_frontend(struct engine *engine, struct config_frontend *config, const uint64_t *backends)
{
    size_t number = publisher_add_frontend(engine->publisher, config->identity_key, config->clients, backends,
                                           config->backend_count, clock_milliseconds());
    struct engine_frontend *frontend = make_frontend_row(engine, number);
    frontend->config = config;
    frontend->is_in_new_config = true;
    set_policies(engine, number, config);
    engine_index_frontend(engine, number);
    return number;
}

/* Goes on with another key or bundle for a frontend than that of its old config. */
static void change_key(struct engine *engine, size_t number, const struct config_frontend *old)
{
    int64_t now = clock_milliseconds();
    keyring_renew(&engine->frontends[number].keyring);
    publisher_retry_uploads(engine->publisher, number, now); /* a bundle may have run out */
    if (old->key_format != KEY_FORMAT_BUNDLE)
        return;
    /* What was published with a bundle expires with it. */
    int64_t end = now + (bundle_plan_end(&old->plan) - clock_wall_seconds()) * 1000;
    publisher_renew_uploads(engine->publisher, number, end, now);
}

/* Goes on with another config for a frontend. */
static void set_frontend_config(struct engine *engine, size_t number, const struct config_frontend *config)
{
    struct engine_frontend *frontend = &engine->frontends[number];
    bool has_other_key = frontend->config->signer_frontend != config->signer_frontend;
    if (has_other_key)
        change_key(engine, number, frontend->config);
    frontend->config = config;
    frontend->is_in_new_config = true;
    publisher_set_clients(engine->publisher, number, config->clients, clock_milliseconds());
    set_policies(engine, number, config);
}

/* sources: the numbers of the new config's. */
static void set_frontend(struct engine *engine, struct config_frontend *config, const uint64_t *sources)
{
    uint64_t *backends = memory_allocate(config->backend_count, sizeof(*backends));
    for (size_t i = 0; i < config->backend_count; i++)
        backends[i] = sources[config->backends[i].source];
    size_t number = engine_find_frontend(engine, config->address);
    if (number == KEY_INDEX_NONE) {
        number = add_frontend(engine, config, backends);
    } else {
        set_frontend_config(engine, number, config);
        if (!has_members(&engine->publisher->frontends[number], backends, config->backend_count))
            publisher_set_members(engine->publisher, number, backends, config->backend_count,
                                  clock_milliseconds());
    }
    set_weights(engine, number, config);
    free(backends);
}

static void remove_frontend(struct engine *engine, size_t number)
{
    struct engine_frontend *frontend = &engine->frontends[number];
    engine_disown_posts(engine, number);
    engine_drop_looks_at(engine, number);
    publisher_remove_frontend(engine->publisher, number);
    reactions_forget(&engine->reactions, number);
    keyring_clear(&frontend->keyring);
    memset(frontend, 0, sizeof(*frontend));
}

/* Ends what the new config does not have any more, frontends first. */
static void remove_others(struct engine *engine)
{
    for (size_t i = 0; i < engine->frontend_count; i++) {
        struct engine_frontend *frontend = &engine->frontends[i];
        if (frontend->config != NULL && !frontend->is_in_new_config)
            remove_frontend(engine, i);
        frontend->is_in_new_config = false;
    }
    for (size_t i = 0; i < engine->backend_count; i++) {
        struct engine_backend *backend = engine->backends[i];
        if (backend->config != NULL && !backend->is_in_new_config) {
            engine_close_backend(engine, backend->number);
            publisher_remove_source(engine->publisher, backend->number);
        }
        backend->is_in_new_config = false;
    }
}

/* With many backends each is asked whether it lives less often, and with much to look at reports are made
 * less often, so that neither costs more in all. */
void engine_update_intervals(struct engine *engine)
{
    int64_t backends = (int64_t)engine->backend_count;
    int64_t things = backends + (int64_t)engine->frontend_count;
    int64_t ping = backends * (1000 / PINGS_A_SECOND);
    engine->ping_interval = ping > PING_INTERVAL_MIN ? ping : PING_INTERVAL_MIN;
    int64_t report = things / THINGS_REPORTED_IN_A_MILLISECOND;
    engine->report_interval = report < REPORT_INTERVAL_MAX ? report : REPORT_INTERVAL_MAX;
}

void engine_set_config(struct engine *engine, struct config *config)
{
    engine->config = config;
    engine->publisher->rules.grace = (int64_t)config->backend_grace * 1000;
    engine->publisher->rules.has_other_publishers = config->has_other_publishers;
    uint64_t *sources = set_sources(engine, config);
    for (size_t i = 0; i < config->frontend_count; i++)
        set_frontend(engine, &config->frontends[i], sources);
    free(sources);
    remove_others(engine);
    engine_ready_tors(engine);
    engine_index_all(engine);
    engine_update_intervals(engine);
    engine_wake(engine);
}
