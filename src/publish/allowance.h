/* How often changes of a frontend's points may go out: what keeps sources that change without end from making
 * it upload without end, and from costing the others anything.
 *
 * A source has changes of its own (SOURCE_CHANGES), which grow again while it is quiet. A change of such a
 * source goes out at once, in both descriptors, as long as the frontend has prompt rounds left. All other
 * changes have to share: a handful of rounds at once, then one each churn interval, and only of the
 * descriptor that clients use; the other one has them with its next refresh. So the rounds of a frontend are
 * bounded, however many of its sources are hostile; and one that is attacked, and has other points every
 * minute for that, has only dead points out for one such interval at most.
 */
#ifndef OBPUB_PUBLISH_ALLOWANCE_H
#define OBPUB_PUBLISH_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

/* Within how long each grows (milliseconds). */
struct allowance_times {
    int64_t quiet;  /* a source's own changes, while it is quiet */
    int64_t prompt; /* rounds for such sources */
    int64_t churn;  /* rounds for all others */
};

/* What grows by one with every interval, up to a maximum, and is spent one by one. */
struct bucket {
    unsigned count;
    int64_t since; /* when the next one began to grow */
};

/* The rounds that a frontend's changes may have. */
struct allowance {
    struct bucket prompt; /* for sources that have been quiet */
    struct bucket churn;  /* for all others */
};

/* What a change gets. */
enum allowance_answer {
    ALLOWANCE_WAIT,    /* nothing yet */
    ALLOWANCE_CLIENTS, /* a round of the descriptor that clients use */
    ALLOWANCE_ALL,     /* a round of each descriptor */
};

/* An allowance of which nothing has been spent. */
struct allowance allowance_make(int64_t now);

/* Spends what a change needs, if that is there; else *moment says when it will be. is_quiet: a source that
 * has changed had changes of its own left. */
enum allowance_answer allowance_take(struct allowance *allowance, const struct allowance_times *times,
                                     bool is_quiet, int64_t now, int64_t *moment);

/* Spends a prompt round. Returns false when there is none left. */
bool allowance_take_prompt(struct allowance *allowance, const struct allowance_times *times, int64_t now);

/* A source's own changes: all that it may have; those that it has by now, after it has changed once more; one
 * of them spent, if there is one. */
struct bucket changes_make(int64_t now);
void changes_note(struct bucket *changes, const struct allowance_times *times, int64_t now);
void changes_spend(struct bucket *changes);

/* True when a source that had none of its own left has changed, and has not been quiet since. */
bool changes_are_spent(const struct bucket *changes, const struct allowance_times *times, int64_t now);

#endif
