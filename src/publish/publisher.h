/* What to publish, when and where: a state machine without any input or output, clock or randomness of its
 * own.
 *
 * It is told what happened and when, and hands back what is to be done: descriptors to fetch from sources,
 * superdescriptors to upload to HSDirs. Times are milliseconds of a clock that only goes forward. All that it
 * does follows from its rules, the seed in them, and what it is told: the same story always has the same end.
 */
#ifndef OBPUB_PUBLISH_PUBLISHER_H
#define OBPUB_PUBLISH_PUBLISHER_H

#include "publish/action.h"
#include "publish/check_events.h"
#include "publish/drain.h"
#include "publish/frontends.h"
#include "publish/look_results.h"
#include "publish/looks.h"
#include "publish/source_events.h"
#include "publish/state.h"
#include "publish/upload_events.h"

struct publisher *publisher_new(const struct publisher_rules *rules);
void publisher_free(struct publisher *publisher);

/* Has changed() called with every change of the machines of a source; it must not call the publisher. */
void publisher_set_observer(struct publisher *publisher,
                            void (*changed)(const struct source_change *change, void *context),
                            void *context);

/* Frontends have numbers counted from 0; a number that was taken away is given again. clients, which are
 * shared, are those that alone may read the frontend's descriptors; NULL: everybody may. Those of sources are
 * never given again, see source_row(): what is told of one that is gone is passed over. */
uint64_t publisher_add_source(struct publisher *publisher,
                              const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], enum source_kind kind,
                              int64_t now);
size_t publisher_add_frontend(struct publisher *publisher,
                              const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                              struct authorized_clients *clients, const uint64_t *sources,
                              size_t source_count, int64_t now);

/* Has other clients alone be able to read a frontend's descriptors (NULL: everybody), which are shared. What
 * is for others is sent to no HSDir any more from then on, and both descriptors go out within seconds. */
void publisher_set_clients(struct publisher *publisher, size_t frontend, struct authorized_clients *clients,
                           int64_t now);

/* Whether a frontend's HSDirs have the same points; DESCRIPTORS_AUTO at first. */
void publisher_set_descriptors(struct publisher *publisher, size_t frontend, enum descriptors_policy policy,
                               int64_t now);

/* How many points a frontend's descriptors have at the most, 1 to INTRODUCTION_POINTS_MAX; that many at
 * first. */
void publisher_set_points_max(struct publisher *publisher, size_t frontend, size_t points_max, int64_t now);

/* What a frontend does with tors that share its key. lead: by how much its revision counters are to be ahead
 * of the clock while one of them uploads its own descriptors, or while it has none (milliseconds, scaled; 0
 * at first).
 * takes_proof_of_work: their pow-params are published, as soon as all have them (false at first). */
void publisher_set_twins(struct publisher *publisher, size_t frontend, int64_t lead, bool takes_proof_of_work,
                         int64_t now);

/* Takes a frontend away, or a source, which must not be a member of any frontend. */
void publisher_remove_frontend(struct publisher *publisher, size_t frontend);
void publisher_remove_source(struct publisher *publisher, uint64_t source);

/* -- what happened -------------------------------------------------------------------------------- */

/* A new consensus; the network is the publisher's from now on. HSDirs that stay responsible keep their state.
 */
void publisher_set_network(struct publisher *publisher, struct network *network, int64_t now);

/* -- what is to be done --------------------------------------------------------------------------- */

/* Takes the next thing to do at now. Returns false when there is nothing. A fetch counts as asked and an
 * upload as in flight from then on. A fetch ends one for the same source that is still under way: nothing
 * that comes of that one is to be noted any more. */
bool publisher_next_action(struct publisher *publisher, struct publisher_action *action, int64_t now);

/* When publisher_next_action() should be called again though nothing happens; MOMENT_NEVER for never. */
int64_t publisher_next_moment(const struct publisher *publisher);

#endif
