/* How much of its visitors each member of a frontend is to have: what config and operator say of that. */
#include "publish/drain.h"

#include "publish/frontends.h"
#include "publish/source_life.h"
#include "publish/weights.h"

void publisher_set_weights(struct publisher *publisher, size_t number, const unsigned *weights, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    bool is_other = false;
    for (size_t i = 0; i < frontend->member_count; i++) {
        is_other |= frontend->members[i].weight != weights[i];
        frontend->members[i].weight = weights[i];
    }
    if (is_other)
        frontend_update_by_command(publisher, number, now);
}

bool publisher_may_drain(const struct publisher *publisher, size_t number, uint64_t source_number)
{
    const struct publisher_frontend *frontend = &publisher->frontends[number];
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        const struct source *source = publisher_member_source(publisher, member);
        if (member->source != source_number && !member_is_drained(member) && source_is_in(source) &&
            !source_is_sick(source) && source->points.count > 0)
            return true;
    }
    return false;
}

bool publisher_set_drained(struct publisher *publisher, size_t number, uint64_t source, bool is_drained,
                           int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    bool is_other = false;
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        if (member->source != source || (member->drained_at != MOMENT_NONE) == is_drained)
            continue;
        member->drained_at = is_drained ? now : MOMENT_NONE;
        is_other = true;
    }
    if (is_other)
        frontend_update_by_command(publisher, number, now);
    return is_other;
}
