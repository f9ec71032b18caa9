/* What each round of an obpub is held to: its counter, its distance from the one before, and its reason; and
 * each upload in it. */
#include <string.h>

#include "engine/keyring.h"
#include "publish/lead.h"
#include "publish/pace.h"
#include "world.h"

#define SPACING 1100      /* between two rounds of a descriptor */
#define BUDGET 30         /* rounds of a frontend at once */
#define BUDGET_AN_HOUR 30 /* one in two minutes */
#define DEBT 4            /* rounds that can't wait */
#define UPLOAD_TAKES (2 * SECOND)
#define EARLY_END (45 * MINUTE) /* of pow-params, where there is no lead */

int64_t rules_queue_time(const struct world *world)
{
    int64_t uploads = 16 * (int64_t)world->plan.frontend_count;
    return uploads / publisher_rules_default.tor_permits * UPLOAD_TAKES;
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

struct round_record *rules_find_round(struct frontend_record *record, uint64_t period_number)
{
    struct round_record *oldest = &record->period[0];
    for (size_t i = 0; i < REFRESHES; i++) {
        struct round_record *known = &record->period[i];
        if (known->period_number == period_number)
            return known;
        if (known->period_number < oldest->period_number)
            oldest = known;
    }
    *oldest = (struct round_record){
        .period_number = period_number, .begun_at = LONG_AGO, .replaced_at = LONG_AGO - 1};
    return oldest;
}

/* are_spare: HSDirs that are new have been left to the twins' tors until now. */
static void update_sent(struct world *world, const struct publisher_frontend *frontend,
                        struct frontend_record *record, bool are_spare)
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
                                                               .was_spare = are_spare,
                                                               .at = LONG_AGO,
                                                               .answered_at = LONG_AGO};
        }
    }
}

void rules_note_hsdirs(struct world *world, struct obpub *obpub, size_t frontend)
{
    update_sent(world, &obpub->publisher->frontends[frontend], &obpub->frontends[frontend], true);
}

void rules_note_network(struct world *world, struct obpub *obpub)
{
    for (size_t i = 0; i < world->plan.frontend_count; i++)
        update_sent(world, &obpub->publisher->frontends[i], &obpub->frontends[i], false);
}

int64_t rules_seconds(const struct world *world, const struct obpub *obpub, uint64_t period_number)
{
    const struct network *network = obpub->publisher->network;
    int64_t clock = world->now - (obpub_number(world, obpub) == 1 ? world->plan.clocks_apart : 0);
    enum descriptor_slot slot = DESCRIPTOR_FIRST;
    if (period_number != network->period_number[slot])
        slot = DESCRIPTOR_SECOND;
    return network_revision_seconds(network, slot, clock / SECOND);
}

/* By how much the counter of a descriptor's round is ahead. */
static int64_t find_lead(const struct publisher_descriptor *descriptor)
{
    if (world_is_broken("lead"))
        return 0;
    return world_is_broken("far") ? 5 * descriptor->round.lead : descriptor->round.lead;
}

/* The engine's rule: a round's counter comes from the clock and its lead, and is larger than that of the one
 * before; and than another obpub's that is to be overtaken, if that is not too far ahead of the clock and of
 * the longest lead. */
int64_t rules_count(struct world *world, struct obpub *obpub, const struct publisher_action *action)
{
    const struct publisher_frontend *frontend = &obpub->publisher->frontends[action->frontend];
    const struct publisher_descriptor *descriptor = &frontend->descriptors[action->slot];
    struct round_record *known =
        rules_find_round(&obpub->frontends[action->frontend], descriptor->period_number);
    if (action->round != known->round) {
        int64_t clock = rules_seconds(world, obpub, descriptor->period_number);
        int64_t seconds = clock + find_lead(descriptor) / SECOND;
        known->last_seconds = seconds > known->last_seconds ? seconds : known->last_seconds + 1;
        int64_t above = (int64_t)action->above;
        int64_t latest = clock + lead_find_longest(obpub->publisher, frontend) / SECOND + KEYRING_AHEAD_MAX;
        if (above >= known->last_seconds && above < latest && !world_is_broken("meek"))
            known->last_seconds = above + 1;
    }
    return world_is_broken("counters") ? known->last_seconds / 4096 + 1 : known->last_seconds;
}

/* -- rounds ------------------------------------------------------------------------------------------ */

void rules_begin(const struct world *world, struct frontend_record *record)
{
    record->budget = BUDGET;
    record->budget_at = world->now;
    record->strained_at = LONG_AGO;
}

/* However many backends change however often, and however many HSDirs refuse, a frontend has no more than so
 * many rounds; but for those that the descriptor that clients don't use has now and then anyway. */
static bool pay_for_round(const struct world *world, const struct publisher *publisher,
                          const struct publisher_action *action, struct frontend_record *record)
{
    const struct publisher_frontend *frontend = &publisher->frontends[action->frontend];
    enum upload_cause cause = frontend->descriptors[action->slot].round.cause;
    if (action->slot != publisher->network->client_slot &&
        (cause == UPLOAD_FOR_REFRESH || cause == UPLOAD_FOR_HSDIR))
        return true;
    int64_t hour = publisher_scale(publisher, HOUR);
    double an_hour = world_is_broken("calm") ? BUDGET_AN_HOUR / 7.5 : BUDGET_AN_HOUR;
    record->budget += an_hour * (double)(world->now - record->budget_at) / (double)(hour > 0 ? hour : 1);
    record->budget = record->budget < BUDGET ? record->budget : BUDGET;
    record->budget_at = world->now;
    if (frontend->allowance.rounds.count < ALLOWANCE_RESERVE)
        record->strained_at = world->now;
    return --record->budget > -DEBT - 1;
}

/* True when an HSDir has become responsible since the last round. */
static bool has_new_hsdir(const struct frontend_record *record, const struct round_record *known)
{
    for (size_t i = 0; i < record->sent_count; i++) {
        if (record->sent[i].period_number == known->period_number && record->sent[i].since >= known->begun_at)
            return true;
    }
    return false;
}

/* True when a look has shown of late that an HSDir has something else than it was sent, or when looks have
 * held rounds up until a moment ago. What waited for the local tor is as late as that. */
static bool has_been_mended(const struct world *world, const struct obpub *obpub,
                            const struct frontend_record *record)
{
    int64_t at = obpub->publisher->frontends[record - obpub->frontends].looks.mended_at;
    return at != MOMENT_NONE &&
           world->now - later(at, obpub->tor_since) <= 3 * publisher_rules_default.mend_interval;
}

/* True when a round overtakes another obpub; without or soon after a refusal that may be so but now and then.
 */
static bool may_overtake(const struct world *world, const struct obpub *obpub, struct frontend_record *record,
                         const struct publisher_round *round)
{
    int64_t interval = publisher_scale(obpub->publisher, publisher_rules_default.mend_interval);
    interval -= publisher_scale(obpub->publisher, 20 * SECOND);            /* each comes within so long */
    bool has_others = world->plan.has_two_obpubs || world->plan.has_twins; /* or the obpub before it */
    if (!has_others || round->above == 0 || round->begun_at - record->overtook_at < interval)
        return false;
    record->overtook_at = round->begun_at;
    return true;
}

/* With a lead refreshes come earlier, and without one where clients are to come again early. The lead may
 * also have just become longer: one whose process is new is taken for one that uploads until its tor has said
 * that it does not. */
static int64_t find_refresh_min(const struct world *world, const struct obpub *obpub,
                                const struct frontend_record *record)
{
    const struct frontend *frontend = &world->frontends[record - obpub->frontends];
    int64_t refresh_min = publisher_scale(obpub->publisher, publisher_rules_default.refresh_min);
    int64_t lead = publisher_scale(obpub->publisher, world->plan.lead);
    if (frontend->was_split)
        refresh_min = publisher_scale(obpub->publisher, EARLY_END / 4);
    if (!world->plan.has_twins || lead == 0)
        return refresh_min;
    for (size_t i = 0; i < frontend->backend_count; i++) {
        if (world->now - obpub->links[source_row(frontend->backends[i])].moved_at <= lead)
            return 0;
    }
    return earlier(refresh_min, lead / 4);
}

/* What is wrong with a round that has just begun; NULL if nothing is. */
static const char *find_fault(const struct world *world, const struct obpub *obpub,
                              struct frontend_record *record, const struct publisher_round *round,
                              struct round_record *known, uint64_t content)
{
    const struct publisher_rules *rules = &publisher_rules_default;
    int64_t since = round->begun_at - known->begun_at;
    int64_t refresh_min = find_refresh_min(world, obpub, record);
    bool may_be_in_doubt =
        !world->plan.tells_ends && world->plan.upload_is_late + world->plan.upload_is_lost > 0;
    if (known->round == 0)
        return NULL;
    if (since < SPACING)
        return "too soon after the last one";
    size_t frontend = (size_t)(record - obpub->frontends);
    bool has_lapsed = twin_rules_lacks_seen(world, frontend) ||
                      twin_rules_leaves_alone(world, obpub, frontend, known->period_number);
    switch (round->cause) {
    case UPLOAD_FOR_POINTS:
    case UPLOAD_FOR_PERIOD:
        if (content == known->content && !has_new_hsdir(record, known) && !known->was_refused &&
            known->replaced_at < known->begun_at && !may_be_in_doubt && !has_lapsed)
            return "for the same points";
        if (world->plan.is_crowd && record->news == known->news && !has_new_hsdir(record, known) &&
            !known->was_refused && !may_be_in_doubt)
            return "for other points, though nothing has changed";
        return NULL;
    case UPLOAD_FOR_HSDIR:
        return has_new_hsdir(record, known) ? NULL : "for a new HSDir, which there is not";
    case UPLOAD_FOR_RETRY:
        if (known->replaced_at >= known->begun_at - 2 * SPACING || /* perhaps under the same counter */
            has_new_hsdir(record, known))
            return NULL;
        if (since < publisher_scale(obpub->publisher, rules->refusal_min))
            return may_overtake(world, obpub, record, round) ? NULL : "too soon after a refusal";
        return known->was_refused || may_be_in_doubt || may_overtake(world, obpub, record, round)
                   ? NULL
                   : "after a refusal, which there was not";
    case UPLOAD_FOR_REFRESH:
        if (has_been_mended(world, obpub, record))
            return NULL;
        return since >= refresh_min * (world_is_broken("patience") ? 2 : 1) ? NULL : "a refresh too soon";
    case UPLOAD_CAUSES:
        break;
    }
    return "for no cause";
}

static void note_round(struct world *world, struct obpub *obpub, const struct publisher_action *action,
                       struct round_record *known, uint64_t content)
{
    const struct publisher_round *round =
        &obpub->publisher->frontends[action->frontend].descriptors[action->slot].round;
    if (action->round == known->round)
        return;
    struct frontend_record *record = &obpub->frontends[action->frontend];
    if (world->plan.is_crowd)
        crowd_rules_note_knowledge(world, obpub, action->frontend);
    const char *fault = find_fault(world, obpub, record, round, known, content);
    if (fault == NULL && !pay_for_round(world, obpub->publisher, action, record))
        fault = "one too many";
    if (fault != NULL)
        world_fail(world, "frontend %zu: a round of time period %llu %s, %lld ms after the last",
                   action->frontend, (unsigned long long)known->period_number, fault,
                   (long long)(round->begun_at - known->begun_at));
    known->round = action->round;
    known->begun_at = round->begun_at;
    known->content = content;
    known->news = record->news;
    world->figures.rounds[round->cause != UPLOAD_FOR_REFRESH]++;
    known->was_refused = false;
}

/* -- uploads ----------------------------------------------------------------------------------------- */

/* True when an HSDir may be sent something once more in the same round: the last try did not reach it, or was
 * not answered for too long, or went through a local tor that was lost. */
static bool may_try_again(const struct world *world, const struct obpub *obpub, const struct sent *sent)
{
    int64_t patience = world->plan.tells_ends ? publisher_rules_default.permit_timeout
                                              : publisher_rules_default.answer_timeout;
    bool is_unanswered = sent->answered_at < sent->at;
    return sent->was_not_reached ||
           (is_unanswered && (world->now - sent->at >= patience || obpub->tor_since > sent->at));
}

void rules_note_upload(struct world *world, struct obpub *obpub, const struct publisher_action *action,
                       uint32_t relay, int64_t counter, uint64_t content)
{
    struct frontend_record *record = &obpub->frontends[action->frontend];
    uint64_t period_number =
        obpub->publisher->frontends[action->frontend].descriptors[action->slot].period_number;
    struct sent *sent = rules_find_sent(record, period_number, relay);
    world->figures.uploads++;
    world_trace(world,
                "obpub %u sends frontend %zu of period %llu to relay %u: %08llx, round %llu, counter %lld",
                obpub_number(world, obpub), action->frontend, (unsigned long long)period_number, relay,
                (unsigned long long)(content >> 32), (unsigned long long)action->round, (long long)counter);
    if (sent == NULL) {
        world_fail(world, "frontend %zu: an upload to relay %u, which is not responsible", action->frontend,
                   relay);
        return;
    }
    note_round(world, obpub, action, rules_find_round(record, period_number), content);
    bool is_same_round = sent->at != LONG_AGO && sent->round == action->round;
    if (is_same_round ? counter != sent->counter : counter <= sent->counter)
        world_fail(world, "frontend %zu: a counter for relay %u in %s round: %lld after %lld",
                   action->frontend, relay, is_same_round ? "the same" : "another", (long long)counter,
                   (long long)sent->counter);
    if (is_same_round && !may_try_again(world, obpub, sent))
        world_fail(world,
                   "frontend %zu: an upload to relay %u once more in its round, %lld ms after the last",
                   action->frontend, relay, (long long)(world->now - sent->at));
    sent->at = world->now;
    sent->round = action->round;
    sent->answered_at = LONG_AGO;
    sent->counter = counter;
    sent->was_not_reached = false;
}

void rules_note_answer(const struct world *world, struct frontend_record *record, struct sent *sent,
                       enum upload_failure failure)
{
    bool is_refusal = failure == UPLOAD_FAILURE_REJECTED || failure == UPLOAD_FAILURE_BROKEN;
    sent->answered_at = world->now;
    sent->was_not_reached = failure != UPLOAD_FAILURE_NONE && !is_refusal;
    rules_find_round(record, sent->period_number)->was_refused |= is_refusal;
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
