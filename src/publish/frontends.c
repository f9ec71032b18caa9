/* Whose points are in at a frontend, and when a change of them may go out. */
#include "publish/frontends.h"

#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "publish/descriptors.h"
#include "publish/pace.h"
#include "publish/uploads.h"

/* Uploads that one source's changes may cause at once: a source that restarts goes out and comes in. After
 * these, each one has to be flap_interval after the one before, until it has been quiet for a while. Points
 * that come with another time period count like any change: so the bound holds whatever the cause, and a
 * source that dies and comes back in just that half minute of the day waits once, for flap_interval at most.
 */
#define TOKENS_MAX 2

/* A source that was lost so many milliseconds ago, or less, is one of those that were lost together. */
#define MISSED_TIME (10 * 60 * 1000)

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

void publisher_set_members(struct publisher *publisher, size_t number, const uint64_t *sources,
                           size_t source_count, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    struct publisher_member *old = frontend->members;
    size_t old_count = frontend->member_count;
    for (size_t i = 0; i < old_count; i++)
        leave_source(publisher_member_source(publisher, &old[i]), number);
    frontend->members = memory_allocate(source_count, sizeof(*frontend->members));
    frontend->member_count = source_count;
    for (size_t i = 0; i < source_count; i++) {
        const struct publisher_member *known = find_member(old, old_count, sources[i]);
        if (known != NULL)
            frontend->members[i] = *known;
        else
            frontend->members[i] = (struct publisher_member){.source = sources[i], .tokens = TOKENS_MAX};
        join_source(publisher_member_source(publisher, &frontend->members[i]), number);
    }
    free(old);
    if (source_count > 0)
        frontend_update_assignment(publisher, number, SOURCE_NONE, now);
}

/* True for a source that was lost of late, and may be as alive as the last one. */
static bool is_missed(const struct source *source, int64_t now)
{
    return source_is_lost(source) && now - source->life.since <= MISSED_TIME;
}

/* No source is live any more, changed being the last that was. Where it and others were lost one after the
 * other, it is probably the way to them that is lost, and all of them stay. */
static void keep_missed(const struct publisher *publisher, struct publisher_frontend *frontend,
                        uint64_t changed, int64_t now)
{
    if (changed == SOURCE_NONE || !is_missed(publisher_find_source(publisher, changed), now))
        return;
    for (size_t i = 0; i < frontend->member_count; i++)
        frontend->members[i].is_in |=
            is_missed(publisher_member_source(publisher, &frontend->members[i]), now);
}

/* With no source live the last good set stays: to publish nothing would help nobody. Those of it that are
 * lost stay for a while after the first is back, since the way to them may come back, too. */
static void update_membership(const struct publisher *publisher, struct publisher_frontend *frontend,
                              uint64_t changed, int64_t now)
{
    size_t live = 0;
    for (size_t i = 0; i < frontend->member_count; i++)
        live += source_is_in(publisher_member_source(publisher, &frontend->members[i]));
    bool was_frozen = frontend->is_frozen;
    int64_t until = was_frozen ? now + publisher->rules.grace : frontend->kept_until;
    frontend->is_frozen = live == 0;
    frontend->kept_until = MOMENT_NEVER;
    if (live == 0) {
        if (!was_frozen)
            keep_missed(publisher, frontend, changed, now);
        return;
    }
    bool keeps = until != MOMENT_NEVER && now < until;
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        const struct source *source = publisher_member_source(publisher, member);
        bool is_kept = keeps && member->is_in && source_is_lost(source);
        member->is_in = is_kept || source_is_in(source);
        if (is_kept)
            frontend->kept_until = until;
    }
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

/* Makes the assignment for what the members that are in offer; NULL when that is nothing. */
static struct assignment *make_assignment(const struct publisher *publisher,
                                          const struct publisher_frontend *frontend)
{
    struct choice_offer *offers = memory_allocate(frontend->member_count, sizeof(*offers));
    uint8_t seed[CHOICE_SEED_SIZE];
    size_t count = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        if (!frontend->members[i].is_in || source->points.count == 0)
            continue;
        offers[count++] = (struct choice_offer){
            .identity_key = source->identity_key,
            .points = source->points.points,
            .claims = source->points.claims,
            .point_count = source->points.count,
            .source = frontend->members[i].source,
            .descriptor = source->descriptor,
        };
    }
    make_period_seed(seed, publisher);
    struct assignment *assignment = publisher->rules.assign(offers, count, seed);
    free(offers);
    return assignment;
}

/* Has each HSDir want what the members offer now. Returns true when that is something else than before. */
static bool renew_assignment(const struct publisher *publisher, struct publisher_frontend *frontend)
{
    struct assignment *assignment = make_assignment(publisher, frontend);
    bool has_changed = !assignment_equals(assignment, frontend->assignment);
    assignment_release(frontend->assignment);
    frontend->assignment = assignment; /* also one that only tells other sources of the same points */
    frontend_assign_uploads(frontend);
    return has_changed;
}

/* With no assignment, when all its sources are new ones and not yet heard of, nothing goes out. */
void frontend_update_assignment(struct publisher *publisher, size_t number, uint64_t changed_source,
                                int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    update_membership(publisher, frontend, changed_source, now);
    publisher_touch_frontend(publisher, number, now);
    if (!renew_assignment(publisher, frontend))
        return;
    frontend->changed_at = now;
    frontend->is_urgent |= changed_source == SOURCE_NONE ||
                           publisher_find_source(publisher, changed_source)->news != SOURCE_NEWS_PERIOD;
    if (frontend->changed_since == MOMENT_NEVER)
        frontend->changed_since = now;
    for (size_t i = 0; i < frontend->member_count; i++) {
        if (frontend->members[i].source == changed_source)
            frontend->members[i].has_changed = true;
    }
}

static void grow_tokens(const struct publisher *publisher, struct publisher_member *member, int64_t now)
{
    while (member->tokens < TOKENS_MAX && now - member->token_since >= publisher->rules.flap_interval) {
        member->tokens++;
        member->token_since += publisher->rules.flap_interval;
    }
}

/* When the members that have changed have a token among them; MOMENT_NONE for at once. */
static int64_t find_token_moment(const struct publisher *publisher, struct publisher_frontend *frontend,
                                 int64_t now)
{
    int64_t moment = MOMENT_NEVER;
    bool has_changed_member = false;
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        if (!member->has_changed)
            continue;
        has_changed_member = true;
        grow_tokens(publisher, member, now);
        if (member->tokens > 0)
            return MOMENT_NONE;
        int64_t next = member->token_since + publisher->rules.flap_interval;
        moment = next < moment ? next : moment;
    }
    return has_changed_member ? moment : MOMENT_NONE;
}

static void forget_changes(struct publisher_frontend *frontend)
{
    for (size_t i = 0; i < frontend->member_count; i++)
        frontend->members[i].has_changed = false;
    frontend->changed_since = MOMENT_NEVER;
    frontend->is_urgent = false;
}

static void commit(struct publisher_frontend *frontend, int64_t now)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        if (member->has_changed && member->tokens > 0) {
            member->token_since = now;
            member->tokens--;
        }
    }
    assignment_replace(&frontend->committed, frontend->assignment);
    frontend->committed_at = now;
    if (frontend->is_urgent)
        frontend->urgent_at = now;
    forget_changes(frontend);
}

int64_t frontend_commit_changes(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    if (frontend->committed == NULL) {
        assignment_replace(&frontend->committed, frontend->assignment);
        frontend->committed_at = now;
        forget_changes(frontend);
        return MOMENT_NEVER;
    }
    if (frontend->changed_since == MOMENT_NEVER)
        return MOMENT_NEVER;
    int64_t moment = frontend->changed_since + publisher->rules.gather;
    int64_t token_moment = find_token_moment(publisher, frontend, now);
    moment = token_moment > moment ? token_moment : moment;
    if (now < moment)
        return moment;
    if (assignment_equals(frontend->assignment, frontend->committed) && !frontend_has_other_set(frontend))
        forget_changes(frontend); /* it is as it was: nothing to send, nothing to pay */
    else
        commit(frontend, now);
    return MOMENT_NEVER;
}

bool frontend_may_publish(struct publisher *publisher, struct publisher_frontend *frontend)
{
    for (size_t i = 0; !frontend->has_started && i < frontend->member_count; i++) {
        if (publisher_member_source(publisher, &frontend->members[i])->life.state == SOURCE_WAITING)
            return false;
    }
    if (frontend->assignment == NULL)
        return false;
    frontend->has_started = true;
    return true;
}
