/* How often changes of a frontend's points may go out. */
#include "publish/allowance.h"

/* A source that is started anew goes out, comes in, and in the second half of the day has other points as
 * soon as HSDirs have them. */
#define SOURCE_CHANGES 3

/* Enough for a dozen backends that are started anew one after the other. */
#define PROMPT_ROUNDS 6
#define CHURN_ROUNDS 4

/* -- buckets --------------------------------------------------------------------------------------- */

static void grow(struct bucket *bucket, unsigned maximum, int64_t interval, int64_t now)
{
    while (bucket->count < maximum && now - bucket->since >= interval) {
        bucket->count++;
        bucket->since += interval;
    }
}

static void spend(struct bucket *bucket, unsigned maximum, int64_t now)
{
    if (bucket->count == maximum)
        bucket->since = now;
    bucket->count--;
}

/* -- a frontend's rounds --------------------------------------------------------------------------- */

struct allowance allowance_make(int64_t now)
{
    return (struct allowance){.prompt = {PROMPT_ROUNDS, now}, .churn = {CHURN_ROUNDS, now}};
}

enum allowance_answer allowance_take(struct allowance *allowance, const struct allowance_times *times,
                                     bool is_quiet, int64_t now, int64_t *moment)
{
    grow(&allowance->prompt, PROMPT_ROUNDS, times->prompt, now);
    grow(&allowance->churn, CHURN_ROUNDS, times->churn, now);
    if (is_quiet && allowance->prompt.count > 0) {
        spend(&allowance->prompt, PROMPT_ROUNDS, now);
        return ALLOWANCE_ALL;
    }
    if (allowance->churn.count == 0) {
        *moment = allowance->churn.since + times->churn;
        return ALLOWANCE_WAIT;
    }
    spend(&allowance->churn, CHURN_ROUNDS, now);
    return ALLOWANCE_CLIENTS;
}

/* -- a source's changes ---------------------------------------------------------------------------- */

struct bucket changes_make(int64_t now)
{
    return (struct bucket){SOURCE_CHANGES, now};
}

void changes_note(struct bucket *changes, const struct allowance_times *times, int64_t now)
{
    grow(changes, SOURCE_CHANGES, times->quiet, now);
    changes->since = now; /* they grow while it is quiet */
}

void changes_spend(struct bucket *changes)
{
    if (changes->count > 0)
        changes->count--;
}

bool changes_are_spent(const struct bucket *changes, const struct allowance_times *times, int64_t now)
{
    return changes->count == 0 && now - changes->since < times->quiet;
}
