/* Which HSDirs have to have a frontend's two descriptors, and which point set each of them. */
#include "publish/descriptors.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"
#include "publish/pace.h"
#include "publish/rounds.h"
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

void publisher_descriptor_begin(struct publisher_descriptor *descriptor)
{
    *descriptor = (struct publisher_descriptor){.refresh_at = MOMENT_NEVER,
                                                .next_round_at = MOMENT_NEVER,
                                                .turn_at = MOMENT_NEVER,
                                                .round = {.begun_at = MOMENT_NONE}};
}

void publisher_descriptor_clear(struct publisher_descriptor *descriptor)
{
    assignment_release(descriptor->round.assignment);
    descriptor->round.assignment = NULL;
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
        bool has_next = round_is_planned(descriptor) || descriptor->round.number == 0;
        const struct assignment *assignment = has_next ? frontend->assignment : descriptor->round.assignment;
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            struct publisher_upload *upload = &descriptor->uploads[i];
            point_set_replace(&upload->wanted,
                              assignment_find(assignment, descriptor->period_number, upload->fingerprint));
        }
    }
}

/* An HSDir that is new to a descriptor: nothing is sent before the next round. */
static void upload_begin(struct publisher_upload *upload, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                         uint64_t round)
{
    memcpy(upload->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE);
    upload->state = UPLOAD_WAITING;
    upload->round = round;
    upload->tor = PUBLISHER_NO_TOR;
    upload->sent_at = upload->answered_at = upload->taken_at = MOMENT_NONE;
    upload->twin_at = upload->late_until = MOMENT_NONE;
}

/* Lists the HSDirs of a descriptor; those known from before keep their state. Where tors that share the key
 * have to be seen at the spare ones, these are left to them. Returns how many are new. */
static size_t list_uploads(struct publisher_descriptor *descriptor, const struct network *network,
                           enum descriptor_slot slot, bool leaves_spare_ones,
                           struct publisher_descriptor *old)
{
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    bool is_asked[HSDIR_RESPONSIBLE_MAX];
    size_t count = leaves_spare_ones
                       ? network_find_part(network, slot, descriptor->blinded_key, true, responsible)
                       : network_find_responsible(network, slot, descriptor->blinded_key, false, responsible);
    size_t new_count = 0;
    network_mark_asked(network, slot, descriptor->blinded_key, responsible, count, is_asked);
    descriptor->uploads = memory_allocate(count, sizeof(*descriptor->uploads));
    descriptor->upload_count = count;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *fingerprint = network->hsdirs[responsible[i]->hsdir].fingerprint;
        struct publisher_upload *upload = &descriptor->uploads[i];
        struct publisher_upload *known =
            old != NULL ? publisher_descriptor_find_upload(old, fingerprint) : NULL;
        if (known != NULL)
            upload_move(upload, known);
        else
            upload_begin(upload, fingerprint, descriptor->round.number);
        /* Also where it is known: HSDirs that come or go, or other parameters, can make an HSDir that clients
         * ask a spare one, and the other way round. */
        upload->is_asked = is_asked[i];
        new_count += known == NULL;
    }
    return new_count;
}

/* Has a descriptor go to HSDirs that are new to it, and so to all: at once, when clients use it and it was
 * not there before; or soon. Those of all frontends come up in the same moment, so each draws its own. */
static void plan_for_hsdirs(struct publisher *publisher, struct publisher_descriptor *descriptor,
                            enum descriptor_slot slot, enum upload_cause cause, int64_t now)
{
    const struct publisher_rules *rules = &publisher->rules;
    int64_t spread = slot == publisher->network->client_slot ? 0 : rules->new_period_spread;
    if (descriptor->round.number != 0)
        spread = rules->gain_spread;
    round_plan(descriptor, cause, now + publisher_draw(publisher, 0, publisher_scale(publisher, spread)));
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

/* Takes what is known of a descriptor over, but for its HSDirs. */
static void descriptor_move(struct publisher_descriptor *descriptor, struct publisher_descriptor *known)
{
    *descriptor = *known;
    descriptor->uploads = NULL;
    descriptor->upload_count = 0;
    known->round.assignment = NULL;
}

/* Makes the descriptor of a slot for a network, of what was known of it. Returns how many of its HSDirs are
 * new. */
static size_t update_descriptor(const struct network *network, const struct publisher_frontend *frontend,
                                enum descriptor_slot slot, struct publisher_descriptor *descriptor,
                                struct publisher_descriptor *known)
{
    publisher_descriptor_begin(descriptor);
    descriptor->period_number = network->period_number[slot];
    if (known != NULL)
        descriptor_move(descriptor, known);
    else if (blinding_derive_public_key(descriptor->blinded_key, frontend->identity_key,
                                        descriptor->period_number, network->schedule.period_length) != 0)
        return 0;
    return list_uploads(descriptor, network, slot, frontend->leaves_spares, known);
}

/* Those that are new have a round for this cause. */
static void update_hsdirs(struct publisher *publisher, struct publisher_frontend *frontend,
                          enum upload_cause cause, int64_t now)
{
    const struct network *network = publisher->network;
    struct publisher_descriptor old[DESCRIPTOR_SLOTS];
    memcpy(old, frontend->descriptors, sizeof(old));
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        struct publisher_descriptor *known = find_descriptor(old, network->period_number[slot]);
        if (update_descriptor(network, frontend, slot, descriptor, known) > 0 && frontend->has_started)
            plan_for_hsdirs(publisher, descriptor, slot, cause, now);
    }
    frontend_assign_uploads(frontend);
    leave_tors(publisher, old);
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        publisher_descriptor_clear(&old[slot]);
}

void frontend_update_hsdirs(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    update_hsdirs(publisher, frontend, UPLOAD_FOR_HSDIR, now);
}

void frontend_update_spares(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    update_hsdirs(publisher, frontend, UPLOAD_FOR_RETRY, now);
}
