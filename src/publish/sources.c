/* The sources' part of the state machine: who is in, who is out, and since when. */
#include "publish/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/blinding.h"
#include "publish/descriptor_comparison.h"
#include "publish/fetches.h"
#include "publish/own_points.h"
#include "publish/own_uploads.h"
#include "publish/pace.h"
#include "publish/source_work.h"
#include "publish/twin_on_hsdirs.h"

/* A tor that has been up for so long (milliseconds) has uploaded its descriptors: what HSDirs have of it is
 * its own and not that of the process before it. */
#define UPTIME_TO_TRUST_HSDIRS 120000
/* On a testing network all goes faster, down to this. */
#define UPTIME_TO_TRUST_HSDIRS_MIN 10000
#define SILENT_POLL_MIN 5000
/* When a descriptor was made is known from its revision counter to so many milliseconds. */
#define COUNTER_ERROR (10 * 60 * 1000)
/* A twin that is seen at HSDirs is looked for again after so many milliseconds while frontends wait for it.
 */
#define FIRST_LOOKS 3000

void source_begin(struct publisher *publisher, struct source *source,
                  const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], enum source_kind kind, int64_t now)
{
    source->is_used = true;
    memcpy(source->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
    source->kind = kind;
    source->observer = &publisher->observer;
    source->claims_from = now + publisher->rules.start_patience;
    source_life_begin(source, now);
    inquiry_begin(source, now);
    trust_begin(source, "it is new");
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
    inquiry_close(source, reason);
    source_return_fetch_permit(publisher, source);
    publisher_touch_source(publisher, source, now);
    if (!source_policy(source->kind)->is_doubted_for_loss)
        return; /* it is the local tor that is lost */
    source_life_set_reason(source, reason);
    if (loss == SOURCE_LOST)
        doubt(publisher, source, reason, now);
    else
        source_life_end(source, reason,
                        loss == SOURCE_GONE_HERE && (source_is_in(source) || source_is_lost(source)), now);
}

/* Why a descriptor's introduction points can't be used; "" when they can. */
static void find_fault(char fault[SOURCE_POINTS_TEXT_SIZE], const struct descriptor *descriptor,
                       const struct network *network)
{
    struct source_points points = {.count = 0};
    source_points_update(&points, descriptor, network, 0);
    fault[0] = '\0';
    if (descriptor->requires_intro_auth)
        snprintf(fault, SOURCE_POINTS_TEXT_SIZE, "%s",
                 "its introduction points require an authentication that clients of the frontend don't have");
    else if (descriptor->point_count == 0)
        snprintf(fault, SOURCE_POINTS_TEXT_SIZE, "%s", "its descriptor has no introduction points (yet)");
    else if (points.count == 0 && source_points_are_false(&points))
        source_points_describe(fault, &points);
    else if (points.count == 0)
        snprintf(fault, SOURCE_POINTS_TEXT_SIZE, "%s",
                 "its introduction points have legacy RSA keys, which can't be carried over");
    source_points_clear(&points);
}

/* Works out anew what a source has to offer. */
static bool update_points(const struct publisher *publisher, struct source *source, int64_t now)
{
    return source_points_update(&source->points, source->descriptor, publisher->network,
                                now > source->claims_from ? now : source->claims_from);
}

/* When to ask again without a hint. */
static int64_t next_poll(struct publisher *publisher, const struct source *source, int64_t now)
{
    const struct source_policy *policy = source_policy(source->kind);
    unsigned at_ease = policy->sources_polled_at_ease;
    int64_t times = at_ease > 0 ? 1 + (int64_t)(publisher->source_count / at_ease) : 1;
    if (policy->silent_poll > 0 && source->uploading != SOURCE_UPLOADING_ON)
        return now + times * later(publisher_scale(publisher, policy->silent_poll), SILENT_POLL_MIN);
    int64_t low = publisher_scale(publisher, publisher->rules.poll_min);
    int64_t high = publisher_scale(publisher, publisher->rules.poll_max);
    return now + 1000 + times * publisher_draw(publisher, low, high);
}

/* Takes over what its tor has clients solve. Returns what of that is new. */
static enum source_news take_work(struct publisher *publisher, struct source *source,
                                  const struct descriptor *descriptor, int64_t now)
{
    bool verified = source_verifies_work(source);
    enum source_news news = source_take_work(source, descriptor, now);
    for (size_t i = 0; !verified && source_verifies_work(source) && i < source->frontend_count; i++)
        own_points_search_soon(publisher, source->frontends[i], now);
    return news;
}

/* Takes a good descriptor over. Returns what it gives a superdescriptor that is new. */
static enum source_news accept_descriptor(struct publisher *publisher, struct source *source,
                                          struct descriptor *descriptor, int64_t now)
{
    const struct network *network = publisher->network;
    struct descriptor *known = source->descriptor;
    bool has_new_points = known == NULL || !descriptor_has_same_points(descriptor, known);
    /* A tor that answers with the descriptor of another time period has dropped that of the one before. */
    bool is_of_other_half = known != NULL && network != NULL && source_policy(source->kind)->is_on_hsdirs &&
                            descriptor_is_of_other_half(descriptor, known, network->period_number);
    bool is_news = has_new_points || !descriptor_has_unchanged_points(descriptor, known) ||
                   !descriptor_has_same_features(descriptor, known);
    if (known == NULL || descriptor_is_older(known, descriptor))
        source->life.moved_at = now;
    if (has_new_points)
        source->points_changed_at = now;
    enum source_news news = take_work(publisher, source, descriptor, now);
    if (!source_policy(source->kind)->is_on_hsdirs) /* which points are its own depends on the time period */
        is_news |= known != NULL && known->period_number != descriptor->period_number;
    if (known != NULL)
        offered_points_note(&source->offered, known, now);
    offered_points_note(&source->offered, descriptor, now);
    descriptor_free(known);
    source->descriptor = descriptor;
    own_points_note_descriptor(source);
    is_news |= update_points(publisher, source, now);
    trust_note_descriptor(source);
    source->descriptor_at = now;
    if (!is_news)
        return news;
    return is_of_other_half ? SOURCE_NEWS_PERIOD : SOURCE_NEWS_CHANGE;
}

/* It has shown that it lives, unless its counter has rested for too long. */
static void confirm(const struct publisher *publisher, struct source *source, int64_t now)
{
    bool is_judged = source_policy(source->kind)->is_judged_by_age;
    int64_t out_at = is_judged ? source->life.moved_at + publisher->rules.stale_after : MOMENT_NEVER;
    source_life_confirm(source, out_at, now);
}

/* True when a descriptor is one that clients do not use any more, while there is another way to ask for the
 * one they use: its tor, or ours, has not seen the newest consensus. */
static bool is_behind_clients(const struct source *source, const struct descriptor *descriptor)
{
    const struct source_policy *policy = source_policy(source->kind);
    return policy->asks_own_tor && policy->is_on_hsdirs && trust_hsdirs_are_current(source) &&
           descriptor->period_number < source->period_number;
}

/* When to ask again after a good answer. */
static int64_t next_fetch(struct publisher *publisher, struct source *source, bool is_behind, int64_t now)
{
    struct source_inquiry *inquiry = &source->inquiry;
    if (!is_behind || inquiry->is_last_way) {
        inquiry->failures = 0;
        inquiry_want(source, publisher_preferred_target(publisher));
        return next_poll(publisher, source, now);
    }
    inquiry->is_last_way = true;
    inquiry_switch(source);
    return now + (inquiry->failures == 0 ? FETCH_DELAY : publisher_back_off(publisher, inquiry->failures));
}

void source_note_fetch_failed(struct publisher *publisher, struct source *source, const char *reason,
                              bool is_doubtful, int64_t now)
{
    source_life_set_reason(source, reason);
    inquiry_note_failed(source, now);
    if (is_doubtful && source_policy(source->kind)->asks_own_tor)
        trust_note_denial(source);
    if (is_doubtful)
        doubt(publisher, source, reason, now);
    source_end_fetch(publisher, source, now + publisher_back_off(publisher, source->inquiry.failures), now);
}

/* True when a descriptor tells less than the one that is here. After a tor that was started anew the counters
 * of the one before it mean nothing; what a tor itself says while it is out counts too, but HSDirs may have
 * old copies. */
static bool tells_less(const struct source *source, const struct descriptor *descriptor)
{
    bool is_copy = source->inquiry.asked == INQUIRY_OF_HSDIRS && trust_counters_go_on(source);
    if (source->descriptor == NULL ||
        (source_policy(source->kind)->asks_own_tor && !source_is_in(source) && !is_copy))
        return false;
    return descriptor_tells_less(descriptor, source->descriptor, source->period_number);
}

/* True when a tor itself, and the same process as before, answers with other points under a lower counter
 * than it had before. HSDirs may have old copies; a tor does not. */
static bool is_replay(const struct source *source, const struct descriptor *descriptor)
{
    return source->descriptor != NULL && source_policy(source->kind)->asks_own_tor &&
           source->inquiry.asked == INQUIRY_OF_TOR && trust_counters_go_on(source) &&
           descriptor_is_replay(descriptor, source->descriptor);
}

/* A descriptor of a time period of which nothing was known was made some time ago: since then it may not have
 * been renewed. */
static void note_age(struct source *source, int64_t made_at, int64_t moved_at, int64_t now)
{
    source->life.moved_at = later(moved_at, earlier(now, made_at + COUNTER_ERROR));
}

/* True when the tor of a twin that is only seen at HSDirs has made a descriptor after all that is known of it
 * for that time period, or for a later one. */
static bool is_newer(const struct source *source, const struct descriptor *descriptor)
{
    const struct descriptor *known = own_points_find_known(source, descriptor->period_number);
    if (known != NULL)
        return descriptor_is_older(known, descriptor);
    return source->descriptor == NULL || descriptor->period_number > source->descriptor->period_number;
}

/* Takes over what such a tor has made that is newer. What is known of another time period stays beside it,
 * unless another process has made that. */
static void take_newer(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                       int64_t made_at, int64_t now)
{
    const struct descriptor *known = own_points_find_known(source, descriptor->period_number);
    bool is_of_new_period = known == NULL;
    bool is_beside =
        source->descriptor != NULL && source->descriptor->period_number != descriptor->period_number;
    int64_t moved_at = source->descriptor != NULL ? source->life.moved_at : MOMENT_NONE;
    if (known != NULL && !own_points_have_same_maker(known, descriptor)) {
        own_points_forget(source);
        is_beside = false;
    }
    if (is_beside)
        own_points_add(publisher, source, descriptor, now);
    else
        source_add_news(source, accept_descriptor(publisher, source, descriptor, now));
    source->life.moved_at = now;
    if (is_of_new_period)
        note_age(source, made_at, moved_at, now);
}

static void take_seen(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                      int64_t made_at, int64_t now)
{
    char fault[SOURCE_POINTS_TEXT_SIZE];
    find_fault(fault, descriptor, publisher->network);
    if (fault[0] != '\0') {
        source_life_set_reason(source, fault);
        descriptor_free(descriptor);
        return;
    }
    if (is_newer(source, descriptor))
        take_newer(publisher, source, descriptor, made_at, now);
    else
        descriptor_free(descriptor);
    confirm(publisher, source, now);
}

/* A tor has said what it has made: that was taken for another twin's if it was seen at HSDirs before. */
static void take_back(struct publisher *publisher, const struct source *owner, int64_t now)
{
    bool is_twin = !source_policy(owner->kind)->is_on_hsdirs;
    for (size_t i = 0; is_twin && i < owner->frontend_count; i++) {
        struct source *source = twin_on_hsdirs_find(publisher, &publisher->frontends[owner->frontends[i]]);
        if (source == NULL || source == owner || !own_points_have_one_maker(source, owner))
            continue;
        own_points_forget(source);
        descriptor_free(source->descriptor);
        source->descriptor = NULL;
        source_points_clear(&source->points);
        source_add_news(source, SOURCE_NEWS_CHANGE);
        source_life_end(source, "what was taken for its descriptor is that of another tor", false, now);
    }
}

/* HSDirs that may have what a twin's tor has made are asked one after the other. */
static void go_on_finding(struct publisher *publisher, struct source *source, int64_t now)
{
    if (!source_policy(source->kind)->is_on_hsdirs && announcements_have_fresh(source->announcements))
        source_fetch_soon(publisher, source, FETCH_DELAY, "HSDirs may have what its tor has made", now);
}

/* A twin that was first seen in the second half, when it had no control port: what is known of it is of that
 * half, and its tor says now what it has made for the first one. Both are good. */
static bool is_of_half_before(const struct source *source, const struct descriptor *descriptor)
{
    return !source_policy(source->kind)->is_on_hsdirs && source_is_in(source) &&
           !trust_counters_go_on(source) && source->descriptor != NULL &&
           descriptor->period_number < source->descriptor->period_number;
}

bool source_note_descriptor(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                            int64_t now)
{
    char fault[SOURCE_POINTS_TEXT_SIZE];
    find_fault(fault, descriptor, publisher->network);
    if (fault[0] == '\0' && is_replay(source, descriptor))
        snprintf(fault, sizeof(fault), "%s",
                 "its tor answers with an older descriptor than it had: a replay, or its clock went back");
    if (fault[0] != '\0') {
        descriptor_free(descriptor);
        source_note_fetch_failed(publisher, source, fault, true, now);
        return false;
    }
    if (source->inquiry.asked == INQUIRY_OF_TOR)
        trust_note_answer(source);
    bool is_behind = is_behind_clients(source, descriptor);
    if (is_of_half_before(source, descriptor))
        own_points_go_back(source);
    if (tells_less(source, descriptor))
        descriptor_free(descriptor);
    else
        source_add_news(source, accept_descriptor(publisher, source, descriptor, now));
    confirm(publisher, source, now);
    take_back(publisher, source, now);
    source_end_fetch(publisher, source, next_fetch(publisher, source, is_behind, now), now);
    go_on_finding(publisher, source, now);
    return true;
}

void source_note_found(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                       int64_t made_at, int64_t now)
{
    struct source *owner = own_points_find_maker(publisher, source, descriptor, now);
    if (owner == NULL) {
        descriptor_free(descriptor);
    } else if (source_policy(owner->kind)->is_at_spares) {
        take_seen(publisher, owner, descriptor, made_at, now);
    } else {
        own_points_take(publisher, owner, descriptor, source->is_searching, now);
        take_back(publisher, owner, now);
    }
    source_note_not_found(publisher, source, now);
}

void source_note_not_found(struct publisher *publisher, struct source *source, int64_t now)
{
    source_end_fetch(publisher, source, next_fetch(publisher, source, false, now), now);
    go_on_finding(publisher, source, now);
    if (source_policy(source->kind)->is_at_spares && source->life.state == SOURCE_WAITING)
        source_fetch_soon(publisher, source, FIRST_LOOKS, "it has not been seen yet", now);
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
    bool has_changed = source->descriptor != NULL && update_points(publisher, source, now);
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
