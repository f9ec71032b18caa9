/* What a twin's tor has made itself for each time period: points under the very key that its clients'
 * solutions are verified against. */
#include "publish/own_points.h"

#include <string.h>

#include "publish/descriptor_comparison.h"

const struct source_points *own_points_find(const struct source *source, uint64_t period_number,
                                            const struct descriptor **descriptor)
{
    bool is_known = source->descriptor != NULL && source->descriptor->period_number == period_number;
    if (is_known && source->points.count > 0) {
        *descriptor = source->descriptor;
        return &source->points;
    }
    bool is_next = source->next != NULL && source->next->period_number == period_number;
    *descriptor = is_next ? source->next : NULL;
    return is_next && source->next_points.count > 0 ? &source->next_points : NULL;
}

/* True when a descriptor has the pow-params of a source's tor. */
static bool is_of(const struct descriptor *descriptor, const struct source *source)
{
    return source_policy(source->kind)->can_verify_work && source->pow_params.is_present &&
           descriptor->pow_params.is_present &&
           memcmp(descriptor->pow_params.seed, source->pow_params.seed, POW_SEED_SIZE) == 0;
}

/* The twin whose descriptor it is, among those that share a frontend with the one that was asked; or NULL. */
static struct source *find_owner(const struct publisher *publisher, const struct source *asked,
                                 const struct descriptor *descriptor)
{
    for (size_t i = 0; i < asked->frontend_count; i++) {
        const struct publisher_frontend *frontend = &publisher->frontends[asked->frontends[i]];
        for (size_t j = 0; j < frontend->member_count; j++) {
            struct source *source = publisher_member_source(publisher, &frontend->members[j]);
            if (is_of(descriptor, source))
                return source;
        }
    }
    return NULL;
}

/* True when it says something that was not known of its tor's next time period. */
static bool is_news(const struct source *source, const struct descriptor *descriptor)
{
    if (source->descriptor == NULL || descriptor->period_number <= source->descriptor->period_number)
        return false;
    return source->next == NULL || descriptor_is_older(source->next, descriptor);
}

void own_points_take(struct publisher *publisher, struct source *asked, struct descriptor *descriptor,
                     int64_t now)
{
    struct source *owner = find_owner(publisher, asked, descriptor);
    if (owner == NULL || !is_news(owner, descriptor)) {
        descriptor_free(descriptor);
        return;
    }
    descriptor_free(owner->next);
    owner->next = descriptor;
    if (own_points_update(publisher, owner, now))
        source_add_news(owner, SOURCE_NEWS_CHANGE);
}

bool own_points_update(const struct publisher *publisher, struct source *source, int64_t now)
{
    return source_points_update(&source->next_points, source->next, publisher->network,
                                later(now, source->claims_from));
}

void own_points_forget(struct source *source)
{
    descriptor_free(source->next);
    source->next = NULL;
    source_points_clear(&source->next_points);
    source->pow_params.is_present = false;
}
