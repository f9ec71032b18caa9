/* How often a frontend's descriptors may go out. */
#include "publish/allowance.h"

/* A source that is started anew goes out, comes in, and in the second half of the day has other points as
 * soon as HSDirs have them. */
#define SOURCE_CHANGES 3

/* What is owed at most, however often members are changed by command. */
#define DEBT_MAX 4

/* -- buckets --------------------------------------------------------------------------------------- */

static void grow(struct bucket *bucket, int maximum, int64_t interval, int64_t now)
{
    while (bucket->count < maximum && now - bucket->since >= interval) {
        bucket->count++;
        bucket->since += interval;
    }
}

static void spend(struct bucket *bucket, int maximum, int64_t now)
{
    if (bucket->count == maximum)
        bucket->since = now;
    bucket->count--;
}

/* -- a frontend's rounds --------------------------------------------------------------------------- */

struct allowance allowance_make(int64_t now)
{
    return (struct allowance){.rounds = {ALLOWANCE_ROUNDS, now}, .last_at = now};
}

/* What has to be there after a round has been spent. */
static int find_floor(enum allowance_purpose purpose)
{
    switch (purpose) {
    case ALLOWANCE_FOR_PROMPT:
        return 0;
    case ALLOWANCE_FOR_OTHER:
        return ALLOWANCE_OTHER;
    case ALLOWANCE_FOR_CHURN:
        break;
    }
    return ALLOWANCE_RESERVE;
}

int64_t allowance_find_moment(struct allowance *allowance, const struct allowance_times *times,
                              enum allowance_purpose purpose, int64_t now)
{
    struct bucket *rounds = &allowance->rounds;
    grow(rounds, ALLOWANCE_ROUNDS, times->churn, now);
    int missing = find_floor(purpose) + 1 - rounds->count;
    if (missing <= 0)
        return now;
    int64_t moment = rounds->since + missing * times->churn;
    int64_t latest = allowance->last_at + times->churn * 3 / 2;
    if (purpose != ALLOWANCE_FOR_OTHER && latest < moment)
        moment = latest;
    return moment > now ? moment : now;
}

void allowance_spend(struct allowance *allowance, const struct allowance_times *times, bool is_of_clients,
                     int64_t now)
{
    grow(&allowance->rounds, ALLOWANCE_ROUNDS, times->churn, now);
    if (allowance->rounds.count > -DEBT_MAX)
        spend(&allowance->rounds, ALLOWANCE_ROUNDS, now);
    if (is_of_clients)
        allowance->last_at = now;
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
