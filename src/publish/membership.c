/* Whose points are in at a frontend. */
#include "publish/membership.h"

/* A source that was lost so many milliseconds ago, or less, is one of those that were lost together. */
#define MISSED_TIME (10 * 60 * 1000)
/* A check that began at its moment has ended after so many milliseconds, unless something is wrong. */
#define CHECK_TIME 15000

/* True for a source that was lost of late, and may be as alive as the last one. */
static bool is_missed(const struct source *source, int64_t now)
{
    return source_is_lost(source) && now - source->life.since <= MISSED_TIME;
}

/* No source is live any more, changed being the last that was. Where it and others were lost one after the
 * other, it is probably the way to them that is lost, and all of them stay; but sick ones only if there are
 * none but such. */
static void keep_missed(const struct publisher *publisher, struct publisher_frontend *frontend,
                        uint64_t changed, int64_t now)
{
    if (changed == SOURCE_NONE || !is_missed(publisher_find_source(publisher, changed), now))
        return;
    size_t kept = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        const struct source *source = publisher_member_source(publisher, member);
        member->is_in |= is_missed(source, now) && !source_is_sick(source);
        kept += member->is_in && !source_is_sick(source);
    }
    for (size_t i = 0; i < frontend->member_count; i++)
        frontend->members[i].is_in &=
            kept == 0 || !source_is_sick(publisher_member_source(publisher, &frontend->members[i]));
}

/* What the members of a frontend are, as far as that says whose points are in. */
struct census {
    size_t live;
    size_t sick, well, in;    /* of these: known to be sick, known not to be, and in so far */
    int64_t longest_interval; /* of their checks */
};

static struct census take_census(const struct publisher *publisher, const struct publisher_frontend *frontend)
{
    struct census census = {0};
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        if (!source_is_in(source))
            continue;
        census.live++;
        census.sick += source_is_sick(source);
        census.well += source_is_well(source);
        census.in += frontend->members[i].is_in;
        if (source_is_sick(source))
            census.longest_interval = later(census.longest_interval, source->health.rules.interval);
    }
    return census;
}

/* Decides whether checks are to change nothing: when all that are live are sick, until one is known to
 * answer. (One of which nothing is known yet would have all visitors.) The others stay for a while then: what
 * made all of them sick may be over for them as well, as their next checks will show. */
static void update_doubt(struct publisher_frontend *frontend, const struct census *census, int64_t now)
{
    bool doubted = frontend->doubts_checks;
    frontend->doubts_checks =
        census->sick > 0 && (census->sick == census->live || (doubted && census->well == 0));
    if (frontend->doubts_checks || census->sick == 0 || now >= frontend->sick_until)
        frontend->sick_until = MOMENT_NEVER;
    else if (doubted)
        frontend->sick_until = now + census->longest_interval + CHECK_TIME;
}

/* True when a live source is in though it is sick: the checks are doubted, or were until a moment ago. Where
 * it and others became sick one after the other, it is probably the checks that are wrong, and all of them
 * are in again. Where those that were in are gone any other one is better than nothing. */
static bool is_in_though_sick(const struct publisher_frontend *frontend,
                              const struct publisher_member *member, const struct source *source,
                              const struct census *census, bool is_new_doubt, int64_t now)
{
    if (!frontend->doubts_checks)
        return frontend->sick_until != MOMENT_NEVER && member->is_in;
    return member->is_in || census->in == 0 || (is_new_doubt && now - source->health.since <= MISSED_TIME);
}

void membership_update(const struct publisher *publisher, struct publisher_frontend *frontend,
                       uint64_t changed, int64_t now)
{
    for (size_t i = 0; i < frontend->member_count; i++)
        frontend->members[i].was_in = frontend->members[i].is_in;
    const struct census census = take_census(publisher, frontend);
    bool was_frozen = frontend->is_frozen, doubted = frontend->doubts_checks;
    int64_t until = was_frozen ? now + publisher->rules.grace : frontend->kept_until;
    frontend->is_frozen = census.live == 0;
    frontend->kept_until = MOMENT_NEVER;
    if (census.live == 0) {
        if (!was_frozen)
            keep_missed(publisher, frontend, changed, now);
        frontend->sick_until = MOMENT_NEVER;
        return;
    }
    update_doubt(frontend, &census, now);
    bool keeps = until != MOMENT_NEVER && now < until;
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        const struct source *source = publisher_member_source(publisher, member);
        bool is_kept = keeps && member->is_in && source_is_lost(source) && !source_is_sick(source);
        bool is_live = source_is_in(source);
        if (is_live && source_is_sick(source))
            is_live = is_in_though_sick(frontend, member, source, &census, !doubted, now);
        member->is_in = is_kept || is_live;
        if (is_kept)
            frontend->kept_until = until;
    }
}
