/* The engine's posts: uploads on their way, the tor's streams that carry them, and the HSDirs' answers.
 *
 * tor says nothing when the circuit of an upload breaks, and its word that an HSDir took something does not
 * say what. Its streams tell: an upload whose stream has ended without an answer has failed, and one that
 * takes too long is ended by us when the next one is sent, so that no late answer is taken for the next
 * one's. */
#include "engine/posts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/index.h"
#include "engine/look.h"

/* Seconds for an answer that is just being read when its stream ends. */
#define LAST_ANSWER_SECONDS 1

/* Milliseconds that no upload takes: tor gives a stream up long before. Without STREAM events nothing else
 * tells that one is over. */
#define POST_AGE_MAX (15 * 60 * 1000)

/* -- their life ------------------------------------------------------------------------------------ */

/* The slot of the descriptor that it is of: at a new shared random value they move. DESCRIPTOR_SLOTS when it
 * is out of use. */
static enum descriptor_slot find_slot(const struct post *post)
{
    const struct publisher_frontend *frontend = &post->engine->publisher->frontends[post->frontend];
    enum descriptor_slot slot = 0;
    while (slot < DESCRIPTOR_SLOTS && frontend->descriptors[slot].period_number != post->period_number)
        slot++;
    return slot;
}

/* Passes on what became of a post: whether and why it failed, and the same in words. Returns false when
 * nobody waits for it any more. */
static bool tell_publisher(const struct post *post, enum upload_failure failure, const char *reason)
{
    struct publisher *publisher = post->engine->publisher;
    if (post->is_replaced)
        return false;
    enum descriptor_slot slot = find_slot(post);
    if (slot == DESCRIPTOR_SLOTS || !publisher_note_upload(publisher, post->frontend, slot, post->fingerprint,
                                                           failure, reason, clock_milliseconds()))
        return false;
    engine_wake(post->engine);
    return true;
}

void engine_fail_post(struct post *post, enum upload_failure failure, const char *reason)
{
    struct engine *engine = post->engine;
    snprintf(engine->last_error, sizeof(engine->last_error), "%s", reason);
    engine->is_error_of_post = true;
    tell_publisher(post, failure, reason);
}

/* Takes a post out of what its tor was given. With the last one nobody waits for the tor's answer. */
static void leave_handover(struct post *post)
{
    struct handover *handover = post->handover;
    size_t i = 0;
    while (handover->posts[i] != post)
        i++;
    handover->post_count--;
    memmove(handover->posts + i, handover->posts + i + 1,
            (handover->post_count - i) * sizeof(*handover->posts));
    post->handover = NULL;
    if (handover->post_count > 0)
        return;
    struct control_connection *connection = engine_tor_connection(post->engine, post->tor);
    if (connection != NULL)
        control_connection_forget(connection, handover);
    command_data_release(handover->data);
    free(handover);
}

void engine_end_post(struct post *post)
{
    struct engine *engine = post->engine;
    if (post->handover != NULL)
        leave_handover(post);
    if (post->end_timer != NULL)
        event_free(post->end_timer);
    TAILQ_REMOVE(&engine->posts, post, others);
    free(post);
}

void engine_drop_posts(struct engine *engine, size_t tor)
{
    struct post *next;
    for (struct post *post = TAILQ_FIRST(&engine->posts); post != NULL; post = next) {
        next = TAILQ_NEXT(post, others);
        if (tor == PUBLISHER_NO_TOR || post->tor == tor)
            engine_end_post(post);
    }
}

static void close_stream(const struct post *post)
{
    struct control_connection *connection = engine_tor_connection(post->engine, post->tor);
    char command[64];
    snprintf(command, sizeof(command), "CLOSESTREAM %" PRIu64 " 1", post->stream);
    if (connection != NULL)
        control_connection_send(connection, command, NULL, NULL);
}

/* Nobody waits for it any more: its stream is to end, if tor has told of it. */
static void give_up(struct post *post)
{
    post->is_replaced = true;
    if (post->stream != 0 && post->ended_at == 0)
        close_stream(post);
}

void engine_disown_posts(struct engine *engine, size_t frontend)
{
    struct post *post;
    TAILQ_FOREACH(post, &engine->posts, others)
    {
        if (post->frontend != frontend)
            continue;
        post->frontend = POST_DISOWNED;
        give_up(post);
    }
}

/* Ends what is still on its way to an HSDir for a frontend, and what nobody has heard of for too long. Where
 * tor tells of its streams a post stays until its own has ended; of one that it took before now it has told.
 */
static void replace_posts(struct engine *engine, size_t frontend,
                          const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], int64_t now)
{
    struct post *next;
    for (struct post *post = TAILQ_FIRST(&engine->posts); post != NULL; post = next) {
        next = TAILQ_NEXT(post, others);
        bool is_same = post->frontend == frontend && !post->is_replaced &&
                       memcmp(post->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0;
        bool is_untold =
            !engine->publisher->tors[post->tor].tells_ends || (post->is_accepted && post->stream == 0);
        if (now - post->begun_at > POST_AGE_MAX || (is_same && is_untold)) {
            engine_end_post(post);
        } else if (is_same) {
            give_up(post);
        }
    }
}

struct post *engine_begin_post(struct engine *engine, const struct publisher_action *action, size_t hsdir)
{
    int64_t now = clock_milliseconds();
    replace_posts(engine, action->frontend, action->fingerprints[hsdir], now);
    struct post *post = memory_allocate(1, sizeof(*post));
    TAILQ_INSERT_TAIL(&engine->posts, post, others);
    post->engine = engine;
    post->frontend = action->frontend;
    post->period_number =
        engine->publisher->frontends[action->frontend].descriptors[action->slot].period_number;
    post->tor = action->tors[hsdir];
    post->begun_at = now;
    memcpy(post->fingerprint, action->fingerprints[hsdir], RELAY_FINGERPRINT_SIZE);
    return post;
}

void engine_begin_post_again(struct post *post)
{
    TAILQ_REMOVE(&post->engine->posts, post, others);
    TAILQ_INSERT_TAIL(&post->engine->posts, post, others);
    post->begun_at = clock_milliseconds();
}

/* -- streams --------------------------------------------------------------------------------------- */

static bool is_to(const struct post *post, size_t tor, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    return post->tor == tor && memcmp(post->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0;
}

/* tor begins what it is given in the order in which it is given it. */
static void note_stream_begins(struct engine *engine, size_t tor, const struct stream_event *event)
{
    engine->tors[tor].last_stream = event->stream;
    struct post *post;
    TAILQ_FOREACH(post, &engine->posts, others)
    {
        if (is_to(post, tor, event->fingerprint) && post->stream == 0)
            break;
    }
    if (post == NULL)
        return; /* not ours */
    post->stream = event->stream;
    publisher_note_tor_tells_ends(engine->publisher, tor);
    if (post->is_replaced)
        close_stream(post);
}

static void no_answer_came(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct post *post = context;
    tell_publisher(post, UPLOAD_FAILURE_CIRCUIT, "the circuit to it broke");
    engine_end_post(post);
}

/* The post that a stream carries, NULL for none of ours. */
static struct post *find_carried(struct engine *engine, size_t tor, uint64_t stream)
{
    struct post *post;
    TAILQ_FOREACH(post, &engine->posts, others)
    {
        if (post->tor == tor && post->stream == stream)
            break;
    }
    return post;
}

static void note_stream_is_connected(struct engine *engine, size_t tor, const struct stream_event *event)
{
    const struct post *post = find_carried(engine, tor, event->stream);
    if (post == NULL || post->is_replaced)
        return;
    enum descriptor_slot slot = find_slot(post);
    if (slot != DESCRIPTOR_SLOTS)
        publisher_note_upload_reached(engine->publisher, post->frontend, slot, post->fingerprint,
                                      clock_milliseconds());
}

static void note_stream_ends(struct engine *engine, size_t tor, const struct stream_event *event)
{
    struct post *post = find_carried(engine, tor, event->stream);
    if (post == NULL || post->end_timer != NULL)
        return;
    post->ended_at = ++engine->streams_ended;
    post->end_timer = evtimer_new(engine->base, no_answer_came, post);
    const struct timeval delay = {LAST_ANSWER_SECONDS, 0};
    event_add(post->end_timer, &delay);
}

void engine_note_stream(struct engine *engine, size_t tor, const struct stream_event *event)
{
    if (event->action == STREAM_BEGINS_UPLOAD)
        note_stream_begins(engine, tor, event);
    else if (event->action == STREAM_IS_CONNECTED)
        note_stream_is_connected(engine, tor, event);
    else
        note_stream_ends(engine, tor, event);
}

/* -- answers --------------------------------------------------------------------------------------- */

/* A tor's own onion services upload too: their streams begin like ours, but then tor says whose they are. */
static void note_foreign_upload(struct engine *engine, size_t tor, const struct hs_desc_event *event)
{
    struct post *post;
    TAILQ_FOREACH(post, &engine->posts, others)
    {
        if (is_to(post, tor, event->fingerprint) && post->stream == engine->tors[tor].last_stream &&
            post->ended_at == 0)
            post->stream = 0;
    }
}

/* True when it is more likely to be the one that an answer is for. tor takes note of an answer in the moment
 * in which its stream ends, so that is the last one to have ended; before that, the oldest. */
static bool is_likelier(const struct post *one, const struct post *other)
{
    if (one->ended_at != other->ended_at)
        return one->ended_at > other->ended_at;
    return one->begun_at < other->begun_at;
}

/* The upload that an HSDir's answer is for: of the frontend it names or, from an older tor that says UNKNOWN,
 * of any; NULL when there is none. */
static struct post *find_answered(struct engine *engine, size_t tor, const struct hs_desc_event *event)
{
    size_t frontend = event->has_address ? engine_find_frontend(engine, event->address) : KEY_INDEX_NONE;
    bool is_telling = engine->publisher->tors[tor].tells_ends;
    struct post *post, *found = NULL;
    TAILQ_FOREACH(post, &engine->posts, others)
    {
        if (!is_to(post, tor, event->fingerprint) || (event->has_address && post->frontend != frontend) ||
            (is_telling && post->stream == 0))
            continue;
        if (found == NULL || is_likelier(post, found))
            found = post;
    }
    return found;
}

/* True for a failure of which only fetches have any: a client of the same tor, or we, asked for what we
 * upload. Of one that both have, while there is a look, nobody can tell: the end of its stream tells then. */
static bool is_of_fetch(const struct engine *engine, size_t tor, const struct hs_desc_event *event)
{
    switch (event->reason) {
    case HS_DESC_BAD_DESC:
    case HS_DESC_NOT_FOUND:
    case HS_DESC_QUERY_REJECTED:
    case HS_DESC_QUERY_NO_HSDIR:
    case HS_DESC_QUERY_RATE_LIMITED:
        return event->action == HS_DESC_FAILED;
    case HS_DESC_UNEXPECTED:
        return event->action == HS_DESC_FAILED && engine_is_looking(engine, tor, event);
    case HS_DESC_REASON_NONE:
    case HS_DESC_UPLOAD_REJECTED:
    case HS_DESC_REASON_OTHER:
        break;
    }
    return false;
}

static enum upload_failure find_failure(enum hs_desc_reason reason)
{
    if (reason == HS_DESC_UPLOAD_REJECTED)
        return UPLOAD_FAILURE_REJECTED;
    return reason == HS_DESC_UNEXPECTED ? UPLOAD_FAILURE_BROKEN : UPLOAD_FAILURE_OTHER;
}

static void take_answer(struct post *post, const struct hs_desc_event *event)
{
    struct engine *engine = post->engine;
    if (event->action == HS_DESC_FAILED) {
        tell_publisher(post, find_failure(event->reason),
                       event->reason != HS_DESC_REASON_NONE ? event->reason_word : "failed");
    } else if (tell_publisher(post, UPLOAD_FAILURE_NONE, NULL)) {
        engine->counters.uploads_taken++;
        if (engine->is_error_of_post)
            engine->last_error[0] = '\0';
        reactions_note_upload(&engine->reactions, engine->publisher, post->frontend, clock_milliseconds(),
                              &engine->counters.reactions);
    }
}

void engine_note_upload_event(struct engine *engine, size_t tor, const struct hs_desc_event *event)
{
    if (!event->has_fingerprint)
        return;
    if (event->action == HS_DESC_UPLOAD && event->has_address &&
        engine_find_frontend(engine, event->address) == KEY_INDEX_NONE)
        note_foreign_upload(engine, tor, event);
    if ((event->action != HS_DESC_UPLOADED && event->action != HS_DESC_FAILED) ||
        is_of_fetch(engine, tor, event))
        return;
    struct post *post = find_answered(engine, tor, event);
    if (post == NULL)
        return;
    take_answer(post, event);
    engine_end_post(post);
}
