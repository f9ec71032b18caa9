/* What is due at a frontend, and when to look at it again. */
#ifndef OBPUB_PUBLISH_SCHEDULE_H
#define OBPUB_PUBLISH_SCHEDULE_H

#include "publish/state.h"

/* Notes what is due at a frontend, has uploads wait for their permits, and puts its next moment on the
 * agenda.
 */
void schedule_run_frontend(struct publisher *publisher, size_t number, int64_t now);

#endif
