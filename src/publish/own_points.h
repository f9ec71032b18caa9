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

/* Likewise the descriptor of a time period alone, also one without points. */
const struct descriptor *own_points_find_known(const struct source *source, uint64_t period_number);

/* True when a source has points for the descriptor of a time period: its own, or such as its tor answers for
 * all the same. */
bool own_points_has_part(const struct source *source, uint64_t period_number);

/* True when both were signed with one descriptor signing key: a tor draws one for each of its descriptors,
 * and keeps it for as long as it has that. */
bool own_points_have_same_maker(const struct descriptor *one, const struct descriptor *other);

/* True when something that is known of both sources was. */
bool own_points_have_one_maker(const struct source *one, const struct source *other);

/* The twin whose tor has made a descriptor that was found under the address of the one that was asked; NULL
 * when that can't be told.
 *
 * The seed of its pow-params tells (that of the one that was asked before any), and so do the signing keys of
 * what is known of tors. What else has points that a tor with a control port has offered is nobody's: a
 * publisher may have put them there for a time period that they were not made for. What is left, and was
 * found because the tor of the one that was asked had just told of it, is that one's. What is left otherwise
 * is of the twin of which nothing else is known, if there is one; unless a twin with a control port may have
 * made it that has not said so: one that has not been seen with its own descriptor of this time period, that
 * is about to say something new, or that is gone and was not gone for a while yet when it was made. made_at
 * is when that was, give or take some minutes. */
struct source *own_points_find_maker(const struct publisher *publisher, struct source *asked,
                                     const struct descriptor *descriptor, int64_t made_at, int64_t now);

/* A descriptor was found that the tor of a source with a control port has made. It becomes the source's, or
 * is released if it says nothing new. is_searching: nobody had told of it. */
void own_points_take(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                     bool is_searching, int64_t now);

/* Has a descriptor be what is known of a source for the time period after that of its descriptor. */
void own_points_add(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                    int64_t now);

/* The time periods of the two descriptors are others: what a source had for the second one is now what it has
 * for the first. */
void own_points_go_on(struct source *source, uint64_t first_period);

/* The other way round: what it had for the first one was of the second one all the time. */
void own_points_go_back(struct source *source);

/* Has HSDirs asked, where clients use the descriptor of the second half and what some twin of a frontend that
 * is split has made for that is not known: the spare ones have what tors uploaded before clients went over to
 * it, and the others, if they are asked too, what this publisher did before it was started anew. The spare
 * ones are asked again and again then: nobody may have heard of an upload, or an HSDir not have answered. */
void own_points_search(struct publisher *publisher, size_t frontend, bool is_of_all, int64_t now);

/* A twin of it verifies work that did not before: all are to be asked. */
void own_points_search_soon(struct publisher *publisher, size_t frontend, int64_t now);

/* True while HSDirs are still to answer such a search. */
bool own_points_are_searched(const struct publisher *publisher, const struct publisher_frontend *frontend);

/* Its tor has said what the older one of its descriptors is now: what was found of that before is over. */
void own_points_note_descriptor(struct source *source);

/* A new consensus may have other relays. Returns true when that changes anything. */
bool own_points_update(const struct publisher *publisher, struct source *source, int64_t now);

/* Its tor is another process now, or the source ends. */
void own_points_forget(struct source *source);

#endif
