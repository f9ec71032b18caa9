/* What follows from a look at what an HSDir hands out, and from its refusals. */
#include "publish/look_results.h"

#include <string.h>

#include "publish/descriptors.h"
#include "publish/fetches.h"
#include "publish/look_comparison.h"
#include "publish/looks.h"
#include "publish/pace.h"
#include "publish/rounds.h"
#include "publish/source_life.h"
#include "publish/uploads.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)

/* A look that was wanted and comes to nothing is tried so often. */
#define TRIES_MAX 3
/* HSDirs that refuse so often, one upload after the other for so long (scaled, but for this long at least),
 * have something from a publisher that keeps ahead of this one; and so many HSDirs do not do it on their own.
 * Two publishers whose clocks run a minute apart, and one that takes over from Onionbalance, are through
 * sooner. */
#define REFUSALS_MIN 3
#define REFUSAL_TIME (30 * MINUTE)
#define REFUSAL_TIME_FLOOR (90 * SECOND)
#define REFUSING_HSDIRS 3
#define BROKEN_HSDIRS 3
/* A publisher is so late with its refresh at most (scaled). */
#define STRANGER_LAG (15 * MINUTE)
/* A change that HSDirs refuse, since they have another publisher's whose clock is ahead, goes out once more
 * within so long after that was seen (scaled). */
#define OVERTAKE_SPREAD (20 * SECOND)
/* HSDirs keep a descriptor for so long: another publisher that has not been seen since is gone. */
#define DESCRIPTOR_TIME (180 * MINUTE)

/* -- strangers --------------------------------------------------------------------------------------- */

/* True when points that are not known may be what a twin's tor has made: one that has uploaded there, or may
 * have while nobody could hear of that, as of one without a control port nobody ever does. */
static bool may_be_of_twin(const struct publisher *publisher, const struct publisher_frontend *frontend,
                           const struct publisher_upload *upload, int64_t now)
{
    if (upload_is_of_twin(upload, now))
        return true;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        if (source_policy(source->kind)->is_at_spares)
            return true;
        if (!source_policy(source->kind)->is_on_hsdirs && source->uploading != SOURCE_UPLOADING_OFF &&
            now - source->life.since < HSDIR_MEMORY)
            return true;
    }
    return false;
}

/* True when points that are not known are no reason to worry: other publishers are there on purpose, and hear
 * more than this one does. Where it hears of some sources, theirs must be among the points. */
static bool expects_unknown(const struct publisher *publisher, const struct publisher_frontend *frontend,
                            const struct descriptor *descriptor, const struct look_comparison *comparison)
{
    size_t live = 0;
    for (size_t i = 0; i < frontend->member_count; i++)
        live += source_is_in(publisher_member_source(publisher, &frontend->members[i]));
    if (!publisher->rules.has_other_publishers || live == frontend->member_count)
        return false;
    return live == 0 || comparison->unknown < descriptor->point_count;
}

static void set_others(struct publisher *publisher, size_t number, enum others_state state, int64_t now)
{
    struct frontend_looks *looks = &publisher->frontends[number].looks;
    if (looks->others != state)
        looks->others_since = now;
    looks->others = state;
}

/* The sources may have points that nobody here has heard of. */
static void ask_sources(struct publisher *publisher, const struct publisher_frontend *frontend, int64_t now)
{
    for (size_t i = 0; i < frontend->member_count; i++)
        source_fetch_soon(publisher, publisher_member_source(publisher, &frontend->members[i]), 0,
                          "another publisher has points that are not known", now);
}

/* Points that are not known may be known in a moment; a counter that no clock makes stays what it is. */
static void note_foreign(struct publisher *publisher, size_t number, struct publisher_upload *upload,
                         enum stranger_evidence evidence, int64_t now)
{
    struct frontend_looks *looks = &publisher->frontends[number].looks;
    int64_t confirm_time = looks_confirm_time(publisher);
    looks->clean = 0;
    looks->foreign_seen = now;
    if (upload->look.foreign_since == 0)
        upload->look.foreign_since = now;
    if (evidence == STRANGER_COUNTER || now - upload->look.foreign_since >= confirm_time) {
        set_others(publisher, number, OTHERS_STRANGER, now);
        looks->evidence = evidence;
        return;
    }
    looks_want(publisher, number, upload, upload->look.foreign_since + confirm_time - now, now);
    if (looks->others == OTHERS_STRANGER)
        return;
    if (looks->others != OTHERS_SUSPECTED)
        ask_sources(publisher, &publisher->frontends[number], now);
    set_others(publisher, number, OTHERS_SUSPECTED, now);
    looks->evidence = evidence;
}

static bool has_foreign(const struct publisher_descriptor *descriptor)
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (descriptor->uploads[i].look.foreign_since != 0)
            return true;
    }
    return false;
}

static size_t count_refusing(const struct publisher *publisher, const struct publisher_descriptor *descriptor,
                             int64_t now)
{
    int64_t time = publisher_scale(publisher, REFUSAL_TIME);
    time = time > REFUSAL_TIME_FLOOR ? time : REFUSAL_TIME_FLOOR;
    size_t count = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct publisher_look *look = &descriptor->uploads[i].look;
        count += look->refusals >= REFUSALS_MIN && now - look->refused_since >= time;
    }
    return count;
}

static bool is_kept_out(const struct publisher *publisher, const struct publisher_frontend *frontend,
                        int64_t now)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        size_t enough =
            descriptor->upload_count < REFUSING_HSDIRS ? descriptor->upload_count : REFUSING_HSDIRS;
        if (enough > 0 && count_refusing(publisher, descriptor, now) >= enough)
            return true;
    }
    return false;
}

/* True when a stranger who goes on would have been seen again: one that publishes like a tor comes back
 * within the longest time between two refreshes. */
static bool would_be_seen(const struct publisher *publisher, const struct frontend_looks *looks, int64_t now)
{
    int64_t longest = publisher_scale(publisher, publisher->rules.refresh_max + STRANGER_LAG);
    return looks->others != OTHERS_STRANGER || looks->foreign_seen == MOMENT_NONE ||
           now - looks->foreign_seen >= longest;
}

/* A look has found nothing strange. Who published this address may have gone, if all HSDirs say so for long
 * enough. */
static void note_clean(struct publisher *publisher, size_t number, struct publisher_upload *upload,
                       int64_t now)
{
    struct frontend_looks *looks = &publisher->frontends[number].looks;
    size_t enough = looks->others == OTHERS_STRANGER ? looks_count_hsdirs(publisher, number) : 0;
    upload->look.foreign_since = 0;
    looks->clean++;
    bool is_over = looks->clean >= enough && would_be_seen(publisher, looks, now) &&
                   !has_foreign(looks_find_descriptor(publisher, number)) &&
                   !is_kept_out(publisher, &publisher->frontends[number], now);
    if (looks->others >= OTHERS_SUSPECTED && !is_over)
        return;
    bool is_there = looks->others_seen != MOMENT_NONE && now - looks->others_seen < DESCRIPTOR_TIME &&
                    looks->others_seen > looks->foreign_seen;
    set_others(publisher, number, is_there ? OTHERS_RECOGNISED : OTHERS_NONE, now);
}

/* -- what an HSDir has ------------------------------------------------------------------------------- */

/* Has the descriptors uploaded anew, as one would after a change: but not again and again. */
static void mend(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    int64_t interval = publisher_scale(publisher, publisher->rules.mend_interval);
    if (frontend->is_frozen ||
        (frontend->looks.mended_at != MOMENT_NONE && now < frontend->looks.mended_at + interval))
        return;
    frontend->looks.mended_at = now;
    frontend_refresh_soon(publisher, number, interval / 10, now);
}

/* The same because of one HSDir, which is not believed twice that it has lost what it took. */
static void mend_hsdir(struct publisher *publisher, size_t number, struct publisher_upload *upload,
                       int64_t now)
{
    upload_note_gone(upload);
    if (upload->state != UPLOAD_DONE || upload->look.was_mended)
        return; /* it is about to get one anyway, or has had one for this */
    upload->look.was_mended = true;
    mend(publisher, number, now);
}

/* True when another publisher does not know, or not yet, what this one does. Points that nobody here has
 * heard of say nothing of that. */
static bool is_out_of_date(const struct look_comparison *comparison)
{
    return comparison->lacks || comparison->stale > comparison->unknown;
}

/* Takes note of another publisher's counter, which a round with something else to say is to be above. */
static void note_counter(struct publisher_descriptor *descriptor, uint64_t counter)
{
    if (counter > descriptor->others_counter)
        descriptor->others_counter = counter;
}

/* True when an HSDir has refused points that had changed, and nothing of them was sent since. */
static bool has_refused_news(const struct publisher_descriptor *descriptor,
                             const struct publisher_upload *upload)
{
    return descriptor->round.has_news && upload->round == descriptor->round.number &&
           upload->state == UPLOAD_REFUSED && upload->failure == UPLOAD_FAILURE_REJECTED;
}

/* Has what another publisher does not know, or what was refused because of that publisher's counter, sent
 * once more, above that counter. The round takes the place of the one after the refusal, which would come
 * minutes later; but not again and again. */
static void overtake(struct publisher *publisher, size_t number, const struct publisher_upload *upload,
                     const struct look_comparison *comparison, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    struct publisher_descriptor *descriptor = looks_find_descriptor(publisher, number);
    int64_t interval = publisher_scale(publisher, publisher->rules.mend_interval);
    bool is_worse =
        is_out_of_date(comparison) || (comparison->is_less && has_refused_news(descriptor, upload));
    if (!is_worse || frontend->is_frozen)
        return;
    descriptor->overtakes = true;
    if (frontend->looks.overtaken_at != MOMENT_NONE && now < frontend->looks.overtaken_at + interval)
        return;
    frontend->looks.overtaken_at = now;
    int64_t spread = publisher_scale(publisher, OVERTAKE_SPREAD);
    round_plan(descriptor, UPLOAD_FOR_RETRY, now + publisher_draw(publisher, 0, spread));
}

/* Where clients get what was sent last nobody else publishes for now, neither this descriptor nor the other.
 */
static void forget_doubts(struct publisher_frontend *frontend)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        for (size_t i = 0; i < frontend->descriptors[slot].upload_count; i++)
            frontend->descriptors[slot].uploads[i].look.doubts = 0;
    }
}

/* What HSDirs refused is no sign of somebody else any more. */
static void forget_refusals(struct publisher *publisher, size_t number, struct publisher_upload *upload,
                            int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    upload->look.refusals = upload->look.doubts = 0;
    if (frontend->looks.others == OTHERS_STRANGER && frontend->looks.evidence == STRANGER_REFUSALS &&
        !is_kept_out(publisher, frontend, now))
        set_others(publisher, number, OTHERS_NONE, now);
}

static enum look_verdict judge_none(struct publisher *publisher, size_t number,
                                    struct publisher_upload *upload, int64_t now)
{
    if (upload->sent_at == MOMENT_NONE)
        return LOOK_NONE;
    upload->look.nones++;
    if (upload->look.nones == 1) /* the tor that looked may have gone over to another consensus before us */
        looks_want(publisher, number, upload, looks_confirm_time(publisher), now);
    else
        mend_hsdir(publisher, number, upload, now);
    return LOOK_NONE;
}

static enum look_verdict judge_ours(struct publisher *publisher, size_t number,
                                    struct publisher_upload *upload, const struct look_result *result,
                                    int64_t now)
{
    const struct publisher_descriptor *descriptor = looks_find_descriptor(publisher, number);
    bool is_last = upload_was_made_at(descriptor, upload, result->made_at);
    if (is_last) {
        upload_note_seen(upload, result->made_at);
        forget_refusals(publisher, number, upload, now); /* what it refused it had already */
        forget_doubts(&publisher->frontends[number]);
    } else if (result->made_at != MOMENT_NONE && upload->taken_at != MOMENT_NONE)
        upload->taken_at = earlier(upload->taken_at, result->made_at);
    if (look_comparison_is_as_wanted(upload->wanted, result->descriptor))
        return LOOK_CURRENT;
    if (!is_last)
        mend_hsdir(publisher, number, upload, now);
    return LOOK_OLDER;
}

/* True when what would be strange of a publisher that goes on is. One that is not newer than ours is left
 * from a time before: nobody publishes it now. */
static bool is_foreign_where_seen(const struct publisher *publisher,
                                  const struct publisher_frontend *frontend,
                                  const struct publisher_upload *upload, const struct look_result *result,
                                  int64_t now)
{
    return result->is_newer && !may_be_of_twin(publisher, frontend, upload, now);
}

/* Takes note of another publisher's descriptor. Returns true when it is there on purpose, and goes on. */
static bool note_others(struct publisher *publisher, size_t number, struct publisher_upload *upload,
                        const struct look_result *result, bool is_foreign, enum stranger_evidence evidence,
                        int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    frontend->looks.others_seen = now;
    upload->look.is_newer = result->is_newer;
    if (result->is_ahead)
        note_foreign(publisher, number, upload, STRANGER_COUNTER, now);
    else if (!is_foreign)
        note_clean(publisher, number, upload, now);
    else if (!result->is_of_other_half) /* then it is neither strange nor clean */
        note_foreign(publisher, number, upload, evidence, now);
    bool is_on_purpose = result->is_newer && !is_foreign && frontend->looks.others < OTHERS_SUSPECTED;
    if (is_on_purpose)
        note_counter(looks_find_descriptor(publisher, number), result->descriptor->revision_counter);
    return is_on_purpose;
}

/* Another publisher's that is restricted says nothing but that it is there, and when it was made. Where
 * others publish the frontend on purpose it is as good as ours, for all that can be known: it is only
 * overtaken when it kept a change out. One that is not newer than ours is from before, and may be for clients
 * that are shut out by now. */
static enum look_verdict judge_closed(struct publisher *publisher, size_t number,
                                      struct publisher_upload *upload, const struct look_result *result,
                                      int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    const struct look_comparison nothing = {.is_less = true};
    bool is_expected = frontend->clients != NULL && publisher->rules.has_other_publishers;
    bool is_foreign = !is_expected && is_foreign_where_seen(publisher, frontend, upload, result, now);
    if (note_others(publisher, number, upload, result, is_foreign, STRANGER_CLOSED, now))
        overtake(publisher, number, upload, &nothing, now);
    if (!result->is_newer || !is_expected) {
        upload_note_gone(upload);
        if (frontend->looks.others != OTHERS_SUSPECTED)
            mend(publisher, number, now);
    }
    return LOOK_OTHERS;
}

static enum look_verdict judge_others(struct publisher *publisher, size_t number,
                                      struct publisher_upload *upload, const struct look_result *result,
                                      int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    struct look_comparison comparison =
        look_comparison_make(publisher, frontend, upload, result->descriptor, now);
    bool has_strange_points =
        comparison.unknown > 0 && !expects_unknown(publisher, frontend, result->descriptor, &comparison);
    bool is_foreign = (has_strange_points || comparison.is_open) &&
                      is_foreign_where_seen(publisher, frontend, upload, result, now);
    bool is_there_on_purpose = note_others(publisher, number, upload, result, is_foreign,
                                           comparison.is_open ? STRANGER_OPEN : STRANGER_POINTS, now);
    if (comparison.is_same && !is_foreign && !result->is_ahead)
        return LOOK_OTHERS;
    if (is_there_on_purpose)
        overtake(publisher, number, upload, &comparison, now);
    if (comparison.lacks || comparison.stale > 0) {
        upload_note_gone(upload);
        /* What is suspected is seen once more first: ours in its place would hide who publishes it. */
        if (frontend->looks.others != OTHERS_SUSPECTED)
            mend(publisher, number, now);
    }
    return LOOK_OTHERS;
}

/* One HSDir may lie; several have it from somebody whose signature they can check. */
static enum look_verdict judge_broken(struct publisher *publisher, size_t number,
                                      struct publisher_upload *upload, int64_t now)
{
    const struct publisher_descriptor *descriptor = looks_find_descriptor(publisher, number);
    size_t count = 1, enough = looks_count_hsdirs(publisher, number);
    for (size_t i = 0; i < descriptor->upload_count; i++)
        count += &descriptor->uploads[i] != upload && descriptor->uploads[i].look.verdict == LOOK_BROKEN;
    upload_note_gone(upload);
    if (count >= (enough < BROKEN_HSDIRS ? enough : BROKEN_HSDIRS))
        note_foreign(publisher, number, upload, STRANGER_BROKEN, now);
    return LOOK_BROKEN;
}

static enum look_verdict judge(struct publisher *publisher, size_t number, struct publisher_upload *upload,
                               const struct look_result *result, int64_t now)
{
    if (result->finding != LOOK_FINDING_NONE)
        upload->look.nones = 0;
    upload->look.is_newer = false;
    if (result->finding == LOOK_FINDING_OTHERS)
        return result->descriptor->is_closed ? judge_closed(publisher, number, upload, result, now)
                                             : judge_others(publisher, number, upload, result, now);
    if (result->finding == LOOK_FINDING_BROKEN)
        return judge_broken(publisher, number, upload, now);
    note_clean(publisher, number, upload, now);
    if (result->finding == LOOK_FINDING_NONE)
        return judge_none(publisher, number, upload, now);
    return judge_ours(publisher, number, upload, result, now);
}

/* Nobody can tell what the HSDir has; where somebody wants to know, it is asked again. */
static void note_silence(struct publisher *publisher, size_t number, struct publisher_upload *upload,
                         int64_t now)
{
    unsigned tries = upload->look.tries + 1;
    if (tries < TRIES_MAX)
        looks_want(publisher, number, upload, looks_draw_soon(publisher), now);
    upload->look.tries = tries;
}

void publisher_note_look(struct publisher *publisher, size_t number, uint64_t period_number,
                         const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const struct look_result *result,
                         int64_t now)
{
    if (!publisher->frontends[number].is_used || !publisher->frontends[number].looks.is_under_way)
        return;
    looks_end(publisher, number);
    struct publisher_descriptor *descriptor = looks_find_descriptor(publisher, number);
    struct publisher_upload *upload = descriptor != NULL && descriptor->period_number == period_number
                                          ? publisher_descriptor_find_upload(descriptor, fingerprint)
                                          : NULL;
    publisher_touch_frontend(publisher, number, now);
    if (upload == NULL)
        return; /* another descriptor is the one that clients use now, or another HSDir has it */
    bool is_overtaken = upload->sent_at != MOMENT_NONE && upload->sent_at > upload->look.asked_at;
    if (result->finding == LOOK_FINDING_NO_ANSWER || is_overtaken) {
        publisher->looks[LOOK_UNKNOWN]++;
        note_silence(publisher, number, upload, now);
        return;
    }
    upload->look.tries = 0;
    upload->look.verdict = judge(publisher, number, upload, result, now);
    if (upload->look.verdict == LOOK_NONE || upload->look.verdict == LOOK_OLDER)
        upload_note_missing(publisher, upload, now);
    upload->look.at = now;
    upload->look.made_at = result->made_at;
    publisher->looks[upload->look.verdict]++;
}

/* -- what an HSDir answers uploads with -------------------------------------------------------------- */

/* Counts a refusal, unless what the HSDir has is probably what it was sent in this round's try before: then
 * what is without doubt has to go on for as long once more. */
static void count_refusal(struct publisher *publisher, size_t number, struct publisher_upload *upload,
                          int64_t now)
{
    struct frontend_looks *looks = &publisher->frontends[number].looks;
    if (upload_refusal_is_doubtful(upload, now)) {
        upload->look.doubts++;
        upload->look.refused_since = now;
        return;
    }
    if (upload->look.refusals++ == 0)
        upload->look.refused_since = now;
    if (is_kept_out(publisher, &publisher->frontends[number], now) && looks->others != OTHERS_STRANGER) {
        looks->evidence = STRANGER_REFUSALS;
        looks->clean = 0;
        set_others(publisher, number, OTHERS_STRANGER, now);
    }
}

static void note_refusal(struct publisher *publisher, size_t number, enum descriptor_slot slot,
                         struct publisher_upload *upload, int64_t now)
{
    struct frontend_looks *looks = &publisher->frontends[number].looks;
    count_refusal(publisher, number, upload, now);
    /* One look tells of all HSDirs that refuse together. */
    const struct publisher_round *round = &publisher->frontends[number].descriptors[slot].round;
    bool is_seen = slot == publisher->network->client_slot;
    bool is_news = is_seen && round->has_news && looks->refusal_round != round->number;
    if (now < looks->refusal_looked_at + looks_confirm_time(publisher) / 3 && !is_news)
        return;
    looks->refusal_looked_at = now;
    looks->refusal_round = round->number;
    looks_want(publisher, number, is_seen ? upload : NULL, looks_draw_soon(publisher), now);
}

/* An HSDir has taken one: whoever kept this publisher out does so no more. */
static void note_taken(struct publisher *publisher, size_t number, struct publisher_upload *upload,
                       int64_t now)
{
    if (upload->look.verdict != LOOK_CURRENT)
        upload->look.verdict = LOOK_UNKNOWN;
    forget_refusals(publisher, number, upload, now);
}

void looks_note_upload(struct publisher *publisher, size_t number, enum descriptor_slot slot,
                       struct publisher_upload *upload, enum upload_failure failure, int64_t now)
{
    if (failure == UPLOAD_FAILURE_REJECTED)
        note_refusal(publisher, number, slot, upload, now);
    else if (upload->state == UPLOAD_UNANSWERED && slot == publisher->network->client_slot)
        looks_want(publisher, number, upload, looks_draw_soon(publisher), now);
    else if (failure == UPLOAD_FAILURE_NONE && upload->state == UPLOAD_DONE)
        note_taken(publisher, number, upload, now);
}
