/* How a frontend's visitors are to be divided between its members: by their weights, and none to those that
 * are drained as long as there are others. */
#include "publish/weights.h"

#include <math.h>

#include "publish/source_life.h"

bool member_is_drained(const struct publisher_member *member)
{
    return member->weight == 0 || member->drained_at != MOMENT_NONE;
}

/* True when a member has points for visitors: not one that is sick. Where some sources are live, one that is
 * lost and whose points stay for a while all the same does not count. */
static bool is_there(const struct publisher *publisher, const struct publisher_frontend *frontend,
                     const struct publisher_member *member)
{
    const struct source *source = publisher_member_source(publisher, member);
    return source->points.count > 0 && member->is_in && (frontend->is_frozen || source_is_in(source));
}

void weights_update(const struct publisher *publisher, struct publisher_frontend *frontend)
{
    size_t drained = 0, others = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        if (!is_there(publisher, frontend, member))
            continue;
        drained += member_is_drained(member);
        others += !member_is_drained(member);
    }
    bool stays = frontend->is_frozen && frontend->uses_drained; /* as all else does */
    frontend->uses_drained = drained > 0 && (others == 0 || stays);
}

unsigned weights_find(const struct publisher_frontend *frontend, const struct publisher_member *member)
{
    if (frontend->uses_drained)
        return PUBLISHER_WEIGHT_DEFAULT;
    return member_is_drained(member) ? 0 : member->weight;
}

unsigned weights_sum(const struct publisher *publisher, const struct publisher_frontend *frontend)
{
    unsigned sum = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        if (is_there(publisher, frontend, &frontend->members[i]))
            sum += weights_find(frontend, &frontend->members[i]);
    }
    return sum;
}

double weights_find_share(const struct publisher *publisher, const struct publisher_frontend *frontend,
                          const struct publisher_member *member, unsigned sum)
{
    if (sum == 0)
        return NAN;
    return is_there(publisher, frontend, member) ? (double)weights_find(frontend, member) / sum : 0;
}
