/* What one publication came to: how far it is, and its result. */
#include "report/outcome.h"

#include <string.h>

#include "publish/looks.h"
#include "report/status_value.h"

static void count_uploads(const struct publisher_descriptor *descriptor, struct outcome_counts *counts)
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        counts->taken += descriptor->uploads[i].state == UPLOAD_DONE;
        counts->asked += descriptor->uploads[i].look.asked_at != 0;
        counts->seen += descriptor->uploads[i].look.verdict == LOOK_CURRENT;
    }
    counts->uploads += descriptor->upload_count;
}

void outcome_count(const struct publisher *publisher, struct outcome_counts *counts)
{
    memset(counts, 0, sizeof(*counts));
    counts->backends = publisher->source_count;
    for (size_t i = 0; i < publisher->source_count; i++)
        counts->live += source_is_in(&publisher->sources[i]);
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        const struct publisher_frontend *frontend = &publisher->frontends[i];
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS && frontend->member_count > 0; slot++)
            count_uploads(&frontend->descriptors[slot], counts);
    }
}

const struct publisher_upload *outcome_find_failure(const struct publisher *publisher)
{
    const struct publisher_upload *last = NULL;
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            const struct publisher_descriptor *descriptor = &publisher->frontends[i].descriptors[slot];
            for (size_t j = 0; j < descriptor->upload_count; j++) {
                const struct publisher_upload *upload = &descriptor->uploads[j];
                if (upload->state != UPLOAD_DONE && upload->reason != NULL &&
                    (last == NULL || upload->answered_at > last->answered_at))
                    last = upload;
            }
        }
    }
    return last;
}

enum outcome_result outcome_judge(const struct outcome *outcome)
{
    const struct publisher *publisher = outcome->publisher;
    struct outcome_counts counts;
    outcome_count(publisher, &counts);
    if (counts.taken == 0)
        return OUTCOME_NOTHING;
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        const struct publisher_frontend *frontend = &publisher->frontends[i];
        if (frontend->member_count == 0)
            return OUTCOME_INCOMPLETE;
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            if (frontend->descriptors[slot].upload_count == 0)
                return OUTCOME_INCOMPLETE;
        }
    }
    bool is_seen = !outcome->is_verified ||
                   (counts.asked > 0 && counts.seen == counts.asked && !publisher_is_looking(publisher));
    return counts.taken == counts.uploads && is_seen ? OUTCOME_COMPLETE : OUTCOME_INCOMPLETE;
}

static const char *name_result(enum outcome_result result)
{
    static const char *const names[] = {
        [OUTCOME_COMPLETE] = "complete",
        [OUTCOME_INCOMPLETE] = "incomplete",
        [OUTCOME_NOTHING] = "nothing",
    };
    return names[result];
}

void outcome_add_to_status(const struct outcome *outcome, json_t *status)
{
    double seconds = (double)(outcome->ended - outcome->started) / 1000.0;
    json_object_set_new(status, "result", json_string(name_result(outcome_judge(outcome))));
    json_object_set_new(status, "problem", status_value_text(outcome->problem));
    if (outcome->is_verified)
        json_object_set_new(status, "isVerified", json_true());
    json_object_set_new(status, "seconds", json_real(seconds));
}
