/* The uploads' part of the state machine: which HSDir has to have which descriptor, and has it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obpub/crypto/blinding.h"
#include "obpub/memory.h"
#include "publish/publisher.h"
#include "publish/publisher_parts.h"

void frontend_clear(struct publisher_frontend *frontend)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        free(frontend->descriptors[slot].uploads);
    free(frontend->backends);
}

static struct publisher_upload *find_upload(const struct publisher_descriptor *descriptor,
                                            const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (memcmp(descriptor->uploads[i].fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return &descriptor->uploads[i];
    }
    return NULL;
}

/* The old state of the descriptor with a blinded key, whichever slot it was in: at a new shared random value
 * the second descriptor becomes the first. */
static const struct publisher_descriptor *
find_descriptor(const struct publisher_descriptor old[DESCRIPTOR_SLOTS],
                const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE])
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        if (old[slot].uploads != NULL &&
            memcmp(old[slot].blinded_key, blinded_key, ED25519_PUBLIC_KEY_SIZE) == 0)
            return &old[slot];
    }
    return NULL;
}

static void descriptor_update_hsdirs(struct publisher_descriptor *descriptor, const struct network *network,
                                     enum descriptor_slot slot, const struct publisher_descriptor *old,
                                     int64_t now)
{
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count = network_find_responsible(network, slot, descriptor->blinded_key, false, responsible);
    descriptor->uploads = memory_allocate(count, sizeof(*descriptor->uploads));
    descriptor->upload_count = count;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *fingerprint = network->hsdirs[responsible[i]->hsdir].fingerprint;
        struct publisher_upload *upload = &descriptor->uploads[i];
        const struct publisher_upload *known = old != NULL ? find_upload(old, fingerprint) : NULL;
        if (known != NULL) {
            *upload = *known;
            continue;
        }
        memcpy(upload->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE);
        upload->state = UPLOAD_DUE;
        upload->due = now;
    }
}

void frontend_update_hsdirs(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    const struct network *network = publisher->network;
    struct publisher_descriptor old[DESCRIPTOR_SLOTS];
    memcpy(old, frontend->descriptors, sizeof(old));
    memset(frontend->descriptors, 0, sizeof(frontend->descriptors));
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        descriptor->period_number = network->period_number[slot];
        if (blinding_derive_public_key(descriptor->blinded_key, frontend->identity_key,
                                       descriptor->period_number, network->schedule.period_length) != 0)
            continue;
        descriptor_update_hsdirs(descriptor, network, (enum descriptor_slot)slot,
                                 find_descriptor(old, descriptor->blinded_key), now);
    }
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        free(old[slot].uploads);
}

/* The answer of an HSDir names neither the descriptor nor its time period, so an HSDir is never sent both
 * descriptors of a frontend at the same time. */
static bool is_busy(const struct publisher_frontend *frontend,
                    const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_upload *upload = find_upload(&frontend->descriptors[slot], fingerprint);
        if (upload != NULL && upload->state == UPLOAD_IN_FLIGHT)
            return true;
    }
    return false;
}

/* Takes an HSDir of one descriptor that is due and free; NULL when there is none. Each gets an upload of its
 * own, since tor too encrypts a descriptor anew for each HSDir: no two of them can see that theirs are the
 * same. */
static struct publisher_upload *take_due(const struct publisher_frontend *frontend,
                                         const struct publisher_descriptor *descriptor, int64_t now)
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        struct publisher_upload *upload = &descriptor->uploads[i];
        if (upload->state != UPLOAD_DUE || now < upload->due || is_busy(frontend, upload->fingerprint))
            continue;
        upload->state = UPLOAD_IN_FLIGHT;
        upload->since = now;
        upload->attempts++;
        return upload;
    }
    return NULL;
}

/* A frontend's first upload waits until it is known of each of its backends whether it takes part. */
static bool frontend_may_publish(struct publisher *publisher, struct publisher_frontend *frontend)
{
    bool has_live = false;
    for (size_t i = 0; i < frontend->backend_count; i++) {
        const struct publisher_backend *backend = &publisher->backends[frontend->backends[i]];
        if (!frontend->has_started && !backend_has_settled(backend))
            return false;
        has_live = has_live || backend->descriptor != NULL;
    }
    frontend->has_started = true;
    return has_live;
}

bool publisher_next_upload(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    if (publisher->network == NULL)
        return false;
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        struct publisher_frontend *frontend = &publisher->frontends[i];
        if (!frontend_may_publish(publisher, frontend))
            continue;
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            const struct publisher_upload *upload = take_due(frontend, &frontend->descriptors[slot], now);
            if (upload == NULL)
                continue;
            memcpy(publisher->action_fingerprints[0], upload->fingerprint, RELAY_FINGERPRINT_SIZE);
            memset(action, 0, sizeof(*action));
            action->type = PUBLISHER_UPLOAD;
            action->frontend = i;
            action->slot = (enum descriptor_slot)slot;
            action->fingerprints = (const uint8_t(*)[RELAY_FINGERPRINT_SIZE])publisher->action_fingerprints;
            action->hsdir_count = 1;
            return true;
        }
    }
    return false;
}

/* Puts an upload that failed off, or gives it up. */
static void upload_fail(const struct publisher *publisher, struct publisher_upload *upload,
                        const char *reason, int64_t now)
{
    snprintf(upload->reason, sizeof(upload->reason), "%s", reason);
    upload->since = now;
    upload->state = upload->attempts < publisher->rules.attempts_max ? UPLOAD_DUE : UPLOAD_GIVEN_UP;
    upload->due = now + publisher_back_off(publisher->rules.retry_delay, upload->attempts);
}

void publisher_note_upload(struct publisher *publisher, size_t frontend, enum descriptor_slot slot,
                           const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const char *reason, int64_t now)
{
    struct publisher_upload *upload =
        find_upload(&publisher->frontends[frontend].descriptors[slot], fingerprint);
    if (upload == NULL || upload->state != UPLOAD_IN_FLIGHT)
        return;
    if (reason != NULL) {
        upload_fail(publisher, upload, reason, now);
        return;
    }
    upload->state = UPLOAD_DONE;
    upload->since = now;
    upload->reason[0] = '\0';
}

/* Calls visit() with every upload of every frontend. */
static void for_each_upload(struct publisher *publisher, int64_t now,
                            void (*visit)(const struct publisher *publisher, struct publisher_upload *upload,
                                          int64_t now))
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            struct publisher_descriptor *descriptor = &publisher->frontends[i].descriptors[slot];
            for (size_t j = 0; j < descriptor->upload_count; j++)
                visit(publisher, &descriptor->uploads[j], now);
        }
    }
}

static void fail_overdue(const struct publisher *publisher, struct publisher_upload *upload, int64_t now)
{
    if (upload->state == UPLOAD_IN_FLIGHT && now >= upload->since + publisher->rules.answer_timeout)
        upload_fail(publisher, upload, "no answer", now);
}

void publisher_check_answers(struct publisher *publisher, int64_t now)
{
    for_each_upload(publisher, now, fail_overdue);
}

/* It was the connection's fault, not the HSDir's: the attempt does not count. */
static void forget_in_flight(const struct publisher *publisher, struct publisher_upload *upload, int64_t now)
{
    if (upload->state != UPLOAD_IN_FLIGHT)
        return;
    upload->state = UPLOAD_DUE;
    upload->attempts--;
    upload->due = now + publisher->rules.retry_delay;
}

void publisher_note_tor_lost(struct publisher *publisher, int64_t now)
{
    for_each_upload(publisher, now, forget_in_flight);
}

static int64_t upload_moment(const struct publisher *publisher, const struct publisher_frontend *frontend,
                             const struct publisher_upload *upload)
{
    if (upload->state == UPLOAD_IN_FLIGHT)
        return upload->since + publisher->rules.answer_timeout;
    /* What waits for the HSDir to answer about the other descriptor is woken by that answer. */
    if (upload->state == UPLOAD_DUE && frontend->has_started && !is_busy(frontend, upload->fingerprint))
        return upload->due;
    return INT64_MAX;
}

int64_t publisher_next_upload_moment(const struct publisher *publisher)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        const struct publisher_frontend *frontend = &publisher->frontends[i];
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
            for (size_t j = 0; j < descriptor->upload_count; j++) {
                int64_t moment = upload_moment(publisher, frontend, &descriptor->uploads[j]);
                next = moment < next ? moment : next;
            }
        }
    }
    return next;
}

bool frontend_has_settled(const struct publisher *publisher, const struct publisher_frontend *frontend)
{
    bool has_live = false;
    for (size_t i = 0; i < frontend->backend_count; i++) {
        const struct publisher_backend *backend = &publisher->backends[frontend->backends[i]];
        if (!backend_has_settled(backend))
            return false;
        has_live = has_live || backend->descriptor != NULL;
    }
    for (size_t slot = 0; has_live && slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t j = 0; j < descriptor->upload_count; j++) {
            enum upload_state state = descriptor->uploads[j].state;
            if (state != UPLOAD_DONE && state != UPLOAD_GIVEN_UP)
                return false;
        }
    }
    return true;
}
