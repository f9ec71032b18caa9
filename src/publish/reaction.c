/* How long each frontend takes from a backend's hint of change until every HSDir has it. */
#include "publish/reaction.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A change that comes longer after a hint (milliseconds) has nothing to do with it: most hints are followed
 * by no change at all. */
#define HINT_LIFETIME 30000

struct reaction {
    struct assignment *published; /* the last one that every HSDir had its part of; NULL for none */
    bool has_hint;
    int64_t hint_at;
    bool is_under_way; /* HSDirs are being given another set */
    int64_t began_at;  /* when the first hint of that came */
};

void reactions_clear(struct reactions *reactions)
{
    for (size_t i = 0; i < reactions->frontend_count; i++)
        assignment_release(reactions->frontends[i].published);
    free(reactions->frontends);
    *reactions = (struct reactions){0};
}

void reactions_forget(struct reactions *reactions, size_t number)
{
    if (number >= reactions->frontend_count)
        return;
    assignment_release(reactions->frontends[number].published);
    reactions->frontends[number] = (struct reaction){0};
}

static struct reaction *find_reaction(struct reactions *reactions, const struct publisher *publisher,
                                      size_t number)
{
    reactions->frontends = memory_extend(reactions->frontends, &reactions->frontend_count,
                                         publisher->frontend_count, sizeof(*reactions->frontends));
    return &reactions->frontends[number];
}

void reactions_note_hint(struct reactions *reactions, const struct publisher *publisher, uint64_t number,
                         int64_t now)
{
    const struct source *source = publisher_find_source(publisher, number);
    for (size_t i = 0; source != NULL && i < source->frontend_count; i++) {
        struct reaction *reaction = find_reaction(reactions, publisher, source->frontends[i]);
        if (reaction->has_hint && now - reaction->hint_at <= HINT_LIFETIME)
            continue;
        reaction->has_hint = true;
        reaction->hint_at = now;
    }
}

/* When the change to a frontend's points began: at the hint before it, if there was one. */
static int64_t find_begin(const struct reaction *reaction, const struct publisher_frontend *frontend)
{
    bool has_hint = reaction->has_hint && reaction->hint_at <= frontend->changed_at &&
                    frontend->changed_at - reaction->hint_at <= HINT_LIFETIME;
    return has_hint ? reaction->hint_at : frontend->changed_at;
}

/* True when a round was for the points as they are now, which may have had to wait for an allowance. */
static bool has_sent_all(const struct publisher_frontend *frontend)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        if (assignment_gives_same(descriptor->round.assignment, frontend->assignment,
                                  descriptor->period_number))
            return true;
    }
    return false;
}

void reactions_note_upload(struct reactions *reactions, const struct publisher *publisher, size_t number,
                           int64_t now, struct histogram *histogram)
{
    const struct publisher_frontend *frontend = &publisher->frontends[number];
    struct reaction *reaction = find_reaction(reactions, publisher, number);
    if (assignment_equals(frontend->assignment, reaction->published)) {
        reaction->is_under_way = false;
        return;
    }
    if (!reaction->is_under_way) {
        reaction->is_under_way = true;
        reaction->began_at = find_begin(reaction, frontend);
    }
    if (!has_sent_all(frontend) || !publisher_is_published(publisher, number, now))
        return;
    if (reaction->published != NULL)
        histogram_note(histogram, now - reaction->began_at);
    assignment_replace(&reaction->published, frontend->assignment);
    reaction->is_under_way = false;
    reaction->has_hint = false;
}
