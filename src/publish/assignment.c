/* Which point set each HSDir of a frontend's descriptors is to have. */
#include "publish/assignment.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static struct assignment *make(struct point_set *const *sets, size_t count)
{
    struct assignment *assignment =
        memory_allocate(1, sizeof(*assignment) + count * sizeof(struct point_set *));
    assignment->holders = 1;
    assignment->count = count;
    for (size_t i = 0; i < count; i++)
        assignment->sets[i] = point_set_share(sets[i]);
    return assignment;
}

struct assignment *assignment_new_same(struct point_set *set)
{
    return set != NULL ? make(&set, 1) : NULL;
}

struct assignment *assignment_new_with_places(struct point_set *const *sets, size_t count,
                                              struct assignment_place *places, size_t place_count,
                                              uint64_t turn)
{
    if (place_count == 0) {
        free(places);
        return NULL;
    }
    struct assignment *assignment = make(sets, count);
    assignment->places = places;
    assignment->place_count = place_count;
    assignment->turn = turn;
    return assignment;
}

struct assignment *assignment_share(struct assignment *assignment)
{
    if (assignment != NULL)
        assignment->holders++;
    return assignment;
}

void assignment_release(struct assignment *assignment)
{
    if (assignment == NULL || --assignment->holders > 0)
        return;
    for (size_t i = 0; i < assignment->count; i++)
        point_set_release(assignment->sets[i]);
    free(assignment->places);
    free(assignment);
}

void assignment_replace(struct assignment **held, struct assignment *assignment)
{
    struct assignment *old = *held;
    *held = assignment_share(assignment);
    assignment_release(old);
}

static struct point_set *find_place(const struct assignment *assignment, uint64_t period_number,
                                    const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    for (size_t i = 0; i < assignment->place_count; i++) {
        const struct assignment_place *place = &assignment->places[i];
        if (place->period_number == period_number &&
            memcmp(place->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return assignment->sets[place->set];
    }
    return NULL;
}

struct point_set *assignment_find(const struct assignment *assignment, uint64_t period_number,
                                  const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    if (assignment == NULL)
        return NULL;
    return assignment->places != NULL ? find_place(assignment, period_number, fingerprint)
                                      : assignment->sets[0];
}

bool assignment_names_hsdirs(const struct assignment *assignment)
{
    return assignment != NULL && assignment->places != NULL;
}

bool assignment_is_distinct(const struct assignment *assignment)
{
    for (size_t i = 0; assignment != NULL && i < assignment->place_count; i++) {
        const struct assignment_place *place = &assignment->places[i];
        for (size_t j = 0; j < i; j++) {
            if (place->period_number == assignment->places[j].period_number &&
                !point_set_equals(assignment->sets[place->set], assignment->sets[assignment->places[j].set]))
                return true;
        }
    }
    return false;
}

/* True when each place of one that is meant has the same set in the other: those of a time period, or all. */
static bool has_places_of(const struct assignment *one, const struct assignment *other,
                          const uint64_t *period_number)
{
    for (size_t i = 0; i < one->place_count; i++) {
        const struct assignment_place *place = &one->places[i];
        if ((period_number == NULL || *period_number == place->period_number) &&
            !point_set_equals(one->sets[place->set],
                              find_place(other, place->period_number, place->fingerprint)))
            return false;
    }
    return true;
}

static bool gives_same(const struct assignment *one, const struct assignment *other,
                       const uint64_t *period_number)
{
    if (one == other)
        return true;
    if (one == NULL || other == NULL || (one->places == NULL) != (other->places == NULL))
        return false;
    if (one->places == NULL)
        return point_set_equals(one->sets[0], other->sets[0]);
    return has_places_of(one, other, period_number) && has_places_of(other, one, period_number);
}

bool assignment_equals(const struct assignment *one, const struct assignment *other)
{
    return gives_same(one, other, NULL);
}

bool assignment_gives_same(const struct assignment *one, const struct assignment *other,
                           uint64_t period_number)
{
    return gives_same(one, other, &period_number);
}

/* True when one of an assignment's first sets has a point. */
static bool has_point(const struct assignment *assignment, size_t sets,
                      const struct introduction_point *point)
{
    for (size_t i = 0; i < sets; i++) {
        if (point_set_has_point(assignment->sets[i], point))
            return true;
    }
    return false;
}

/* Counts each point once; those of one source alone, if that is not NULL. */
static size_t count_points(const struct assignment *assignment, const uint64_t *source)
{
    size_t count = 0;
    for (size_t i = 0; assignment != NULL && i < assignment->count; i++) {
        const struct point_set *set = assignment->sets[i];
        for (size_t j = 0; j < set->count; j++) {
            if (source == NULL || set->entries[j].source == *source)
                count += !has_point(assignment, i, &set->entries[j].point);
        }
    }
    return count;
}

size_t assignment_count_points(const struct assignment *assignment)
{
    return count_points(assignment, NULL);
}

size_t assignment_count_points_from(const struct assignment *assignment, uint64_t source)
{
    return count_points(assignment, &source);
}

bool assignment_has_flow_control(const struct assignment *assignment)
{
    for (size_t i = 0; assignment != NULL && i < assignment->count; i++) {
        if (!assignment->sets[i]->features.flow_control.is_present)
            return false;
    }
    return assignment != NULL;
}
