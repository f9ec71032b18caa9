/* When a source is asked for its descriptor, and who is asked: for the publisher's own files. */
#ifndef OBPUB_PUBLISH_FETCHES_H
#define OBPUB_PUBLISH_FETCHES_H

#include "publish/state.h"

/* Between a hint of a new descriptor and the fetch (milliseconds): hints come in bunches. */
#define FETCH_DELAY 100

/* Has a source asked in delay at the latest, since there is a hint of something new; once more if the source
 * is being asked. why: what the hint is, for whoever follows the changes of its machines. */
void source_fetch_soon(struct publisher *publisher, struct source *source, int64_t delay, const char *why,
                       int64_t now);

/* True when the source is to be asked, as soon as there is a permit. */
bool source_wants_fetch(const struct publisher *publisher, const struct source *source, int64_t now);

/* Has the source wait for a permit if it is to be asked, and not wait if it is not. */
void fetch_queue_update(struct publisher *publisher, const struct source *source, int64_t now);

/* Makes the action of asking the source that has waited longest, if there is one and a permit is free. */
bool fetch_queue_take(struct publisher *publisher, struct publisher_action *action, int64_t now);

/* Gives back the permit that the source's fetch holds, if there is one. */
void source_return_fetch_permit(struct publisher *publisher, const struct source *source);

/* The fetch under way has ended; the source is asked next at next_fetch. */
void source_end_fetch(struct publisher *publisher, struct source *source, int64_t next_fetch, int64_t now);

/* Whom a source's descriptor is best asked of, if there is the choice. GETINFO answers with a service's first
 * descriptor, always. While clients use the second one the first one's introduction points are about to go,
 * so then it is better to ask as clients do; where that fails, the other way is still better than nothing.
 * And a tor that has not yet seen the newest shared random value answers GETINFO with what clients used
 * before. */
enum inquiry_target publisher_preferred_target(const struct publisher *publisher);

#endif
