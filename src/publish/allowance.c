/* How often changes of a frontend's points may go out. */
#include "publish/allowance.h"

/* A source that is started anew goes out, comes in, and in the second half of the day has other points as
 * soon as HSDirs have them. */
#define SOURCE_CHANGES 3

/* So many at once, before the intervals count: for some backends that are started anew one after the other.
 */
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

bool allowance_take_prompt(struct allowance *allowance, const struct allowance_times *times, int64_t now)
{
    grow(&allowance->prompt, PROMPT_ROUNDS, times->prompt, now);
    if (allowance->prompt.count == 0)
        return false;
    spend(&allowance->prompt, PROMPT_ROUNDS, now);
    return true;
}

enum allowance_answer allowance_take(struct allowance *allowance, const struct allowance_times *times,
                                     bool is_quiet, int64_t now, int64_t *moment)
{
    grow(&allowance->churn, CHURN_ROUNDS, times->churn, now);
    if (is_quiet && allowance_take_prompt(allowance, times, now))
        return ALLOWANCE_ALL;
    if (allowance->churn.count > 0) {
        spend(&allowance->churn, CHURN_ROUNDS, now);
        return ALLOWANCE_CLIENTS;
    }
    int64_t churn_at = allowance->churn.since + times->churn;
    int64_t prompt_at = allowance->prompt.since + times->prompt;
    *moment = is_quiet && prompt_at < churn_at ? prompt_at : churn_at;
    return ALLOWANCE_WAIT;
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
