/* How long each frontend takes from a backend's hint of change until every HSDir has it. */
#ifndef OBPUB_PUBLISH_REACTION_H
#define OBPUB_PUBLISH_REACTION_H

#include "base/histogram.h"
#include "publish/publisher.h"

struct reaction; /* one frontend's */

/* By the publisher's numbers of frontends. Zeroed at first; release with reactions_clear(). */
struct reactions {
    struct reaction *frontends;
    size_t frontend_count;
};

void reactions_clear(struct reactions *reactions);

/* Forgets what is kept of a frontend: it was taken away, and its number is given again. */
void reactions_forget(struct reactions *reactions, size_t frontend);

/* The backend gave a hint that its points may have changed: its tor uploads, it came back, it went. To be
 * called before the publisher is told. */
void reactions_note_hint(struct reactions *reactions, const struct publisher *publisher, uint64_t source,
                         int64_t now);

/* An HSDir took a descriptor of the frontend; to be called after the publisher has been told. Notes in the
 * histogram the time from the first hint, once every HSDir has the points as they are now. The first
 * publication of a frontend is no reaction. */
void reactions_note_upload(struct reactions *reactions, const struct publisher *publisher, size_t frontend,
                           int64_t now, struct histogram *histogram);

#endif
