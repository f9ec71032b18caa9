/* What each upload of an obpub is held to: its counter, its distance from the one before, and its reason. */
#include <string.h>

#include "crypto/revision_counter.h"
#include "world.h"

#define SPACING 1100
#define FLAP_INTERVAL (28 * SECOND) /* the rule's half minute, less what gathering and spacing move */
#define REFRESH_LAG (15 * SECOND)   /* a refresh may be seen so long after it came due */
#define BATCH (10 * MINUTE)         /* one refresh reaches the last HSDir within so long */
#define FAULT_MEMORY (15 * MINUTE)  /* so long an answer may be taken for another one's */
#define UPLOAD_TAKES (2 * SECOND)

int64_t rules_queue_time(const struct world *world)
{
    int64_t uploads = 16 * (int64_t)world->plan.frontend_count;
    return uploads / publisher_rules_default.tor_permits * UPLOAD_TAKES;
}

/* Where uploads wait for permits, refreshes wait longest. */
static int64_t refresh_lag(const struct world *world)
{
    int64_t queued = rules_queue_time(world);
    return REFRESH_LAG + (queued > MINUTE ? publisher_rules_default.refresh_patience + 2 * queued : 0);
}

static int64_t batch_time(const struct world *world)
{
    return BATCH + 2 * rules_queue_time(world);
}

struct sent *rules_find_sent(struct frontend_record *record, uint64_t period_number, uint32_t relay)
{
    for (size_t i = 0; i < record->sent_count; i++) {
        if (record->sent[i].relay == relay && record->sent[i].period_number == period_number)
            return &record->sent[i];
    }
    return NULL;
}

static bool is_responsible(const struct publisher_frontend *frontend, const struct sent *sent)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; descriptor->period_number == sent->period_number && i < descriptor->upload_count;
             i++) {
            if (model_hsdir_number(descriptor->uploads[i].fingerprint) == sent->relay)
                return true;
        }
    }
    return false;
}

static void update_sent(struct world *world, const struct publisher_frontend *frontend,
                        struct frontend_record *record)
{
    size_t kept = 0;
    for (size_t i = 0; i < record->sent_count; i++) {
        if (is_responsible(frontend, &record->sent[i]))
            record->sent[kept++] = record->sent[i];
    }
    record->sent_count = kept;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            uint32_t relay = model_hsdir_number(descriptor->uploads[i].fingerprint);
            if (rules_find_sent(record, descriptor->period_number, relay) != NULL ||
                record->sent_count == SENT_MAX)
                continue;
            record->sent[record->sent_count++] = (struct sent){.period_number = descriptor->period_number,
                                                               .relay = relay,
                                                               .since = world->now,
                                                               .at = LONG_AGO,
                                                               .answered_at = LONG_AGO,
                                                               .changes = {LONG_AGO, LONG_AGO}};
        }
    }
}

void rules_note_network(struct world *world, struct obpub *obpub)
{
    for (size_t i = 0; i < world->plan.frontend_count; i++)
        update_sent(world, &obpub->publisher->frontends[i], &obpub->frontends[i]);
}

/* The record of a time period; a new one takes the place of the oldest. */
static size_t find_period(struct frontend_record *record, uint64_t period_number)
{
    size_t oldest = 0;
    for (size_t i = 0; i < REFRESHES; i++) {
        if (record->period[i].period_number == period_number)
            return i;
        if (record->period[i].period_number < record->period[oldest].period_number)
            oldest = i;
    }
    memset(&record->period[oldest], 0, sizeof(record->period[oldest]));
    record->period[oldest].period_number = period_number;
    record->period[oldest].at = LONG_AGO;
    return oldest;
}

/* The engine's rule: counters come from the clock, and never go back within one run; within a second uploads
 * to several HSDirs may share one. */
int64_t rules_count(struct world *world, struct obpub *obpub, const struct publisher_action *action)
{
    const struct publisher_descriptor *descriptor =
        &obpub->publisher->frontends[action->frontend].descriptors[action->slot];
    struct frontend_record *record = &obpub->frontends[action->frontend];
    size_t place = find_period(record, descriptor->period_number);
    int64_t *last_seconds = &record->period[place].last_seconds;
    int64_t seconds = network_revision_seconds(obpub->publisher->network, action->slot, world->now / SECOND);
    if (seconds <= *last_seconds)
        seconds = world->now - record->period[place].last_built < SECOND ? *last_seconds : *last_seconds + 1;
    if (seconds > *last_seconds)
        record->period[place].last_built = world->now;
    *last_seconds = seconds;
    return world_is_broken("counters") ? seconds / 4096 + 1 : seconds;
}

static bool has_reason(const struct world *world, const struct obpub *obpub, struct frontend_record *record,
                       const struct sent *sent, uint64_t content)
{
    if (sent->at == LONG_AGO || content != sent->content)
        return true;
    /* The upload waited for a permit while the points changed, and changed back. */
    if (record->content_changed_at > sent->at && world->now - record->content_changed_at < batch_time(world))
        return true;
    bool is_unanswered = sent->answered_at < sent->at;
    int64_t patience = world->plan.tells_ends ? publisher_rules_default.permit_timeout
                                              : publisher_rules_default.answer_timeout;
    if (is_unanswered && (world->now - sent->at >= patience || obpub->tor_since > sent->at))
        return true;
    if (sent->has_failed)
        return true;
    int64_t run = 24 * consensus_interval(world);
    int64_t refresh_min =
        publisher_rules_default.refresh_min * (run < 24 * HOUR ? run : 24 * HOUR) / (24 * HOUR);
    if (world_is_broken("patience"))
        refresh_min *= 2;
    size_t place = find_period(record, sent->period_number);
    int64_t *refreshed_at = &record->period[place].at;
    if (sent->at < *refreshed_at && world->now - *refreshed_at <= batch_time(world))
        return true;
    if (world->now < record->fault_at[sent->relay] + FAULT_MEMORY &&
        (world->now - sent->at < refresh_min || refresh_min < FAULT_MEMORY))
        return true; /* tried once more, because of an answer that was not sure */
    if (world->now - *refreshed_at < refresh_min - refresh_lag(world))
        return false;
    *refreshed_at = world->now;
    return true;
}

/* The one backend of a frontend that has changed of late, while nothing else did that could cause an upload,
 * or one of those of the last half minute; NULL if there is none such. */
static const struct backend *find_lone_changer(const struct world *world, const struct obpub *obpub,
                                               size_t frontend)
{
    const struct plan *plan = &world->plan;
    const struct backend *changer = NULL;
    const int64_t late = batch_time(world) + FLAP_INTERVAL;
    if (plan->upload_fails + plan->upload_is_lost + plan->upload_is_late > 0 ||
        world->now - obpub->consensus_since < late || world->now - obpub->started_at < late)
        return NULL;
    for (size_t i = 0; i < world->frontends[frontend].backend_count; i++) {
        size_t number = source_row(world->frontends[frontend].backends[i]);
        const struct backend *backend = &world->backends[number];
        if (!backend->has_control)
            return NULL;
        /* One that goes over to another time period has other points without having changed. */
        if (world->now - backend->changed_at > late && world->now - obpub->links[number].moved_at > late &&
            world->now - obpub->publisher->sources[number].points_changed_at > late)
            continue;
        if (changer != NULL)
            return NULL;
        changer = backend;
    }
    return changer;
}

/* A backend that flaps causes at most two uploads at once, and then one each half minute. */
static void check_flapping(struct world *world, const struct obpub *obpub, size_t frontend, struct sent *sent,
                           bool is_refresh)
{
    int64_t interval = world_is_broken("calm") ? 10 * FLAP_INTERVAL : FLAP_INTERVAL;
    if (!is_refresh && world->now - sent->changes[1] < interval &&
        find_lone_changer(world, obpub, frontend) != NULL)
        world_fail(world, "frontend %zu: a third upload to relay %u within half a minute for one backend",
                   frontend, sent->relay);
    sent->changes[1] = sent->changes[0];
    sent->changes[0] = world->now;
}

void rules_note_upload(struct world *world, struct obpub *obpub, const struct publisher_action *action,
                       uint32_t relay, int64_t counter, uint64_t content)
{
    struct frontend_record *record = &obpub->frontends[action->frontend];
    uint64_t period_number =
        obpub->publisher->frontends[action->frontend].descriptors[action->slot].period_number;
    struct sent *sent = rules_find_sent(record, period_number, relay);
    world->figures.uploads++;
    world_trace(world, "obpub %u sends frontend %zu of period %llu to relay %u: %08llx, counter %lld",
                obpub_number(world, obpub), action->frontend, (unsigned long long)period_number, relay,
                (unsigned long long)(content >> 32), (long long)counter);
    if (sent == NULL) {
        world_fail(world, "frontend %zu: an upload to relay %u, which is not responsible", action->frontend,
                   relay);
        return;
    }
    if (sent->at != LONG_AGO && world->now - sent->at < SPACING)
        world_fail(world, "frontend %zu: two uploads to relay %u within %d ms", action->frontend, relay,
                   (int)(world->now - sent->at));
    if (counter <= sent->counter)
        world_fail(world, "frontend %zu: the counter for relay %u does not grow: %lld after %lld",
                   action->frontend, relay, (long long)counter, (long long)sent->counter);
    if (!has_reason(world, obpub, record, sent, content))
        world_fail(world, "frontend %zu: an upload to relay %u without a reason, %lld ms after the last",
                   action->frontend, relay, (long long)(world->now - sent->at));
    size_t place = find_period(record, period_number);
    int64_t refresh_at = obpub->publisher->frontends[action->frontend].descriptors[action->slot].refresh_at;
    if (record->period[place].drawn != refresh_at)
        record->period[place].drawn_at = world->now;
    record->period[place].drawn = refresh_at;
    bool is_refresh = world->now - record->period[place].drawn_at < FLAP_INTERVAL;
    if (sent->at != LONG_AGO && content != sent->content && !sent->has_failed)
        check_flapping(world, obpub, action->frontend, sent, is_refresh);
    if (record->period[place].at == LONG_AGO)
        record->period[place].at = world->now;
    sent->at = world->now;
    sent->answered_at = LONG_AGO;
    sent->counter = counter;
    sent->content = content;
    sent->has_failed = false;
}

void rules_note_content(struct world *world, struct obpub *obpub, size_t frontend, uint64_t content)
{
    struct frontend_record *record = &obpub->frontends[frontend];
    if (content == record->content)
        return;
    if (record->published_at == NEVER)
        record->published_at = world->now;
    record->content = content;
    record->content_changed_at = world->now;
}
