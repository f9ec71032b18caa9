/* What a twin's tor has made itself for each time period: points under the very key that its clients'
 * solutions are verified against.
 *
 * A tor says of the older one of its two descriptors what is in it. The other one it uploads like that; where
 * a lead keeps the frontend's superdescriptor at the HSDirs that clients ask, the spare ones take it, and
 * hand it out once clients go over to it. The seed of its pow-params, which no other tor has, tells whose it
 * is.
 */
#ifndef OBPUB_PUBLISH_OWN_POINTS_H
#define OBPUB_PUBLISH_OWN_POINTS_H

#include "publish/state.h"

/* The introduction points that a source's tor has made for a time period, and *descriptor, the one they are
 * from. NULL when they are not known. Both stay the source's. */
const struct source_points *own_points_find(const struct source *source, uint64_t period_number,
                                            const struct descriptor **descriptor);

/* The twin of a frontend whose tor has the pow-params of a descriptor; NULL for none. */
struct source *own_points_find_owner(const struct publisher *publisher,
                                     const struct publisher_frontend *frontend,
                                     const struct descriptor *descriptor);

/* A descriptor was found under the address of a twin, which becomes one of its tor's, or of another twin's,
 * or is none: it is released then. */
void own_points_take(struct publisher *publisher, struct source *asked, struct descriptor *descriptor,
                     int64_t now);

/* Has HSDirs asked, where clients use the descriptor of the second half and what some twin of a frontend that
 * is split has made for that is not known: the spare ones have what tors uploaded before clients went over to
 * it, and the others, if they are asked too, what this publisher did before it was started anew. The spare
 * ones are asked again and again then: nobody may have heard of an upload, or an HSDir not have answered. */
void own_points_search(struct publisher *publisher, size_t frontend, bool is_of_all, int64_t now);

/* A twin of it verifies work that did not before: all are to be asked. */
void own_points_search_soon(struct publisher *publisher, size_t frontend, int64_t now);

/* Its tor has said what the older one of its descriptors is now: what was found of that before is over. */
void own_points_note_descriptor(struct source *source);

/* A new consensus may have other relays. Returns true when that changes anything. */
bool own_points_update(const struct publisher *publisher, struct source *source, int64_t now);

/* Its tor is another process now, or the source ends. */
void own_points_forget(struct source *source);

#endif
