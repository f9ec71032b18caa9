/* When it is checked whether what is behind the sources answers: for the publisher's own files.
 *
 * Each source has its checks an interval apart, and those of different sources at moments of their own. Only
 * so many are under way at once, and all else that is to be done goes first.
 */
#ifndef OBPUB_PUBLISH_CHECKS_H
#define OBPUB_PUBLISH_CHECKS_H

#include "publish/state.h"

/* When the first check of a source is to begin: within an interval, at a part of it that is the source's own.
 */
int64_t checks_find_first(const struct publisher *publisher, const struct source *source, int64_t interval,
                          int64_t now);

/* Has a source wait for its next check if it is to have one: only one that is live. */
void checks_update(struct publisher *publisher, struct source *source, int64_t now);

/* Makes the check that is due for longest an action, if one may begin. */
bool checks_take(struct publisher *publisher, struct publisher_action *action, int64_t now);

/* When checks_take() is to be called again though nothing happens; MOMENT_NEVER for never. */
int64_t checks_next_moment(const struct publisher *publisher);

/* The check of a source that is under way, if there is one, has ended. */
void checks_end(struct publisher *publisher, struct source *source, int64_t now);

#endif
