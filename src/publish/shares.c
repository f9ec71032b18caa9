/* How many places each source is to have in a descriptor's sets, by its weight. */
#include "publish/shares.h"

#include <stdlib.h>

#include "base/memory.h"

bool shares_differ(const struct share_claim *claims, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (claims[i].weight != claims[0].weight)
            return true;
    }
    return false;
}

static int compare_points(const void *one, const void *other)
{
    const size_t *left = one, *right = other;
    return (*left > *right) - (*left < *right);
}

static size_t at_least_default(size_t points)
{
    return points > SHARES_DEFAULT_POINTS ? points : SHARES_DEFAULT_POINTS;
}

/* Of the sources that offer something at all. */
static size_t find_middle(const struct share_claim *claims, size_t count)
{
    size_t *points = memory_allocate(count, sizeof(*points)), offering = 0;
    for (size_t i = 0; i < count; i++) {
        if (claims[i].points > 0)
            points[offering++] = claims[i].points;
    }
    qsort(points, offering, sizeof(*points), compare_points);
    size_t middle = offering > 0 ? points[(offering - 1) / 2] : 0;
    free(points);
    return middle;
}

size_t shares_find_most(const struct share_claim *claims, size_t count)
{
    return 2 * at_least_default(find_middle(claims, count));
}

/* The most places in a set for a weight of 1. */
static double find_level_max(const struct share_claim *claims, size_t count, size_t maximum)
{
    if (count < 2)
        return (double)maximum;
    if (!shares_differ(claims, count))
        return (double)shares_find_most(claims, count) / claims[0].weight;
    double least = (double)maximum;
    for (size_t i = 0; i < count; i++) {
        double level = (double)at_least_default(claims[i].points) / claims[i].weight;
        if (level < least)
            least = level;
    }
    return least;
}

/* Gives what is left of the room to those that have nothing yet, as long as some of them can't take all of
 * their part of it: these have what they can take. Returns the places for a weight of 1 of the others. */
static double fill(const struct share_claim *claims, size_t count, size_t sets, double room, double *places)
{
    bool has_found = true;
    double level = 0;
    for (size_t i = 0; i < count; i++)
        places[i] = -1;
    while (has_found) {
        double weights = 0;
        for (size_t i = 0; i < count; i++)
            weights += places[i] < 0 ? claims[i].weight : 0;
        level = weights > 0 ? room / weights : 0;
        has_found = false;
        for (size_t i = 0; i < count; i++) {
            double most = (double)(sets * claims[i].points);
            if (places[i] >= 0 || most > level * claims[i].weight)
                continue;
            places[i] = most;
            room -= most;
            has_found = true;
        }
    }
    return level;
}

void shares_find(const struct share_claim *claims, size_t count, size_t sets, size_t maximum, double *places)
{
    double level_max = (double)sets * find_level_max(claims, count, maximum);
    double level = fill(claims, count, sets, (double)(sets * maximum), places);
    for (size_t i = 0; i < count; i++) {
        if (places[i] < 0)
            places[i] = level * claims[i].weight;
        if (places[i] > level_max * claims[i].weight)
            places[i] = level_max * claims[i].weight;
    }
}
