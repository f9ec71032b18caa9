/* The engine's uploads: superdescriptors built and handed to the local tor. */
#include "engine/sender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/posts.h"
#include "onion/presigned.h"
#include "publish/lead.h"

/* Room for an HSPOST of as many HSDirs as an action has. */
#define SERVER_LENGTH (sizeof(" SERVER=") - 1 + 2 * RELAY_FINGERPRINT_SIZE)
#define COMMAND_SIZE                                                                                         \
    (sizeof("+HSPOST HSADDRESS=") + PUBLISHER_ACTION_HSDIRS_MAX * SERVER_LENGTH + ONION_ADDRESS_LENGTH)

/* tor's word for an HSDir that it does not know (control-spec, HSPOST); it has sent nothing then, also to
 * none of the others that the command names. */
#define LACKS_HSDIR 552

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

/* What is for others than the config says never goes out, whoever has mixed them up. */
static int check_clients(const struct config_frontend *config, const struct point_set *set,
                         struct error *error)
{
    if (authorized_clients_equal(set->features.clients, config->clients))
        return 0;
    return error_set(error, "it would be for other clients than the config's");
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
    if (check_clients(frontend->config, action->set, error) != 0 ||
        check_bundle(engine, frontend->config, request.wall_now, error) != 0 ||
        keyring_make_descriptor(&frontend->keyring, &request, built, &is_clock_back, error) != 0)
        return -1;
    if (is_clock_back) {
        snprintf(engine->last_error, sizeof(engine->last_error), "%s",
                 "this machine's clock was set back: revision counters go on from the last ones");
        engine->is_error_of_post = false;
    }
    return 0;
}

static void was_answered(struct control_connection *connection, const struct control_reply *reply,
                         void *context);

/* Hands a text to a tor for one HSDir, or for several that share it (HSPOST): tor's 250 means that the
 * uploads have begun, and each HSDir's answer comes as an event. */
static void hand_over(struct control_connection *connection, struct command_data *data,
                      struct post *const *posts, size_t count)
{
    const struct engine *engine = posts[0]->engine;
    char command[COMMAND_SIZE] = "+HSPOST";
    size_t length = strlen(command);
    struct handover *handover = memory_allocate(1, sizeof(*handover));
    for (size_t i = 0; i < count; i++) {
        char hex[2 * RELAY_FINGERPRINT_SIZE + 1];
        sodium_bin2hex(hex, sizeof(hex), posts[i]->fingerprint, RELAY_FINGERPRINT_SIZE);
        length += (size_t)snprintf(command + length, sizeof(command) - length, " SERVER=%s", hex);
        posts[i]->handover = handover;
        handover->posts[handover->post_count++] = posts[i];
    }
    snprintf(command + length, sizeof(command) - length, " HSADDRESS=%s",
             engine->frontends[posts[0]->frontend].config->address);
    if (count > 1)
        handover->data = command_data_share(data);
    control_connection_send_data(connection, command, data, was_answered, handover);
}

/* A tor has not taken a post: for one of several HSDirs it may yet be given it. */
static void note_refusal(struct control_connection *connection, const struct control_reply *reply,
                         struct command_data *data, struct post *post)
{
    if (reply->status == LACKS_HSDIR && data != NULL && !post->is_replaced) {
        engine_begin_post_again(post);
        hand_over(connection, data, &post, 1);
        return;
    }
    struct error error;
    error_set(&error, "tor refuses the upload: %d %s", reply->status, reply->lines[0].text);
    engine_fail_post(post, UPLOAD_FAILURE_TOR, error.text);
    engine_end_post(post);
}

/* The tor's word is for all posts of the handover, which ends with that. */
static void was_answered(struct control_connection *connection, const struct control_reply *reply,
                         void *context)
{
    struct handover answered = *(struct handover *)context;
    free(context);
    for (size_t i = 0; i < answered.post_count; i++)
        answered.posts[i]->handover = NULL;
    for (size_t i = 0; i < answered.post_count; i++) {
        struct post *post = answered.posts[i];
        if (reply == NULL)
            engine_end_post(post);
        else if (control_reply_is_ok(reply))
            post->is_accepted = true; /* it is on its way */
        else
            note_refusal(connection, reply, answered.data, post);
    }
    command_data_release(answered.data);
}

/* Hands a text to a tor for some of the action's HSDirs; builds it if there is none yet. */
static int upload_to(struct engine *engine, const struct publisher_action *action, struct post *const *posts,
                     size_t count, struct command_data **built, struct error *error)
{
    struct control_connection *connection = engine_tor_connection(engine, posts[0]->tor);
    if (connection == NULL)
        return error_set(error, "the local tor is not there");
    if (*built == NULL && build_text(engine, action, built, error) != 0)
        return -1;
    engine->counters.uploads += count;
    hand_over(connection, *built, posts, count);
    return 0;
}

/* Moves the posts that the first one's tor is to have to the front. Returns how many these are. */
static size_t gather_posts(struct post **posts, size_t count)
{
    size_t gathered = 1;
    for (size_t i = 1; i < count; i++) {
        if (posts[i]->tor != posts[0]->tor)
            continue;
        struct post *post = posts[i];
        posts[i] = posts[gathered];
        posts[gathered++] = post;
    }
    return gathered;
}

void engine_perform_upload(struct engine *engine, const struct publisher_action *action)
{
    struct post *posts[PUBLISHER_ACTION_HSDIRS_MAX];
    struct command_data *built = NULL;
    struct point_set *set = point_set_share(action->set);
    /* The action's HSDirs are gone with the first word to the publisher. */
    for (size_t i = 0; i < action->hsdir_count; i++)
        posts[i] = engine_begin_post(engine, action, i);
    size_t count = 0;
    for (size_t done = 0; done < action->hsdir_count; done += count) {
        struct error error;
        count = action->is_shared ? gather_posts(posts + done, action->hsdir_count - done) : 1;
        if (upload_to(engine, action, posts + done, count, &built, &error) != 0) {
            for (size_t i = done; i < done + count; i++) {
                engine_fail_post(posts[i], UPLOAD_FAILURE_NOT_BUILT, error.text);
                engine_end_post(posts[i]);
            }
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
