/* The state machine as a whole: its making, its network, and what comes next. */
#include "publish/publisher.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/checks.h"
#include "publish/descriptors.h"
#include "publish/fetches.h"
#include "publish/looks.h"
#include "publish/merged.h"
#include "publish/own_points.h"
#include "publish/own_uploads.h"
#include "publish/pace.h"
#include "publish/queue.h"
#include "publish/rounds.h"
#include "publish/schedule.h"
#include "publish/sources.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
/* Sources, and frontends, that there is room for at first. */
#define ROWS_AT_FIRST 8

const struct publisher_rules publisher_rules_default = {
    .start_patience = 20 * SECOND,
    .grace = 60 * SECOND,
    .gather = 400,
    .death_spread = 3 * SECOND,
    .gain_spread = MINUTE,
    .allowance = {.quiet = 30 * MINUTE, .churn = 2 * MINUTE},
    .turn = 30 * MINUTE,
    .search = 10 * MINUTE,
    .refresh_min = 60 * MINUTE, /* as tor does, rend-spec-v3 [SERVICEUPLOAD] */
    .refresh_max = 120 * MINUTE,
    .refusal_min = 2 * MINUTE,
    .refusal_max = 5 * MINUTE,
    .poll_min = 5 * MINUTE,
    .poll_max = 10 * MINUTE,
    .stale_after = 150 * MINUTE, /* a living tor uploads within 120 */
    .answer_timeout = 60 * SECOND,
    .permit_timeout = 10 * SECOND,
    .hsdir_patience = 30 * SECOND,
    .retry_patience = MINUTE,
    .period_patience = 5 * MINUTE,
    .refresh_patience = 15 * MINUTE,
    .new_period_spread = 2 * MINUTE,
    .retry_delay = SECOND,
    .retry_delay_max = 5 * MINUTE,
    .attempts_max = 0,
    .tor_permits = 100,
    .rush = 50,
    .fetch_permits = 100,
    .fetch_permit_timeout = 250,
    .look_min = 10 * MINUTE,
    .look_max = 20 * MINUTE,
    .look_confirm = 3 * MINUTE,
    .look_again = 10 * MINUTE,
    .mend_interval = 10 * MINUTE,
    .look_permits = 10,
    .check_permits = 64,
    .check_gap = 100,
};

/* -- making --------------------------------------------------------------------------------------- */

struct publisher *publisher_new(const struct publisher_rules *rules)
{
    struct publisher *publisher = memory_allocate(1, sizeof(*publisher));
    publisher->rules = *rules;
    memcpy(&publisher->random_state, rules->seed, sizeof(publisher->random_state));
    publisher->hsdirs_worked_at = publisher->way_worked_at = publisher->next_check_at = MOMENT_NONE;
    return publisher;
}

void publisher_set_observer(struct publisher *publisher,
                            void (*changed)(const struct source_change *change, void *context), void *context)
{
    publisher->observer = (struct source_observer){changed, context};
}

static void frontend_clear(struct publisher_frontend *frontend)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        publisher_descriptor_clear(&frontend->descriptors[slot]);
    assignment_release(frontend->assignment);
    authorized_clients_release(frontend->clients);
    free(frontend->members);
    memset(frontend, 0, sizeof(*frontend));
}

void publisher_free(struct publisher *publisher)
{
    if (publisher == NULL)
        return;
    for (size_t i = 0; i < publisher->source_count; i++)
        source_clear(&publisher->sources[i]);
    for (size_t i = 0; i < publisher->frontend_count; i++)
        frontend_clear(&publisher->frontends[i]);
    agenda_clear(&publisher->source_agenda);
    agenda_clear(&publisher->frontend_agenda);
    agenda_clear(&publisher->fetch_queue);
    agenda_clear(&publisher->fetch_permits);
    agenda_clear(&publisher->check_queue);
    agenda_clear(&publisher->check_permits);
    agenda_clear(&publisher->look_queue);
    agenda_clear(&publisher->look_permits);
    agenda_clear(&publisher->queue);
    network_free(publisher->network);
    free(publisher->sources);
    free(publisher->frontends);
    free(publisher);
}

/* The first free row of sources, made at the end if there is none. */
static size_t find_source_row(struct publisher *publisher)
{
    while (publisher->source_free < publisher->source_count) {
        if (!publisher->sources[publisher->source_free].is_used)
            return publisher->source_free;
        publisher->source_free++;
    }
    publisher->sources =
        memory_make_room(publisher->sources, &publisher->source_size, publisher->source_count + 1,
                         ROWS_AT_FIRST, sizeof(*publisher->sources));
    memset(&publisher->sources[publisher->source_count], 0, sizeof(*publisher->sources));
    publisher->sources[publisher->source_count].number = publisher->source_count;
    return publisher->source_count++;
}

uint64_t publisher_add_source(struct publisher *publisher,
                              const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], enum source_kind kind,
                              int64_t now)
{
    size_t row = find_source_row(publisher);
    struct source *source = &publisher->sources[row];
    source_begin(publisher, source, identity_key, kind, now);
    return source->number;
}

static size_t find_frontend_row(struct publisher *publisher)
{
    while (publisher->frontend_free < publisher->frontend_count) {
        if (!publisher->frontends[publisher->frontend_free].is_used)
            return publisher->frontend_free;
        publisher->frontend_free++;
    }
    publisher->frontends =
        memory_make_room(publisher->frontends, &publisher->frontend_size, publisher->frontend_count + 1,
                         ROWS_AT_FIRST, sizeof(*publisher->frontends));
    memset(&publisher->frontends[publisher->frontend_count], 0, sizeof(*publisher->frontends));
    return publisher->frontend_count++;
}

size_t publisher_add_frontend(struct publisher *publisher,
                              const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                              struct authorized_clients *clients, const uint64_t *sources,
                              size_t source_count, int64_t now)
{
    size_t number = find_frontend_row(publisher);
    struct publisher_frontend *frontend = &publisher->frontends[number];
    frontend->is_used = true;
    memcpy(frontend->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
    frontend->clients = authorized_clients_share(clients);
    frontend->points_max = INTRODUCTION_POINTS_MAX;
    frontend->changed_since = MOMENT_NEVER;
    frontend->places_noted_at = MOMENT_NONE;
    frontend->kept_until = frontend->sick_until = MOMENT_NEVER;
    frontend->turn_at = frontend->search_at = MOMENT_NEVER;
    frontend->allowance = allowance_make(now);
    looks_begin(frontend);
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        publisher_descriptor_begin(&frontend->descriptors[slot]);
    if (publisher->network != NULL)
        frontend_update_hsdirs(publisher, frontend, now);
    publisher_set_members(publisher, number, sources, source_count, now);
    return number;
}

void publisher_set_clients(struct publisher *publisher, size_t number, struct authorized_clients *clients,
                           int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    if (authorized_clients_equal(clients, frontend->clients))
        return;
    authorized_clients_release(frontend->clients);
    frontend->clients = authorized_clients_share(clients);
    frontend_update_by_command(publisher, number, now);
    /* From now on no HSDir counts as having what it is to have. */
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        int64_t spread = publisher_scale(publisher, publisher->rules.death_spread);
        if (round_is_behind(frontend, descriptor))
            round_plan(descriptor, UPLOAD_FOR_POINTS, now + publisher_draw(publisher, 0, spread));
    }
    frontend_assign_uploads(frontend);
}

void publisher_set_descriptors(struct publisher *publisher, size_t number, enum descriptors_policy policy,
                               int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    if (policy == frontend->descriptors_policy)
        return;
    frontend->descriptors_policy = policy;
    frontend_update_by_command(publisher, number, now);
}

void publisher_set_points_max(struct publisher *publisher, size_t number, size_t points_max, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    if (points_max == frontend->points_max)
        return;
    frontend->points_max = points_max;
    frontend_update_by_command(publisher, number, now);
}

void publisher_set_twins(struct publisher *publisher, size_t number, int64_t lead, bool takes_proof_of_work,
                         int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    bool is_longer = lead > frontend->lead;
    bool is_other = takes_proof_of_work != frontend->takes_proof_of_work;
    frontend->lead = lead;
    frontend->takes_proof_of_work = takes_proof_of_work;
    if (is_other)
        frontend_update_by_command(publisher, number, now);
    if (is_longer)
        own_uploads_note_lead(publisher, number, now);
}

void publisher_remove_frontend(struct publisher *publisher, size_t number)
{
    publisher_leave_sources(publisher, number);
    frontend_leave_tors(publisher, &publisher->frontends[number]);
    frontend_leave_queue(publisher, number);
    looks_stop(publisher, number);
    agenda_set(&publisher->look_permits, number, MOMENT_NEVER);
    frontend_clear(&publisher->frontends[number]);
    if (number < publisher->frontend_free)
        publisher->frontend_free = number;
    agenda_set(&publisher->frontend_agenda, number, MOMENT_NEVER);
}

void publisher_remove_source(struct publisher *publisher, uint64_t number)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL)
        return;
    size_t row = source_row(number);
    source_clear(source);
    source->number = number + SOURCE_ROWS_MAX;
    if (row < publisher->source_free)
        publisher->source_free = row;
    agenda_set(&publisher->source_agenda, row, MOMENT_NEVER);
    agenda_set(&publisher->fetch_queue, row, MOMENT_NEVER);
    agenda_set(&publisher->fetch_permits, row, MOMENT_NEVER);
    agenda_set(&publisher->check_queue, row, MOMENT_NEVER);
    agenda_set(&publisher->check_permits, row, MOMENT_NEVER);
}

/* -- what happened -------------------------------------------------------------------------------- */

void publisher_set_network(struct publisher *publisher, struct network *network, int64_t now)
{
    const struct network *old = publisher->network;
    bool is_first = old == NULL;
    bool has_new_half = is_first || old->client_slot != network->client_slot ||
                        old->period_number[old->client_slot] != network->period_number[network->client_slot];
    for (size_t i = 0; !is_first && has_new_half && i < publisher->frontend_count; i++) {
        if (publisher->frontends[i].is_used)
            merged_note_places(publisher, &publisher->frontends[i], now);
    }
    network_free(publisher->network);
    publisher->network = network;
    for (size_t i = 0; i < publisher->source_count; i++) {
        if (!publisher->sources[i].is_used)
            continue;
        if (is_first) {
            publisher->sources[i].life.patience_from = now;
            publisher->sources[i].claims_from = now + publisher->rules.start_patience;
        }
        source_update_network(publisher, &publisher->sources[i], has_new_half, now);
    }
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (!publisher->frontends[i].is_used)
            continue;
        frontend_update_hsdirs(publisher, &publisher->frontends[i], now);
        if (publisher->frontends[i].leaves_spares || publisher->frontends[i].assignment == NULL ||
            assignment_names_hsdirs(publisher->frontends[i].assignment))
            frontend_update_assignment(publisher, i, SOURCE_NONE, now); /* each HSDir has its own part */
        if (has_new_half) {
            own_points_search(publisher, i, true, now);
            frontend_note_half(publisher, &publisher->frontends[i], now);
            looks_note_half(publisher, i, now);
        }
        publisher_touch_frontend(publisher, i, now);
    }
}

/* -- what is to be done --------------------------------------------------------------------------- */

bool publisher_next_action(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    size_t number = 0;
    memset(action, 0, sizeof(*action));
    action->fingerprints = (const uint8_t(*)[RELAY_FINGERPRINT_SIZE])publisher->action_fingerprints;
    action->tors = publisher->action_tors;
    do {
        publisher_run_sources(publisher, now);
        if (fetch_queue_take(publisher, action, now))
            return true;
        while (agenda_first(&publisher->frontend_agenda, &number) <= now)
            schedule_run_frontend(publisher, number, now);
    } while (agenda_first(&publisher->source_agenda, &number) <= now); /* a frontend may have one asked */
    return queue_take(publisher, action, now) || looks_take(publisher, action, now) ||
           checks_take(publisher, action, now);
}

int64_t publisher_next_moment(const struct publisher *publisher)
{
    size_t number = 0;
    int64_t source = agenda_first(&publisher->source_agenda, &number);
    int64_t frontend = agenda_first(&publisher->frontend_agenda, &number);
    int64_t moment = earlier(earlier(source, frontend), looks_next_moment(publisher));
    moment = earlier(moment, checks_next_moment(publisher));
    if (agenda_first(&publisher->fetch_queue, &number) == MOMENT_NEVER)
        return moment;
    int64_t permit = agenda_first(&publisher->fetch_permits, &number); /* for one that waits for it */
    return permit < moment ? permit : moment;
}
