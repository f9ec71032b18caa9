/* The engine's uploads: superdescriptors built and handed to the local tor, and the HSDirs' answers. */
#include <stdlib.h>
#include <string.h>

#include "engine/clock.h"
#include "engine/engine_parts.h"
#include "obpub/memory.h"
#include "report/presigned.h"

static void note_error(struct engine *engine, const char *text)
{
    snprintf(engine->last_error, sizeof(engine->last_error), "%s", text);
}

static void fail_post(struct post *post, enum upload_failure failure, const char *reason)
{
    struct engine *engine = post->engine;
    note_error(engine, reason);
    if (post->frontend == SIZE_MAX)
        return;
    engine->counters.upload_failures[failure]++;
    publisher_note_upload(engine->publisher, post->frontend, post->slot, post->fingerprint, reason,
                          clock_milliseconds());
    engine_wake(engine);
}

static void end_post(struct post *post)
{
    LIST_REMOVE(post, others);
    free(post);
}

static void post_was_answered(struct control_connection *connection, const struct control_reply *reply,
                              void *context)
{
    (void)connection;
    struct post *post = context;
    if (reply != NULL && !control_reply_is_ok(reply)) {
        struct error error;
        error_set(&error, "tor refuses the upload: %d %s", reply->status, reply->lines[0].text);
        fail_post(post, UPLOAD_FAILURE_TOR, error.text);
    }
    end_post(post);
}

void engine_drop_posts(struct engine *engine, size_t tor)
{
    struct post *next;
    for (struct post *post = LIST_FIRST(&engine->posts); post != NULL; post = next) {
        next = LIST_NEXT(post, others);
        if (tor == PUBLISHER_NO_TOR || post->tor == tor)
            end_post(post);
    }
}

static struct post *make_post(struct engine *engine, const struct publisher_action *action, size_t hsdir)
{
    struct post *post = memory_allocate(1, sizeof(*post));
    LIST_INSERT_HEAD(&engine->posts, post, others);
    post->engine = engine;
    post->frontend = action->frontend;
    post->slot = action->slot;
    post->tor = action->tors[hsdir];
    memcpy(post->fingerprint, action->fingerprints[hsdir], RELAY_FINGERPRINT_SIZE);
    return post;
}

/* A bundle that is of no use here and now is not even asked for. */
static int check_bundle(const struct engine *engine, const struct config_frontend *config, int64_t now,
                        struct error *error)
{
    const struct time_schedule *schedule = &engine->publisher->network->schedule;
    if (config->key_format != KEY_FORMAT_BUNDLE ||
        presigned_is_usable(presigned_judge(&config->plan, schedule, now)))
        return 0;
    char text[PRESIGNED_TEXT_SIZE];
    presigned_describe(text, &config->plan, schedule, now);
    return error_set(error, "%s", text);
}

/* Builds the descriptor for one of the action's HSDirs and hands it over. */
static int upload_to(struct engine *engine, const struct publisher_action *action, struct post *post,
                     struct error *error)
{
    struct engine_frontend *frontend = &engine->frontends[action->frontend];
    struct control_connection *connection = engine_tor_connection(engine, post->tor);
    if (connection == NULL)
        return error_set(error, "the local tor is not there");
    const struct upload_request request = {
        .publisher = engine->publisher,
        .signer = engine->signer,
        .signer_frontend = frontend->config->signer_frontend,
        .keyring = &frontend->keyring,
        .action = action,
        .now = clock_wall_seconds(),
        .moment = clock_milliseconds(),
    };
    char *text = NULL;
    size_t length = 0;
    bool is_clock_back = false;
    if (check_bundle(engine, frontend->config, request.now, error) != 0 ||
        upload_build(&request, &text, &length, &is_clock_back, error) != 0)
        return -1;
    if (is_clock_back)
        note_error(engine, "this machine's clock was set back: revision counters go on from the last ones");
    engine->counters.uploads++;
    upload_post(connection, post->fingerprint, frontend->config->address, text, length, post_was_answered,
                post);
    free(text);
    return 0;
}

void engine_perform_upload(struct engine *engine, const struct publisher_action *action)
{
    struct post *posts[PUBLISHER_ACTION_HSDIRS_MAX];
    /* The action's HSDirs are gone with the first word to the publisher. */
    for (size_t i = 0; i < action->hsdir_count; i++)
        posts[i] = make_post(engine, action, i);
    for (size_t i = 0; i < action->hsdir_count; i++) {
        struct error error;
        if (upload_to(engine, action, posts[i], &error) == 0)
            continue;
        fail_post(posts[i], UPLOAD_FAILURE_NOT_BUILT, error.text);
        end_post(posts[i]);
    }
    upload_keyring_rest(&engine->frontends[action->frontend].keyring);
}

static bool is_in_flight(const struct publisher *publisher, size_t frontend, enum descriptor_slot slot,
                         const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], size_t tor)
{
    const struct publisher_descriptor *descriptor = &publisher->frontends[frontend].descriptors[slot];
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct publisher_upload *upload = &descriptor->uploads[i];
        if (upload->state == UPLOAD_IN_FLIGHT && upload->tor == tor &&
            memcmp(upload->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return true;
    }
    return false;
}

static void note_taken(struct engine *engine, size_t frontend)
{
    engine->counters.uploads_taken++;
    reactions_note_upload(&engine->reactions, engine->publisher, frontend, clock_milliseconds(),
                          &engine->counters.reactions);
}

/* Takes an HSDir's answer for a frontend's upload, if there is one through this tor that waits for it. */
static bool take_answer(struct engine *engine, size_t tor, size_t frontend, const struct hs_desc_event *event,
                        const char *reason)
{
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        if (!is_in_flight(engine->publisher, frontend, slot, event->fingerprint, tor))
            continue;
        publisher_note_upload(engine->publisher, frontend, slot, event->fingerprint, reason,
                              clock_milliseconds());
        if (reason == NULL)
            note_taken(engine, frontend);
        else
            report_counters_note_failure(&engine->counters, event->reason);
        return true;
    }
    return false;
}

/* Finds the upload that an HSDir's answer is about: of the frontend it names, or, from an older tor that says
 * UNKNOWN, of any that waits for this HSDir. */
void engine_note_upload_event(struct engine *engine, size_t tor, const struct hs_desc_event *event)
{
    if ((event->action != HS_DESC_UPLOADED && event->action != HS_DESC_FAILED) || !event->has_fingerprint)
        return;
    const char *reason = NULL;
    if (event->action == HS_DESC_FAILED)
        reason = event->reason[0] != '\0' ? event->reason : "failed";
    if (event->has_address) {
        size_t frontend = engine_find_frontend(engine, event->address);
        if (frontend != KEY_INDEX_NONE)
            take_answer(engine, tor, frontend, event, reason);
        return;
    }
    for (size_t i = 0; i < engine->frontend_count; i++) {
        if (engine->frontends[i].config != NULL && take_answer(engine, tor, i, event, reason))
            return;
    }
}
