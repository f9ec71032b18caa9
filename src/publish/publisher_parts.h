/* What the files of the state machine share among themselves. */
#ifndef OBPUB_PUBLISH_PUBLISHER_PARTS_H
#define OBPUB_PUBLISH_PUBLISHER_PARTS_H

#include "publish/publisher.h"

/* A moment that has not been. */
#define MOMENT_NONE INT64_MIN

/* The first of two moments. */
static inline int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* A number from low to high, both included, as good as random; high is at least low. */
int64_t publisher_draw(struct publisher *publisher, int64_t low, int64_t high);

/* A time of the rules that are for the public network, made to fit this one. */
int64_t publisher_scale(const struct publisher *publisher, int64_t milliseconds);

/* The delay before the next try after so many failures: the rules' first one doubled each time, and up to
 * half as much again. */
int64_t publisher_back_off(struct publisher *publisher, unsigned failures);

/* Have a source or frontend looked at again as soon as may be. */
void publisher_touch_source(struct publisher *publisher, size_t source, int64_t now);
void publisher_touch_frontend(struct publisher *publisher, size_t frontend, int64_t now);

/* -- sources.c */

/* Works out when a tor that was young when its connection was made will be old enough to trust the HSDirs. */
void source_update_trust(const struct publisher *publisher, struct source *source);

/* True when its points are in. */
bool source_is_in(const struct source *source);

/* True when it is out and nothing else is known of it than that its connection is lost. */
bool source_is_lost(const struct source *source);

/* Forgets that one without a control port could not be fetched: for want of a network. It is asked at once,
 * and not judged by its age before it had the time to answer. */
void source_begin_anew(struct publisher *publisher, size_t number, int64_t now);

/* Does what is due at a source, has it wait for its turn to be asked, and puts its next moment on the
 * agenda.
 */
void source_run(struct publisher *publisher, size_t number, int64_t now);

/* -- fetches.c */

/* Between a sign of a new descriptor and the fetch (milliseconds): signs come in bunches. */
#define FETCH_DELAY 100

/* Has everything done that a new network means for a source. */
void source_update_network(struct publisher *publisher, size_t number, bool has_new_half, int64_t now);

/* Has a source asked in delay at the latest; once more if it is being asked. */
void source_fetch_soon(struct publisher *publisher, size_t number, int64_t delay, int64_t now);

/* True when a fetch may begin. One that was begun without need, and that a dead HSDir keeps from ending, does
 * not stand in the way of news. */
bool source_may_be_asked(const struct source *source);

/* True when it is to be asked, as soon as there is a place. */
bool source_wants_fetch(const struct publisher *publisher, const struct source *source, int64_t now);

/* Makes the action of asking the source that has waited longest, if there is one and a place is free. */
bool fetch_queue_take(struct publisher *publisher, struct publisher_action *action, int64_t now);

/* Gives back the place it takes up, if it does. */
void source_leave_fetch_place(struct publisher *publisher, size_t number);

/* Ends asking it, with the moment of the next time. */
void source_end_fetch(struct publisher *publisher, size_t number, int64_t next_fetch, int64_t now);

/* Has HSDirs asked the next time if its tor was asked the last time, and turned round. */
void source_turn_fetch(const struct publisher *publisher, struct source *source);

/* True when a descriptor is one that clients do not use any more, while there is another way to ask for the
 * one they use: its tor, or ours, has not seen the newest consensus. */
bool source_is_behind(const struct source *source, const struct descriptor *descriptor);

/* True while the HSDirs are asked first: clients use a service's second descriptor, which its tor does not
 * tell. */
bool publisher_prefers_hsdirs(const struct publisher *publisher);

/* Forgets what its tor said of its uploads. */
void source_forget_uploads(struct source *source);

/* -- frontends.c */

/* Works out anew what a frontend's HSDirs are to have, after one of its sources has changed (SIZE_MAX: not
 * just one). */
void frontend_update_assignment(struct publisher *publisher, size_t number, size_t changed_source,
                                int64_t now);

/* Lets changes out that have waited for long enough. Returns when to look again, AGENDA_NEVER if nothing
 * waits. */
int64_t frontend_release_changes(struct publisher *publisher, struct publisher_frontend *frontend,
                                 int64_t now);

/* True when it may be published: all its sources have been heard of or waited for, and it has points. */
bool frontend_may_publish(struct publisher *publisher, struct publisher_frontend *frontend);

/* -- tors.c */

/* How many places are free at the tors that are best, which have so many in all. */
size_t publisher_count_free_places(const struct publisher *publisher, size_t *all);

/* The tor for the next upload: of those that are best and have a place free the one with the least to do, and
 * not the one to avoid, if it can be helped. PUBLISHER_NO_TOR when no place is free. */
size_t publisher_choose_tor(const struct publisher *publisher, size_t avoid, int64_t now);

/* The tor for the next fetch from HSDirs: each of the best in turn; PUBLISHER_NO_TOR when there is none. */
size_t publisher_choose_fetch_tor(struct publisher *publisher);

/* Gives an upload a place at a tor, and takes it back (if it has one). */
void upload_enter_tor(struct publisher *publisher, struct publisher_upload *upload, size_t tor);
void upload_leave_tor(struct publisher *publisher, struct publisher_upload *upload);

/* What became of an upload tells something of its tor, too. */
void tor_note_upload(struct publisher *publisher, size_t tor, enum upload_failure failure, int64_t now);

/* -- outage.c */

/* An HSDir was not reached, be it for an upload or for a fetch; or it was. */
void outage_note_failure(struct publisher *publisher);
void outage_note_success(struct publisher *publisher, int64_t now);

/* The same for the end of an upload, failed or not. */
void outage_note_upload(struct publisher *publisher, enum upload_failure failure, int64_t now);

/* A local tor can be given uploads as none could before. */
void outage_note_ready(struct publisher *publisher, int64_t now);

/* True when some HSDir has answered well since a moment: what fails does not fail for want of a network. */
bool outage_is_over(const struct publisher *publisher, int64_t since);

/* -- queue.c */

/* Has a frontend wait for places at the tors with all that it has due now, or not wait any more when that is
 * nothing. */
void frontend_enter_queue(struct publisher *publisher, size_t number, int64_t now);
void frontend_leave_queue(struct publisher *publisher, size_t number);

/* Takes the most urgent uploads for which there are places. Returns false when there are none. */
bool queue_take(struct publisher *publisher, struct publisher_action *action, int64_t now);

/* -- uploads.c */

/* Frees a descriptor's uploads, which must not take up places any more. */
void descriptor_clear(struct publisher_descriptor *descriptor);

/* Tells each upload which set is wanted, for the frontend's assignment as it is now. */
void frontend_assign_uploads(struct publisher_frontend *frontend);

/* Works out anew which HSDirs have to have a frontend's two descriptors, for the publisher's network. */
void frontend_update_hsdirs(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

/* Notes what is due at a frontend, has uploads wait for their places, and puts its next moment on the agenda.
 */
void frontend_run(struct publisher *publisher, size_t number, int64_t now);

/* True when the HSDir is being sent one of the frontend's descriptors. An HSDir's answer names neither the
 * descriptor nor its time period, so it is never sent both at the same time. */
bool frontend_is_busy(const struct publisher_frontend *frontend,
                      const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* Why an upload is due now: the points may have changed while it was waiting. */
enum upload_cause upload_find_cause(const struct publisher_frontend *frontend,
                                    const struct publisher_descriptor *descriptor,
                                    const struct publisher_upload *upload);

/* An upload that is due is given to a tor. */
void upload_send(struct publisher *publisher, struct publisher_descriptor *descriptor,
                 struct publisher_upload *upload, size_t tor, int64_t now);

/* Takes back the places of all uploads of a frontend that is about to go. */
void frontend_leave_tors(struct publisher *publisher, struct publisher_frontend *frontend);

/* True when an HSDir was sent another set since the last release than is wanted now. */
bool frontend_has_other_set(const struct publisher_frontend *frontend);

/* Forgets what is in flight at a tor that is lost, to be sent again after delay. */
void frontend_forget_in_flight(struct publisher *publisher, struct publisher_frontend *frontend, size_t tor,
                               int64_t delay, int64_t now);

#endif
