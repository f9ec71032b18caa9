/* Which of the uploads that are due goes next. */
#ifndef OBPUB_PUBLISH_QUEUE_H
#define OBPUB_PUBLISH_QUEUE_H

#include "publish/state.h"

/* Has a frontend wait for permits at the tors with all that it has due now, or not wait any more when that is
 * nothing. */
void frontend_enter_queue(struct publisher *publisher, size_t number, int64_t now);
void frontend_leave_queue(struct publisher *publisher, size_t number);

/* Takes the most urgent uploads for which there are permits. Returns false when there are none. */
bool queue_take(struct publisher *publisher, struct publisher_action *action, int64_t now);

#endif
