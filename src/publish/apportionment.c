/* How many whole places each source has in one set where their weights differ. */
#include "publish/apportionment.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Within what two real numbers that were worked out count as one. */
#define NEAR 1e-9
#define NOBODY SIZE_MAX

/* The most that each may have: the whole number that its share goes up to, 1 at least of what it offers. */
static size_t *find_limits(const struct share_claim *claims, size_t count, size_t maximum)
{
    double *shares = memory_allocate(count, sizeof(*shares));
    size_t *limits = memory_allocate(count, sizeof(*limits));
    shares_find(claims, count, 1, maximum, shares);
    for (size_t i = 0; i < count; i++) {
        double share = ceil(shares[i] - NEAR);
        limits[i] = share > 1 ? (size_t)share : 1;
        if (limits[i] > claims[i].points)
            limits[i] = claims[i].points;
    }
    free(shares);
    return limits;
}

/* True when a source comes before another one for the next place. */
static bool comes_first(const struct share_claim *claims, const size_t *taken, size_t one, size_t other)
{
    if ((taken[one] == 0) != (taken[other] == 0))
        return taken[one] == 0;
    return (2 * taken[one] + 1) * claims[other].weight < (2 * taken[other] + 1) * claims[one].weight;
}

/* Who has the next place; NOBODY when each has what it may. */
static size_t find_next(const struct share_claim *claims, size_t count, const size_t *limits,
                        const size_t *taken)
{
    size_t next = NOBODY;
    for (size_t i = 0; i < count; i++) {
        if (taken[i] < limits[i] && (next == NOBODY || comes_first(claims, taken, i, next)))
            next = i;
    }
    return next;
}

/* How far the share of some source is from its weight's part, at most. */
static double find_deviation(const struct share_claim *claims, size_t count, const size_t *taken,
                             size_t total)
{
    double weights = 0, deviation = 0;
    for (size_t i = 0; i < count; i++)
        weights += claims[i].points > 0 ? claims[i].weight : 0;
    for (size_t i = 0; i < count; i++) {
        double wanted = claims[i].points > 0 ? claims[i].weight / weights : 0;
        deviation = fmax(deviation, fabs((double)taken[i] / (double)total - wanted));
    }
    return deviation;
}

void apportionment_find(const struct share_claim *claims, size_t count, size_t maximum, size_t *places)
{
    size_t *limits = find_limits(claims, count, maximum);
    size_t *taken = memory_allocate(count, sizeof(*taken));
    double best = INFINITY;
    memset(places, 0, count * sizeof(*places));
    size_t next = find_next(claims, count, limits, taken);
    for (size_t total = 1; total <= maximum && next != NOBODY; total++) {
        taken[next]++;
        next = find_next(claims, count, limits, taken);
        if (next != NOBODY && taken[next] == 0 && total < maximum)
            continue; /* each has one first */
        double deviation = find_deviation(claims, count, taken, total);
        if (deviation > best + NEAR)
            continue;
        best = deviation;
        memcpy(places, taken, count * sizeof(*places));
    }
    free(taken);
    free(limits);
}
