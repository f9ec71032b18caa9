/* A story told to the publisher by hand, moment by moment, with what it answers written down. */
#include "helper_story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/model.h"
#include "base/memory.h"
#include "publish/descriptors.h"

#define EPOCH_DAY 20000 /* days since 1970 at which stories begin */
#define HOUR 3600
#define HSDIRS 40
#define LONG_UPTIME 3600000

enum { FROM_TOR, FROM_HSDIRS };

struct story *story_new(void)
{
    struct story *story = memory_allocate(1, sizeof(*story));
    struct publisher_rules rules = publisher_rules_default;
    rules.seed[0] = 1;
    rules.death_spread = rules.gain_spread = 0; /* stories of their own are about these */
    story->publisher = publisher_new(&rules);
    story->now = 1000000;
    story->schedule = (struct time_schedule){HOUR, 1440};
    story->hsdir_count = HSDIRS;
    story->hsdirs_answer = true;
    return story;
}

void story_free(struct story *story)
{
    publisher_free(story->publisher);
    authorized_clients_release(story->clients);
    free(story);
}

/* The identity key of a frontend by its number. */
static void make_frontend_key(uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], size_t frontend)
{
    model_make_identity_key(identity_key, 1 + frontend);
}

static size_t add_source(struct story *story, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                         enum source_kind kind)
{
    size_t number = publisher_add_source(story->publisher, identity_key, kind, story->now);
    struct story_backend *backend = &story->backends[number];
    backend->answers = true;
    backend->found = number;
    for (int from = FROM_TOR; from <= FROM_HSDIRS; from++) {
        backend->period[from] = EPOCH_DAY - 1;
        backend->counter[from] = 1;
        backend->point_count[from] = 3;
        for (size_t i = 0; i < 3; i++)
            backend->points[from][i] = number * 100 + i;
    }
    return number;
}

size_t story_add_backend(struct story *story, bool has_control)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    model_make_identity_key(identity_key, 100 + story->publisher->source_count);
    return add_source(story, identity_key,
                      has_control ? SOURCE_BACKEND_WITH_CONTROL : SOURCE_BACKEND_ON_HSDIRS);
}

size_t story_add_twin(struct story *story)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    make_frontend_key(identity_key, story->publisher->frontend_count);
    return add_source(story, identity_key, SOURCE_TWIN_WITH_CONTROL);
}

size_t story_add_unseen_twin(struct story *story)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    make_frontend_key(identity_key, story->publisher->frontend_count);
    return add_source(story, identity_key, SOURCE_TWIN_ON_HSDIRS);
}

size_t story_add_frontend(struct story *story, size_t count)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    make_frontend_key(identity_key, story->publisher->frontend_count);
    uint64_t backends[STORY_BACKENDS_MAX];
    for (size_t i = 0; i < count; i++)
        backends[i] = i;
    return publisher_add_frontend(story->publisher, identity_key, story->clients, backends, count,
                                  story->now);
}

void story_set_network(struct story *story, int day, int hour)
{
    static const uint8_t values[2][SHARED_RANDOM_VALUE_SIZE] = {"even days", "odd days"};
    struct hsdir hsdirs[STORY_HSDIRS_MAX];
    for (uint32_t i = 0; i < story->hsdir_count; i++)
        model_make_hsdir(&hsdirs[i], i);
    const struct model_consensus consensus = {
        .schedule = story->schedule,
        .valid_after = (EPOCH_DAY + day) * (int64_t)(24 * HOUR) + hour * HOUR,
        .previous_shared_random = values[(day + 1) % 2],
        .current_shared_random = values[day % 2],
        .hsdirs = hsdirs,
        .hsdir_count = story->hsdir_count,
    };
    publisher_set_network(story->publisher, model_make_network(&consensus), story->now);
}

void story_reach(struct story *story, size_t backend)
{
    publisher_note_reachable(story->publisher, backend, true, LONG_UPTIME, story->now);
}

static size_t add_backend_with_control(struct story *story)
{
    return story_add_backend(story, true);
}

/* Begins one with sources of a kind. */
static struct story *new_published(size_t count, enum descriptor_slot half,
                                   size_t (*add)(struct story *story))
{
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    for (size_t i = 0; i < count; i++) {
        add(story);
        story->backends[i].period[FROM_HSDIRS] += half == DESCRIPTOR_SECOND;
    }
    size_t frontend = story_add_frontend(story, count);
    story_set_network(story, 0, half == DESCRIPTOR_FIRST ? 6 : 18);
    for (size_t i = 0; i < count; i++)
        story_reach(story, i);
    story_run(story, 300000);
    assert_true(publisher_is_published(story->publisher, frontend, story->now));
    story_forget(story);
    return story;
}

struct story *story_new_published(size_t count, enum descriptor_slot half)
{
    return new_published(count, half, add_backend_with_control);
}

struct story *story_new_published_twins(size_t count, enum descriptor_slot half)
{
    return new_published(count, half, story_add_twin);
}

void story_announce(struct story *story, size_t backend, bool is_taken, uint32_t hsdir)
{
    struct hsdir named;
    model_make_hsdir(&named, hsdir);
    const uint8_t *blinded_key = is_taken ? NULL : story->publisher->sources[backend].blinded_key;
    publisher_note_source_upload(story->publisher, backend,
                                 is_taken ? SOURCE_UPLOAD_TAKEN : SOURCE_UPLOAD_BEGUN, named.fingerprint,
                                 blinded_key, story->now);
}

void story_change_points(struct story *story, size_t number, uint64_t first)
{
    struct story_backend *backend = &story->backends[number];
    for (int from = FROM_TOR; from <= FROM_HSDIRS; from++) {
        backend->counter[from]++;
        for (size_t i = 0; i < backend->point_count[from]; i++)
            backend->points[from][i] = first + i;
    }
    story_announce(story, number, false, 0);
    story_announce(story, number, true, 0);
}

/* -- answers ----------------------------------------------------------------------------------------- */

static struct descriptor *make_descriptor(const struct story *story, size_t number, int from)
{
    const struct story_backend *backend = &story->backends[number];
    struct descriptor *descriptor = model_make_descriptor(backend->period[from], backend->counter[from],
                                                          backend->points[from], backend->point_count[from]);
    descriptor->signing_key[0] = (uint8_t)(number + 1);
    descriptor->signing_key[1] = backend->process;
    descriptor->signing_key[2] = (uint8_t)backend->period[from];
    descriptor->pow_params.is_present = backend->seed != 0;
    descriptor->pow_params.seed[0] = backend->seed;
    descriptor->pow_params.suggested_effort = backend->effort;
    descriptor->pow_params.expires_at = backend->seed_ends;
    if (backend->seed_ends != 0)
        descriptor->decoded_at = STORY_EPOCH + story->now / 1000;
    return descriptor;
}

static void answer_fetch(struct story *story, const struct publisher_action *action)
{
    struct story_backend *backend = &story->backends[action->source];
    int from = action->from_hsdirs ? FROM_HSDIRS : FROM_TOR;
    backend->fetches[from]++;
    backend->fetched_at = story->now;
    backend->fetch_tor = action->tor;
    if (action->from_hsdirs)
        assert_true(action->hsdir_count > 0);
    if (!backend->answers)
        return;
    if (backend->fails && action->from_hsdirs && story->hsdirs_refuse == UPLOAD_FAILURE_NONE)
        publisher_note_hsdirs_answered(story->publisher, action->source, story->now);
    if (backend->fails)
        publisher_note_fetch_failed(story->publisher, action->source, "it fails", !action->from_hsdirs,
                                    story->now);
    else
        publisher_note_descriptor(
            story->publisher, action->source,
            make_descriptor(story, action->from_hsdirs ? backend->found : (size_t)action->source, from),
            story->now);
}

static void write_down(struct story *story, const struct publisher_action *action)
{
    size_t count = action->set->count;
    assert_in_range(count, 1, INTRODUCTION_POINTS_MAX);
    for (size_t i = 0; i < action->hsdir_count; i++) {
        assert_true(story->upload_count < STORY_UPLOADS_MAX);
        struct story_upload *upload = &story->uploads[story->upload_count++];
        upload->at = story->now;
        upload->frontend = action->frontend;
        upload->slot = action->slot;
        upload->round = action->round;
        upload->above = action->above;
        upload->hsdir = model_hsdir_number(action->fingerprints[i]);
        upload->tor = action->tors[i];
        upload->is_shared = action->is_shared;
        upload->point_count = count;
        upload->seed =
            action->set->features.pow_params.is_present ? action->set->features.pow_params.seed[0] : 0;
        upload->effort = action->set->features.pow_params.suggested_effort;
        upload->pow_lifetime = action->set->features.pow_lifetime;
        upload->middle_length = action->set->features.middle_length;
        const struct authorized_clients *clients = action->set->features.clients;
        upload->client_count = clients != NULL ? clients->count : 0;
        if (clients != NULL)
            memcpy(upload->clients, clients->digest, sizeof(upload->clients));
        for (size_t j = 0; j < count; j++)
            upload->points[j] = model_point_number(&action->set->entries[j].point);
    }
}

static enum upload_failure find_failure(struct story *story, const struct publisher_upload *upload,
                                        enum descriptor_slot slot, uint64_t round, uint32_t hsdir)
{
    if (story->loses_answers)
        return upload->attempts == 1 ? UPLOAD_FAILURE_CIRCUIT : UPLOAD_FAILURE_REJECTED;
    bool *has_refused = &story->has_refused[slot][hsdir];
    bool refuses = hsdir < story->league && story->refused_round[slot] != round && !*has_refused;
    *has_refused = refuses;
    if (!refuses)
        return story->hsdirs_refuse;
    story->refused_round[slot] = round;
    return UPLOAD_FAILURE_REJECTED;
}

static void answer_upload(struct story *story, const struct publisher_action *action)
{
    uint8_t fingerprints[PUBLISHER_ACTION_HSDIRS_MAX][RELAY_FINGERPRINT_SIZE];
    enum descriptor_slot slot = action->slot;
    uint64_t round = action->round;
    memcpy(fingerprints, action->fingerprints, action->hsdir_count * RELAY_FINGERPRINT_SIZE);
    write_down(story, action);
    const struct publisher_descriptor *descriptor =
        &story->publisher->frontends[action->frontend].descriptors[slot];
    for (size_t i = 0; story->hsdirs_answer && i < action->hsdir_count; i++)
        publisher_note_upload(story->publisher, action->frontend, action->slot, fingerprints[i],
                              find_failure(story,
                                           publisher_descriptor_find_upload(descriptor, fingerprints[i]),
                                           slot, round, model_hsdir_number(fingerprints[i])),
                              "refused", story->now);
}

static void answer_look(struct story *story, const struct publisher_action *action)
{
    const struct publisher_frontend *frontend = &story->publisher->frontends[action->frontend];
    struct look_result result = {.finding = LOOK_FINDING_NO_ANSWER, .made_at = MOMENT_NONE};
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    memcpy(fingerprint, action->fingerprints[0], sizeof(fingerprint));
    assert_int_equal(action->hsdir_count, 1);
    assert_int_equal(action->slot, story->publisher->network->client_slot);
    story->looks++;
    if (story->answer_look != NULL)
        story->answer_look(story, action, &result);
    publisher_note_look(story->publisher, action->frontend, frontend->descriptors[action->slot].period_number,
                        fingerprint, &result, story->now);
}

static void answer_check(struct story *story, const struct publisher_action *action)
{
    struct story_backend *backend = &story->backends[action->source];
    backend->checks++;
    backend->checked_at = story->now;
    if (!backend->hangs)
        publisher_note_check(story->publisher, action->source, backend->finding,
                             backend->finding == HEALTH_FINDING_WELL ? "" : "it answers 500", story->now);
}

void story_answer(struct story *story, const struct story_upload *upload, enum upload_failure failure)
{
    struct hsdir hsdir;
    model_make_hsdir(&hsdir, upload->hsdir);
    publisher_note_upload(story->publisher, upload->frontend, upload->slot, hsdir.fingerprint, failure,
                          "refused", story->now);
}

void story_settle(struct story *story)
{
    struct publisher_action action;
    for (unsigned i = 0; publisher_next_action(story->publisher, &action, story->now); i++) {
        assert_true(i < 1000);
        if (action.type == PUBLISHER_FETCH)
            answer_fetch(story, &action);
        else if (action.type == PUBLISHER_UPLOAD)
            answer_upload(story, &action);
        else if (action.type == PUBLISHER_CHECK)
            answer_check(story, &action);
        else
            answer_look(story, &action);
    }
    assert_true(publisher_next_moment(story->publisher) > story->now);
}

void story_run(struct story *story, int64_t milliseconds)
{
    int64_t end = story->now + milliseconds;
    story_settle(story);
    for (int64_t next; (next = publisher_next_moment(story->publisher)) <= end;) {
        story->now = next;
        story->wakes++;
        story_settle(story);
    }
    story->now = end;
}

void story_forget(struct story *story)
{
    story->upload_count = 0;
    story->looks = 0;
    story->wakes = 0;
    for (size_t i = 0; i < STORY_BACKENDS_MAX; i++)
        memset(story->backends[i].fetches, 0, sizeof(story->backends[i].fetches));
}

/* -- what came of it --------------------------------------------------------------------------------- */

static bool upload_has(const struct story_upload *upload, uint64_t point)
{
    for (size_t i = 0; i < upload->point_count; i++) {
        if (upload->points[i] == point)
            return true;
    }
    return false;
}

static bool is_last(const struct story *story, size_t number)
{
    const struct story_upload *upload = &story->uploads[number];
    for (size_t i = number + 1; i < story->upload_count; i++) {
        const struct story_upload *other = &story->uploads[i];
        if (other->hsdir == upload->hsdir && other->slot == upload->slot &&
            other->frontend == upload->frontend)
            return false;
    }
    return true;
}

/* Whether all last uploads have the point, or have it not; false when there is none. */
static bool all_are(const struct story *story, uint64_t point, bool has)
{
    for (size_t i = 0; i < story->upload_count; i++) {
        if (is_last(story, i) && upload_has(&story->uploads[i], point) != has)
            return false;
    }
    return story->upload_count > 0;
}

bool story_all_have(const struct story *story, uint64_t point)
{
    return all_are(story, point, true);
}

bool story_none_has(const struct story *story, uint64_t point)
{
    return all_are(story, point, false);
}

size_t story_count_moments(const struct story *story)
{
    size_t count = 0;
    for (size_t i = 0; i < story->upload_count; i++)
        count += i == 0 || story->uploads[i].at != story->uploads[i - 1].at;
    return count;
}

size_t story_count_to_first(const struct story *story)
{
    const struct story_upload *first = &story->uploads[0];
    size_t count = 0;
    for (size_t i = 0; i < story->upload_count; i++)
        count += story->uploads[i].hsdir == first->hsdir && story->uploads[i].slot == first->slot;
    return count;
}
