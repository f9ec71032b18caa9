/* The engine's uploads: superdescriptors built and handed to the local tor. */
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/engine_parts.h"
#include "onion/presigned.h"

static void post_was_answered(struct control_connection *connection, const struct control_reply *reply,
                              void *context)
{
    (void)connection;
    struct post *post = context;
    if (reply != NULL && control_reply_is_ok(reply)) {
        post->is_accepted = true;
        return; /* it is on its way */
    }
    if (reply != NULL) {
        struct error error;
        error_set(&error, "tor refuses the upload: %d %s", reply->status, reply->lines[0].text);
        engine_fail_post(post, UPLOAD_FAILURE_TOR, error.text);
    }
    engine_end_post(post);
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

static int build_text(struct engine *engine, const struct publisher_action *action,
                      struct command_data **built, struct error *error)
{
    struct engine_frontend *frontend = &engine->frontends[action->frontend];
    const struct upload_request request = {
        .publisher = engine->publisher,
        .signer = engine->signer,
        .signer_frontend = frontend->config->signer_frontend,
        .keyring = &frontend->keyring,
        .action = action,
        .now = clock_wall_seconds(),
        .moment = clock_milliseconds(),
    };
    bool is_clock_back = false;
    if (check_bundle(engine, frontend->config, request.now, error) != 0 ||
        upload_build(&request, built, &is_clock_back, error) != 0)
        return -1;
    if (is_clock_back)
        snprintf(engine->last_error, sizeof(engine->last_error), "%s",
                 "this machine's clock was set back: revision counters go on from the last ones");
    return 0;
}

/* Hands the text to a tor for one of the action's HSDirs; builds it if there is none yet. */
static int upload_to(struct engine *engine, const struct publisher_action *action, struct post *post,
                     struct command_data **built, struct error *error)
{
    struct control_connection *connection = engine_tor_connection(engine, post->tor);
    if (connection == NULL)
        return error_set(error, "the local tor is not there");
    if (*built == NULL && build_text(engine, action, built, error) != 0)
        return -1;
    engine->counters.uploads++;
    upload_post(connection, post->fingerprint, engine->frontends[action->frontend].config->address, *built,
                post_was_answered, post);
    return 0;
}

void engine_perform_upload(struct engine *engine, const struct publisher_action *action)
{
    struct post *posts[PUBLISHER_ACTION_HSDIRS_MAX];
    struct command_data *built = NULL;
    /* The action's HSDirs are gone with the first word to the publisher. */
    for (size_t i = 0; i < action->hsdir_count; i++)
        posts[i] = engine_begin_post(engine, action, i);
    for (size_t i = 0; i < action->hsdir_count; i++) {
        struct error error;
        if (upload_to(engine, action, posts[i], &built, &error) != 0) {
            engine_fail_post(posts[i], UPLOAD_FAILURE_NOT_BUILT, error.text);
            engine_end_post(posts[i]);
        }
        if (action->is_shared)
            continue;
        command_data_release(built);
        built = NULL;
    }
    command_data_release(built);
    upload_keyring_rest(&engine->frontends[action->frontend].keyring);
}
