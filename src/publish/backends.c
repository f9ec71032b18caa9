/* The backends' part of the state machine: who is in, who is out, and since when. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/publisher.h"
#include "publish/publisher_parts.h"

/* A tor that has been up for so long (milliseconds) has uploaded its descriptors: what HSDirs have of it is
 * its own and not that of the process before it. */
#define UPTIME_TO_TRUST_HSDIRS 120000
/* On a testing network all goes faster, down to this. */
#define UPTIME_TO_TRUST_HSDIRS_MIN 10000
/* Fetches from HSDirs alone that fail one after the other before a backend is doubted: with the delays
 * between them some ten minutes. And some HSDir must have answered meanwhile, or it may be the network that
 * is away. HSDirs drop a descriptor after three hours, so this is how a backend ends that died before a new
 * time period, in which its counter was new once more. */
#define FAILURES_TO_DOUBT 10

/* So many backends more have each of them polled as much more seldom. */
#define BACKENDS_POLLED_AT_EASE 1000

bool backend_is_in(const struct publisher_backend *backend)
{
    return backend->state == BACKEND_LIVE || backend->state == BACKEND_GRACE;
}

bool backend_is_lost(const struct publisher_backend *backend)
{
    return backend->state == BACKEND_OUT && backend->may_live;
}

static void tell_frontends(struct publisher *publisher, size_t number, int64_t now)
{
    const struct publisher_backend *backend = &publisher->backends[number];
    for (size_t i = 0; i < backend->frontend_count; i++)
        frontend_update_set(publisher, backend->frontends[i], number, now);
}

static void set_reason(struct publisher_backend *backend, const char *reason)
{
    if (strcmp(reason, backend->reason) == 0)
        return;
    free(backend->reason);
    backend->reason = memory_copy_text(reason, strlen(reason));
}

/* Frontends hear of every change of state: also one that still waits has to know that it need not wait any
 * more. */
static void enter(struct publisher *publisher, size_t number, enum backend_state state, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    if (backend->state == state)
        return;
    backend->state = state;
    backend->since = now;
    backend->has_turned = false;
    tell_frontends(publisher, number, now);
}

/* may_live: its points may still be good. */
static void leave(struct publisher *publisher, size_t number, const char *reason, bool may_live, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    set_reason(backend, reason);
    backend->out_at = AGENDA_NEVER;
    backend->may_live = may_live;
    enter(publisher, number, BACKEND_OUT, now);
}

/* It stays in for a while, in case it comes back. */
static void begin_grace(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    if (backend->state != BACKEND_LIVE)
        return;
    backend->out_at = now + publisher->rules.grace;
    enter(publisher, number, BACKEND_GRACE, now);
}

void backend_update_trust(const struct publisher *publisher, struct publisher_backend *backend)
{
    int64_t age = publisher_scale(publisher, UPTIME_TO_TRUST_HSDIRS);
    if (age < UPTIME_TO_TRUST_HSDIRS_MIN)
        age = UPTIME_TO_TRUST_HSDIRS_MIN;
    backend->trusts_from = backend->trusts_hsdirs ? AGENDA_NEVER : backend->process_started + age;
}

/* Has one that is known from HSDirs alone stay in for long enough to be asked. */
static void give_time(const struct publisher *publisher, struct publisher_backend *backend, int64_t now)
{
    if (backend->state == BACKEND_LIVE && backend->out_at < now + publisher->rules.poll_max)
        backend->out_at = now + publisher->rules.poll_max;
}

void backend_begin_anew(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    backend->failures = 0;
    give_time(publisher, backend, now);
    if (!backend->is_fetching)
        backend_fetch_soon(publisher, number, 0, now);
}

void publisher_note_reachable(struct publisher *publisher, size_t number, bool is_new_process, int64_t uptime,
                              int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    backend->is_reachable = true;
    backend->is_fetching = backend->fetch_again = false;
    backend_leave_fetch_place(publisher, number);
    backend->failures = 0;
    backend->ask_other_way = backend->asked_both = backend->is_denied = false;
    if (backend->has_control) {
        backend->trusts_hsdirs = uptime >= UPTIME_TO_TRUST_HSDIRS;
        backend->process_started = backend->trusts_hsdirs ? 0 : now - uptime;
        backend_update_trust(publisher, backend);
        backend_forget_uploads(backend);
        backend->counts_anew |= is_new_process;
        if (is_new_process && backend->knows_process && backend_is_in(backend))
            leave(publisher, number, "its tor was started anew and has no introduction points yet", false,
                  now);
        backend->knows_process = true;
    } else {
        give_time(publisher, backend, now); /* its own went on while nobody could look */
    }
    backend_fetch_soon(publisher, number, 0, now);
}

void publisher_note_unreachable(struct publisher *publisher, size_t number, const char *reason,
                                enum backend_loss loss, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    backend->is_reachable = false;
    backend->is_fetching = backend->fetch_again = false;
    backend_leave_fetch_place(publisher, number);
    publisher_touch_backend(publisher, number, now);
    if (!backend->has_control)
        return; /* it is the local tor that is lost */
    set_reason(backend, reason);
    if (loss == BACKEND_LOST)
        begin_grace(publisher, number, now);
    else
        leave(publisher, number, reason,
              loss == BACKEND_GONE_HERE && (backend_is_in(backend) || backend_is_lost(backend)), now);
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

/* True for an HSDir's old copy, or a replay. */
static bool is_older(const struct descriptor *descriptor, const struct descriptor *known)
{
    if (descriptor->period_number != known->period_number)
        return descriptor->period_number < known->period_number;
    return descriptor->revision_counter < known->revision_counter;
}

/* A backend whose tor tells what it does is asked without a sign only to be sure; with very many of them less
 * often, so that it costs no more in all. */
static int64_t next_poll(struct publisher *publisher, const struct publisher_backend *backend, int64_t now)
{
    int64_t times =
        backend->has_control ? 1 + (int64_t)publisher->backend_count / BACKENDS_POLLED_AT_EASE : 1;
    int64_t low = publisher_scale(publisher, publisher->rules.poll_min);
    int64_t high = publisher_scale(publisher, publisher->rules.poll_max);
    return now + 1000 + times * publisher_draw(publisher, low, high);
}

static bool has_point(const struct descriptor *descriptor, const struct introduction_point *point)
{
    for (size_t i = 0; i < descriptor->point_count; i++) {
        if (introduction_point_equals(&descriptor->points[i], point))
            return true;
    }
    return false;
}

/* True when both have the same points, in whatever order: no descriptor has a point twice. */
static bool has_same_points(const struct descriptor *one, const struct descriptor *other)
{
    if (one->point_count != other->point_count)
        return false;
    for (size_t i = 0; i < one->point_count; i++) {
        if (!has_point(other, &one->points[i]))
            return false;
    }
    return true;
}

static bool has_same_features(const struct descriptor *one, const struct descriptor *other)
{
    return one->is_single_onion_service == other->is_single_onion_service &&
           one->flow_control.is_present == other->flow_control.is_present &&
           one->flow_control.versions == other->flow_control.versions &&
           one->flow_control.sendme_inc == other->flow_control.sendme_inc;
}

/* True when a descriptor is the second one of a service whose first one is known: it goes on with both. */
static bool is_turn(const struct network *network, const struct descriptor *known,
                    const struct descriptor *descriptor)
{
    return network != NULL && known != NULL &&
           known->period_number == network->period_number[DESCRIPTOR_FIRST] &&
           descriptor->period_number == network->period_number[DESCRIPTOR_SECOND];
}

/* Takes a good descriptor over. Returns true when it gives a superdescriptor something new. */
static bool accept_descriptor(const struct publisher *publisher, struct publisher_backend *backend,
                              struct descriptor *descriptor, int64_t now)
{
    struct descriptor *known = backend->descriptor;
    bool has_new_points = known == NULL || !has_same_points(descriptor, known);
    backend->has_turned = is_turn(publisher->network, known, descriptor);
    bool is_news = has_new_points || !has_same_features(descriptor, known);
    if (known == NULL || is_older(known, descriptor))
        backend->moved_at = now;
    if (has_new_points)
        backend->points_changed_at = now;
    descriptor_free(known);
    backend->descriptor = descriptor;
    backend->counts_anew = false;
    backend->descriptor_at = now;
    return is_news;
}

/* It has shown that it lives, unless its counter has rested for too long. */
static void revive(struct publisher *publisher, size_t number, bool is_news, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    int64_t out_at = backend->has_control ? AGENDA_NEVER : backend->moved_at + publisher->rules.stale_after;
    backend->out_at = out_at;
    if (now < out_at)
        set_reason(backend, "");
    if (now < out_at && backend->state != BACKEND_LIVE)
        enter(publisher, number, BACKEND_LIVE, now);
    else if (is_news)
        tell_frontends(publisher, number, now);
}

/* When to ask again after a good answer. */
static int64_t next_fetch(struct publisher *publisher, struct publisher_backend *backend, bool is_behind,
                          int64_t now)
{
    if (!is_behind || backend->asked_both) {
        backend->failures = 0;
        backend->ask_other_way = backend->asked_both = false;
        return next_poll(publisher, backend, now);
    }
    backend->asked_both = true;
    backend_turn_fetch(publisher, backend);
    if (backend->failures == 0)
        return now + FETCH_DELAY;
    return now + publisher_back_off(publisher, backend->failures);
}

static void fetch_failed(struct publisher *publisher, size_t number, const char *reason, bool is_doubtful,
                         int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    set_reason(backend, reason);
    if (backend->failures++ == 0)
        backend->failing_since = now;
    backend_turn_fetch(publisher, backend);
    backend->asked_both = false;
    if (is_doubtful && backend->has_control)
        backend->is_denied = true;
    if (is_doubtful)
        begin_grace(publisher, number, now);
    backend_end_fetch(publisher, number, now + publisher_back_off(publisher, backend->failures), now);
}

/* True when a descriptor tells less than the one that is here. Of those of two time periods that clients may
 * use now and later, the newest answer counts; and after a tor that was started anew the counters of the one
 * before it mean nothing. What a tor itself says while it is out counts too, but HSDirs may have old copies.
 */
static bool tells_less(const struct publisher_backend *backend, const struct descriptor *descriptor)
{
    const struct descriptor *known = backend->descriptor;
    bool is_copy = backend->asks_hsdirs && !backend->counts_anew;
    if (known == NULL || (backend->has_control && !backend_is_in(backend) && !is_copy))
        return false;
    if (descriptor->period_number != known->period_number &&
        descriptor->period_number >= backend->period_number)
        return false;
    return is_older(descriptor, known);
}

/* True when a tor itself, and the same process as before, answers with other points under a lower counter
 * than it had before. HSDirs may have old copies; a tor does not. */
static bool is_replay(const struct publisher_backend *backend, const struct descriptor *descriptor)
{
    const struct descriptor *known = backend->descriptor;
    return known != NULL && backend->has_control && !backend->asks_hsdirs && !backend->counts_anew &&
           descriptor->period_number == known->period_number && is_older(descriptor, known) &&
           !has_same_points(descriptor, known);
}

void publisher_note_descriptor(struct publisher *publisher, size_t number, struct descriptor *descriptor,
                               int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    const char *fault = find_fault(descriptor);
    if (fault == NULL && is_replay(backend, descriptor))
        fault = "its tor answers with an older descriptor than it had: a replay, or its clock went back";
    if (fault != NULL) {
        descriptor_free(descriptor);
        fetch_failed(publisher, number, fault, true, now);
        return;
    }
    if (!backend->asks_hsdirs)
        backend->is_denied = false;
    else if (!backend->has_control)
        outage_note_success(publisher, now);
    bool is_behind = backend_is_behind(backend, descriptor);
    if (tells_less(backend, descriptor)) {
        descriptor_free(descriptor);
        revive(publisher, number, false, now);
    } else {
        bool is_news = accept_descriptor(publisher, backend, descriptor, now);
        revive(publisher, number, is_news, now);
    }
    backend_end_fetch(publisher, number, next_fetch(publisher, backend, is_behind, now), now);
}

void publisher_note_hsdirs_answered(struct publisher *publisher, size_t number, int64_t now)
{
    if (!publisher->backends[number].has_control)
        outage_note_success(publisher, now);
}

void publisher_note_fetch_failed(struct publisher *publisher, size_t number, const char *reason,
                                 bool from_tor, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    bool is_doubtful = from_tor;
    if (!backend->has_control) {
        is_doubtful =
            backend->failures + 1 >= FAILURES_TO_DOUBT && outage_is_over(publisher, backend->failing_since);
        outage_note_failure(publisher);
    }
    fetch_failed(publisher, number, reason, is_doubtful, now);
}

/* True when its time does not run out: without a control port, while there is nobody to ask about it, or
 * nothing comes of asking; then it is the failures that count. */
static bool has_time(const struct publisher_backend *backend)
{
    return !backend->has_control && backend->state == BACKEND_LIVE &&
           (!backend->is_reachable || backend->failures > 0);
}

/* Why nothing has come from a backend. */
static const char *describe_silence(const struct publisher_backend *backend)
{
    if (backend->reason[0] != '\0')
        return backend->reason;
    if (backend->has_control && !backend->is_reachable)
        return "its control port did not let us in in time: is that tor stopped or overloaded?";
    return "no descriptor came in time";
}

/* Takes out whose time is over. */
static void check_times(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    if (backend->state == BACKEND_WAITING && publisher->network != NULL &&
        !backend_wants_fetch(publisher, backend, now) &&
        now >= backend->asked_from + publisher->rules.start_patience)
        leave(publisher, number, describe_silence(backend), false, now);
    if (!backend_is_in(backend) || has_time(backend) || now < backend->out_at)
        return;
    if (backend->state == BACKEND_LIVE)
        leave(publisher, number, "its revision counter has not moved for longer than a living tor lets it",
              false, now);
    else /* of one that answered, but not well, more is known */
        leave(publisher, number, backend->reason, backend->has_control && !backend->is_reachable, now);
}

/* A tor that was young when its connection was made, and whose uploads were over by then, grows old too. What
 * it answered until then may not be what clients use. */
static void check_trust(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    if (now < backend->trusts_from)
        return;
    backend->trusts_hsdirs = true;
    backend->trusts_from = AGENDA_NEVER;
    if (publisher->network != NULL && publisher_prefers_hsdirs(publisher))
        backend_fetch_soon(publisher, number, 0, now);
}

/* When to look again though nothing happens. One that waits for its turn is looked at when that has come. */
static int64_t next_moment(const struct publisher *publisher, const struct publisher_backend *backend,
                           int64_t now)
{
    int64_t moment = backend_is_in(backend) && !has_time(backend) ? backend->out_at : AGENDA_NEVER;
    if (publisher->network == NULL || backend_wants_fetch(publisher, backend, now))
        return moment;
    if (backend->state == BACKEND_WAITING)
        moment = earlier(moment, backend->asked_from + publisher->rules.start_patience);
    if (backend->is_reachable)
        moment = earlier(moment, backend->trusts_from);
    if (backend_may_be_asked(backend))
        moment = earlier(moment, backend->fetch_at);
    return moment;
}

void backend_run(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    check_times(publisher, number, now);
    check_trust(publisher, number, now);
    if (!backend_wants_fetch(publisher, backend, now))
        backend->queued_at = AGENDA_NEVER;
    else if (backend->queued_at == AGENDA_NEVER)
        backend->queued_at = now;
    agenda_set(&publisher->fetch_queue, number, backend->queued_at);
    agenda_set(&publisher->backend_agenda, number, next_moment(publisher, backend, now));
}

void publisher_set_control(struct publisher *publisher, size_t number, bool has_control, int64_t now)
{
    struct publisher_backend *backend = &publisher->backends[number];
    backend->has_control = has_control;
    backend->trusts_hsdirs = !has_control;
    backend->trusts_from = AGENDA_NEVER;
    backend->is_reachable = backend->is_fetching = backend->fetch_again = false;
    backend_leave_fetch_place(publisher, number);
    backend->is_denied = backend->knows_process = false;
    backend->failures = 0;
    backend->moved_at = now;
    backend_forget_uploads(backend);
    begin_grace(publisher, number, now);
    publisher_touch_backend(publisher, number, now);
}
