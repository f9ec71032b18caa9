/* Tries what may end the process that does it, in a child that is made for that: a filter of system calls
 * that is in force already (a service manager's, a container's) refuses calls, or kills who makes them, and
 * can't be asked. */
#ifndef OBPUB_CONFINE_TRIAL_H
#define OBPUB_CONFINE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#define TRIAL_ATTEMPTS_MAX 40

/* Does something. Returns 0, or the errno with which it was refused. */
typedef int (*trial_attempt)(const void *context);

enum trial_result { TRIAL_DONE, TRIAL_REFUSED, TRIAL_KILLED };

struct trial_outcome {
    enum trial_result result;
    int number; /* TRIAL_REFUSED: the errno */
};

/* Makes up to TRIAL_ATTEMPTS_MAX attempts, one after the other in one child, which ends with the last. One
 * that kills it is followed by the next in a new child, where the first attempt is made once more, if that
 * was done. So it is only the first of which those behind it can be sure. Returns 0, or the errno with which
 * a child was refused: then what was not tried counts as done. */
int trial_run(const trial_attempt attempts[], size_t count, const void *context,
              struct trial_outcome outcomes[]);

/* One attempt, in a child of its own. */
struct trial_outcome trial_run_one(trial_attempt attempt, const void *context);

/* Says why something was not done, in static memory: "Operation not permitted", or that a filter kills. */
const char *trial_describe(const struct trial_outcome *outcome);

/* Whether a filter of system calls is in force for this process; also true where that can't be seen. */
bool trial_is_filtered(void);

#endif
