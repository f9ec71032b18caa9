/* How often a frontend's descriptors may go out: what keeps sources that change without end, and HSDirs in
 * league with them, from making it upload without end, and from costing the others anything.
 *
 * A source has changes of its own (SOURCE_CHANGES), which grow again while it is quiet. A change of such a
 * source is a prompt one; all others are churn. A frontend has one stock of rounds for everything, which
 * grows by one in two minutes. Every round is paid for out of it when it begins, whatever it is for, since
 * every one takes along what others have changed: so a prompt round, and one after a refusal, stand for one
 * of churn. Only refreshes of the descriptor that clients don't use, and its rounds for new HSDirs, are free.
 * How much there is says what there may be a round for:
 *
 * - prompt changes, in the descriptor that clients use, while there is anything;
 * - prompt changes in the other one, and what that was refused, above ALLOWANCE_OTHER;
 * - churn, and what was refused in the descriptor that clients use, above ALLOWANCE_RESERVE.
 *
 * So churn alone has a handful of rounds at once, then one in two minutes, and leaves the reserve to the
 * others: their deaths and returns go out as if there was no churn, be it a dozen sources that are started
 * anew one after the other. Churn pays for these rounds: until the reserve is whole again it has a round when
 * three minutes have passed since the last one of any kind, and a third of what grows goes to the reserve.
 * Nothing ever waits for longer than that, be it a prompt change when all is used up; so a source that is
 * attacked, and has other points every minute for that, has only dead points out for no longer, either.
 *
 * Hostile sources can be quiet first and change in turn: then nobody can tell them from honest ones. But for
 * one source that is SOURCE_CHANGES at once and two in an hour, which is why a few of them, with churn beside
 * them, do not use up the reserve; many do, and then a prompt change waits for the next that grows. Whatever
 * they do, together with HSDirs that refuse, they get the whole stock once, and then what grows: 30 rounds an
 * hour. What asks for nothing (a round three minutes after the last, and one in ten minutes because of looks)
 * is less than what grows, so that hardly more is spent than there is.
 */
#ifndef OBPUB_PUBLISH_ALLOWANCE_H
#define OBPUB_PUBLISH_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#define ALLOWANCE_ROUNDS 30  /* that there are at most: an hour's */
#define ALLOWANCE_RESERVE 20 /* what churn leaves to prompt changes */
#define ALLOWANCE_OTHER 16   /* what the descriptor that clients don't use leaves to the other one */

/* Within how long each grows (milliseconds). */
struct allowance_times {
    int64_t quiet; /* a source's own changes, while it is quiet */
    int64_t churn; /* rounds */
};

/* What grows by one with every interval, up to a maximum, and is spent one by one. */
struct bucket {
    int count;
    int64_t since; /* when the next one began to grow */
};

/* The rounds that a frontend may have. */
struct allowance {
    struct bucket rounds;
    int64_t last_at; /* when the last one of the descriptor that clients use began */
};

/* What a round is for. */
enum allowance_purpose {
    ALLOWANCE_FOR_PROMPT, /* a source that has been quiet */
    ALLOWANCE_FOR_OTHER,  /* that, or a refusal, in the descriptor that clients don't use */
    ALLOWANCE_FOR_CHURN,  /* anything else */
};

/* An allowance of which nothing has been spent. */
struct allowance allowance_make(int64_t now);

/* When there may be a round: now, or a moment to come, unless something is spent until then. */
int64_t allowance_find_moment(struct allowance *allowance, const struct allowance_times *times,
                              enum allowance_purpose purpose, int64_t now);

/* Spends a round that begins. */
void allowance_spend(struct allowance *allowance, const struct allowance_times *times, bool is_of_clients,
                     int64_t now);

/* A source's own changes: all that it may have; those that it has by now, after it has changed once more; one
 * of them spent, if there is one. */
struct bucket changes_make(int64_t now);
void changes_note(struct bucket *changes, const struct allowance_times *times, int64_t now);
void changes_spend(struct bucket *changes);

/* True when a source that had none of its own left has changed, and has not been quiet since. */
bool changes_are_spent(const struct bucket *changes, const struct allowance_times *times, int64_t now);

#endif
