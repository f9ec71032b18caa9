/* The engine's uploads: superdescriptors built and handed to the local tor. */
#include "engine/sender.h"

#include <stdio.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/posts.h"
#include "onion/presigned.h"
#include "publish/lead.h"

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
static int check_bundle(const struct engine *engine, const struct config_frontend *config, int64_t wall_now,
                        struct error *error)
{
    const struct time_schedule *schedule = &engine->publisher->network->schedule;
    if (config->key_format != KEY_FORMAT_BUNDLE ||
        presigned_is_usable(presigned_judge(&config->plan, schedule, wall_now)))
        return 0;
    char text[PRESIGNED_TEXT_SIZE];
    presigned_describe(text, &config->plan, schedule, wall_now);
    return error_set(error, "%s", text);
}

static int build_text(struct engine *engine, const struct publisher_action *action,
                      struct command_data **built, struct error *error)
{
    struct engine_frontend *frontend = &engine->frontends[action->frontend];
    const struct publisher *publisher = engine->publisher;
    const struct keyring_request request = {
        .network = publisher->network,
        .signer = engine->signer,
        .signer_frontend = frontend->config->signer_frontend,
        .identity_key = publisher->frontends[action->frontend].identity_key,
        .slot = action->slot,
        .set = action->set,
        .round = action->round,
        .lead = publisher->frontends[action->frontend].descriptors[action->slot].round.lead / 1000,
        .above = action->above,
        .lead_longest = lead_find_longest(publisher, &publisher->frontends[action->frontend]) / 1000,
        .wall_now = clock_wall_seconds(),
        .now = clock_milliseconds(),
    };
    bool is_clock_back = false;
    if (check_bundle(engine, frontend->config, request.wall_now, error) != 0 ||
        keyring_make_descriptor(&frontend->keyring, &request, built, &is_clock_back, error) != 0)
        return -1;
    if (is_clock_back)
        snprintf(engine->last_error, sizeof(engine->last_error), "%s",
                 "this machine's clock was set back: revision counters go on from the last ones");
    return 0;
}

/* Hands a text to tor for one HSDir (HSPOST): tor's 250 means that the upload has begun, and the HSDir's
 * answer comes as an event. */
static void send_post(struct control_connection *connection, struct post *post, const char *address,
                      struct command_data *built)
{
    char hex[2 * RELAY_FINGERPRINT_SIZE + 1];
    char command[sizeof("+HSPOST SERVER= HSADDRESS=") + sizeof(hex) + ONION_ADDRESS_LENGTH];
    sodium_bin2hex(hex, sizeof(hex), post->fingerprint, RELAY_FINGERPRINT_SIZE);
    snprintf(command, sizeof(command), "+HSPOST SERVER=%s HSADDRESS=%s", hex, address);
    control_connection_send_data(connection, command, built, post_was_answered, post);
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
    send_post(connection, post, engine->frontends[action->frontend].config->address, *built);
    return 0;
}

void engine_perform_upload(struct engine *engine, const struct publisher_action *action)
{
    struct post *posts[PUBLISHER_ACTION_HSDIRS_MAX];
    struct command_data *built = NULL;
    struct point_set *set = point_set_share(action->set);
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
    point_set_release(set);
    keyring_rest(&engine->frontends[action->frontend].keyring);
}
