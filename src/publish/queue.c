/* Which of the uploads that are due goes next. */
#include "publish/queue.h"

#include <string.h>

#include "publish/pace.h"
#include "publish/tors.h"
#include "publish/uploads.h"

/* The descriptor that clients don't use now is as urgent as the other one that has waited for so many
 * milliseconds. */
#define OTHER_DESCRIPTOR_PATIENCE 1000

/* A text for each HSDir is what tor makes, and HSDirs that compare theirs learn nothing from it, not even
 * that no tor publishes this service. But it is most of the work, for which all others wait in a rush. To
 * share one there must be permits for several HSDirs: so many as a descriptor has where the network's
 * parameters are the default ones, rend-spec-v3 [HASHRING]. */
#define RUSH_PERMITS 8

/* An upload that may be sent now: of which descriptor and set, why, and until when it should have been sent.
 */
struct candidate {
    enum descriptor_slot slot;
    struct point_set *set;
    enum upload_cause cause;
    int64_t deadline;
};

/* Each cause has a patience, so that what is urgent goes first and still nothing waits for ever. */
static int64_t find_patience(const struct publisher *publisher, enum descriptor_slot slot,
                             enum upload_cause cause)
{
    const struct publisher_rules *rules = &publisher->rules;
    const int64_t patience[UPLOAD_CAUSES] = {
        [UPLOAD_FOR_POINTS] = 0,
        [UPLOAD_FOR_HSDIR] = rules->hsdir_patience,
        [UPLOAD_FOR_RETRY] = rules->retry_patience,
        [UPLOAD_FOR_PERIOD] = rules->period_patience,
        [UPLOAD_FOR_REFRESH] = rules->refresh_patience,
    };
    int64_t more = slot != publisher->network->client_slot ? OTHER_DESCRIPTOR_PATIENCE : 0;
    return publisher_scale(publisher, patience[cause]) + more;
}

/* What is for other clients than it is to be for now waits for the next round, which has something else. */
static bool is_for_clients(const struct publisher_frontend *frontend,
                           const struct publisher_descriptor *descriptor,
                           const struct publisher_upload *upload)
{
    const struct point_set *set = upload_find_set(descriptor, upload);
    return set != NULL && authorized_clients_equal(set->features.clients, frontend->clients);
}

static bool may_be_sent(const struct publisher_frontend *frontend,
                        const struct publisher_descriptor *descriptor, const struct publisher_upload *upload,
                        int64_t now)
{
    return upload->state == UPLOAD_DUE && now >= upload->due &&
           !frontend_is_busy(frontend, upload->fingerprint) && is_for_clients(frontend, descriptor, upload);
}

/* Finds a frontend's most urgent upload; best stays as it is when none may be sent now. */
static void find_candidate(const struct publisher *publisher, const struct publisher_frontend *frontend,
                           struct candidate *best, int64_t now)
{
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            const struct publisher_upload *upload = &descriptor->uploads[i];
            if (!may_be_sent(frontend, descriptor, upload, now))
                continue;
            int64_t deadline = upload->due + find_patience(publisher, slot, upload->cause);
            if (deadline < best->deadline)
                *best =
                    (struct candidate){slot, upload_find_set(descriptor, upload), upload->cause, deadline};
        }
    }
}

void frontend_enter_queue(struct publisher *publisher, size_t number, int64_t now)
{
    struct candidate candidate = {.deadline = MOMENT_NEVER};
    find_candidate(publisher, &publisher->frontends[number], &candidate, now);
    agenda_set(&publisher->queue, number, candidate.deadline);
}

void frontend_leave_queue(struct publisher *publisher, size_t number)
{
    agenda_set(&publisher->queue, number, MOMENT_NEVER);
}

/* True when an upload goes with a candidate: it may be sent, too, for the same reason and with the same set.
 */
static bool goes_with(const struct publisher_frontend *frontend,
                      const struct publisher_descriptor *descriptor, const struct publisher_upload *upload,
                      const struct candidate *candidate, int64_t now)
{
    return upload->cause == candidate->cause &&
           point_set_equals(upload_find_set(descriptor, upload), candidate->set) &&
           may_be_sent(frontend, descriptor, upload, now);
}

/* Takes a descriptor's uploads of one cause and set for as long as there are permits, each for the tor that
 * suits it best: one that failed goes to another tor. */
static size_t take_uploads(struct publisher *publisher, struct publisher_frontend *frontend,
                           const struct candidate *candidate, int64_t now)
{
    struct publisher_descriptor *descriptor = &frontend->descriptors[candidate->slot];
    size_t count = 0;
    for (size_t i = 0; i < descriptor->upload_count && count < PUBLISHER_ACTION_HSDIRS_MAX; i++) {
        struct publisher_upload *upload = &descriptor->uploads[i];
        if (!goes_with(frontend, descriptor, upload, candidate, now))
            continue;
        size_t avoid = upload->cause == UPLOAD_FOR_RETRY ? upload->tor : PUBLISHER_NO_TOR;
        size_t tor = publisher_choose_tor(publisher, avoid, now);
        if (tor == PUBLISHER_NO_TOR)
            break;
        upload_send(publisher, descriptor, upload, tor, now);
        memcpy(publisher->action_fingerprints[count], upload->fingerprint, RELAY_FINGERPRINT_SIZE);
        publisher->action_tors[count++] = tor;
    }
    return count;
}

/* In a rush there have to be permits for several HSDirs, if the tors have so many; a lone upload waits for
 * them, too, which takes no longer than the others need anyway. */
static bool has_permits(const struct publisher *publisher, bool is_rush)
{
    size_t all = 0;
    size_t free_permits = publisher_count_free_permits(publisher, &all);
    return free_permits >= (is_rush && all >= RUSH_PERMITS ? RUSH_PERMITS : 1);
}

bool queue_take(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    size_t number = 0;
    bool is_rush = agenda_count(&publisher->queue) > publisher->rules.rush;
    if (agenda_first(&publisher->queue, &number) == MOMENT_NEVER || !has_permits(publisher, is_rush))
        return false;
    struct candidate candidate = {.deadline = MOMENT_NEVER};
    find_candidate(publisher, &publisher->frontends[number], &candidate, now);
    action->type = PUBLISHER_UPLOAD;
    action->frontend = number;
    action->slot = candidate.slot;
    action->set = candidate.set;
    const struct publisher_round *round = &publisher->frontends[number].descriptors[candidate.slot].round;
    action->round = round->number;
    action->above = round->above;
    action->is_shared = is_rush;
    action->hsdir_count = take_uploads(publisher, &publisher->frontends[number], &candidate, now);
    publisher_touch_frontend(publisher, number, now); /* it may have more */
    return action->hsdir_count > 0;
}
