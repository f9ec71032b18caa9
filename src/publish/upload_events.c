/* What the state machine is told of uploads and of the local tors, and how far it is. */
#include "publish/upload_events.h"

#include "publish/descriptors.h"
#include "publish/look_results.h"
#include "publish/outage.h"
#include "publish/own_points.h"
#include "publish/pace.h"
#include "publish/recovery.h"
#include "publish/tors.h"
#include "publish/uploads.h"

/* -- coming and going ------------------------------------------------------------------------------ */

void publisher_note_tor_tells_ends(struct publisher *publisher, size_t number)
{
    publisher->tors[number].tells_ends = true;
}

void publisher_note_tor(struct publisher *publisher, size_t number, enum publisher_tor_state state,
                        int64_t now)
{
    struct publisher_tor *tor = &publisher->tors[number];
    bool is_lost = tor->state != TOR_DOWN && state == TOR_DOWN;
    bool was_ready = tors_find_best_state(publisher) == TOR_READY;
    tor->state = state;
    if (is_lost) {
        tor->failures = 0;
        tor->tells_ends = false;
    }
    publisher->is_tor_up = tors_find_best_state(publisher) != TOR_DOWN;
    int64_t delay = publisher->is_tor_up ? 0 : publisher->rules.retry_delay;
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (!publisher->frontends[i].is_used)
            continue;
        if (is_lost)
            frontend_forget_in_flight(publisher, &publisher->frontends[i], number, delay, now);
        publisher_touch_frontend(publisher, i, now);
    }
    if (!was_ready && state == TOR_READY)
        recovery_try_all(publisher, publisher->hsdirs_worked_at, now);
}

/* -- uploads --------------------------------------------------------------------------------------- */

/* An HSDir's answer shows, or not, that the way to the HSDirs is there. */
static void note_outage(struct publisher *publisher, enum upload_failure failure, int64_t now)
{
    int64_t since = publisher->hsdirs_worked_at;
    if (outage_note_upload(publisher, failure, now))
        recovery_try_all(publisher, since, now);
}

void publisher_note_upload_reached(struct publisher *publisher, size_t number, enum descriptor_slot slot,
                                   const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], int64_t now)
{
    struct publisher_upload *upload =
        publisher_descriptor_find_upload(&publisher->frontends[number].descriptors[slot], fingerprint);
    if (upload == NULL || upload->state != UPLOAD_IN_FLIGHT)
        return;
    upload->has_reached = true;
    publisher_touch_frontend(publisher, number, now);
}

bool publisher_note_upload(struct publisher *publisher, size_t number, enum descriptor_slot slot,
                           const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], enum upload_failure failure,
                           const char *reason, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
    struct publisher_upload *upload = publisher_descriptor_find_upload(descriptor, fingerprint);
    if (upload == NULL || !upload_awaits_answer(frontend, upload, failure))
        return false;
    publisher_touch_frontend(publisher, number, now);
    note_outage(publisher, failure, now);
    upload_note_answer(publisher, frontend, descriptor, upload, failure, reason, now);
    looks_note_upload(publisher, number, slot, upload, failure, now);
    return true;
}

void publisher_retry_uploads(struct publisher *publisher, size_t number, int64_t now)
{
    frontend_retry_uploads(publisher, number, now);
}

void publisher_renew_uploads(struct publisher *publisher, size_t number, int64_t expires_at, int64_t now)
{
    frontend_renew_uploads(publisher, number, expires_at, now);
}

/* What HSDirs took is that much older, and its refresh nearer. */
static void age_descriptor(struct publisher_descriptor *descriptor, int64_t milliseconds)
{
    if (descriptor->refresh_at != MOMENT_NEVER)
        descriptor->refresh_at -= milliseconds;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (descriptor->uploads[i].taken_at != MOMENT_NONE)
            descriptor->uploads[i].taken_at -= milliseconds;
    }
}

/* What a source's tor has clients solve expires by the clock on the wall. */
static void age_source(struct publisher *publisher, struct source *source, int64_t milliseconds, int64_t now)
{
    if (source->work_expires_at == MOMENT_NEVER)
        return;
    source->work_expires_at -= milliseconds;
    publisher_touch_source(publisher, source, now);
}

void publisher_note_pause(struct publisher *publisher, int64_t milliseconds, int64_t now)
{
    for (size_t i = 0; i < publisher->source_count; i++) {
        if (publisher->sources[i].is_used)
            age_source(publisher, &publisher->sources[i], milliseconds, now);
    }
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        struct publisher_frontend *frontend = &publisher->frontends[i];
        for (size_t slot = 0; frontend->is_used && slot < DESCRIPTOR_SLOTS; slot++)
            age_descriptor(&frontend->descriptors[slot], milliseconds);
        if (frontend->is_used)
            publisher_touch_frontend(publisher, i, now);
    }
}

/* -- how far it is --------------------------------------------------------------------------------- */

bool publisher_is_published(const struct publisher *publisher, size_t number, int64_t now)
{
    const struct publisher_frontend *frontend = &publisher->frontends[number];
    return frontend->has_started && frontend->descriptors[DESCRIPTOR_FIRST].upload_count > 0 &&
           frontend->descriptors[DESCRIPTOR_SECOND].upload_count > 0 &&
           frontend_all_uploads(frontend, upload_is_current, now);
}

static bool frontend_is_settled(const struct publisher *publisher, const struct publisher_frontend *frontend,
                                int64_t now)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        if (publisher_member_source(publisher, &frontend->members[i])->life.state == SOURCE_WAITING)
            return false;
    }
    bool is_changing =
        frontend->changed_since != MOMENT_NEVER || own_points_are_searched(publisher, frontend);
    if (frontend->is_split && is_changing) /* its twins' own points make all the difference */
        return false;
    return frontend->assignment == NULL ||
           (frontend->has_started && frontend_all_uploads(frontend, upload_has_ended, now));
}

bool publisher_is_settled(const struct publisher *publisher, int64_t now)
{
    if (publisher->network == NULL)
        return false;
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (publisher->frontends[i].is_used && !frontend_is_settled(publisher, &publisher->frontends[i], now))
            return false;
    }
    return true;
}
