/* A choice among offers, for tests that ask which of the points they have offered are in it. */
#include "helper_choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const struct introduction_point *find_point(const struct choice_offer *offer,
                                                   const struct introduction_point *point)
{
    for (size_t i = 0; i < offer->point_count; i++) {
        if (memcmp(&offer->points[i], point, sizeof(*point)) == 0)
            return &offer->points[i];
    }
    return NULL;
}

size_t choose_points(const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX], size_t maximum,
                     const struct choice_offer *offers, size_t count, const uint8_t seed[CHOICE_SEED_SIZE])
{
    static const struct descriptor plain;
    struct choice_offer *numbered = memory_allocate(count, sizeof(*numbered));
    for (size_t i = 0; i < count; i++) {
        numbered[i] = offers[i];
        numbered[i].source = i;
        numbered[i].descriptor = &plain;
    }
    struct point_set *set = choice_make_set(numbered, count, maximum, NULL, seed);
    size_t chosen_count = set != NULL ? set->count : 0;
    for (size_t i = 0; i < chosen_count; i++)
        chosen[i] = find_point(&offers[set->entries[i].source], &set->entries[i].point);
    point_set_release(set);
    free(numbered);
    return chosen_count;
}
