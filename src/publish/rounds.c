/* When a descriptor is sent to all of its HSDirs once more. */
#include "publish/rounds.h"

#include "publish/lead.h"
#include "publish/merged.h"
#include "publish/pace.h"

/* Milliseconds between two rounds of a descriptor: the revision counter moves once a second. */
#define ROUND_SPACING 1100

void round_plan(struct publisher_descriptor *descriptor, enum upload_cause cause, int64_t at)
{
    if (!round_is_planned_for_more(descriptor) || cause < descriptor->next_round_cause)
        descriptor->next_round_cause = cause;
    descriptor->next_round_at = earlier(descriptor->next_round_at, at);
}

void round_put_off(struct publisher_descriptor *descriptor, int64_t until)
{
    descriptor->refresh_at = later(descriptor->refresh_at, until);
    descriptor->next_round_at = later(descriptor->next_round_at, until);
}

bool round_is_planned(const struct publisher_descriptor *descriptor)
{
    return descriptor->next_round_at != MOMENT_NEVER;
}

bool round_is_planned_for_more(const struct publisher_descriptor *descriptor)
{
    return round_is_planned(descriptor) && descriptor->next_round_cause != UPLOAD_FOR_RETRY;
}

bool round_is_behind(const struct publisher_frontend *frontend, const struct publisher_descriptor *descriptor)
{
    return descriptor->round.number != 0 &&
           !assignment_gives_same(descriptor->round.assignment, frontend->assignment,
                                  descriptor->period_number);
}

/* A time that is doubled for so many times. */
static int64_t lengthen(int64_t time, unsigned times, int64_t longest)
{
    for (unsigned i = 0; i < times && time < longest; i++)
        time *= 2;
    return time;
}

/* True when an HSDir may have refused because what a twin has just uploaded there is of the same second. */
static bool has_twins(const struct publisher_descriptor *descriptor, const struct publisher_upload *upload)
{
    return upload->twin_at != MOMENT_NONE &&
           upload->twin_at + 2 * (int64_t)ROUND_SPACING > descriptor->round.begun_at;
}

/* HSDirs that have refused equally often share the moment that was drawn for the first of them. */
void round_note_refusal(struct publisher *publisher, struct publisher_descriptor *descriptor,
                        struct publisher_upload *upload, int64_t now)
{
    const struct publisher_rules *rules = &publisher->rules;
    if (has_twins(descriptor, upload)) {
        round_plan(descriptor, UPLOAD_FOR_RETRY, now);
        return;
    }
    int64_t longest = publisher_scale(publisher, rules->refresh_min);
    int64_t low = lengthen(publisher_scale(publisher, rules->refusal_min), upload->refusals, longest);
    int64_t high = lengthen(publisher_scale(publisher, rules->refusal_max), upload->refusals, longest);
    upload->refusals++;
    if (descriptor->next_round_at <= now + high)
        return;
    int64_t delay = publisher_draw(publisher, low, high);
    if (delay < longest)
        round_plan(descriptor, UPLOAD_FOR_RETRY, now + delay);
}

/* For how long what the HSDirs of a descriptor are sent counts at least; MOMENT_NEVER where it names no time
 * of its own. */
static int64_t find_lifetime(const struct publisher_descriptor *descriptor)
{
    int64_t lifetime = MOMENT_NEVER;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct point_set *set = upload_find_set(descriptor, &descriptor->uploads[i]);
        if (set != NULL && set->features.pow_lifetime > 0)
            lifetime = earlier(lifetime, set->features.pow_lifetime);
    }
    return lifetime;
}

/* Each descriptor its own, drawn anew with each round, as tor does; but before the lead is over, and before
 * what clients have to solve ends early. */
static int64_t next_refresh(struct publisher *publisher, const struct publisher_frontend *frontend,
                            const struct publisher_descriptor *descriptor, int64_t now)
{
    int64_t lead = lead_find(publisher, frontend);
    int64_t end = earlier(lead > 0 ? lead : MOMENT_NEVER, find_lifetime(descriptor));
    if (end != MOMENT_NEVER)
        return lead_draw_refresh(publisher, end, now);
    int64_t low = publisher_scale(publisher, publisher->rules.refresh_min);
    int64_t high = publisher_scale(publisher, publisher->rules.refresh_max);
    return now + publisher_draw(publisher, low, high);
}

/* True when clients use the descriptor now. */
static bool is_for_clients(const struct publisher *publisher, const struct publisher_frontend *frontend,
                           const struct publisher_descriptor *descriptor)
{
    return descriptor == &frontend->descriptors[publisher->network->client_slot];
}

/* Every round takes along what sources have changed, so every one is paid for; but for what the descriptor
 * that clients don't use has now and then anyway. */
static void pay(const struct publisher *publisher, struct publisher_frontend *frontend,
                const struct publisher_descriptor *descriptor, enum upload_cause cause, int64_t now)
{
    bool is_of_clients = is_for_clients(publisher, frontend, descriptor);
    if (!is_of_clients && (cause == UPLOAD_FOR_REFRESH || cause == UPLOAD_FOR_HSDIR))
        return;
    const struct allowance_times times = publisher_scale_allowance(publisher);
    allowance_spend(&frontend->allowance, &times, is_of_clients, now);
}

static void begin(struct publisher *publisher, struct publisher_frontend *frontend,
                  struct publisher_descriptor *descriptor, enum upload_cause cause, int64_t now)
{
    pay(publisher, frontend, descriptor, cause, now);
    if (is_for_clients(publisher, frontend, descriptor))
        merged_note_places(publisher, frontend, now);
    struct publisher_round *round = &descriptor->round;
    round->has_news =
        round->number == 0 || (round_is_behind(frontend, descriptor) && !descriptor->has_turned);
    bool overtakes = !frontend->is_frozen && (round->has_news || descriptor->overtakes);
    round->above = overtakes ? descriptor->others_counter : 0;
    descriptor->overtakes = descriptor->has_turned = false;
    round->number = ++publisher->rounds;
    round->cause = cause;
    round->begun_at = now;
    round->lead = lead_find(publisher, frontend);
    assignment_replace(&round->assignment, frontend->assignment);
    descriptor->refresh_at = next_refresh(publisher, frontend, descriptor, now);
    descriptor->next_round_at = MOMENT_NEVER;
    if (descriptor->turn_at == MOMENT_NEVER)
        descriptor->turn_at = descriptor->refresh_at;
}

/* True when an HSDir waits for the next round, whatever becomes of the points. */
static bool is_waited_for(const struct publisher_descriptor *descriptor)
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        enum upload_state state = descriptor->uploads[i].state;
        if (state == UPLOAD_WAITING || state == UPLOAD_UNANSWERED || state == UPLOAD_REFUSED)
            return true;
    }
    return false;
}

/* True when a round was planned for changed points that have become what the HSDirs have. */
static bool is_needless(const struct publisher_frontend *frontend,
                        const struct publisher_descriptor *descriptor, enum upload_cause cause)
{
    bool is_for_change = cause == UPLOAD_FOR_POINTS || cause == UPLOAD_FOR_PERIOD;
    return is_for_change && descriptor->round.number != 0 && !round_is_behind(frontend, descriptor) &&
           !is_waited_for(descriptor);
}

/* HSDirs that refuse can be in league with sources that change without end: a round for them alone waits
 * until there is one for anybody. */
static int64_t find_retry_moment(const struct publisher *publisher, struct publisher_frontend *frontend,
                                 const struct publisher_descriptor *descriptor, int64_t now)
{
    const struct allowance_times times = publisher_scale_allowance(publisher);
    bool is_of_clients = is_for_clients(publisher, frontend, descriptor);
    return allowance_find_moment(&frontend->allowance, &times,
                                 is_of_clients ? ALLOWANCE_FOR_CHURN : ALLOWANCE_FOR_OTHER, now);
}

void round_check(struct publisher *publisher, struct publisher_frontend *frontend,
                 struct publisher_descriptor *descriptor, int64_t now)
{
    if (now < round_next_moment(descriptor))
        return;
    bool is_refresh = now >= descriptor->refresh_at;
    enum upload_cause cause =
        now >= descriptor->next_round_at ? descriptor->next_round_cause : UPLOAD_FOR_REFRESH;
    bool was_needed = !is_needless(frontend, descriptor, cause);
    if (!is_refresh && !was_needed) {
        descriptor->next_round_at = MOMENT_NEVER;
        return;
    }
    if (!is_refresh && cause == UPLOAD_FOR_RETRY) {
        int64_t moment = find_retry_moment(publisher, frontend, descriptor, now);
        if (now < moment) {
            descriptor->next_round_at = moment;
            return;
        }
    }
    begin(publisher, frontend, descriptor, was_needed ? cause : UPLOAD_FOR_REFRESH, now);
}

int64_t round_next_moment(const struct publisher_descriptor *descriptor)
{
    int64_t moment = earlier(descriptor->refresh_at, descriptor->next_round_at);
    if (moment == MOMENT_NEVER || descriptor->round.number == 0)
        return moment;
    return later(moment, descriptor->round.begun_at + ROUND_SPACING);
}

bool round_is_due_for_turn(const struct publisher_frontend *frontend,
                           const struct publisher_descriptor *descriptor, int64_t now)
{
    if (now < round_next_moment(descriptor))
        return false;
    bool is_for_change = now >= descriptor->next_round_at && round_is_planned_for_more(descriptor) &&
                         round_is_behind(frontend, descriptor);
    return now >= descriptor->refresh_at || (now >= descriptor->turn_at && is_for_change);
}
