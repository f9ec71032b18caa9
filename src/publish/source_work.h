/* What a source's tor has clients solve: whose proof of work it verifies, and for how long.
 *
 * A tor has a new seed the moment its pow-params expire, and uploads its descriptors then. Clients that find
 * them expired fetch the descriptor again for each connection, and are refused one once they have asked each
 * HSDir within 15 minutes. So what has expired does not stay published: its tor is asked, and when nothing
 * else has come in time its points go on without pow-params, as clients reach them with those that want no
 * work.
 */
#ifndef OBPUB_PUBLISH_SOURCE_WORK_H
#define OBPUB_PUBLISH_SOURCE_WORK_H

#include "publish/state.h"

/* True when a source's tor verifies proof of work for its frontends' clients. */
bool source_verifies_work(const struct source *source);

/* True when it does, and clients can be told what they have to solve. */
bool source_offers_work(const struct source *source);

/* Takes over what a descriptor of its says, which has just come. Returns what of that is new. */
enum source_news source_take_work(struct source *source, const struct descriptor *descriptor, int64_t now);

/* Its tor is another process, or the source ends. */
void source_forget_work(struct source *source);

/* Returns true when its pow-params have just expired: its tor is to be asked. Ends them when nothing has come
 * of that: then it has news. */
bool source_check_work(const struct publisher *publisher, struct source *source, int64_t now);

/* When to check next. */
int64_t source_next_work_moment(const struct publisher *publisher, const struct source *source);

#endif
