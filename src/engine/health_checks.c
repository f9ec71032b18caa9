/* The engine's health checks: what is behind each backend is asked through a local tor, as a visitor would.
 */
#include "engine/health_checks.h"

#include <inttypes.h>
#include <stdio.h>

#include <sodium.h>

#include "base/clock.h"
#include "engine/health_check.h"
#include "engine/socks_place.h"

/* Room for a user name of the SOCKS port. */
#define USER_SIZE 64

void engine_set_health(struct engine *engine, uint64_t number, const struct config_health *before)
{
    const struct config_health *health = &engine_backend(engine, number)->config->health;
    const struct health_rules rules = {
        .interval = (int64_t)health->interval * 1000, .fall = health->fall, .rise = health->rise};
    bool is_anew = before == NULL || !config_health_asks_same(before, health);
    if (!health->is_on || is_anew)
        engine_drop_check(engine_backend(engine, number));
    publisher_set_health(engine->publisher, number, health->is_on ? &rules : NULL, is_anew,
                         clock_milliseconds());
}

/* One of several local tors may get nowhere, or not to this backend: of one that was not reached by it
 * another one is asked the next time, so that no backend is sick for what is the fault of a tor. */
static void note(struct engine_backend *backend, enum health_finding finding, const char *reason)
{
    struct engine *engine = backend->engine;
    engine->counters.health_checks[finding]++;
    backend->check_turn += finding != HEALTH_FINDING_WELL && finding != HEALTH_FINDING_BAD;
    publisher_note_check(engine->publisher, backend->number, finding, reason, clock_milliseconds());
    engine_wake(engine);
}

static void check_ended(enum health_finding finding, const char *reason, void *context)
{
    struct engine_backend *backend = context;
    note(backend, finding, reason);
    engine_drop_check(backend); /* and with it the reason */
}

/* A name that no other check has had or will have, so that tor uses a circuit of its own for each. */
static void make_user(char user[USER_SIZE], struct engine *engine)
{
    uint64_t number;
    randombytes_buf(&number, sizeof(number));
    snprintf(user, USER_SIZE, "obpub-check-%" PRIx64 "-%" PRIu64, number, ++engine->checks);
}

void engine_perform_check(struct engine *engine, const struct publisher_action *action)
{
    struct engine_backend *backend = engine_backend(engine, action->source);
    struct listen_address place;
    struct error error;
    char user[USER_SIZE];
    engine_drop_check(backend);
    size_t turn = source_row(backend->number) + backend->check_turn;
    if (engine_find_socks_place(engine, turn, &place, &error) != SOCKS_PLACE_THERE) {
        note(backend, HEALTH_FINDING_NO_WAY, error.text);
        return;
    }
    make_user(user, engine);
    engine_give_keys(engine, backend->config->health.address);
    backend->check =
        health_check_new(engine->base, &place, user, &backend->config->health, check_ended, backend);
}

void engine_drop_check(struct engine_backend *backend)
{
    health_check_free(backend->check);
    backend->check = NULL;
}

void engine_drop_checks(struct engine *engine)
{
    for (size_t i = 0; i < engine->backend_count; i++) {
        struct engine_backend *backend = engine->backends[i];
        if (backend->check == NULL)
            continue;
        engine_drop_check(backend);
        note(backend, HEALTH_FINDING_NO_WAY, "a local tor was lost meanwhile");
    }
}
