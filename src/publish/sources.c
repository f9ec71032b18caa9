/* The sources' part of the state machine: who is in, who is out, and since when. */
#include "publish/sources.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/blinding.h"
#include "publish/checks.h"
#include "publish/fetches.h"
#include "publish/own_points.h"
#include "publish/own_uploads.h"
#include "publish/pace.h"
#include "publish/source_answers.h"
#include "publish/source_work.h"

/* A tor that has been up for so long (milliseconds) has uploaded its descriptors: what HSDirs have of it is
 * its own and not that of the process before it. */
#define UPTIME_TO_TRUST_HSDIRS 120000
/* On a testing network all goes faster, down to this. */
#define UPTIME_TO_TRUST_HSDIRS_MIN 10000

void source_begin(struct publisher *publisher, struct source *source,
                  const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], enum source_kind kind, int64_t now)
{
    source->is_used = true;
    memcpy(source->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
    source->kind = kind;
    source->claims_from = now + publisher->rules.start_patience;
    source_life_begin(source, now);
    source->link_changed_at = now;
    inquiry_begin(source, now);
    trust_begin(source, "it is new");
    source_health_begin(source);
    source->observer = &publisher->observer; /* what a source begins as is no change */
    if (publisher->network != NULL)
        source_update_network(publisher, source, true, now);
    publisher_touch_source(publisher, source, now);
}

void source_clear(struct source *source)
{
    descriptor_free(source->descriptor);
    source_points_clear(&source->points);
    own_points_forget(source);
    free(source->frontends);
    source_life_release(source);
    source_health_release(source);
    announcements_forget(&source->announcements);
    offered_points_clear(&source->offered);
    memset(source, 0, sizeof(*source));
}

/* The age at which a process is old, on this network. */
static int64_t find_age(const struct publisher *publisher)
{
    int64_t age = publisher_scale(publisher, UPTIME_TO_TRUST_HSDIRS);
    return age > UPTIME_TO_TRUST_HSDIRS_MIN ? age : UPTIME_TO_TRUST_HSDIRS_MIN;
}

/* One that is judged by its age goes on while nobody can look: it has the time to be asked. */
static void give_time(const struct publisher *publisher, struct source *source, int64_t now)
{
    source_life_prolong(source, now + publisher->rules.poll_max);
}

static void doubt(const struct publisher *publisher, struct source *source, const char *why, int64_t now)
{
    source_life_doubt(source, why, now + publisher->rules.grace, now);
}

void source_begin_anew(struct publisher *publisher, struct source *source, int64_t now)
{
    source->inquiry.failures = 0;
    give_time(publisher, source, now);
    if (!source_is_asked(source))
        source_fetch_soon(publisher, source, 0, "the network is back", now);
}

void source_note_reachable(struct publisher *publisher, struct source *source, bool is_new_process,
                           int64_t uptime, int64_t now)
{
    inquiry_open(source);
    source->link_changed_at = now;
    inquiry_want(source, publisher_preferred_target(publisher));
    source_return_fetch_permit(publisher, source);
    if (source_policy(source->kind)->asks_own_tor) {
        /* Where they were off they will be: else it says so, or tells of the first. Counters of some moments
         * with a lead would be ahead of all that come after. */
        if (is_new_process && source->uploading == SOURCE_UPLOADING_ON)
            source_set_uploading(publisher, source, SOURCE_UPLOADING_UNKNOWN, now);
        bool is_young = uptime < UPTIME_TO_TRUST_HSDIRS;
        bool has_replaced = trust_note_process(source, is_new_process, is_young, is_young ? now - uptime : 0);
        trust_set_age(source, find_age(publisher));
        announcements_forget(&source->announcements);
        if (has_replaced && source_verifies_work(source)) /* it may still be out though it is not live */
            source_add_news(source, SOURCE_NEWS_SEED);
        if (has_replaced)
            own_points_forget(source);
        if (has_replaced && source_is_in(source))
            source_life_end(source, "its tor was started anew and has no introduction points yet", false,
                            now);
    } else {
        give_time(publisher, source, now); /* its own went on while nobody could look */
    }
    source_fetch_soon(publisher, source, 0, "its connection was made", now);
}

void source_note_unreachable(struct publisher *publisher, struct source *source, const char *reason,
                             enum source_loss loss, int64_t now)
{
    if (source_is_reachable(source))
        source->link_changed_at = now;
    inquiry_close(source, reason);
    source_return_fetch_permit(publisher, source);
    publisher_touch_source(publisher, source, now);
    if (!source_policy(source->kind)->is_doubted_for_loss)
        return; /* it is the local tor that is lost */
    /* Of one that was never heard of, that the local tor comes up later than we do is nothing to speak of. */
    if (loss != SOURCE_UNASKED || source->life.state != SOURCE_WAITING)
        source_life_set_reason(source, reason);
    if (loss == SOURCE_LOST)
        doubt(publisher, source, reason, now);
    else if (loss == SOURCE_UNASKED)
        source_life_hold(source);
    else
        source_life_end(source, reason,
                        loss == SOURCE_GONE_HERE && (source_is_in(source) || source_is_lost(source)), now);
}

/* -- what its tor says of its uploads, and a new network */

/* True when its tor has not yet gone over to the descriptor that clients with our consensus use. */
static bool has_other_period(const struct source *source)
{
    return source->descriptor == NULL || source->descriptor->period_number != source->period_number;
}

void source_set_uploading(struct publisher *publisher, struct source *source, enum source_uploading uploading,
                          int64_t now)
{
    bool was_off = source->uploading == SOURCE_UPLOADING_OFF;
    source->uploading = uploading;
    for (size_t i = 0; was_off && uploading != SOURCE_UPLOADING_OFF && i < source->frontend_count; i++)
        own_uploads_note_lead(publisher, source->frontends[i], now);
}

void source_note_upload(struct publisher *publisher, struct source *source, enum source_upload what,
                        const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const uint8_t *blinded_key,
                        int64_t now)
{
    bool is_taken = what == SOURCE_UPLOAD_TAKEN;
    if (what == SOURCE_UPLOAD_REFUSED)
        return;
    /* It began before its connection was made: what it is of can't be told. */
    bool is_unannounced = is_taken && !announcements_has_begun(source->announcements, fingerprint);
    bool is_for_clients =
        blinded_key == NULL || memcmp(blinded_key, source->blinded_key, ED25519_PUBLIC_KEY_SIZE) == 0;
    if (!is_taken)
        announcements_note_begun(&source->announcements, fingerprint, is_for_clients);
    bool is_fresh = is_taken && announcements_note_taken(&source->announcements, fingerprint);
    if (is_fresh)
        trust_note_taken(source);
    /* GETINFO tells what is being uploaded at once, HSDirs when they have it. A tor that has not gone over to
     * the descriptor we mean uploads for clients what we would not call so. */
    enum inquiry_target preferred = publisher_preferred_target(publisher);
    if (preferred == INQUIRY_OF_TOR || is_fresh || has_other_period(source))
        inquiry_want(source, is_fresh ? preferred : INQUIRY_OF_TOR);
    else if (!is_unannounced || !trust_hsdirs_are_current(source))
        return;
    source_fetch_soon(publisher, source, FETCH_DELAY,
                      is_taken ? "an HSDir has its upload" : "its tor uploads", now);
}

/* A new consensus may have other relays, or have them elsewhere. */
static void look_at_relays(struct publisher *publisher, struct source *source, int64_t now)
{
    bool has_changed = source->descriptor != NULL && source_update_points(publisher, source, now);
    has_changed |= source->next != NULL && own_points_update(publisher, source, now);
    if (!has_changed)
        return;
    source_add_news(source, SOURCE_NEWS_CHANGE);
    publisher_touch_source(publisher, source, now);
    if (source->points.count > 0 || !source_is_in(source))
        return;
    char fault[SOURCE_POINTS_TEXT_SIZE];
    source_points_describe(fault, &source->points);
    source_life_end(source, fault, false, now);
}

void source_update_network(struct publisher *publisher, struct source *source, bool has_new_half, int64_t now)
{
    const struct network *network = publisher->network;
    if (source_policy(source->kind)->is_at_spares)
        own_points_go_on(source, network->period_number[DESCRIPTOR_FIRST]);
    look_at_relays(publisher, source, now);
    uint64_t period_number = network->period_number[network->client_slot];
    if (source_policy(source->kind)->asks_own_tor && source_is_reachable(source))
        trust_set_age(source, find_age(publisher));
    if (!has_new_half)
        return;
    if (source->period_number != period_number) {
        source->period_number = period_number;
        announcements_forget(&source->announcements);
        if (blinding_derive_public_key(source->blinded_key, source->identity_key, period_number,
                                       network->schedule.period_length) != 0)
            memset(source->blinded_key, 0, sizeof(source->blinded_key));
    }
    inquiry_want(source, publisher_preferred_target(publisher));
    int64_t spread = source->life.state != SOURCE_WAITING ? source_policy(source->kind)->new_half_spread : 0;
    source_fetch_soon(publisher, source, publisher_draw(publisher, 0, spread),
                      "clients use another descriptor of its now", now);
}

/* -- what is due */

/* True when its time does not run out: of one that is judged by its age, while there is nobody to ask about
 * it, or nothing comes of asking; then it is the failures that count. */
static bool has_time(const struct source *source)
{
    return source_policy(source->kind)->is_judged_by_age && source->life.state == SOURCE_LIVE &&
           (!source_is_reachable(source) || source->inquiry.failures > 0);
}

/* Why nothing has come from a source. */
static const char *describe_silence(const struct source *source)
{
    if (source->life.reason[0] != '\0')
        return source->life.reason;
    if (source_policy(source->kind)->is_doubted_for_loss && !source_is_reachable(source))
        return "its control port did not let us in in time: is that tor stopped or overloaded?";
    if (source_policy(source->kind)->is_at_spares)
        return "no descriptor of its tor has been seen at the HSDirs that no client asks";
    return "no descriptor came in time";
}

/* Takes out whose time is over. */
static void check_times(struct publisher *publisher, struct source *source, int64_t now)
{
    if (source->life.state == SOURCE_WAITING && publisher->network != NULL &&
        !source_wants_fetch(publisher, source, now) &&
        now >= source->life.patience_from + publisher->rules.start_patience)
        source_life_end(source, describe_silence(source), false, now);
    if (!source_is_in(source) || has_time(source) || now < source->life.out_at)
        return;
    if (source->life.state == SOURCE_LIVE)
        source_life_end(source, "its revision counter has not moved for longer than a living tor lets it",
                        false, now);
    else /* of one that answered, but not well, more is known */
        source_life_end(source, source->life.reason,
                        source_policy(source->kind)->is_doubted_for_loss && !source_is_reachable(source),
                        now);
}

/* A tor that was young when its connection was made, and whose uploads were over by then, grows old too. What
 * it answered until then may not be what clients use. */
static void check_trust(struct publisher *publisher, struct source *source, int64_t now)
{
    if (now < source->trust.old_at)
        return;
    trust_note_old(source);
    if (publisher_preferred_target(publisher) == INQUIRY_OF_HSDIRS)
        source_fetch_soon(publisher, source, 0, "its process is no longer young", now);
}

/* When to look again though nothing happens. One that waits for a permit is looked at when that has come. */
static int64_t next_moment(const struct publisher *publisher, const struct source *source, int64_t now)
{
    int64_t moment = source_is_in(source) && !has_time(source) ? source->life.out_at : MOMENT_NEVER;
    moment = earlier(moment, source_next_work_moment(publisher, source));
    if (publisher->network == NULL || source_wants_fetch(publisher, source, now))
        return moment;
    if (source->life.state == SOURCE_WAITING)
        moment = earlier(moment, source->life.patience_from + publisher->rules.start_patience);
    if (source_is_reachable(source))
        moment = earlier(moment, source->trust.old_at);
    if (source_may_be_asked(source))
        moment = earlier(moment, source->inquiry.ask_at);
    return moment;
}

void source_run(struct publisher *publisher, struct source *source, int64_t now)
{
    check_times(publisher, source, now);
    check_trust(publisher, source, now);
    if (source_check_work(publisher, source, now))
        source_fetch_soon(publisher, source, 0, "its proof-of-work parameters have expired", now);
    fetch_queue_update(publisher, source, now);
    checks_update(publisher, source, now);
    agenda_set(&publisher->source_agenda, source_row(source->number), next_moment(publisher, source, now));
}

void source_set_kind(struct publisher *publisher, struct source *source, enum source_kind kind, int64_t now)
{
    const char *why = "it is configured as one of another kind";
    source->kind = kind;
    source_set_uploading(publisher, source, SOURCE_UPLOADING_UNKNOWN, now);
    trust_begin(source, why);
    inquiry_close(source, why);
    source_return_fetch_permit(publisher, source);
    source->inquiry.failures = 0;
    source->life.moved_at = now;
    announcements_forget(&source->announcements);
    source_add_news(source, SOURCE_NEWS_CHANGE);
    doubt(publisher, source, why, now);
    publisher_touch_source(publisher, source, now);
}
