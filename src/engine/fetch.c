/* One fetch of a service's descriptor: from its own tor (GETINFO) or from HSDirs (HSFETCH). */
#include "engine/fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/timeval.h"
#include "crypto/x25519.h"
#include "publish/descriptor_comparison.h"

/* Seconds for all HSDirs to answer. */
#define ANSWER_SECONDS 20
/* Once one good descriptor is there, milliseconds for a newer one to come; and where it comes from HSDirs
 * that have just been given it. */
#define NEWER_PATIENCE 3000
#define NEWER_PATIENCE_FRESH 300

struct fetch {
    struct fetch_request request;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t *client_key; /* secret memory, or NULL */
    fetch_callback callback;
    void *context;
    uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE]; /* those still to answer */
    size_t asked, waiting;
    char no_word[HS_DESC_REASON_WORD_SIZE];   /* why an HSDir that has answered has none, as tor says it */
    char lost_word[HS_DESC_REASON_WORD_SIZE]; /* why one was not asked, or did not answer, likewise */
    struct descriptor *best;
    bool is_answered;   /* by an HSDir */
    bool is_bad;        /* what an HSDir had could not be read */
    struct error error; /* the last thing that went wrong */
    struct event *timer;
};

/* Says what HSDirs have made of it, as far as they have answered by now: one that has refused does not speak
 * for those that are silent. What is wrong with a descriptor that came has been said. */
static void explain_hsdirs(struct fetch *fetch)
{
    const bool has_refused = fetch->no_word[0] != '\0', has_lost = fetch->lost_word[0] != '\0';
    if (fetch->asked == 0 || fetch->is_bad || !(has_refused || has_lost))
        return;
    if (fetch->waiting > 0 && has_refused)
        error_set(
            &fetch->error,
            "%zu of %zu HSDirs did not answer within %d seconds, and the others have no descriptor of it for "
            "us (%s)",
            fetch->waiting, fetch->asked, ANSWER_SECONDS, fetch->no_word);
    else if (has_refused && has_lost)
        error_set(&fetch->error,
                  "not all HSDirs could be asked (%s), and the others have no descriptor of it for us (%s)",
                  fetch->lost_word, fetch->no_word);
    else if (has_refused)
        error_set(&fetch->error,
                  "the HSDirs have no descriptor of it for us (%s): does its tor run, and publish?",
                  fetch->no_word);
    else
        error_set(&fetch->error, "the local tor did not get an answer from HSDirs (%s)", fetch->lost_word);
}

static void fetch_end(struct fetch *fetch)
{
    struct descriptor *best = fetch->best;
    if (best == NULL)
        explain_hsdirs(fetch);
    fetch->best = NULL;
    evtimer_del(fetch->timer);
    fetch->callback(fetch, best, best != NULL ? NULL : &fetch->error, fetch->context);
}

static void timer_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    fetch_end(context);
}

static void run_timer(struct fetch *fetch, int milliseconds)
{
    const struct timeval delay = timeval_from_milliseconds(milliseconds);
    evtimer_add(fetch->timer, &delay);
}

/* Keeps the newest good descriptor: of the later time period, and of the higher counter within one. Mostly
 * all HSDirs have the same one, and verifying each copy would take long. */
static void take_descriptor(struct fetch *fetch, const char *text, size_t length)
{
    const struct descriptor *best = fetch->best;
    if (best != NULL && descriptor_is_no_newer(text, length, best))
        return;
    struct descriptor_expectation expectation = fetch->request.expectation;
    expectation.wall_now = clock_wall_seconds();
    expectation.accepts_closed = true;
    struct error error;
    struct descriptor *descriptor = descriptor_decode(text, length, &expectation, &error);
    if (descriptor == NULL) {
        fetch->is_bad = true;
        fetch->error = error;
        error_add_context(&fetch->error, "its descriptor is bad");
        return;
    }
    if (descriptor->is_closed && !fetch->request.expectation.accepts_closed) {
        error_set(&fetch->error, "%s", descriptor_explain_closed(fetch->client_key != NULL));
        descriptor_free(descriptor);
        return;
    }
    if (best != NULL && !descriptor_is_older(best, descriptor)) {
        descriptor_free(descriptor);
        return;
    }
    descriptor_free(fetch->best);
    fetch->best = descriptor;
}

/* The answer to GETINFO hs/service/desc/id/<address>. */
static void own_descriptor_came(struct control_connection *connection, const struct control_reply *reply,
                                void *context)
{
    (void)connection;
    struct fetch *fetch = context;
    if (reply == NULL)
        return; /* the engine hears of the closed connection */
    char keyword[sizeof("hs/service/desc/id/") + ONION_ADDRESS_LENGTH];
    snprintf(keyword, sizeof(keyword), "hs/service/desc/id/%s", fetch->request.address);
    const struct control_line *line = control_reply_is_ok(reply) ? control_reply_find(reply, keyword) : NULL;
    if (line != NULL && line->data != NULL && line->data_length > 0)
        take_descriptor(fetch, line->data, line->data_length);
    else
        error_set(
            &fetch->error,
            "its tor has no descriptor of this service (%d %s); does it run there, and is it published?",
            reply->status, reply->lines[0].text);
    fetch_end(fetch);
}

static void hsfetch_was_answered(struct control_connection *connection, const struct control_reply *reply,
                                 void *context)
{
    (void)connection;
    struct fetch *fetch = context;
    if (reply == NULL || control_reply_is_ok(reply))
        return;
    error_set(&fetch->error, "tor refuses HSFETCH: %d %s", reply->status, reply->lines[0].text);
    fetch_end(fetch);
}

static void ask_service(struct fetch *fetch)
{
    char command[sizeof("GETINFO hs/service/desc/id/") + ONION_ADDRESS_LENGTH];
    snprintf(command, sizeof(command), "GETINFO hs/service/desc/id/%s", fetch->request.address);
    control_connection_send(fetch->request.connection, command, own_descriptor_came, fetch);
}

static void ask_hsdirs(struct fetch *fetch)
{
    const size_t server_size = sizeof(" SERVER=$") + 2 * (size_t)RELAY_FINGERPRINT_SIZE;
    size_t size = sizeof("HSFETCH ") + ONION_ADDRESS_LENGTH + fetch->waiting * server_size;
    char *command = memory_allocate(size, 1);
    size_t length = (size_t)snprintf(command, size, "HSFETCH %s", fetch->request.address);
    for (size_t i = 0; i < fetch->waiting; i++) {
        char hex[2 * RELAY_FINGERPRINT_SIZE + 1];
        sodium_bin2hex(hex, sizeof(hex), fetch->fingerprints[i], RELAY_FINGERPRINT_SIZE);
        length += (size_t)snprintf(command + length, size - length, " SERVER=$%s", hex);
    }
    control_connection_send(fetch->request.connection, command, hsfetch_was_answered, fetch);
    free(command);
}

struct fetch *fetch_new(const struct fetch_request *request, fetch_callback callback, void *context)
{
    struct fetch *fetch = memory_allocate(1, sizeof(*fetch));
    fetch->request = *request;
    memcpy(fetch->identity_key, request->expectation.identity_key, ED25519_PUBLIC_KEY_SIZE);
    fetch->request.expectation.identity_key = fetch->identity_key;
    if (request->expectation.client_key != NULL) {
        fetch->client_key = secret_allocate(X25519_SECRET_KEY_SIZE);
        memcpy(fetch->client_key, request->expectation.client_key, X25519_SECRET_KEY_SIZE);
        fetch->request.expectation.client_key = fetch->client_key;
    }
    fetch->callback = callback;
    fetch->context = context;
    fetch->timer = evtimer_new(request->base, timer_fired, fetch);
    error_set(&fetch->error, "%s within %d seconds",
              request->hsdir_count > 0 ? "no HSDir has answered" : "its tor has not told of its descriptor",
              ANSWER_SECONDS);
    run_timer(fetch, ANSWER_SECONDS * 1000);
    if (request->hsdir_count == 0) {
        ask_service(fetch);
        return fetch;
    }
    fetch->fingerprints = memory_allocate(request->hsdir_count, RELAY_FINGERPRINT_SIZE);
    memcpy(fetch->fingerprints, request->fingerprints, request->hsdir_count * RELAY_FINGERPRINT_SIZE);
    fetch->asked = fetch->waiting = request->hsdir_count;
    ask_hsdirs(fetch);
    return fetch;
}

void fetch_free(struct fetch *fetch)
{
    if (fetch == NULL)
        return;
    if (fetch->request.connection != NULL)
        control_connection_forget(fetch->request.connection, fetch);
    event_free(fetch->timer);
    descriptor_free(fetch->best);
    free(fetch->fingerprints);
    secret_free(fetch->client_key);
    free(fetch);
}

void fetch_note_closed(struct fetch *fetch)
{
    fetch->request.connection = NULL;
    evtimer_del(fetch->timer);
}

/* The place of an HSDir among those still to answer; their number when it is not among them. */
static size_t find_waiting(const struct fetch *fetch, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    size_t place = 0;
    while (place < fetch->waiting &&
           memcmp(fetch->fingerprints[place], fingerprint, RELAY_FINGERPRINT_SIZE) != 0)
        place++;
    return place;
}

/* True for a failure that is an HSDir's answer; others are for want of one (control-spec 4.1.25). */
static bool is_answer(enum hs_desc_reason reason)
{
    return reason == HS_DESC_NOT_FOUND || reason == HS_DESC_BAD_DESC || reason == HS_DESC_QUERY_REJECTED;
}

bool fetch_was_answered(const struct fetch *fetch)
{
    return fetch->is_answered;
}

bool fetch_was_answered_badly(const struct fetch *fetch)
{
    return fetch->is_bad;
}

void fetch_note_event(struct fetch *fetch, const struct hs_desc_event *event)
{
    if (!event->has_address || !event->has_fingerprint || strcmp(event->address, fetch->request.address) != 0)
        return;
    size_t place = find_waiting(fetch, event->fingerprint);
    if (place == fetch->waiting)
        return; /* it was not asked, or has answered */
    fetch->is_answered |= event->action == HS_DESC_FAILED && is_answer(event->reason);
    fetch->is_bad |= event->action == HS_DESC_FAILED && event->reason == HS_DESC_BAD_DESC;
    fetch->is_answered |= event->action == HS_DESC_CONTENT && event->content_length > 0;
    if (event->action == HS_DESC_FAILED && event->reason != HS_DESC_REASON_NONE)
        memcpy(is_answer(event->reason) ? fetch->no_word : fetch->lost_word, event->reason_word,
               sizeof(event->reason_word));
    /* tor follows a failure with an empty content event, so that one counts as the answer. */
    if (event->action != HS_DESC_CONTENT)
        return;
    memmove(fetch->fingerprints[place], fetch->fingerprints[--fetch->waiting], RELAY_FINGERPRINT_SIZE);
    if (event->content_length > 0)
        take_descriptor(fetch, event->content, event->content_length);
    if (fetch->waiting == 0)
        fetch_end(fetch);
    else if (fetch->best != NULL)
        run_timer(fetch, fetch->request.is_fresh ? NEWER_PATIENCE_FRESH : NEWER_PATIENCE);
}
