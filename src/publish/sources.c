/* The sources' part of the state machine: who is in, who is out, and since when. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/descriptor_comparison.h"
#include "publish/publisher.h"
#include "publish/publisher_parts.h"

/* A tor that has been up for so long (milliseconds) has uploaded its descriptors: what HSDirs have of it is
 * its own and not that of the process before it. */
#define UPTIME_TO_TRUST_HSDIRS 120000
/* On a testing network all goes faster, down to this. */
#define UPTIME_TO_TRUST_HSDIRS_MIN 10000
bool source_is_in(const struct source *source)
{
    return source->state == SOURCE_LIVE || source->state == SOURCE_GRACE;
}

bool source_is_lost(const struct source *source)
{
    return source->state == SOURCE_OUT && source->may_live;
}

static void tell_frontends(struct publisher *publisher, size_t number, int64_t now)
{
    const struct source *source = &publisher->sources[number];
    for (size_t i = 0; i < source->frontend_count; i++)
        frontend_update_set(publisher, source->frontends[i], number, now);
}

static void set_reason(struct source *source, const char *reason)
{
    if (strcmp(reason, source->reason) == 0)
        return;
    free(source->reason);
    source->reason = memory_copy_text(reason, strlen(reason));
}

/* Frontends hear of every change of state: also one that still waits has to know that it need not wait any
 * more. */
static void enter(struct publisher *publisher, size_t number, enum source_state state, int64_t now)
{
    struct source *source = &publisher->sources[number];
    if (source->state == state)
        return;
    source->state = state;
    source->since = now;
    source->has_turned = false;
    tell_frontends(publisher, number, now);
}

/* may_live: its points may still be good. */
static void leave(struct publisher *publisher, size_t number, const char *reason, bool may_live, int64_t now)
{
    struct source *source = &publisher->sources[number];
    set_reason(source, reason);
    source->out_at = AGENDA_NEVER;
    source->may_live = may_live;
    enter(publisher, number, SOURCE_OUT, now);
}

/* It stays in for a while, in case it comes back. */
static void begin_grace(struct publisher *publisher, size_t number, int64_t now)
{
    struct source *source = &publisher->sources[number];
    if (source->state != SOURCE_LIVE)
        return;
    source->out_at = now + publisher->rules.grace;
    enter(publisher, number, SOURCE_GRACE, now);
}

void source_update_trust(const struct publisher *publisher, struct source *source)
{
    int64_t age = publisher_scale(publisher, UPTIME_TO_TRUST_HSDIRS);
    if (age < UPTIME_TO_TRUST_HSDIRS_MIN)
        age = UPTIME_TO_TRUST_HSDIRS_MIN;
    source->trusts_from = source->trusts_hsdirs ? AGENDA_NEVER : source->process_started + age;
}

/* Has one that is known from HSDirs alone stay in for long enough to be asked. */
static void give_time(const struct publisher *publisher, struct source *source, int64_t now)
{
    if (source->state == SOURCE_LIVE && source->out_at < now + publisher->rules.poll_max)
        source->out_at = now + publisher->rules.poll_max;
}

void source_begin_anew(struct publisher *publisher, size_t number, int64_t now)
{
    struct source *source = &publisher->sources[number];
    source->failures = 0;
    give_time(publisher, source, now);
    if (!source->is_fetching)
        source_fetch_soon(publisher, number, 0, now);
}

void publisher_note_reachable(struct publisher *publisher, size_t number, bool is_new_process, int64_t uptime,
                              int64_t now)
{
    struct source *source = &publisher->sources[number];
    source->is_reachable = true;
    source->is_fetching = source->fetch_again = false;
    source_leave_fetch_place(publisher, number);
    source->failures = 0;
    source->ask_other_way = source->asked_both = source->is_denied = false;
    if (source->policy->asks_own_tor) {
        source->trusts_hsdirs = uptime >= UPTIME_TO_TRUST_HSDIRS;
        source->process_started = source->trusts_hsdirs ? 0 : now - uptime;
        source_update_trust(publisher, source);
        source_forget_uploads(source);
        source->counts_anew |= is_new_process;
        if (is_new_process && source->knows_process && source_is_in(source))
            leave(publisher, number, "its tor was started anew and has no introduction points yet", false,
                  now);
        source->knows_process = true;
    } else {
        give_time(publisher, source, now); /* its own went on while nobody could look */
    }
    source_fetch_soon(publisher, number, 0, now);
}

void publisher_note_unreachable(struct publisher *publisher, size_t number, const char *reason,
                                enum source_loss loss, int64_t now)
{
    struct source *source = &publisher->sources[number];
    source->is_reachable = false;
    source->is_fetching = source->fetch_again = false;
    source_leave_fetch_place(publisher, number);
    publisher_touch_source(publisher, number, now);
    if (!source->policy->is_doubted_for_loss)
        return; /* it is the local tor that is lost */
    set_reason(source, reason);
    if (loss == SOURCE_LOST)
        begin_grace(publisher, number, now);
    else
        leave(publisher, number, reason,
              loss == SOURCE_GONE_HERE && (source_is_in(source) || source_is_lost(source)), now);
}

/* Why a descriptor's introduction points can't be used, or NULL. */
static const char *find_fault(const struct descriptor *descriptor)
{
    if (descriptor->requires_intro_auth)
        return "its introduction points require an authentication that clients of the frontend don't have";
    if (descriptor->point_count == 0)
        return "its descriptor has no introduction points (yet)";
    for (size_t i = 0; i < descriptor->point_count; i++) {
        if (!descriptor->points[i].has_legacy_key)
            return NULL;
    }
    return "its introduction points have legacy RSA keys, which can't be carried over";
}

/* When to ask again without a sign. */
static int64_t next_poll(struct publisher *publisher, const struct source *source, int64_t now)
{
    unsigned at_ease = source->policy->sources_polled_at_ease;
    int64_t times = at_ease > 0 ? 1 + (int64_t)(publisher->source_count / at_ease) : 1;
    int64_t low = publisher_scale(publisher, publisher->rules.poll_min);
    int64_t high = publisher_scale(publisher, publisher->rules.poll_max);
    return now + 1000 + times * publisher_draw(publisher, low, high);
}

/* Takes a good descriptor over. Returns true when it gives a superdescriptor something new. */
static bool accept_descriptor(const struct publisher *publisher, struct source *source,
                              struct descriptor *descriptor, int64_t now)
{
    const struct network *network = publisher->network;
    struct descriptor *known = source->descriptor;
    bool has_new_points = known == NULL || !descriptor_has_same_points(descriptor, known);
    source->has_turned = known != NULL && network != NULL &&
                         descriptor_is_of_other_half(descriptor, known, network->period_number);
    bool is_news = has_new_points || !descriptor_has_same_features(descriptor, known);
    if (known == NULL || descriptor_is_older(known, descriptor))
        source->moved_at = now;
    if (has_new_points)
        source->points_changed_at = now;
    descriptor_free(known);
    source->descriptor = descriptor;
    source->counts_anew = false;
    source->descriptor_at = now;
    return is_news;
}

/* It has shown that it lives, unless its counter has rested for too long. */
static void revive(struct publisher *publisher, size_t number, bool is_news, int64_t now)
{
    struct source *source = &publisher->sources[number];
    int64_t out_at =
        source->policy->is_judged_by_age ? source->moved_at + publisher->rules.stale_after : AGENDA_NEVER;
    source->out_at = out_at;
    if (now < out_at)
        set_reason(source, "");
    if (now < out_at && source->state != SOURCE_LIVE)
        enter(publisher, number, SOURCE_LIVE, now);
    else if (is_news)
        tell_frontends(publisher, number, now);
}

/* When to ask again after a good answer. */
static int64_t next_fetch(struct publisher *publisher, struct source *source, bool is_behind, int64_t now)
{
    if (!is_behind || source->asked_both) {
        source->failures = 0;
        source->ask_other_way = source->asked_both = false;
        return next_poll(publisher, source, now);
    }
    source->asked_both = true;
    source_turn_fetch(publisher, source);
    if (source->failures == 0)
        return now + FETCH_DELAY;
    return now + publisher_back_off(publisher, source->failures);
}

static void fetch_failed(struct publisher *publisher, size_t number, const char *reason, bool is_doubtful,
                         int64_t now)
{
    struct source *source = &publisher->sources[number];
    set_reason(source, reason);
    if (source->failures++ == 0)
        source->failing_since = now;
    source_turn_fetch(publisher, source);
    source->asked_both = false;
    if (is_doubtful && source->policy->asks_own_tor)
        source->is_denied = true;
    if (is_doubtful)
        begin_grace(publisher, number, now);
    source_end_fetch(publisher, number, now + publisher_back_off(publisher, source->failures), now);
}

/* True when a descriptor tells less than the one that is here. After a tor that was started anew the counters
 * of the one before it mean nothing; what a tor itself says while it is out counts too, but HSDirs may have
 * old copies. */
static bool tells_less(const struct source *source, const struct descriptor *descriptor)
{
    bool is_copy = source->asks_hsdirs && !source->counts_anew;
    if (source->descriptor == NULL || (source->policy->asks_own_tor && !source_is_in(source) && !is_copy))
        return false;
    return descriptor_tells_less(descriptor, source->descriptor, source->period_number);
}

/* True when a tor itself, and the same process as before, answers with other points under a lower counter
 * than it had before. HSDirs may have old copies; a tor does not. */
static bool is_replay(const struct source *source, const struct descriptor *descriptor)
{
    return source->descriptor != NULL && source->policy->asks_own_tor && !source->asks_hsdirs &&
           !source->counts_anew && descriptor_is_replay(descriptor, source->descriptor);
}

void publisher_note_descriptor(struct publisher *publisher, size_t number, struct descriptor *descriptor,
                               int64_t now)
{
    struct source *source = &publisher->sources[number];
    const char *fault = find_fault(descriptor);
    if (fault == NULL && is_replay(source, descriptor))
        fault = "its tor answers with an older descriptor than it had: a replay, or its clock went back";
    if (fault != NULL) {
        descriptor_free(descriptor);
        fetch_failed(publisher, number, fault, true, now);
        return;
    }
    if (!source->asks_hsdirs)
        source->is_denied = false;
    else if (!source->policy->asks_own_tor)
        outage_note_success(publisher, now);
    bool is_behind = source_is_behind(source, descriptor);
    if (tells_less(source, descriptor)) {
        descriptor_free(descriptor);
        revive(publisher, number, false, now);
    } else {
        bool is_news = accept_descriptor(publisher, source, descriptor, now);
        revive(publisher, number, is_news, now);
    }
    source_end_fetch(publisher, number, next_fetch(publisher, source, is_behind, now), now);
}

void publisher_note_hsdirs_answered(struct publisher *publisher, size_t number, int64_t now)
{
    if (!publisher->sources[number].policy->asks_own_tor)
        outage_note_success(publisher, now);
}

/* True when a fetch that has failed once more is one too many. Some HSDir must have answered meanwhile, or it
 * may be the network that is away. */
static bool has_failed_long(const struct publisher *publisher, const struct source *source)
{
    unsigned failures_to_doubt = source->policy->failures_to_doubt;
    return failures_to_doubt > 0 && source->failures + 1 >= failures_to_doubt &&
           outage_is_over(publisher, source->failing_since);
}

void publisher_note_fetch_failed(struct publisher *publisher, size_t number, const char *reason,
                                 bool from_tor, int64_t now)
{
    struct source *source = &publisher->sources[number];
    bool is_doubtful = from_tor || has_failed_long(publisher, source);
    if (!source->policy->asks_own_tor)
        outage_note_failure(publisher);
    fetch_failed(publisher, number, reason, is_doubtful, now);
}

/* True when its time does not run out: of one that is judged by its age, while there is nobody to ask about
 * it, or nothing comes of asking; then it is the failures that count. */
static bool has_time(const struct source *source)
{
    return source->policy->is_judged_by_age && source->state == SOURCE_LIVE &&
           (!source->is_reachable || source->failures > 0);
}

/* Why nothing has come from a source. */
static const char *describe_silence(const struct source *source)
{
    if (source->reason[0] != '\0')
        return source->reason;
    if (source->policy->is_doubted_for_loss && !source->is_reachable)
        return "its control port did not let us in in time: is that tor stopped or overloaded?";
    return "no descriptor came in time";
}

/* Takes out whose time is over. */
static void check_times(struct publisher *publisher, size_t number, int64_t now)
{
    struct source *source = &publisher->sources[number];
    if (source->state == SOURCE_WAITING && publisher->network != NULL &&
        !source_wants_fetch(publisher, source, now) &&
        now >= source->asked_from + publisher->rules.start_patience)
        leave(publisher, number, describe_silence(source), false, now);
    if (!source_is_in(source) || has_time(source) || now < source->out_at)
        return;
    if (source->state == SOURCE_LIVE)
        leave(publisher, number, "its revision counter has not moved for longer than a living tor lets it",
              false, now);
    else /* of one that answered, but not well, more is known */
        leave(publisher, number, source->reason, source->policy->is_doubted_for_loss && !source->is_reachable,
              now);
}

/* A tor that was young when its connection was made, and whose uploads were over by then, grows old too. What
 * it answered until then may not be what clients use. */
static void check_trust(struct publisher *publisher, size_t number, int64_t now)
{
    struct source *source = &publisher->sources[number];
    if (now < source->trusts_from)
        return;
    source->trusts_hsdirs = true;
    source->trusts_from = AGENDA_NEVER;
    if (publisher->network != NULL && publisher_prefers_hsdirs(publisher))
        source_fetch_soon(publisher, number, 0, now);
}

/* When to look again though nothing happens. One that waits for its turn is looked at when that has come. */
static int64_t next_moment(const struct publisher *publisher, const struct source *source, int64_t now)
{
    int64_t moment = source_is_in(source) && !has_time(source) ? source->out_at : AGENDA_NEVER;
    if (publisher->network == NULL || source_wants_fetch(publisher, source, now))
        return moment;
    if (source->state == SOURCE_WAITING)
        moment = earlier(moment, source->asked_from + publisher->rules.start_patience);
    if (source->is_reachable)
        moment = earlier(moment, source->trusts_from);
    if (source_may_be_asked(source))
        moment = earlier(moment, source->fetch_at);
    return moment;
}

void source_run(struct publisher *publisher, size_t number, int64_t now)
{
    struct source *source = &publisher->sources[number];
    check_times(publisher, number, now);
    check_trust(publisher, number, now);
    if (!source_wants_fetch(publisher, source, now))
        source->queued_at = AGENDA_NEVER;
    else if (source->queued_at == AGENDA_NEVER)
        source->queued_at = now;
    agenda_set(&publisher->fetch_queue, number, source->queued_at);
    agenda_set(&publisher->source_agenda, number, next_moment(publisher, source, now));
}

void publisher_set_kind(struct publisher *publisher, size_t number, enum source_kind kind, int64_t now)
{
    struct source *source = &publisher->sources[number];
    source->kind = kind;
    source->policy = source_policy(kind);
    source->trusts_hsdirs = !source->policy->asks_own_tor;
    source->trusts_from = AGENDA_NEVER;
    source->is_reachable = source->is_fetching = source->fetch_again = false;
    source_leave_fetch_place(publisher, number);
    source->is_denied = source->knows_process = false;
    source->failures = 0;
    source->moved_at = now;
    source_forget_uploads(source);
    begin_grace(publisher, number, now);
    publisher_touch_source(publisher, number, now);
}
