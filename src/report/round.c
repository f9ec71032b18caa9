/* What one round of publishing came to: how far it is, and its result. */
#include "report/round.h"

#include <string.h>

#include "report/status_value.h"

static void count_uploads(const struct publisher_descriptor *descriptor, struct round_counts *counts)
{
    for (size_t i = 0; i < descriptor->upload_count; i++)
        counts->taken += descriptor->uploads[i].state == UPLOAD_DONE;
    counts->uploads += descriptor->upload_count;
}

bool round_has_backend(const struct source *backend)
{
    return source_is_in(backend);
}

void round_count(const struct publisher *publisher, struct round_counts *counts)
{
    memset(counts, 0, sizeof(*counts));
    counts->backends = publisher->source_count;
    for (size_t i = 0; i < publisher->source_count; i++)
        counts->live += round_has_backend(&publisher->sources[i]);
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
            count_uploads(&publisher->frontends[i].descriptors[slot], counts);
    }
}

enum round_result round_judge(const struct publisher *publisher)
{
    struct round_counts counts;
    round_count(publisher, &counts);
    if (counts.taken == 0)
        return ROUND_NOTHING;
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            if (publisher->frontends[i].descriptors[slot].upload_count == 0)
                return ROUND_INCOMPLETE;
        }
    }
    return counts.taken == counts.uploads ? ROUND_COMPLETE : ROUND_INCOMPLETE;
}

static const char *name_result(enum round_result result)
{
    static const char *const names[] = {
        [ROUND_COMPLETE] = "complete",
        [ROUND_INCOMPLETE] = "incomplete",
        [ROUND_NOTHING] = "nothing",
    };
    return names[result];
}

void round_add_to_status(const struct round *round, json_t *status)
{
    double seconds = (double)(round->ended - round->started) / 1000.0;
    json_object_set_new(status, "result", json_string(name_result(round_judge(round->publisher))));
    json_object_set_new(status, "problem", status_value_text(round->problem));
    json_object_set_new(status, "seconds", json_real(seconds));
}
