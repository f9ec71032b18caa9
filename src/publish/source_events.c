/* What the publisher is told of its sources: each thing first changes the source, and then its frontends hear
 * of it. */
#include "publish/source_events.h"

#include "publish/fetches.h"
#include "publish/frontends.h"
#include "publish/outage.h"
#include "publish/own_uploads.h"
#include "publish/recovery.h"
#include "publish/source_answers.h"
#include "publish/source_news.h"
#include "publish/sources.h"

/* An HSDir has answered a fetch. */
static void note_success(struct publisher *publisher, int64_t now)
{
    int64_t since = publisher->hsdirs_worked_at;
    if (outage_note_success(publisher, now))
        recovery_try_all(publisher, since, now);
}

/* Whoever was asked: what came may be another twin's. */
static void tell_twins(struct publisher *publisher, const struct source *asked, int64_t now)
{
    for (size_t i = 0; i < asked->frontend_count; i++) {
        const struct publisher_frontend *frontend = &publisher->frontends[asked->frontends[i]];
        for (size_t j = 0; j < frontend->member_count; j++)
            source_tell_frontends(publisher, publisher_member_source(publisher, &frontend->members[j]), now);
    }
}

void publisher_set_kind(struct publisher *publisher, uint64_t number, enum source_kind kind, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL)
        return;
    source_set_kind(publisher, source, kind, now);
    source_tell_frontends(publisher, source, now);
}

void publisher_note_reachable(struct publisher *publisher, uint64_t number, bool is_new_process,
                              int64_t uptime, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL)
        return;
    source_note_reachable(publisher, source, is_new_process, uptime, now);
    source_tell_frontends(publisher, source, now);
}

void publisher_note_unreachable(struct publisher *publisher, uint64_t number, const char *reason,
                                enum source_loss loss, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL)
        return;
    source_note_unreachable(publisher, source, reason, loss, now);
    source_tell_frontends(publisher, source, now);
}

void publisher_note_source_upload(struct publisher *publisher, uint64_t number, enum source_upload what,
                                  const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                                  const uint8_t *blinded_key, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL)
        return;
    source_set_uploading(publisher, source, SOURCE_UPLOADING_ON, now);
    if (publisher->network == NULL)
        return;
    if (source_policy(source->kind)->is_on_hsdirs)
        source_note_upload(publisher, source, what, fingerprint, blinded_key, now);
    else
        own_uploads_note(publisher, source, what, fingerprint, blinded_key, now);
}

void publisher_note_made(struct publisher *publisher, uint64_t number, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source != NULL && source_policy(source->kind)->asks_own_tor &&
        !source_policy(source->kind)->is_on_hsdirs)
        source_fetch_soon(publisher, source, FETCH_DELAY, "its tor has made a descriptor", now);
}

void publisher_note_client_key(struct publisher *publisher, uint64_t number, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL)
        return;
    source->inquiry.failures = 0;
    source_fetch_soon(publisher, source, 0, "it is read with another client key", now);
}

void publisher_note_uploading(struct publisher *publisher, uint64_t number, bool is_on, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source != NULL)
        source_set_uploading(publisher, source, is_on ? SOURCE_UPLOADING_ON : SOURCE_UPLOADING_OFF, now);
}

void publisher_note_descriptor(struct publisher *publisher, uint64_t number, struct descriptor *descriptor,
                               int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL) {
        descriptor_free(descriptor);
        return;
    }
    if (!source_policy(source->kind)->is_on_hsdirs && source->inquiry.asked == INQUIRY_OF_HSDIRS) {
        publisher_note_found(publisher, number, descriptor, now, now);
        return;
    }
    bool is_good = source_note_descriptor(publisher, source, descriptor, now);
    if (is_good && !source_policy(source->kind)->asks_own_tor)
        note_success(publisher, now);
    if (source_policy(source->kind)->is_on_hsdirs)
        source_tell_frontends(publisher, source, now);
    else
        tell_twins(publisher, source, now);
}

void publisher_note_found(struct publisher *publisher, uint64_t number, struct descriptor *descriptor,
                          int64_t made_at, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL) {
        descriptor_free(descriptor);
        return;
    }
    source_note_found(publisher, source, descriptor, made_at, now);
    if (!source_policy(source->kind)->asks_own_tor)
        note_success(publisher, now);
    tell_twins(publisher, source, now);
}

void publisher_note_hsdirs_answered(struct publisher *publisher, uint64_t number, int64_t now)
{
    const struct source *source = publisher_find_source(publisher, number);
    if (source != NULL && !source_policy(source->kind)->asks_own_tor)
        note_success(publisher, now);
}

/* True when a fetch that has failed once more is one too many. Some HSDir must have answered meanwhile, or it
 * may be the network that is away. */
static bool has_failed_long(const struct publisher *publisher, const struct source *source)
{
    unsigned failures_to_doubt = source_policy(source->kind)->failures_to_doubt;
    return failures_to_doubt > 0 && source->inquiry.failures + 1 >= failures_to_doubt &&
           outage_is_over(publisher, source->inquiry.failing_since);
}

void publisher_note_fetch_failed(struct publisher *publisher, uint64_t number, const char *reason,
                                 bool from_tor, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL)
        return;
    if (!from_tor && !source_policy(source->kind)->is_on_hsdirs) {
        source_note_not_found(publisher, source, now);
        return;
    }
    bool is_doubtful = from_tor || has_failed_long(publisher, source);
    if (!source_policy(source->kind)->asks_own_tor)
        outage_note_failure(publisher);
    source_note_fetch_failed(publisher, source, reason, is_doubtful, now);
    source_tell_frontends(publisher, source, now);
}

void publisher_note_fetch_lost(struct publisher *publisher, uint64_t number, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source != NULL)
        source_end_fetch(publisher, source, now, now);
}

void publisher_run_sources(struct publisher *publisher, int64_t now)
{
    size_t row = 0;
    while (agenda_first(&publisher->source_agenda, &row) <= now) {
        source_run(publisher, &publisher->sources[row], now);
        source_tell_frontends(publisher, &publisher->sources[row], now);
    }
}
