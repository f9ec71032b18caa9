/* When an HSDir is sent a descriptor, what becomes of that, and when it is tried again. */
#include "publish/uploads.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/descriptors.h"
#include "publish/outage.h"
#include "publish/pace.h"
#include "publish/tors.h"

/* Milliseconds between two uploads of one descriptor to one HSDir: the revision counter moves once a second.
 */
#define UPLOAD_SPACING 1100

/* What expires is uploaded anew so many milliseconds before, or earlier: some uploads may fail at first. */
#define RENEWAL_TIME (15 * 60 * 1000)

/* So many milliseconds after waiting for an answer ended none comes any more. */
#define LATE_ANSWERS_END (10 * 60 * 1000)

/* -- what is due ---------------------------------------------------------------------------------- */

static void set_due(struct publisher_upload *upload, int64_t due)
{
    upload->state = UPLOAD_DUE;
    upload->due = due;
    if (upload->sent_at != MOMENT_NONE && upload->due < upload->sent_at + UPLOAD_SPACING)
        upload->due = upload->sent_at + UPLOAD_SPACING;
}

static void make_due(struct publisher_upload *upload, enum upload_cause cause, int64_t now)
{
    upload->attempts = upload->answers = 0;
    upload->cause = cause;
    set_due(upload, now);
}

/* True when the HSDir was sent points that are no longer those to be sent. What went out for another reason
 * since the last commit is good until the next one: a source that flaps would cause uploads otherwise. */
static bool has_old_set(const struct publisher_frontend *frontend,
                        const struct publisher_descriptor *descriptor, const struct publisher_upload *upload)
{
    if (upload->sent_at > frontend->committed_at || point_set_equals(upload->sent, upload->wanted))
        return false;
    return !point_set_equals(
        upload->sent, assignment_find(frontend->committed, descriptor->period_number, upload->fingerprint));
}

bool frontend_has_other_set(const struct publisher_frontend *frontend)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            const struct publisher_upload *upload = &descriptor->uploads[i];
            if (upload->sent_at > frontend->committed_at && !point_set_equals(upload->sent, upload->wanted))
                return true;
        }
    }
    return false;
}

static void set_failure(struct publisher_upload *upload, enum upload_failure failure, const char *reason)
{
    free(upload->reason);
    upload->failure = failure;
    upload->reason = failure != UPLOAD_FAILURE_NONE ? memory_copy_text(reason, strlen(reason)) : NULL;
}

/* Puts an upload that failed off, or gives it up. */
static void upload_fail(struct publisher *publisher, struct publisher_upload *upload,
                        enum upload_failure failure, const char *reason, int64_t now)
{
    unsigned attempts_max = publisher->rules.attempts_max;
    publisher->upload_failures[failure]++;
    set_failure(upload, failure, reason);
    upload->answered_at = now;
    upload->cause = UPLOAD_FOR_RETRY;
    upload_leave_tor(publisher, upload);
    tor_note_upload(publisher, upload->tor, failure, now);
    set_due(upload, now + publisher_back_off(publisher, upload->attempts));
    if (attempts_max != 0 && upload->attempts >= attempts_max)
        upload->state = UPLOAD_GIVEN_UP;
}

/* How long an answer is waited for. An upload that can be ended is soon tried again, on another circuit; but
 * each try has twice as long as the one before, so that a tor or network that is slow is not kept from ever
 * being through with one. */
static int64_t find_answer_time(const struct publisher *publisher, const struct publisher_upload *upload)
{
    const struct publisher_rules *rules = &publisher->rules;
    if (!publisher->tors[upload->tor].tells_ends)
        return rules->answer_timeout;
    int64_t time = rules->permit_timeout;
    for (unsigned i = 1; i < upload->attempts && time < rules->answer_timeout; i++)
        time *= 2;
    return earlier(time, rules->answer_timeout);
}

/* The answer is waited for no more, but may still come: where its tor tells what has ended it is as good as
 * one in time until something else is sent, elsewhere it may be taken for the answer to that. */
static void upload_expire(struct publisher *publisher, struct publisher_upload *upload, int64_t now)
{
    outage_note_upload(publisher, UPLOAD_FAILURE_NO_ANSWER, now);
    upload_fail(publisher, upload, UPLOAD_FAILURE_NO_ANSWER, "no answer", now);
    if (publisher->tors[upload->tor].tells_ends)
        upload->is_overdue = true;
    else
        upload->late_until = now + LATE_ANSWERS_END;
}

/* Each descriptor its own, drawn anew each time, so that all spread out by themselves. */
static int64_t next_refresh(struct publisher *publisher, int64_t now)
{
    int64_t low = publisher_scale(publisher, publisher->rules.refresh_min);
    int64_t high = publisher_scale(publisher, publisher->rules.refresh_max);
    return now + publisher_draw(publisher, low, high);
}

/* Why an HSDir has to be sent the points as they are now, instead of those it was sent last. */
static enum upload_cause find_change(const struct publisher_frontend *frontend,
                                     const struct publisher_upload *upload)
{
    return upload->sent_at <= frontend->urgent_at ? UPLOAD_FOR_POINTS : UPLOAD_FOR_PERIOD;
}

enum upload_cause upload_find_cause(const struct publisher_frontend *frontend,
                                    const struct publisher_descriptor *descriptor,
                                    const struct publisher_upload *upload)
{
    bool can_wait = upload->cause == UPLOAD_FOR_REFRESH || upload->cause == UPLOAD_FOR_PERIOD;
    return can_wait && has_old_set(frontend, descriptor, upload) ? find_change(frontend, upload)
                                                                 : upload->cause;
}

/* True when an HSDir that has taken a descriptor is to get one with other points. */
static bool waits_for_points(const struct publisher_upload *upload)
{
    bool is_for_change = upload->cause == UPLOAD_FOR_POINTS || upload->cause == UPLOAD_FOR_PERIOD;
    return upload->state == UPLOAD_DUE && is_for_change && upload->sent != NULL &&
           point_set_equals(upload->sent, upload->taken);
}

/* Notes all that has come due at a descriptor by now: overdue answers, its refresh, changed points. */
void publisher_descriptor_check(struct publisher *publisher, const struct publisher_frontend *frontend,
                                struct publisher_descriptor *descriptor, int64_t now)
{
    bool needs_refresh = now >= descriptor->refresh_at;
    if (needs_refresh)
        descriptor->refresh_at = next_refresh(publisher, now);
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        struct publisher_upload *upload = &descriptor->uploads[i];
        if (needs_refresh)
            upload->is_overdue = false; /* the next try is the refresh */
        if (upload->state == UPLOAD_IN_FLIGHT && now >= upload->sent_at + find_answer_time(publisher, upload))
            upload_expire(publisher, upload, now);
        else if (upload->state == UPLOAD_IN_FLIGHT &&
                 now >= upload->sent_at + publisher->rules.permit_timeout)
            upload_leave_tor(publisher, upload); /* the HSDir may be dead: let others go on */
        bool is_over = upload->state == UPLOAD_DONE || upload->state == UPLOAD_GIVEN_UP;
        if (is_over && has_old_set(frontend, descriptor, upload))
            make_due(upload, find_change(frontend, upload), now);
        else if (is_over && needs_refresh)
            make_due(upload, UPLOAD_FOR_REFRESH, now);
        else if (waits_for_points(upload) && needs_refresh)
            upload->cause = UPLOAD_FOR_REFRESH; /* whatever becomes of the points */
        else if (waits_for_points(upload) && point_set_equals(upload->sent, upload->wanted))
            upload->state = UPLOAD_DONE; /* they have become what the HSDir has */
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

void upload_send(struct publisher *publisher, struct publisher_descriptor *descriptor,
                 struct publisher_upload *upload, size_t tor, int64_t now)
{
    if (!point_set_equals(upload->sent, upload->wanted))
        upload->answers = 0;
    if (!point_set_equals(upload->taken, upload->wanted))
        point_set_replace(&upload->taken, NULL); /* from now on the HSDir may have either */
    upload->state = UPLOAD_IN_FLIGHT;
    upload->is_overdue = false;
    upload->sent_at = now;
    point_set_replace(&upload->sent, upload->wanted);
    upload->attempts++;
    upload_enter_tor(publisher, upload, tor);
    if (descriptor->refresh_at == MOMENT_NEVER)
        descriptor->refresh_at = next_refresh(publisher, now);
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
        next = earlier(next, descriptor->refresh_at);
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

void upload_note_answer(struct publisher *publisher, struct publisher_frontend *frontend,
                        struct publisher_upload *upload, enum upload_failure failure, const char *reason,
                        int64_t now)
{
    if (failure != UPLOAD_FAILURE_NONE) {
        upload_fail(publisher, upload, failure, reason, now);
        return;
    }
    upload_leave_tor(publisher, upload);
    tor_note_upload(publisher, upload->tor, UPLOAD_FAILURE_NONE, now);
    upload->answers++;
    if (upload->answers == 1 && may_be_late(frontend, upload, now)) {
        set_due(upload, now); /* once more: two answers can't both be late */
        return;
    }
    upload->state = UPLOAD_DONE;
    upload->is_overdue = false;
    upload->answered_at = upload->taken_at = now;
    point_set_replace(&upload->taken, upload->sent);
    set_failure(upload, UPLOAD_FAILURE_NONE, NULL);
}

void frontend_retry_uploads(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            struct publisher_upload *upload = &descriptor->uploads[i];
            if (upload->state == UPLOAD_DUE && upload->failure != UPLOAD_FAILURE_NONE && upload->due > now)
                make_due(upload, UPLOAD_FOR_RETRY, now);
        }
    }
    publisher_touch_frontend(publisher, number, now);
}

static bool is_under_way(const struct publisher_descriptor *descriptor)
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (descriptor->uploads[i].state == UPLOAD_IN_FLIGHT)
            return true;
    }
    return false;
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
        /* What is under way expires, too, and is not sent again before it is over. */
        int64_t over = is_under_way(descriptor) ? now + publisher->rules.answer_timeout : now;
        bool comes_in_time =
            descriptor->refresh_at >= over && descriptor->refresh_at <= expires_at - RENEWAL_TIME;
        if (descriptor->refresh_at != MOMENT_NEVER && !comes_in_time)
            descriptor->refresh_at = over;
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
            set_due(upload, now + delay);
        }
    }
}

/* -- how far it is -------------------------------------------------------------------------------- */

bool frontend_all_uploads(const struct publisher_frontend *frontend,
                          bool (*holds)(const struct publisher_upload *upload))
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            if (!holds(&descriptor->uploads[i]))
                return false;
        }
    }
    return true;
}

bool upload_is_current(const struct publisher_upload *upload)
{
    return upload->taken != NULL && point_set_equals(upload->taken, upload->wanted);
}

bool upload_has_ended(const struct publisher_upload *upload)
{
    return (upload->state == UPLOAD_DONE || upload->state == UPLOAD_GIVEN_UP) &&
           point_set_equals(upload->sent, upload->wanted);
}
