/* When a descriptor is sent to all of its HSDirs once more: with other points, to a new HSDir, after a
 * refusal, or because it is time. */
#ifndef OBPUB_PUBLISH_ROUNDS_H
#define OBPUB_PUBLISH_ROUNDS_H

#include "publish/state.h"

/* Plans a round for a moment; with one that is planned already the earlier moment and the more urgent cause
 * count, and any cause before that of a refusal. */
void round_plan(struct publisher_descriptor *descriptor, enum upload_cause cause, int64_t at);

/* True when one is planned that is not a refresh. */
bool round_is_planned(const struct publisher_descriptor *descriptor);

/* True when one is planned that does more than to try once more what was refused. */
bool round_is_planned_for_more(const struct publisher_descriptor *descriptor);

/* True when the HSDirs were last sent something else than they are to have now. */
bool round_is_behind(const struct publisher_frontend *frontend,
                     const struct publisher_descriptor *descriptor);

/* An HSDir has refused its part of the round: another one is planned, minutes later, unless the next refresh
 * comes first. The more rounds the same HSDir has refused the later it is, so that one that always refuses
 * soon causes none; one that refuses for once is not the worse for that. */
void round_note_refusal(struct publisher *publisher, struct publisher_descriptor *descriptor,
                        struct publisher_upload *upload, int64_t now);

/* Nothing that is planned begins before a moment. */
void round_put_off(struct publisher_descriptor *descriptor, int64_t until);

/* Begins the round that is due, if one is, which the frontend's allowance pays for. One that is for a refusal
 * alone waits for that. One that has something else to say than the last one, or is wanted for that,
 * overtakes another publisher: its revision counter is to be above that publisher's. One that only says the
 * same again never does, nor does any without a live source, so that two publishers that both know all don't
 * chase each other. */
void round_check(struct publisher *publisher, struct publisher_frontend *frontend,
                 struct publisher_descriptor *descriptor, int64_t now);

/* True when one is due now that is a refresh; or one with a change, after a refresh would have been due if
 * there had not been so many others. */
bool round_is_due_for_turn(const struct publisher_frontend *frontend,
                           const struct publisher_descriptor *descriptor, int64_t now);

/* When one will be due; MOMENT_NEVER for never. */
int64_t round_next_moment(const struct publisher_descriptor *descriptor);

#endif
