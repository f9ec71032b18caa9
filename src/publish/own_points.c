/* What a twin's tor has made itself for each time period: points under the very key that its clients'
 * solutions are verified against. */
#include "publish/own_points.h"

#include <string.h>

#include "publish/descriptor_comparison.h"
#include "publish/fetches.h"
#include "publish/pace.h"
#include "publish/source_announcements.h"
#include "publish/source_work.h"

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
    return source_verifies_work(source) && descriptor->pow_params.is_present &&
           memcmp(descriptor->pow_params.seed, source->pow_params.seed, POW_SEED_SIZE) == 0;
}

struct source *own_points_find_owner(const struct publisher *publisher,
                                     const struct publisher_frontend *frontend,
                                     const struct descriptor *descriptor)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        if (is_of(descriptor, source))
            return source;
    }
    return NULL;
}

/* True when it says something that was not known of its tor's next time period. A publisher has other signing
 * keys than the tor, and its counters are ahead; so what one says can't be compared with what the other does.
 * A tor has just made what it has told of; where HSDirs are asked without that the first one counts. */
static bool is_news(const struct source *source, const struct descriptor *descriptor, bool is_searching)
{
    const struct descriptor *next = source->next;
    if (source->descriptor == NULL || descriptor->period_number <= source->descriptor->period_number)
        return false;
    if (next == NULL || next->period_number != descriptor->period_number)
        return true;
    bool has_same_maker = memcmp(next->signing_key, descriptor->signing_key, ED25519_PUBLIC_KEY_SIZE) == 0;
    return has_same_maker ? descriptor_is_older(next, descriptor) : !is_searching;
}

void own_points_take(struct publisher *publisher, struct source *asked, struct descriptor *descriptor,
                     int64_t now)
{
    struct source *owner = NULL;
    for (size_t i = 0; i < asked->frontend_count && owner == NULL; i++)
        owner = own_points_find_owner(publisher, &publisher->frontends[asked->frontends[i]], descriptor);
    if (owner == NULL || !is_news(owner, descriptor, asked->is_searching)) {
        descriptor_free(descriptor);
        return;
    }
    descriptor_free(owner->next);
    owner->next = descriptor;
    if (own_points_update(publisher, owner, now))
        source_add_news(owner, SOURCE_NEWS_CHANGE);
}

/* True when a twin's own points of a time period are not known, and could be found. */
static bool is_missed(const struct source *source, uint64_t period_number)
{
    const struct descriptor *descriptor;
    return source_verifies_work(source) && own_points_find(source, period_number, &descriptor) == NULL;
}

/* The first twin of which something is missed and whose tor can be asked; NULL for none. */
static struct source *find_missed(const struct publisher *publisher,
                                  const struct publisher_frontend *frontend, uint64_t period_number)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        if (is_missed(source, period_number) && source_is_reachable(source))
            return source;
    }
    return NULL;
}

static void add_hsdirs(struct source *source, const struct network *network,
                       const struct hsdir_ring_entry *const *responsible, size_t count, const bool *is_asked,
                       bool are_asked)
{
    for (size_t i = 0; i < count; i++) {
        if (is_asked[i] == are_asked)
            announcements_add_fresh(&source->announcements,
                                    network->hsdirs[responsible[i]->hsdir].fingerprint);
    }
}

void own_points_search_soon(struct publisher *publisher, size_t number, int64_t now)
{
    publisher->frontends[number].search_at = now;
    publisher->frontends[number].searches_all = true;
    publisher_touch_frontend(publisher, number, now);
}

void own_points_search(struct publisher *publisher, size_t number, bool is_of_all, int64_t now)
{
    const struct network *network = publisher->network;
    struct publisher_frontend *frontend = &publisher->frontends[number];
    frontend->search_at = MOMENT_NEVER;
    frontend->searches_all = false;
    if (network == NULL || !frontend->is_split || network->client_slot != DESCRIPTOR_SECOND)
        return;
    const struct publisher_descriptor *descriptor = &frontend->descriptors[DESCRIPTOR_SECOND];
    struct source *source = find_missed(publisher, frontend, descriptor->period_number);
    if (source == NULL)
        return;
    frontend->search_at = now + publisher_scale(publisher, publisher->rules.search);
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count =
        network_find_responsible(network, DESCRIPTOR_SECOND, descriptor->blinded_key, false, responsible);
    bool is_asked[HSDIR_RESPONSIBLE_MAX];
    network_mark_asked(network, DESCRIPTOR_SECOND, descriptor->blinded_key, responsible, count, is_asked);
    if (is_of_all)
        add_hsdirs(source, network, responsible, count, is_asked, true); /* the last ones are asked first */
    add_hsdirs(source, network, responsible, count, is_asked, false);
    source->is_searching = true;
    source_fetch_soon(publisher, source, FETCH_DELAY, "HSDirs may have what its tor has made", now);
}

void own_points_note_descriptor(struct source *source)
{
    if (source->next == NULL || source->next->period_number > source->descriptor->period_number)
        return;
    descriptor_free(source->next);
    source->next = NULL;
    source_points_clear(&source->next_points);
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
    source_forget_work(source);
}
