/* Which HSDirs have to have a frontend's two descriptors, and which point set each of them. */
#include "publish/descriptors.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"
#include "publish/pace.h"
#include "publish/tors.h"

struct publisher_upload *publisher_descriptor_find_upload(const struct publisher_descriptor *descriptor,
                                                          const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (memcmp(descriptor->uploads[i].fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return &descriptor->uploads[i];
    }
    return NULL;
}

/* The old state of the descriptor of a time period, whichever slot it was in: at a new shared random value
 * the second descriptor becomes the first. */
static struct publisher_descriptor *find_descriptor(struct publisher_descriptor old[DESCRIPTOR_SLOTS],
                                                    uint64_t period_number)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        if (old[slot].uploads != NULL && old[slot].period_number == period_number)
            return &old[slot];
    }
    return NULL;
}

static void upload_clear(struct publisher_upload *upload)
{
    point_set_release(upload->wanted);
    point_set_release(upload->sent);
    point_set_release(upload->taken);
    free(upload->reason);
}

void publisher_descriptor_clear(struct publisher_descriptor *descriptor)
{
    for (size_t i = 0; i < descriptor->upload_count; i++)
        upload_clear(&descriptor->uploads[i]);
    free(descriptor->uploads);
    descriptor->uploads = NULL;
    descriptor->upload_count = 0;
}

/* Has the upload go on in another list: what it holds is the new one's, and so is its permit. */
static void upload_move(struct publisher_upload *upload, struct publisher_upload *known)
{
    *upload = *known;
    known->wanted = known->sent = known->taken = NULL;
    known->reason = NULL;
    known->has_permit = false;
}

void frontend_assign_uploads(struct publisher_frontend *frontend)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            struct publisher_upload *upload = &descriptor->uploads[i];
            point_set_replace(
                &upload->wanted,
                assignment_find(frontend->assignment, descriptor->period_number, upload->fingerprint));
        }
    }
}

static void list_uploads(struct publisher_descriptor *descriptor, const struct network *network,
                         enum descriptor_slot slot, struct publisher_descriptor *old, int64_t due,
                         enum upload_cause cause)
{
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count = network_find_responsible(network, slot, descriptor->blinded_key, false, responsible);
    descriptor->uploads = memory_allocate(count, sizeof(*descriptor->uploads));
    descriptor->upload_count = count;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *fingerprint = network->hsdirs[responsible[i]->hsdir].fingerprint;
        struct publisher_upload *upload = &descriptor->uploads[i];
        struct publisher_upload *known =
            old != NULL ? publisher_descriptor_find_upload(old, fingerprint) : NULL;
        if (known != NULL) {
            upload_move(upload, known);
            continue;
        }
        memcpy(upload->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE);
        upload->state = UPLOAD_DUE;
        upload->cause = cause;
        upload->tor = PUBLISHER_NO_TOR;
        upload->due = due;
        upload->sent_at = upload->answered_at = upload->taken_at = upload->late_until = MOMENT_NONE;
    }
}

/* When a descriptor is to go to HSDirs that are new to it: at once, unless it is one for a time period that
 * clients go over to later. Those of all frontends come up in the same moment. */
static int64_t first_due(struct publisher *publisher, const struct publisher_frontend *frontend,
                         enum descriptor_slot slot, const struct publisher_descriptor *old, int64_t now)
{
    if (old != NULL || slot == publisher->network->client_slot || !frontend->has_started)
        return now;
    return now + publisher_draw(publisher, 0, publisher_scale(publisher, publisher->rules.new_period_spread));
}

static void leave_tors(struct publisher *publisher, struct publisher_descriptor descriptors[DESCRIPTOR_SLOTS])
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        for (size_t i = 0; i < descriptors[slot].upload_count; i++)
            upload_leave_tor(publisher, &descriptors[slot].uploads[i]);
    }
}

void frontend_leave_tors(struct publisher *publisher, struct publisher_frontend *frontend)
{
    leave_tors(publisher, frontend->descriptors);
}

void frontend_update_hsdirs(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    const struct network *network = publisher->network;
    struct publisher_descriptor old[DESCRIPTOR_SLOTS];
    memcpy(old, frontend->descriptors, sizeof(old));
    memset(frontend->descriptors, 0, sizeof(frontend->descriptors));
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        descriptor->period_number = network->period_number[slot];
        struct publisher_descriptor *known = find_descriptor(old, descriptor->period_number);
        descriptor->refresh_at = known != NULL ? known->refresh_at : MOMENT_NEVER;
        if (known != NULL)
            memcpy(descriptor->blinded_key, known->blinded_key, ED25519_PUBLIC_KEY_SIZE);
        else if (blinding_derive_public_key(descriptor->blinded_key, frontend->identity_key,
                                            descriptor->period_number, network->schedule.period_length) != 0)
            continue;
        int64_t due = first_due(publisher, frontend, slot, known, now);
        list_uploads(descriptor, network, slot, known, due,
                     frontend->has_started ? UPLOAD_FOR_HSDIR : UPLOAD_FOR_POINTS);
    }
    frontend_assign_uploads(frontend);
    leave_tors(publisher, old);
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        publisher_descriptor_clear(&old[slot]);
}
