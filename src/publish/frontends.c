/* The frontends' part of the state machine: whose points are in, and when a change of them may go out. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/hash.h"
#include "publish/publisher.h"
#include "publish/publisher_parts.h"

/* Uploads that one backend's changes may cause at once: a backend that restarts goes out and comes in. After
 * these, each one has to be flap_interval after the one before, until it has been quiet for a while. */
#define TOKENS_MAX 2

/* A backend that was lost so many milliseconds ago, or less, is one of those that were lost together. */
#define MISSED_TIME (10 * 60 * 1000)

static void remove_link(struct publisher_backend *backend, size_t frontend)
{
    for (size_t i = 0; i < backend->frontend_count; i++) {
        if (backend->frontends[i] == frontend) {
            backend->frontends[i] = backend->frontends[--backend->frontend_count];
            return;
        }
    }
}

static void add_link(struct publisher_backend *backend, size_t frontend)
{
    backend->frontends =
        memory_resize(backend->frontends, ++backend->frontend_count, sizeof(*backend->frontends));
    backend->frontends[backend->frontend_count - 1] = frontend;
}

static const struct publisher_member *find_member(const struct publisher_member *members, size_t count,
                                                  size_t backend)
{
    for (size_t i = 0; i < count; i++) {
        if (members[i].backend == backend)
            return &members[i];
    }
    return NULL;
}

void publisher_set_members(struct publisher *publisher, size_t number, const size_t *backends,
                           size_t backend_count, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    struct publisher_member *old = frontend->members;
    size_t old_count = frontend->member_count;
    for (size_t i = 0; i < old_count; i++)
        remove_link(&publisher->backends[old[i].backend], number);
    frontend->members = memory_allocate(backend_count, sizeof(*frontend->members));
    frontend->member_count = backend_count;
    for (size_t i = 0; i < backend_count; i++) {
        const struct publisher_member *known = find_member(old, old_count, backends[i]);
        if (known != NULL)
            frontend->members[i] = *known;
        else
            frontend->members[i] = (struct publisher_member){.backend = backends[i], .tokens = TOKENS_MAX};
        add_link(&publisher->backends[backends[i]], number);
    }
    free(old);
    if (backend_count > 0)
        frontend_update_set(publisher, number, SIZE_MAX, now);
}

/* True for a backend that was lost of late, and may be as alive as the last one. */
static bool is_missed(const struct publisher_backend *backend, int64_t now)
{
    return backend_is_lost(backend) && now - backend->since <= MISSED_TIME;
}

/* No backend is live any more, changed being the last that was. Where it and others were lost one after the
 * other, it is probably the way to them that is lost, and all of them stay. */
static void keep_missed(const struct publisher *publisher, struct publisher_frontend *frontend,
                        size_t changed, int64_t now)
{
    if (changed == SIZE_MAX || !is_missed(&publisher->backends[changed], now))
        return;
    for (size_t i = 0; i < frontend->member_count; i++)
        frontend->members[i].is_in |= is_missed(&publisher->backends[frontend->members[i].backend], now);
}

/* With no backend live the last good set stays: to publish nothing would help nobody. Those of it that are
 * lost stay for a while after the first is back, since the way to them may come back, too. */
static void update_membership(const struct publisher *publisher, struct publisher_frontend *frontend,
                              size_t changed, int64_t now)
{
    size_t live = 0;
    for (size_t i = 0; i < frontend->member_count; i++)
        live += backend_is_in(&publisher->backends[frontend->members[i].backend]);
    bool was_static = frontend->is_static;
    int64_t until = was_static ? now + publisher->rules.grace : frontend->kept_until;
    frontend->is_static = live == 0;
    frontend->kept_until = AGENDA_NEVER;
    if (live == 0) {
        if (!was_static)
            keep_missed(publisher, frontend, changed, now);
        return;
    }
    bool keeps = until != AGENDA_NEVER && now < until;
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        const struct publisher_backend *backend = &publisher->backends[member->backend];
        bool is_kept = keeps && member->is_in && backend_is_lost(backend);
        member->is_in = is_kept || backend_is_in(backend);
        if (is_kept)
            frontend->kept_until = until;
    }
}

size_t publisher_choose_points(const struct publisher *publisher, size_t number,
                               struct superdescriptor *superdescriptor)
{
    const struct publisher_frontend *frontend = &publisher->frontends[number];
    struct choice_offer *offers = memory_allocate(frontend->member_count, sizeof(*offers));
    const struct descriptor **descriptors =
        memory_allocate(frontend->member_count, sizeof(const struct descriptor *));
    size_t count = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_backend *backend = &publisher->backends[frontend->members[i].backend];
        if (!frontend->members[i].is_in || backend->descriptor == NULL)
            continue;
        descriptors[count] = backend->descriptor;
        offers[count].identity_key = backend->identity_key;
        offers[count].points = backend->descriptor->points;
        offers[count].point_count = backend->descriptor->point_count;
        count++;
    }
    superdescriptor->point_count = choice_pick_points(superdescriptor->points, INTRODUCTION_POINTS_MAX,
                                                      offers, count, publisher->rules.seed);
    if (count > 0)
        superdescriptor_merge_features(superdescriptor, (const struct descriptor *const *)descriptors, count);
    free(offers);
    free(descriptors);
    return superdescriptor->point_count;
}

/* Names a set of points with its features; 0 is the empty one. */
static uint64_t name_set(const struct publisher *publisher, size_t number)
{
    struct superdescriptor superdescriptor = {0};
    if (publisher_choose_points(publisher, number, &superdescriptor) == 0)
        return 0;
    struct span pieces[2 * INTRODUCTION_POINTS_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i < superdescriptor.point_count; i++) {
        pieces[count++] = (struct span){superdescriptor.points[i]->auth_key, ED25519_PUBLIC_KEY_SIZE};
        pieces[count++] = (struct span){superdescriptor.points[i]->enc_key, X25519_PUBLIC_KEY_SIZE};
    }
    uint8_t features[10];
    hash_encode_uint64(features, superdescriptor.flow_control.versions);
    features[8] = superdescriptor.flow_control.is_present ? superdescriptor.flow_control.sendme_inc : 0;
    features[9] = superdescriptor.is_single_onion_service;
    pieces[count++] = (struct span){features, sizeof(features)};
    uint8_t digest[SHA3_256_SIZE];
    hash_sha3_256(digest, pieces, count);
    uint64_t name;
    memcpy(&name, digest, sizeof(name));
    return name != 0 ? name : 1;
}

void frontend_update_set(struct publisher *publisher, size_t number, size_t changed_backend, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    update_membership(publisher, frontend, changed_backend, now);
    publisher_touch_frontend(publisher, number, now);
    uint64_t set = name_set(publisher, number);
    if (set == frontend->set)
        return;
    frontend->set = set; /* 0 when all its backends are new ones, not yet heard of: then nothing goes out */
    frontend->changed_at = now;
    frontend->is_urgent |= changed_backend == SIZE_MAX || !publisher->backends[changed_backend].has_turned;
    if (frontend->changed_since == AGENDA_NEVER)
        frontend->changed_since = now;
    for (size_t i = 0; i < frontend->member_count; i++) {
        if (frontend->members[i].backend == changed_backend)
            frontend->members[i].has_changed = true;
    }
}

static void grow_tokens(const struct publisher *publisher, struct publisher_member *member, int64_t now)
{
    while (member->tokens < TOKENS_MAX && now - member->token_since >= publisher->rules.flap_interval) {
        member->tokens++;
        member->token_since += publisher->rules.flap_interval;
    }
}

/* When the members that have changed have a token among them; MOMENT_NONE for at once. */
static int64_t find_token_moment(const struct publisher *publisher, struct publisher_frontend *frontend,
                                 int64_t now)
{
    int64_t moment = AGENDA_NEVER;
    bool has_changed_member = false;
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        if (!member->has_changed)
            continue;
        has_changed_member = true;
        grow_tokens(publisher, member, now);
        if (member->tokens > 0)
            return MOMENT_NONE;
        int64_t next = member->token_since + publisher->rules.flap_interval;
        moment = next < moment ? next : moment;
    }
    return has_changed_member ? moment : MOMENT_NONE;
}

static void forget_changes(struct publisher_frontend *frontend)
{
    for (size_t i = 0; i < frontend->member_count; i++)
        frontend->members[i].has_changed = false;
    frontend->changed_since = AGENDA_NEVER;
    frontend->is_urgent = false;
}

static void release(struct publisher_frontend *frontend, int64_t now)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        if (member->has_changed && member->tokens > 0) {
            member->token_since = now;
            member->tokens--;
        }
    }
    frontend->released_set = frontend->set;
    frontend->released_at = now;
    if (frontend->is_urgent)
        frontend->urgent_at = now;
    forget_changes(frontend);
}

int64_t frontend_release_changes(struct publisher *publisher, struct publisher_frontend *frontend,
                                 int64_t now)
{
    if (frontend->released_set == 0) {
        frontend->released_set = frontend->set;
        frontend->released_at = now;
        forget_changes(frontend);
        return AGENDA_NEVER;
    }
    if (frontend->changed_since == AGENDA_NEVER)
        return AGENDA_NEVER;
    int64_t moment = frontend->changed_since + publisher->rules.gather;
    int64_t token_moment = find_token_moment(publisher, frontend, now);
    moment = token_moment > moment ? token_moment : moment;
    if (now < moment)
        return moment;
    if (frontend->set == frontend->released_set && !frontend_has_other_set(frontend))
        forget_changes(frontend); /* it is as it was: nothing to send, nothing to pay */
    else
        release(frontend, now);
    return AGENDA_NEVER;
}

bool frontend_may_publish(struct publisher *publisher, struct publisher_frontend *frontend)
{
    for (size_t i = 0; !frontend->has_started && i < frontend->member_count; i++) {
        if (publisher->backends[frontend->members[i].backend].state == BACKEND_WAITING)
            return false;
    }
    if (frontend->set == 0)
        return false;
    frontend->has_started = true;
    return true;
}
