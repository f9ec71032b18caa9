/* What becomes of a source when a descriptor of it has come, or none has. */
#include "publish/source_answers.h"

#include <stdio.h>

#include "publish/descriptor_comparison.h"
#include "publish/fetches.h"
#include "publish/own_points.h"
#include "publish/pace.h"
#include "publish/source_work.h"
#include "publish/twin_on_hsdirs.h"

/* On a testing network a tor that is silent is asked no more often than after so many milliseconds. */
#define SILENT_POLL_MIN 5000
/* When a descriptor was made is known from its revision counter to so many milliseconds. */
#define COUNTER_ERROR (10 * 60 * 1000)
/* A twin that is seen at HSDirs is looked for again after so many milliseconds while frontends wait for it.
 */
#define FIRST_LOOKS 3000

/* Why a descriptor's introduction points can't be used; "" when they can. */
static void find_fault(char fault[SOURCE_POINTS_TEXT_SIZE], const struct descriptor *descriptor,
                       const struct network *network)
{
    struct source_points points = {.count = 0};
    source_points_update(&points, descriptor, network, 0);
    fault[0] = '\0';
    if (descriptor->requires_intro_auth)
        snprintf(fault, SOURCE_POINTS_TEXT_SIZE, "%s",
                 "its introduction points require an authentication that clients of the frontend don't have");
    else if (descriptor->point_count == 0)
        snprintf(fault, SOURCE_POINTS_TEXT_SIZE, "%s", "its descriptor has no introduction points (yet)");
    else if (points.count == 0 && source_points_are_false(&points))
        source_points_describe(fault, &points);
    else if (points.count == 0)
        snprintf(fault, SOURCE_POINTS_TEXT_SIZE, "%s",
                 "its introduction points have legacy RSA keys, which can't be carried over");
    source_points_clear(&points);
}

bool source_update_points(const struct publisher *publisher, struct source *source, int64_t now)
{
    return source_points_update(&source->points, source->descriptor, publisher->network,
                                now > source->claims_from ? now : source->claims_from);
}

/* When to ask again without a hint. */
static int64_t next_poll(struct publisher *publisher, const struct source *source, int64_t now)
{
    const struct source_policy *policy = source_policy(source->kind);
    unsigned at_ease = policy->sources_polled_at_ease;
    int64_t times = at_ease > 0 ? 1 + (int64_t)(publisher->source_count / at_ease) : 1;
    if (policy->silent_poll > 0 && source->uploading != SOURCE_UPLOADING_ON)
        return now + times * later(publisher_scale(publisher, policy->silent_poll), SILENT_POLL_MIN);
    int64_t low = publisher_scale(publisher, publisher->rules.poll_min);
    int64_t high = publisher_scale(publisher, publisher->rules.poll_max);
    return now + 1000 + times * publisher_draw(publisher, low, high);
}

/* Takes over what its tor has clients solve. Returns what of that is new. */
static enum source_news take_work(struct publisher *publisher, struct source *source,
                                  const struct descriptor *descriptor, int64_t now)
{
    bool verified = source_verifies_work(source);
    enum source_news news = source_take_work(source, descriptor, now);
    for (size_t i = 0; !verified && source_verifies_work(source) && i < source->frontend_count; i++)
        own_points_search_soon(publisher, source->frontends[i], now);
    return news;
}

/* Takes a good descriptor over. Returns what it gives a superdescriptor that is new. */
static enum source_news accept_descriptor(struct publisher *publisher, struct source *source,
                                          struct descriptor *descriptor, int64_t now)
{
    const struct network *network = publisher->network;
    struct descriptor *known = source->descriptor;
    bool has_new_points = known == NULL || !descriptor_has_same_points(descriptor, known);
    /* A tor that answers with the descriptor of another time period has dropped that of the one before. */
    bool is_of_other_half = known != NULL && network != NULL && source_policy(source->kind)->is_on_hsdirs &&
                            descriptor_is_of_other_half(descriptor, known, network->period_number);
    bool is_news = has_new_points || !descriptor_has_unchanged_points(descriptor, known) ||
                   !descriptor_has_same_features(descriptor, known);
    if (known == NULL || descriptor_is_older(known, descriptor))
        source->life.moved_at = now;
    if (has_new_points)
        source->points_changed_at = now;
    enum source_news news = take_work(publisher, source, descriptor, now);
    if (!source_policy(source->kind)->is_on_hsdirs) /* which points are its own depends on the time period */
        is_news |= known != NULL && known->period_number != descriptor->period_number;
    if (known != NULL)
        offered_points_note(&source->offered, known, now);
    offered_points_note(&source->offered, descriptor, now);
    descriptor_free(known);
    source->descriptor = descriptor;
    own_points_note_descriptor(source);
    is_news |= source_update_points(publisher, source, now);
    trust_note_descriptor(source);
    source->descriptor_at = now;
    if (!is_news)
        return news;
    return is_of_other_half ? SOURCE_NEWS_PERIOD : SOURCE_NEWS_CHANGE;
}

/* It has shown that it lives, unless its counter has rested for too long. */
static void confirm(const struct publisher *publisher, struct source *source, int64_t now)
{
    bool is_judged = source_policy(source->kind)->is_judged_by_age;
    int64_t out_at = is_judged ? source->life.moved_at + publisher->rules.stale_after : MOMENT_NEVER;
    source_life_confirm(source, out_at, now);
}

/* True when a descriptor is one that clients do not use any more, while there is another way to ask for the
 * one they use: its tor, or ours, has not seen the newest consensus. */
static bool is_behind_clients(const struct source *source, const struct descriptor *descriptor)
{
    const struct source_policy *policy = source_policy(source->kind);
    return policy->asks_own_tor && policy->is_on_hsdirs && trust_hsdirs_are_current(source) &&
           descriptor->period_number < source->period_number;
}

/* When to ask again after a good answer. */
static int64_t next_fetch(struct publisher *publisher, struct source *source, bool is_behind, int64_t now)
{
    struct source_inquiry *inquiry = &source->inquiry;
    if (!is_behind || inquiry->is_last_way) {
        inquiry->failures = 0;
        inquiry_want(source, publisher_preferred_target(publisher));
        return next_poll(publisher, source, now);
    }
    inquiry->is_last_way = true;
    inquiry_switch(source);
    return now + (inquiry->failures == 0 ? FETCH_DELAY : publisher_back_off(publisher, inquiry->failures));
}

void source_note_fetch_failed(struct publisher *publisher, struct source *source, const char *reason,
                              bool is_doubtful, int64_t now)
{
    source_life_set_reason(source, reason);
    inquiry_note_failed(source, now);
    source->has_begun_upload |= source->asks_of_upload;
    source->asks_of_upload = false;
    if (is_doubtful && source_policy(source->kind)->asks_own_tor)
        trust_note_denial(source);
    if (is_doubtful)
        source_life_doubt(source, reason, now + publisher->rules.grace, now);
    source_end_fetch(publisher, source, now + publisher_back_off(publisher, source->inquiry.failures), now);
}

/* True when a descriptor tells less than the one that is here. After a tor that was started anew the counters
 * of the one before it mean nothing; what a tor itself says while it is out counts too, but HSDirs may have
 * old copies. */
static bool tells_less(const struct source *source, const struct descriptor *descriptor)
{
    bool is_copy = source->inquiry.asked == INQUIRY_OF_HSDIRS && trust_counters_go_on(source);
    if (source->descriptor == NULL ||
        (source_policy(source->kind)->asks_own_tor && !source_is_in(source) && !is_copy))
        return false;
    return descriptor_tells_less(descriptor, source->descriptor, source->period_number);
}

/* True when a tor itself, and the same process as before, answers with other points under a lower counter
 * than it had before. HSDirs may have old copies; a tor does not. */
static bool is_replay(const struct source *source, const struct descriptor *descriptor)
{
    return source->descriptor != NULL && source_policy(source->kind)->asks_own_tor &&
           source->inquiry.asked == INQUIRY_OF_TOR && trust_counters_go_on(source) &&
           descriptor_is_replay(descriptor, source->descriptor);
}

/* A descriptor of a time period of which nothing was known was made some time ago: since then it may not have
 * been renewed. */
static void note_age(struct source *source, int64_t made_at, int64_t moved_at, int64_t now)
{
    source->life.moved_at = later(moved_at, earlier(now, made_at + COUNTER_ERROR));
}

/* True when the tor of a twin that is only seen at HSDirs has made a descriptor after all that is known of it
 * for that time period, or for a later one. */
static bool is_newer(const struct source *source, const struct descriptor *descriptor)
{
    const struct descriptor *known = own_points_find_known(source, descriptor->period_number);
    if (known != NULL)
        return descriptor_is_older(known, descriptor);
    return source->descriptor == NULL || descriptor->period_number > source->descriptor->period_number;
}

/* Takes over what such a tor has made that is newer. What is known of another time period stays beside it,
 * unless another process has made that. */
static void take_newer(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                       int64_t made_at, int64_t now)
{
    const struct descriptor *known = own_points_find_known(source, descriptor->period_number);
    bool is_of_new_period = known == NULL;
    bool is_beside =
        source->descriptor != NULL && source->descriptor->period_number != descriptor->period_number;
    int64_t moved_at = source->descriptor != NULL ? source->life.moved_at : MOMENT_NONE;
    if (known != NULL && !own_points_have_same_maker(known, descriptor)) {
        own_points_forget(source);
        is_beside = false;
    }
    if (is_beside)
        own_points_add(publisher, source, descriptor, now);
    else
        source_add_news(source, accept_descriptor(publisher, source, descriptor, now));
    source->life.moved_at = now;
    if (is_of_new_period)
        note_age(source, made_at, moved_at, now);
}

static void take_seen(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                      int64_t made_at, int64_t now)
{
    char fault[SOURCE_POINTS_TEXT_SIZE];
    find_fault(fault, descriptor, publisher->network);
    if (fault[0] != '\0') {
        source_life_set_reason(source, fault);
        descriptor_free(descriptor);
        return;
    }
    if (is_newer(source, descriptor))
        take_newer(publisher, source, descriptor, made_at, now);
    else
        descriptor_free(descriptor);
    confirm(publisher, source, now);
}

/* A tor has said what it has made: that was taken for another twin's if it was seen at HSDirs before. */
static void take_back(struct publisher *publisher, const struct source *owner, int64_t now)
{
    bool is_twin = !source_policy(owner->kind)->is_on_hsdirs;
    for (size_t i = 0; is_twin && i < owner->frontend_count; i++) {
        struct source *source = twin_on_hsdirs_find(publisher, &publisher->frontends[owner->frontends[i]]);
        if (source == NULL || source == owner || !own_points_have_one_maker(source, owner))
            continue;
        own_points_forget(source);
        descriptor_free(source->descriptor);
        source->descriptor = NULL;
        source_points_clear(&source->points);
        source_add_news(source, SOURCE_NEWS_CHANGE);
        source_life_end(source, "what was taken for its descriptor is that of another tor", false, now);
    }
}

/* HSDirs that may have what a twin's tor has made are asked one after the other. */
static void go_on_finding(struct publisher *publisher, struct source *source, int64_t now)
{
    if (!source_policy(source->kind)->is_on_hsdirs && announcements_have_fresh(source->announcements))
        source_fetch_soon(publisher, source, FETCH_DELAY, "HSDirs may have what its tor has made", now);
}

/* A twin that was first seen in the second half, when it had no control port: what is known of it is of that
 * half, and its tor says now what it has made for the first one. Both are good. */
static bool is_of_half_before(const struct source *source, const struct descriptor *descriptor)
{
    return !source_policy(source->kind)->is_on_hsdirs && source_is_in(source) &&
           !trust_counters_go_on(source) && source->descriptor != NULL &&
           descriptor->period_number < source->descriptor->period_number;
}

bool source_note_descriptor(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                            int64_t now)
{
    char fault[SOURCE_POINTS_TEXT_SIZE];
    find_fault(fault, descriptor, publisher->network);
    if (fault[0] == '\0' && is_replay(source, descriptor))
        snprintf(fault, sizeof(fault), "%s",
                 "its tor answers with an older descriptor than it had: a replay, or its clock went back");
    if (fault[0] != '\0') {
        descriptor_free(descriptor);
        source_note_fetch_failed(publisher, source, fault, true, now);
        return false;
    }
    if (source->inquiry.asked == INQUIRY_OF_TOR)
        trust_note_answer(source);
    bool is_behind = is_behind_clients(source, descriptor);
    if (is_of_half_before(source, descriptor))
        own_points_go_back(source);
    if (tells_less(source, descriptor))
        descriptor_free(descriptor);
    else
        source_add_news(source, accept_descriptor(publisher, source, descriptor, now));
    confirm(publisher, source, now);
    take_back(publisher, source, now);
    source_end_fetch(publisher, source, next_fetch(publisher, source, is_behind, now), now);
    go_on_finding(publisher, source, now);
    return true;
}

void source_note_found(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                       int64_t made_at, int64_t now)
{
    struct source *owner = own_points_find_maker(publisher, source, descriptor, made_at, now);
    bool is_seen = owner != NULL && source_policy(owner->kind)->is_at_spares;
    if (owner == NULL || (is_seen && owner != source)) {
        descriptor_free(descriptor); /* for one that is only seen we look ourselves, and know our own make */
    } else if (is_seen) {
        take_seen(publisher, owner, descriptor, made_at, now);
    } else {
        own_points_take(publisher, owner, descriptor, source->is_searching, now);
        take_back(publisher, owner, now);
    }
    source_note_not_found(publisher, source, now);
}

void source_note_not_found(struct publisher *publisher, struct source *source, int64_t now)
{
    source_end_fetch(publisher, source, next_fetch(publisher, source, false, now), now);
    go_on_finding(publisher, source, now);
    if (source_policy(source->kind)->is_at_spares && source->life.state == SOURCE_WAITING)
        source_fetch_soon(publisher, source, FIRST_LOOKS, "it has not been seen yet", now);
}
