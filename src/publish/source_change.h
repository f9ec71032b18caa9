/* Telling of the changes of a source's machines, for whoever wants to follow what is done with it, and why.
 */
#ifndef OBPUB_PUBLISH_SOURCE_CHANGE_H
#define OBPUB_PUBLISH_SOURCE_CHANGE_H

#include "publish/source.h"

/* Tells the source's observer, if there is one. */
void source_tell_change(const struct source *source, const char *machine, const char *from, const char *to,
                        const char *why);

#endif
