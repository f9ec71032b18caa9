/* What the files of the state machine share among themselves. */
#ifndef OBPUB_PUBLISH_PUBLISHER_PARTS_H
#define OBPUB_PUBLISH_PUBLISHER_PARTS_H

#include "publish/publisher.h"

/* A moment that has not been. */
#define MOMENT_NONE INT64_MIN

/* A number from low to high, both included, as good as random; high is at least low. */
int64_t publisher_draw(struct publisher *publisher, int64_t low, int64_t high);

/* A time of the rules that are for the public network, made to fit this one. */
int64_t publisher_scale(const struct publisher *publisher, int64_t milliseconds);

/* The delay before the next try after so many failures: the rules' first one doubled each time, and up to
 * half as much again. */
int64_t publisher_back_off(struct publisher *publisher, unsigned failures);

/* Have a backend or frontend looked at again as soon as may be. */
void publisher_touch_backend(struct publisher *publisher, size_t backend, int64_t now);
void publisher_touch_frontend(struct publisher *publisher, size_t frontend, int64_t now);

/* -- backends.c */

/* Works out when a tor that was young when its connection was made will be old enough to trust the HSDirs. */
void backend_update_trust(const struct publisher *publisher, struct publisher_backend *backend);

/* True when its points are in. */
bool backend_is_in(const struct publisher_backend *backend);

/* Does what is due at a backend. Returns true with an action, or false with its next moment on the agenda. */
bool backend_run(struct publisher *publisher, size_t number, struct publisher_action *action, int64_t now);

/* -- fetches.c */

/* Between a sign of a new descriptor and the fetch (milliseconds): signs come in bunches. */
#define FETCH_DELAY 100

/* Has everything done that a new network means for a backend. */
void backend_update_network(struct publisher *publisher, size_t number, bool has_new_half, int64_t now);

/* Has a backend asked in delay at the latest; once more if it is being asked. */
void backend_fetch_soon(struct publisher *publisher, size_t number, int64_t delay, int64_t now);

/* Makes the action of asking it, and ends that, with the moment of the next one. */
void backend_begin_fetch(struct publisher *publisher, size_t number, struct publisher_action *action);
void backend_end_fetch(struct publisher *publisher, size_t number, int64_t next_fetch, int64_t now);

/* True when a descriptor is one that clients do not use any more, while there is another way to ask for the
 * one they use: its tor, or ours, has not seen the newest consensus. */
bool backend_is_behind(const struct publisher_backend *backend, const struct descriptor *descriptor);

/* Forgets what its tor said of its uploads. */
void backend_forget_uploads(struct publisher_backend *backend);

/* -- frontends.c */

/* Works out a frontend's set of points anew after one of its backends (or AGENDA-wide, SIZE_MAX) has changed.
 */
void frontend_update_set(struct publisher *publisher, size_t number, size_t changed_backend, int64_t now);

/* Lets changes out that have waited for long enough. Returns when to look again, AGENDA_NEVER if nothing
 * waits. */
int64_t frontend_release_changes(struct publisher *publisher, struct publisher_frontend *frontend,
                                 int64_t now);

/* True when it may be published: all its backends have been heard of or waited for, and it has points. */
bool frontend_may_publish(struct publisher *publisher, struct publisher_frontend *frontend);

/* -- uploads.c */

/* Works out anew which HSDirs have to have a frontend's two descriptors, for the publisher's network. */
void frontend_update_hsdirs(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

/* Does what is due at a frontend. Returns true with an action, or false with its next moment on the agenda.
 */
bool frontend_run(struct publisher *publisher, size_t number, struct publisher_action *action, int64_t now);

/* True when an HSDir was sent a set since the last release that is not the one to be sent now. */
bool frontend_has_other_set(const struct publisher_frontend *frontend);

/* Forgets what is in flight. */
void frontend_forget_in_flight(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

#endif
