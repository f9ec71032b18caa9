/* How the frontends of a source hear what is new of it. */
#ifndef OBPUB_PUBLISH_SOURCE_NEWS_H
#define OBPUB_PUBLISH_SOURCE_NEWS_H

#include "publish/state.h"

/* Has all frontends of a source work out anew what is to be published, if it has news. */
void source_tell_frontends(struct publisher *publisher, struct source *source, int64_t now);

#endif
