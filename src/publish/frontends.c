/* What a frontend's HSDirs are to have, and when a change of that may go out. */
#include "publish/frontends.h"

#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "publish/descriptors.h"
#include "publish/membership.h"
#include "publish/merged.h"
#include "publish/own_points.h"
#include "publish/pace.h"
#include "publish/rounds.h"
#include "publish/source_work.h"
#include "publish/split.h"
#include "publish/twin_on_hsdirs.h"
#include "publish/weights.h"

static void leave_source(struct source *source, size_t frontend)
{
    for (size_t i = 0; i < source->frontend_count; i++) {
        if (source->frontends[i] == frontend) {
            source->frontends[i] = source->frontends[--source->frontend_count];
            return;
        }
    }
}

static void join_source(struct source *source, size_t frontend)
{
    source->frontends = memory_extend(source->frontends, &source->frontend_count, source->frontend_count + 1,
                                      sizeof(*source->frontends));
    source->frontends[source->frontend_count - 1] = frontend;
}

static const struct publisher_member *find_member(const struct publisher_member *members, size_t count,
                                                  uint64_t source)
{
    for (size_t i = 0; i < count; i++) {
        if (members[i].source == source)
            return &members[i];
    }
    return NULL;
}

void publisher_leave_sources(struct publisher *publisher, size_t number)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    for (size_t i = 0; i < frontend->member_count; i++)
        leave_source(publisher_member_source(publisher, &frontend->members[i]), number);
}

void publisher_set_members(struct publisher *publisher, size_t number, const uint64_t *sources,
                           size_t source_count, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    struct publisher_member *old = frontend->members;
    size_t old_count = frontend->member_count;
    publisher_leave_sources(publisher, number);
    frontend->members = memory_allocate(source_count, sizeof(*frontend->members));
    frontend->member_count = source_count;
    bool is_anew = true;
    for (size_t i = 0; i < source_count; i++) {
        const struct publisher_member *known = find_member(old, old_count, sources[i]);
        is_anew &= known == NULL;
        if (known != NULL)
            frontend->members[i] = *known;
        else
            frontend->members[i] = (struct publisher_member){.source = sources[i],
                                                             .changes = changes_make(now),
                                                             .weight = PUBLISHER_WEIGHT_DEFAULT,
                                                             .drained_at = MOMENT_NONE};
        join_source(publisher_member_source(publisher, &frontend->members[i]), number);
    }
    free(old);
    if (is_anew) /* what is out stays until all have been heard of: the first alone would get all visitors */
        frontend->has_started = false;
    frontend_update_by_command(publisher, number, now);
}

void frontend_update_by_command(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    frontend->is_commanded = true;
    frontend_update_assignment(publisher, number, SOURCE_NONE, now);
    frontend->is_commanded = frontend->changed_since != MOMENT_NEVER; /* not for a later change */
}

/* The seed of the time period whose descriptor clients use: so where there is no room for all, others are
 * left out in the next one. It changes when all sources have other points anyway. */
static void make_period_seed(uint8_t seed[CHOICE_SEED_SIZE], const struct publisher *publisher)
{
    const struct network *network = publisher->network;
    uint8_t number[8];
    big_endian_write_uint64(number, network != NULL ? network->period_number[network->client_slot] : 0);
    const struct span pieces[] = {{publisher->rules.seed, CHOICE_SEED_SIZE}, {number, sizeof(number)}};
    hash_sha3_256(seed, pieces, 2);
}

/* Makes the assignment for what the members that are in offer; NULL when that is nothing. In a descriptor
 * that is turning (NULL: in none) other points have their turn. */
static struct assignment *make_assignment(const struct publisher *publisher,
                                          struct publisher_frontend *frontend,
                                          const struct publisher_descriptor *turning)
{
    uint8_t seed[CHOICE_SEED_SIZE];
    make_period_seed(seed, publisher);
    return frontend->is_split ? split_make_assignment(publisher, frontend, seed)
                              : merged_make_assignment(publisher, frontend, seed, turning);
}

/* Has each HSDir want what the members offer now. Returns true when that is something else than before. */
static bool renew_assignment(const struct publisher *publisher, struct publisher_frontend *frontend,
                             const struct publisher_descriptor *turning)
{
    struct assignment *assignment = make_assignment(publisher, frontend, turning);
    bool has_changed = !assignment_equals(assignment, frontend->assignment);
    assignment_release(frontend->assignment);
    frontend->assignment = assignment; /* also one that only tells other sources of the same points */
    frontend_assign_uploads(frontend);
    return has_changed;
}

/* Another effort is no change of its own, and waits as those of restless sources do: under attack it changes
 * every few minutes. Another seed can't wait, however much else has changed; who has one needs the key. */
static void note_change(const struct publisher *publisher, struct publisher_member *member,
                        enum source_news news, int64_t now)
{
    member->is_quiet |= news == SOURCE_NEWS_SEED;
    if (news == SOURCE_NEWS_EFFORT || news == SOURCE_NEWS_SEED)
        return;
    const struct allowance_times times = publisher_scale_allowance(publisher);
    changes_note(&member->changes, &times, now);
    member->has_changed = true;
    member->is_quiet |= member->changes.count > 0;
}

static void plan_turn(const struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    if (!split_takes_turns(publisher, frontend))
        frontend->turn_at = MOMENT_NEVER;
    else if (frontend->turn_at == MOMENT_NEVER)
        frontend->turn_at = now + publisher_scale(publisher, publisher->rules.turn);
}

void frontend_begin_turn(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    frontend->turn++;
    frontend->turn_at = MOMENT_NEVER;
    frontend_update_assignment(publisher, number, SOURCE_NONE, now);
}

void frontend_turn_descriptor(struct publisher *publisher, struct publisher_frontend *frontend,
                              struct publisher_descriptor *descriptor, int64_t now)
{
    descriptor->turn_at = MOMENT_NEVER;
    if (frontend->is_split || !assignment_names_hsdirs(frontend->assignment))
        return;
    bool was_behind = round_is_behind(frontend, descriptor);
    merged_note_places(publisher, frontend, now);
    for (size_t i = 0; i < frontend->member_count; i++)
        frontend->members[i].owed_in_turn = frontend->members[i].owed;
    renew_assignment(publisher, frontend, descriptor);
    descriptor->has_turned = !was_behind;
}

/* Twins' tors are seen at the spare HSDirs: returns true when these are to be left to them now and were not,
 * or the other way round. */
static bool update_spares(const struct publisher *publisher, struct publisher_frontend *frontend)
{
    bool left = frontend->leaves_spares;
    frontend->leaves_spares = frontend->is_split || twin_on_hsdirs_find(publisher, frontend) != NULL;
    return frontend->leaves_spares != left;
}

/* With no assignment, when all its sources are new ones and not yet heard of, nothing goes out. */
void frontend_update_assignment(struct publisher *publisher, size_t number, uint64_t changed_source,
                                int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    membership_update(publisher, frontend, changed_source, now);
    weights_update(publisher, frontend);
    publisher_touch_frontend(publisher, number, now);
    bool has_turned = split_update(publisher, frontend);
    if (update_spares(publisher, frontend) && publisher->network != NULL)
        frontend_update_spares(publisher, frontend, now);
    if (has_turned)
        own_points_search(publisher, number, true, now);
    plan_turn(publisher, frontend, now);
    if (publisher->network != NULL) /* who comes, goes or is drained now wanted something else so far */
        merged_note_places(publisher, frontend, now);
    if (!renew_assignment(publisher, frontend, NULL))
        return;
    frontend->changed_at = now;
    enum source_news news = SOURCE_NEWS_CHANGE;
    if (changed_source != SOURCE_NONE)
        news = publisher_find_source(publisher, changed_source)->news;
    frontend->is_urgent |= news != SOURCE_NEWS_PERIOD;
    if (frontend->changed_since == MOMENT_NEVER)
        frontend->changed_since = now;
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        bool has_left = member->was_in && !member->is_in; /* also one that was lost long before */
        if (has_left || member->source == changed_source)
            note_change(publisher, member, has_left ? SOURCE_NEWS_CHANGE : news, now);
    }
}

/* -- when changes go out ----------------------------------------------------------------------------- */

/* True when the source of a published point still offers it. That another source does says nothing: anybody
 * can copy a point. */
static bool is_offered(const struct publisher *publisher, const struct publisher_frontend *frontend,
                       const struct point_set_entry *entry)
{
    const struct publisher_member *member =
        find_member(frontend->members, frontend->member_count, entry->source);
    if (member == NULL || !member->is_in)
        return false;
    const struct source *source = publisher_member_source(publisher, member);
    return source_points_has(&source->points, &entry->point) ||
           source_points_has(&source->next_points, &entry->point);
}

static bool has_quiet_changer(const struct publisher_frontend *frontend)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        if (frontend->members[i].is_quiet)
            return true;
    }
    return false;
}

static bool is_quiet_changer(const struct publisher_frontend *frontend, uint64_t source)
{
    const struct publisher_member *member = find_member(frontend->members, frontend->member_count, source);
    return member == NULL || member->is_quiet;
}

/* True when a set tells clients to solve what its source does not verify any more, or not as the set has it.
 */
static bool has_old_pow_params(const struct publisher *publisher, const struct point_set *set)
{
    const struct source *source = publisher_find_source(publisher, set->entries[0].source);
    return set->features.pow_params.is_present && source != NULL &&
           (!source_offers_work(source) || !pow_params_equal(&set->features.pow_params, &source->pow_params));
}

/* True when the HSDirs have a point that its source does not offer any more: it is dead, and not just that
 * others have taken its place; or proof-of-work parameters that are not its source's any more. is_of_quiet:
 * and its source has changed that was quiet. */
static bool has_dead_part(const struct publisher *publisher, const struct publisher_frontend *frontend,
                          const struct assignment *assignment, bool is_of_quiet)
{
    for (size_t i = 0; assignment != NULL && i < assignment->count; i++) {
        const struct point_set *set = assignment->sets[i];
        if ((!is_of_quiet || is_quiet_changer(frontend, set->entries[0].source)) &&
            has_old_pow_params(publisher, set))
            return true;
        for (size_t j = 0; j < set->count; j++) {
            const struct point_set_entry *entry = &set->entries[j];
            if ((!is_of_quiet || is_quiet_changer(frontend, entry->source)) &&
                !is_offered(publisher, frontend, entry))
                return true;
        }
    }
    return false;
}

/* True when the HSDirs have what is for other clients than it is to be for: who was let in gets nothing yet,
 * or who was shut out still gets all. */
static bool has_other_clients(const struct publisher_frontend *frontend, const struct assignment *assignment)
{
    for (size_t i = 0; assignment != NULL && i < assignment->count; i++) {
        if (!authorized_clients_equal(assignment->sets[i]->features.clients, frontend->clients))
            return true;
    }
    return false;
}

static int64_t draw_within(struct publisher *publisher, int64_t spread)
{
    return publisher_draw(publisher, 0, publisher_scale(publisher, spread));
}

/* When changes are to go out that may. Points of the time period before are no longer offered either, but
 * live on. Sources that change without end have dead points all the time, which are no reason to hasten what
 * another one has gained before there could be a round for churn. */
static int64_t draw_moment(struct publisher *publisher, struct publisher_frontend *frontend,
                           const struct publisher_descriptor *descriptor, enum upload_cause cause,
                           int64_t now)
{
    const struct publisher_rules *rules = &publisher->rules;
    const struct assignment *assignment = descriptor->round.assignment;
    if (has_other_clients(frontend, assignment))
        return now + draw_within(publisher, rules->death_spread);
    if (cause != UPLOAD_FOR_POINTS || !has_dead_part(publisher, frontend, assignment, false))
        return now + draw_within(publisher, rules->gain_spread);
    if (!has_quiet_changer(frontend) || has_dead_part(publisher, frontend, assignment, true))
        return now + draw_within(publisher, rules->death_spread);
    const struct allowance_times times = publisher_scale_allowance(publisher);
    int64_t due = allowance_find_moment(&frontend->allowance, &times, ALLOWANCE_FOR_CHURN, now);
    return earlier(now + draw_within(publisher, rules->gain_spread),
                   due + draw_within(publisher, rules->death_spread));
}

static void plan_change(struct publisher *publisher, struct publisher_frontend *frontend,
                        struct publisher_descriptor *descriptor, enum upload_cause cause, int64_t now)
{
    round_plan(descriptor, cause, draw_moment(publisher, frontend, descriptor, cause, now));
}

/* Why the changes that have been gathered are to go out. */
static enum upload_cause find_cause(const struct publisher_frontend *frontend)
{
    return frontend->is_urgent ? UPLOAD_FOR_POINTS : UPLOAD_FOR_PERIOD;
}

/* A round that is planned anyway takes the changes along, and comes earlier if that is better. */
static void join_rounds(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        if (round_is_behind(frontend, descriptor) && round_is_planned_for_more(descriptor))
            plan_change(publisher, frontend, descriptor, find_cause(frontend), now);
    }
}

/* True when a round would have to be planned for a descriptor. */
static bool lacks_round(const struct publisher_frontend *frontend, enum descriptor_slot slot)
{
    const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
    return round_is_behind(frontend, descriptor) && !round_is_planned_for_more(descriptor);
}

static void forget_changes(struct publisher_frontend *frontend)
{
    for (size_t i = 0; i < frontend->member_count; i++)
        frontend->members[i].has_changed = frontend->members[i].is_quiet = false;
    frontend->changed_since = MOMENT_NEVER;
    frontend->is_urgent = frontend->is_commanded = false;
}

static void pay(struct publisher_frontend *frontend)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        if (frontend->members[i].has_changed)
            changes_spend(&frontend->members[i].changes);
    }
}

/* Plans the rounds that the changes get, and has their sources pay if there are any. */
static void plan_rounds(struct publisher *publisher, struct publisher_frontend *frontend, bool is_for_all,
                        int64_t now)
{
    bool has_any = false;
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        bool is_meant = is_for_all || slot == publisher->network->client_slot;
        if (!is_meant || !lacks_round(frontend, slot))
            continue;
        plan_change(publisher, frontend, &frontend->descriptors[slot], find_cause(frontend), now);
        has_any = true;
    }
    if (has_any)
        pay(frontend);
}

/* When the changes that have been gathered may go out. Where a round of the descriptor that clients use is
 * planned already it takes them along; churn may not hasten it before there could be one for churn. */
static int64_t find_moment(const struct publisher *publisher, struct publisher_frontend *frontend,
                           int64_t now)
{
    const struct publisher_descriptor *descriptor = &frontend->descriptors[publisher->network->client_slot];
    bool is_quiet = has_quiet_changer(frontend);
    if (frontend->is_commanded || !round_is_behind(frontend, descriptor) ||
        (is_quiet && round_is_planned_for_more(descriptor)))
        return now;
    const struct allowance_times times = publisher_scale_allowance(publisher);
    return allowance_find_moment(&frontend->allowance, &times,
                                 is_quiet ? ALLOWANCE_FOR_PROMPT : ALLOWANCE_FOR_CHURN, now);
}

/* True when the descriptor that clients don't use is to have them at once, too. */
static bool go_to_all(const struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    if (frontend->is_commanded)
        return true;
    const struct allowance_times times = publisher_scale_allowance(publisher);
    return has_quiet_changer(frontend) &&
           allowance_find_moment(&frontend->allowance, &times, ALLOWANCE_FOR_OTHER, now) <= now;
}

int64_t frontend_plan_changes(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    if (frontend->changed_since == MOMENT_NEVER)
        return MOMENT_NEVER;
    int64_t moment = frontend->changed_since + publisher->rules.gather;
    if (now < moment)
        return moment;
    moment = find_moment(publisher, frontend, now);
    if (now < moment)
        return moment;
    bool is_for_all = go_to_all(publisher, frontend, now);
    join_rounds(publisher, frontend, now);
    plan_rounds(publisher, frontend, is_for_all, now);
    forget_changes(frontend);
    frontend_assign_uploads(frontend);
    return MOMENT_NEVER;
}

void frontend_note_half(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    enum descriptor_slot clients = publisher->network->client_slot;
    if (!lacks_round(frontend, clients))
        return;
    plan_change(publisher, frontend, &frontend->descriptors[clients], UPLOAD_FOR_POINTS, now);
    frontend_assign_uploads(frontend);
}

/* Has both descriptors go out for the first time, each at a moment of its own. */
static void start(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    frontend->has_started = true;
    int64_t spread = publisher_scale(publisher, publisher->rules.death_spread);
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        round_plan(&frontend->descriptors[slot], UPLOAD_FOR_POINTS,
                   now + publisher_draw(publisher, 0, spread));
    frontend_assign_uploads(frontend);
}

bool frontend_may_publish(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    if (frontend_is_waiting(publisher, frontend))
        return false;
    if (!frontend->has_started)
        renew_assignment(publisher, frontend, NULL);
    if (frontend->assignment == NULL)
        return false;
    if (!frontend->has_started)
        start(publisher, frontend, now);
    return true;
}

bool member_is_restless(const struct publisher *publisher, const struct publisher_member *member, int64_t now)
{
    const struct allowance_times times = publisher_scale_allowance(publisher);
    return changes_are_spent(&member->changes, &times, now);
}

bool source_is_restless(const struct publisher *publisher, const struct source *source, int64_t now)
{
    for (size_t i = 0; i < source->frontend_count; i++) {
        const struct publisher_frontend *frontend = &publisher->frontends[source->frontends[i]];
        const struct publisher_member *member =
            find_member(frontend->members, frontend->member_count, source->number);
        if (member != NULL && member_is_restless(publisher, member, now))
            return true;
    }
    return false;
}
