/* What a twin's tor has made itself for each time period: points under the very key that its clients'
 * solutions are verified against. */
#include "publish/own_points.h"

#include <string.h>

#include "publish/descriptor_comparison.h"
#include "publish/fetches.h"
#include "publish/pace.h"
#include "publish/source_announcements.h"
#include "publish/source_work.h"
#include "publish/twin_on_hsdirs.h"

/* A twin that is out may have been started anew, and have uploaded, so many milliseconds before its control
 * port lets us in (scaled). */
#define RETURN_TIME (10 * 60 * 1000)

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

const struct descriptor *own_points_find_known(const struct source *source, uint64_t period_number)
{
    if (source->descriptor != NULL && source->descriptor->period_number == period_number)
        return source->descriptor;
    return source->next != NULL && source->next->period_number == period_number ? source->next : NULL;
}

bool own_points_has_part(const struct source *source, uint64_t period_number)
{
    const struct descriptor *descriptor;
    return !source_policy(source->kind)->is_at_spares ||
           own_points_find(source, period_number, &descriptor) != NULL;
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

/* -- whose a descriptor is ---------------------------------------------------------------------------- */

bool own_points_have_same_maker(const struct descriptor *one, const struct descriptor *other)
{
    return memcmp(one->signing_key, other->signing_key, ED25519_PUBLIC_KEY_SIZE) == 0;
}

/* True when a source is known to have made a descriptor, or has another one by the same signing key. */
static bool is_maker(const struct source *source, const struct descriptor *descriptor)
{
    return (source->descriptor != NULL && own_points_have_same_maker(source->descriptor, descriptor)) ||
           (source->next != NULL && own_points_have_same_maker(source->next, descriptor));
}

bool own_points_have_one_maker(const struct source *one, const struct source *other)
{
    return (one->descriptor != NULL && is_maker(other, one->descriptor)) ||
           (one->next != NULL && is_maker(other, one->next));
}

/* A descriptor that was found, when that was made, and now. */
struct finding {
    const struct descriptor *descriptor;
    int64_t made_at, now;
};

/* What is known of a tor with a control port by its seed may be what a publisher has made of that, whose
 * signing key tells nothing: it is that of what it has made of the others as well. */
static bool has_key_of(const struct publisher *publisher, const struct source *source,
                       const struct finding *finding)
{
    (void)publisher;
    bool is_by_seed = source_policy(source->kind)->asks_own_tor && source->next != NULL &&
                      source->next->pow_params.is_present;
    if (!is_by_seed)
        return is_maker(source, finding->descriptor);
    return source->descriptor != NULL && own_points_have_same_maker(source->descriptor, finding->descriptor);
}

/* True when a source with a control port has offered a point of a descriptor. Whatever its tor has made since
 * has another of its signing keys or seeds: so it is another publisher's, who may have published points that
 * the tor has made for another time period, or left from a process of its tor that is gone. */
static bool has_offered(const struct publisher *publisher, const struct source *source,
                        const struct finding *finding)
{
    (void)publisher;
    const struct descriptor *descriptor = finding->descriptor;
    for (size_t i = 0; source_policy(source->kind)->asks_own_tor && i < descriptor->point_count; i++) {
        if (offered_points_has(&source->offered, &descriptor->points[i], finding->now))
            return true;
    }
    return false;
}

/* True when a source with a control port may have made a descriptor, which has not its seed. Its tor tells of
 * an upload before an HSDir has that, and is asked at once; all that it has uploaded has its seed, once it
 * has been there for a while. One that was started anew may upload before its port lets us in; and of one
 * that is gone HSDirs may have what it made before, also when it was gone before we began. */
static bool may_be_maker(const struct publisher *publisher, const struct source *source,
                         const struct finding *finding)
{
    if (!source_policy(source->kind)->asks_own_tor || source->uploading == SOURCE_UPLOADING_OFF)
        return false;
    int64_t return_time = publisher_scale(publisher, RETURN_TIME);
    bool has_said_all = !source->has_begun_upload && !announcements_have_fresh(source->announcements) &&
                        !source_is_asked(source);
    if (source->life.state != SOURCE_LIVE)
        return finding->made_at < later(source->life.since, source->link_changed_at) + return_time ||
               (source_is_reachable(source) && !has_said_all);
    bool has_other_seed = source->pow_params.is_present && finding->now - source->life.since >= return_time;
    bool is_known = own_points_find_known(source, finding->descriptor->period_number) != NULL;
    return !has_said_all || (!has_other_seed && !is_known);
}

/* What tells whose a descriptor is, or may be. */
typedef bool (*trace)(const struct publisher *publisher, const struct source *source,
                      const struct finding *finding);

/* The first member of a frontend of which it is true; NULL for none. */
static struct source *find_trace(const struct publisher *publisher, const struct publisher_frontend *frontend,
                                 const struct finding *finding, trace is_found)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        if (is_found(publisher, source, finding))
            return source;
    }
    return NULL;
}

/* Whose it is by what is known of its seed or signing key. */
static struct source *find_known_maker(const struct publisher *publisher,
                                       const struct publisher_frontend *frontend,
                                       const struct finding *finding)
{
    struct source *maker = own_points_find_owner(publisher, frontend, finding->descriptor);
    return maker != NULL ? maker : find_trace(publisher, frontend, finding, has_key_of);
}

/* Twins are members of one frontend alone: each frontend has its own. Where all of them have control ports
 * only the seed counts: without one nothing that is found is of use. */
struct source *own_points_find_maker(const struct publisher *publisher, struct source *asked,
                                     const struct descriptor *descriptor, int64_t made_at, int64_t now)
{
    const struct finding finding = {descriptor, made_at, now};
    if (asked->frontend_count == 0)
        return NULL;
    const struct publisher_frontend *frontend = &publisher->frontends[asked->frontends[0]];
    struct source *unseen = twin_on_hsdirs_find(publisher, frontend);
    if (is_of(descriptor, asked))
        return asked; /* another one's control port may have answered with a copy */
    if (unseen == NULL)
        return own_points_find_owner(publisher, frontend, descriptor);
    struct source *maker = find_known_maker(publisher, frontend, &finding);
    if (maker != NULL)
        return maker;
    if (find_trace(publisher, frontend, &finding, has_offered) != NULL)
        return NULL;
    bool has_work = descriptor->pow_params.is_present || asked->pow_params.is_present;
    if (source_policy(asked->kind)->asks_own_tor)
        return !has_work && !asked->is_searching ? asked : NULL;
    return find_trace(publisher, frontend, &finding, may_be_maker) == NULL ? unseen : NULL;
}

/* -- what becomes of one that was found ---------------------------------------------------------------- */

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
    return own_points_have_same_maker(next, descriptor) ? descriptor_is_older(next, descriptor)
                                                        : !is_searching;
}

void own_points_add(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                    int64_t now)
{
    descriptor_free(source->next);
    source->next = descriptor;
    offered_points_note(&source->offered, descriptor, now);
    if (own_points_update(publisher, source, now))
        source_add_news(source, SOURCE_NEWS_CHANGE);
    if (source_policy(source->kind)->is_at_spares) { /* otherwise its tor says what its work is */
        source_add_news(source, source_take_work(source, descriptor, now));
        source->descriptor_at = now;
    }
}

void own_points_take(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                     bool is_searching, int64_t now)
{
    if (is_news(source, descriptor, is_searching))
        own_points_add(publisher, source, descriptor, now);
    else
        descriptor_free(descriptor);
}

void own_points_go_on(struct source *source, uint64_t first_period)
{
    if (source->next == NULL || source->next->period_number > first_period)
        return;
    descriptor_free(source->descriptor);
    source->descriptor = source->next;
    source->next = NULL;
    source_points_clear(&source->points);
    source->points = source->next_points;
    source->next_points = (struct source_points){.count = 0};
    source_add_news(source, SOURCE_NEWS_CHANGE);
}

void own_points_go_back(struct source *source)
{
    descriptor_free(source->next);
    source->next = source->descriptor;
    source->descriptor = NULL;
    source_points_clear(&source->next_points);
    source->next_points = source->points;
    source->points = (struct source_points){.count = 0};
}

/* -- searching for what was made before ---------------------------------------------------------------- */

/* True when a twin's own points of a time period are not known, and could be found. One without a control
 * port is looked for at the spare HSDirs in any case. */
static bool is_missed(const struct source *source, uint64_t period_number)
{
    const struct descriptor *descriptor;
    return source_policy(source->kind)->asks_own_tor && source_verifies_work(source) &&
           own_points_find(source, period_number, &descriptor) == NULL;
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

/* Has the HSDirs of the second descriptor asked that clients ask, or the spare ones. */
static void add_hsdirs(struct source *source, const struct network *network,
                       const struct publisher_descriptor *descriptor, bool are_asked)
{
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count =
        network_find_part(network, DESCRIPTOR_SECOND, descriptor->blinded_key, are_asked, responsible);
    for (size_t i = 0; i < count; i++)
        announcements_add_searched(&source->announcements,
                                   network->hsdirs[responsible[i]->hsdir].fingerprint);
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
    if (is_of_all)
        add_hsdirs(source, network, descriptor, true); /* the last ones are asked first */
    add_hsdirs(source, network, descriptor, false);
    source_fetch_soon(publisher, source, FETCH_DELAY, "HSDirs may have what its tor has made", now);
}

bool own_points_are_searched(const struct publisher *publisher, const struct publisher_frontend *frontend)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        bool is_at_hsdirs = source_is_asked(source) && source->inquiry.asked == INQUIRY_OF_HSDIRS;
        if ((is_at_hsdirs && source->is_searching) || announcements_have_searched(source->announcements))
            return true;
    }
    return false;
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
