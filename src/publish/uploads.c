/* When an HSDir is sent a descriptor, what becomes of that, and when it is tried again. */
#include "publish/uploads.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/descriptors.h"
#include "publish/outage.h"
#include "publish/pace.h"
#include "publish/rounds.h"
#include "publish/tors.h"

/* What expires is uploaded anew so many milliseconds before, or earlier: some uploads may fail at first. */
#define RENEWAL_TIME (15 * 60 * 1000)

/* So many milliseconds after waiting for an answer ended none comes any more. */
#define LATE_ANSWERS_END (10 * 60 * 1000)

/* So many refusals of what an HSDir may have from us are not believed, one after the other. */
#define DOUBTS_MAX 4

/* -- what is due ---------------------------------------------------------------------------------- */

static void set_due(struct publisher_upload *upload, enum upload_cause cause, int64_t due)
{
    upload->state = UPLOAD_DUE;
    upload->cause = cause;
    upload->due = due;
}

/* The upload becomes part of its descriptor's round. Where that has nothing for the HSDir it waits for the
 * next one. */
static void join_round(struct publisher_upload *upload, const struct publisher_descriptor *descriptor,
                       int64_t now)
{
    upload->round = descriptor->round.number;
    upload->attempts = 0;
    upload->is_overdue = upload->may_have_arrived = false;
    upload->state = UPLOAD_WAITING;
    if (upload_find_set(descriptor, upload) != NULL)
        set_due(upload, descriptor->round.cause, now);
}

static void set_failure(struct publisher_upload *upload, enum upload_failure failure, const char *reason)
{
    free(upload->reason);
    upload->failure = failure;
    upload->reason = failure != UPLOAD_FAILURE_NONE ? memory_copy_text(reason, strlen(reason)) : NULL;
}

/* True when the HSDir itself has answered: it was reached, and does not want it. */
static bool is_answer(enum upload_failure failure)
{
    return failure == UPLOAD_FAILURE_REJECTED || failure == UPLOAD_FAILURE_BROKEN;
}

bool upload_refusal_is_doubtful(const struct publisher_upload *upload, int64_t now)
{
    return upload->look.doubts < DOUBTS_MAX && (upload->may_have_arrived || now < upload->late_until);
}

/* The HSDir gets nothing more in this round: tor does not press either. One that refuses has something else;
 * but after a try that was not answered that is probably what it was sent then. */
static void upload_end_round(struct publisher *publisher, struct publisher_descriptor *descriptor,
                             struct publisher_upload *upload, enum upload_failure failure, int64_t now)
{
    upload->state = UPLOAD_REFUSED;
    if (failure == UPLOAD_FAILURE_REJECTED && !upload_refusal_is_doubtful(upload, now))
        point_set_replace(&upload->taken, NULL);
    if (upload->round == descriptor->round.number)
        round_note_refusal(publisher, descriptor, upload, now); /* else it gets the next one at once */
}

/* Puts an upload that did not reach its HSDir off, or gives it up. */
static void upload_put_off(struct publisher *publisher, struct publisher_upload *upload,
                           enum upload_failure failure, int64_t now)
{
    unsigned attempts_max = publisher->rules.attempts_max;
    upload->may_have_arrived |= failure != UPLOAD_FAILURE_TOR && failure != UPLOAD_FAILURE_NOT_BUILT;
    set_due(upload, UPLOAD_FOR_RETRY, now + publisher_back_off(publisher, upload->attempts));
    if (attempts_max != 0 && upload->attempts >= attempts_max)
        upload->state = UPLOAD_GIVEN_UP;
}

/* True when an upload that was not answered may be at its HSDir all the same. A tor does not send it again
 * either; but who waits for the end of a lone publication is served better by another try. */
static bool may_be_there(const struct publisher *publisher, const struct publisher_upload *upload,
                         enum upload_failure failure)
{
    bool is_silence = failure == UPLOAD_FAILURE_NO_ANSWER || failure == UPLOAD_FAILURE_CIRCUIT;
    return is_silence && upload->has_reached && publisher->rules.attempts_max == 0;
}

static void upload_leave_open(struct publisher *publisher, struct publisher_descriptor *descriptor,
                              struct publisher_upload *upload, int64_t now)
{
    upload->state = UPLOAD_UNANSWERED;
    upload->may_have_arrived = true;
    if (upload->round == descriptor->round.number)
        round_note_refusal(publisher, descriptor, upload, now);
}

static void upload_fail(struct publisher *publisher, struct publisher_descriptor *descriptor,
                        struct publisher_upload *upload, enum upload_failure failure, const char *reason,
                        int64_t now)
{
    publisher->upload_failures[failure]++;
    set_failure(upload, failure, reason);
    upload->answered_at = now;
    upload_leave_tor(publisher, upload);
    tor_note_upload(publisher, upload->tor, failure, now);
    if (is_answer(failure))
        upload_end_round(publisher, descriptor, upload, failure, now);
    else if (may_be_there(publisher, upload, failure))
        upload_leave_open(publisher, descriptor, upload, now);
    else
        upload_put_off(publisher, upload, failure, now);
}

/* How long an answer is waited for. An upload that can be ended, and did not reach its HSDir, is soon tried
 * again, on another circuit; but each try has twice as long as the one before, so that a tor or network that
 * is slow is not kept from ever being through with one. */
static int64_t find_answer_time(const struct publisher *publisher, const struct publisher_upload *upload)
{
    const struct publisher_rules *rules = &publisher->rules;
    if (!publisher->tors[upload->tor].tells_ends || upload->has_reached)
        return rules->answer_timeout;
    int64_t time = rules->permit_timeout;
    for (unsigned i = 1; i < upload->attempts && time < rules->answer_timeout; i++)
        time *= 2;
    return earlier(time, rules->answer_timeout);
}

/* The answer is waited for no more, but may still come: where its tor tells what has ended it is as good as
 * one in time until something else is sent, elsewhere it may be taken for the answer to that. */
static void upload_expire(struct publisher *publisher, struct publisher_descriptor *descriptor,
                          struct publisher_upload *upload, int64_t now)
{
    outage_note_upload(publisher, UPLOAD_FAILURE_NO_ANSWER, now);
    upload_fail(publisher, descriptor, upload, UPLOAD_FAILURE_NO_ANSWER, "no answer", now);
    if (publisher->tors[upload->tor].tells_ends)
        upload->is_overdue = true;
    else
        upload->late_until = now + LATE_ANSWERS_END;
}

void publisher_descriptor_check(struct publisher *publisher, struct publisher_frontend *frontend,
                                struct publisher_descriptor *descriptor, int64_t now)
{
    uint64_t round = descriptor->round.number;
    round_check(publisher, frontend, descriptor, now);
    if (descriptor->round.number != round)
        frontend_assign_uploads(frontend);
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        struct publisher_upload *upload = &descriptor->uploads[i];
        if (upload->state == UPLOAD_IN_FLIGHT && now >= upload->sent_at + find_answer_time(publisher, upload))
            upload_expire(publisher, descriptor, upload, now);
        else if (upload->state == UPLOAD_IN_FLIGHT &&
                 now >= upload->sent_at + publisher->rules.permit_timeout)
            upload_leave_tor(publisher, upload); /* the HSDir may be dead: let others go on */
        if (upload->state != UPLOAD_IN_FLIGHT && upload->round != descriptor->round.number)
            join_round(upload, descriptor, now);
    }
}

bool frontend_is_busy(const struct publisher_frontend *frontend,
                      const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_upload *upload =
            publisher_descriptor_find_upload(&frontend->descriptors[slot], fingerprint);
        if (upload != NULL && upload->state == UPLOAD_IN_FLIGHT)
            return true;
    }
    return false;
}

void upload_send(struct publisher *publisher, const struct publisher_descriptor *descriptor,
                 struct publisher_upload *upload, size_t tor, int64_t now)
{
    struct point_set *set = upload_find_set(descriptor, upload);
    if (!point_set_equals(upload->sent, set))
        upload->answers = 0;
    if (!point_set_equals(upload->taken, set))
        point_set_replace(&upload->taken, NULL); /* from now on the HSDir may have either */
    point_set_replace(&upload->sent, set);
    upload->state = UPLOAD_IN_FLIGHT;
    upload->is_overdue = upload->has_reached = false;
    upload->sent_at = now;
    upload->attempts++;
    upload_enter_tor(publisher, upload, tor);
}

/* When an upload has to be looked at though nothing happens. What is due already waits for a permit, and what
 * waits for the HSDir's answer about the other descriptor is woken by that answer. */
static int64_t next_upload_moment(const struct publisher *publisher, const struct publisher_upload *upload,
                                  int64_t now)
{
    if (upload->state == UPLOAD_IN_FLIGHT && upload->has_permit)
        return upload->sent_at + publisher->rules.permit_timeout;
    if (upload->state == UPLOAD_IN_FLIGHT)
        return upload->sent_at + find_answer_time(publisher, upload);
    return upload->state == UPLOAD_DUE && upload->due > now ? upload->due : MOMENT_NEVER;
}

int64_t frontend_next_upload_moment(const struct publisher *publisher,
                                    const struct publisher_frontend *frontend, int64_t now)
{
    int64_t next = MOMENT_NEVER;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        next = earlier(next, round_next_moment(descriptor));
        for (size_t i = 0; i < descriptor->upload_count; i++)
            next = earlier(next, next_upload_moment(publisher, &descriptor->uploads[i], now));
    }
    return next;
}

/* -- answers -------------------------------------------------------------------------------------- */

/* An answer does not say which upload to the HSDir it is for: it may be a late one, to an upload of other
 * points or of the other descriptor. */
static bool may_be_late(const struct publisher_frontend *frontend, const struct publisher_upload *upload,
                        int64_t now)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_upload *other =
            publisher_descriptor_find_upload(&frontend->descriptors[slot], upload->fingerprint);
        if (other != NULL && now < other->late_until)
            return true;
    }
    return false;
}

bool upload_awaits_answer(const struct publisher_frontend *frontend, const struct publisher_upload *upload,
                          enum upload_failure failure)
{
    if (upload->state == UPLOAD_IN_FLIGHT)
        return true;
    if (!upload->is_overdue || failure != UPLOAD_FAILURE_NONE)
        return false;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_upload *other =
            publisher_descriptor_find_upload(&frontend->descriptors[slot], upload->fingerprint);
        if (other != NULL && other->sent_at > upload->sent_at)
            return false;
    }
    return true;
}

void upload_note_answer(struct publisher *publisher, const struct publisher_frontend *frontend,
                        struct publisher_descriptor *descriptor, struct publisher_upload *upload,
                        enum upload_failure failure, const char *reason, int64_t now)
{
    if (failure != UPLOAD_FAILURE_NONE) {
        upload_fail(publisher, descriptor, upload, failure, reason, now);
        return;
    }
    upload_leave_tor(publisher, upload);
    tor_note_upload(publisher, upload->tor, UPLOAD_FAILURE_NONE, now);
    upload->answers++;
    upload->answered_at = now;
    if (upload->answers == 1 && may_be_late(frontend, upload, now)) {
        upload->state = UPLOAD_REFUSED; /* once more: two answers can't both be late */
        round_note_refusal(publisher, descriptor, upload, now);
        return;
    }
    upload->state = UPLOAD_DONE;
    upload->is_overdue = false;
    if (descriptor->round.cause == UPLOAD_FOR_REFRESH)
        upload->refusals = 0;
    upload->taken_at = now;
    point_set_replace(&upload->taken, upload->sent);
    set_failure(upload, UPLOAD_FAILURE_NONE, NULL);
}

bool upload_was_made_at(const struct publisher_descriptor *descriptor, const struct publisher_upload *upload,
                        int64_t made_at)
{
    return upload->round == descriptor->round.number && upload->attempts > 0 &&
           made_at >= descriptor->round.begun_at;
}

void upload_note_seen(struct publisher_upload *upload, int64_t made_at)
{
    bool is_open =
        upload->state == UPLOAD_DUE || upload->state == UPLOAD_REFUSED || upload->state == UPLOAD_UNANSWERED;
    if (!is_open || upload->failure == UPLOAD_FAILURE_NONE)
        return;
    upload->state = UPLOAD_DONE;
    upload->is_overdue = false;
    upload->taken_at = made_at;
    point_set_replace(&upload->taken, upload->sent);
    set_failure(upload, UPLOAD_FAILURE_NONE, NULL);
}

void upload_note_missing(struct publisher *publisher, struct publisher_upload *upload, int64_t now)
{
    if (upload->state != UPLOAD_UNANSWERED)
        return;
    upload->may_have_arrived = false;
    set_due(upload, UPLOAD_FOR_RETRY, now + publisher_back_off(publisher, upload->attempts));
}

void upload_note_replaced(struct publisher_upload *upload)
{
    upload_note_gone(upload);
    upload->state = UPLOAD_WAITING;
}

void upload_note_gone(struct publisher_upload *upload)
{
    point_set_replace(&upload->taken, NULL);
}

void frontend_refresh_soon(struct publisher *publisher, size_t number, int64_t spread, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        if (descriptor->refresh_at != MOMENT_NEVER)
            descriptor->refresh_at =
                earlier(descriptor->refresh_at, now + publisher_draw(publisher, 0, spread));
    }
    publisher_touch_frontend(publisher, number, now);
}

void frontend_retry_uploads(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            struct publisher_upload *upload = &descriptor->uploads[i];
            bool is_late = upload->state == UPLOAD_DUE && upload->due > now;
            if (upload->failure == UPLOAD_FAILURE_NONE || (!is_late && upload->state != UPLOAD_UNANSWERED))
                continue;
            upload->attempts = 0;
            set_due(upload, UPLOAD_FOR_RETRY, now);
        }
    }
    publisher_touch_frontend(publisher, number, now);
}

/* Nothing counts as taken that an HSDir has. */
static void forget_taken(struct publisher_descriptor *descriptor)
{
    for (size_t i = 0; i < descriptor->upload_count; i++)
        point_set_replace(&descriptor->uploads[i].taken, NULL);
}

void frontend_renew_uploads(struct publisher *publisher, size_t number, int64_t expires_at, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        if (now >= expires_at)
            forget_taken(descriptor);
        if (descriptor->refresh_at != MOMENT_NEVER && descriptor->refresh_at > expires_at - RENEWAL_TIME)
            descriptor->refresh_at = now;
    }
    publisher_touch_frontend(publisher, number, now);
}

void frontend_forget_in_flight(struct publisher *publisher, struct publisher_frontend *frontend, size_t tor,
                               int64_t delay, int64_t now)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            struct publisher_upload *upload = &descriptor->uploads[i];
            if (upload->tor != tor)
                continue;
            upload->late_until = MOMENT_NONE;
            upload->is_overdue = false;
            if (upload->state != UPLOAD_IN_FLIGHT)
                continue;
            upload_leave_tor(publisher, upload);
            upload->attempts--;
            upload->may_have_arrived = true;
            set_due(upload, upload->cause, now + delay);
        }
    }
}

/* -- how far it is -------------------------------------------------------------------------------- */

bool frontend_all_uploads(const struct publisher_frontend *frontend, upload_condition holds, int64_t now)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            const struct publisher_upload *upload = &descriptor->uploads[i];
            bool is_for_nothing = upload->wanted == NULL && frontend->assignment != NULL;
            if (!is_for_nothing && !holds(upload, now))
                return false;
        }
    }
    return true;
}

bool upload_is_current(const struct publisher_upload *upload, int64_t now)
{
    return upload->taken != NULL && point_set_equals(upload->taken, upload->wanted) &&
           now < upload->taken_at + HSDIR_MEMORY;
}

bool upload_is_of_twin(const struct publisher_upload *upload, int64_t now)
{
    return upload->twin_at != MOMENT_NONE && now < upload->twin_at + HSDIR_MEMORY;
}

bool upload_has_ended(const struct publisher_upload *upload, int64_t now)
{
    (void)now;
    bool is_over =
        upload->state == UPLOAD_DONE || upload->state == UPLOAD_REFUSED || upload->state == UPLOAD_GIVEN_UP;
    return is_over && point_set_equals(upload->sent, upload->wanted);
}
