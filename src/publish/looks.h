/* When somebody is asked to look what an HSDir hands out of a frontend, and whether its uploads wait for
 * that.
 *
 * Only the descriptor that clients use now can be looked at: a tor fetches no other one.
 */
#ifndef OBPUB_PUBLISH_LOOKS_H
#define OBPUB_PUBLISH_LOOKS_H

#include "publish/state.h"

/* A frontend begins without any. */
void looks_begin(struct publisher_frontend *frontend);

/* Has a frontend's next look come in its turn; nothing is looked at while looks_stop() is the last that was
 * said. */
void looks_schedule(struct publisher *publisher, size_t number, int64_t now);
void looks_stop(struct publisher *publisher, size_t number);

/* Wants a look at an HSDir of the descriptor that clients use, or at whichever of them it is longest ago for
 * NULL, in so many milliseconds. */
void looks_want(struct publisher *publisher, size_t number, struct publisher_upload *upload, int64_t delay,
                int64_t now);

/* In how many milliseconds something that has just happened is to be looked at. */
int64_t looks_draw_soon(struct publisher *publisher);

/* How long after the first sight of something strange it is looked at again (milliseconds). */
int64_t looks_confirm_time(const struct publisher *publisher);

/* Makes a frontend's look that is due an action. Returns false when there is none, or no permit for one. */
bool looks_take(struct publisher *publisher, struct publisher_action *action, int64_t now);

/* A source has changed. Where another publisher was seen somebody looks: that one may have chosen other
 * points, of which one is dead now, and be gone; or not have heard of it, and put its own over what goes out
 * now. */
void looks_note_change(struct publisher *publisher, size_t number, int64_t now);

/* Clients have gone over to the other descriptor, which nobody could look at: likewise. */
void looks_note_half(struct publisher *publisher, size_t number, int64_t now);

/* A look is over, whatever came of it. */
void looks_end(struct publisher *publisher, size_t number);

/* When looks_take() is to be called again though nothing happens; MOMENT_NEVER for never. */
int64_t looks_next_moment(const struct publisher *publisher);

/* Until when a frontend's rounds that are due have to wait; MOMENT_NONE when they need not. Without a live
 * backend they wait until a look has shown that no other publisher keeps a descriptor out, which may have
 * live backends; where nobody answers, they don't wait for long. */
int64_t looks_hold_rounds(struct publisher *publisher, size_t number, int64_t now);

/* The uploads of the descriptor that clients use now: what looks are about. NULL when there is no network. */
struct publisher_descriptor *looks_find_descriptor(const struct publisher *publisher, size_t number);

/* How many HSDirs of that descriptor clients ask. */
size_t looks_count_hsdirs(const struct publisher *publisher, size_t number);

/* Has all HSDirs of all frontends that clients ask looked at now; and whether such a look is still to come.
 */
void publisher_look_at_all(struct publisher *publisher, int64_t now);
bool publisher_is_looking(const struct publisher *publisher);

#endif
