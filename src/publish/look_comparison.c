/* What an HSDir hands out, against what the frontend's sources offer. */
#include "publish/look_comparison.h"

#include <string.h>

#include "publish/own_points.h"
#include "publish/source_life.h"

static bool has_point(const struct descriptor *descriptor, const struct introduction_point *point)
{
    for (size_t i = 0; descriptor != NULL && i < descriptor->point_count; i++) {
        if (introduction_point_equals(&descriptor->points[i], point))
            return true;
    }
    return false;
}

static bool source_offers(const struct source *source, const struct introduction_point *point)
{
    return has_point(source->descriptor, point) || has_point(source->next, point);
}

/* Looks for a point at all sources of a frontend. */
static void compare_point(const struct publisher *publisher, const struct publisher_frontend *frontend,
                          const struct introduction_point *point, struct look_comparison *comparison,
                          int64_t now)
{
    bool was_offered = false;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        if (source_offers(source, point) && source_is_in(source))
            return;
        was_offered |= source_offers(source, point) || offered_points_has(&source->offered, point, now);
    }
    comparison->stale++;
    comparison->unknown += !was_offered;
}

static bool has_point_of(const struct descriptor *descriptor, const struct source *source)
{
    for (size_t i = 0; i < descriptor->point_count; i++) {
        if (source_offers(source, &descriptor->points[i]))
            return true;
    }
    return false;
}

/* True when every set has points of a source. */
static bool is_everywhere(const struct assignment *assignment, uint64_t source)
{
    for (size_t i = 0; i < assignment->count; i++) {
        if (point_set_count_of(assignment->sets[i], source) == 0)
            return false;
    }
    return true;
}

/* True when a source whose points are in the wanted set has none in a descriptor which has room for them.
 * Where each HSDir has points of its own, another publisher may have given it others: what a source lacks
 * there it may have elsewhere, unless it is to be everywhere. */
static bool lacks_source(const struct publisher *publisher, const struct publisher_frontend *frontend,
                         const struct point_set *wanted, const struct descriptor *descriptor)
{
    if (wanted == NULL || descriptor->point_count >= frontend->points_max)
        return false;
    bool is_distinct = assignment_is_distinct(frontend->assignment);
    for (size_t i = 0; i < wanted->count; i++) {
        uint64_t number = wanted->entries[i].source;
        const struct source *source = publisher_find_source(publisher, number);
        if (source != NULL && source_is_in(source) && !has_point_of(descriptor, source) &&
            (!is_distinct || is_everywhere(frontend->assignment, number)))
            return true;
    }
    return false;
}

static bool has_wanted_points(const struct point_set *wanted, const struct descriptor *descriptor)
{
    if (wanted == NULL || wanted->count != descriptor->point_count)
        return false;
    for (size_t i = 0; i < descriptor->point_count; i++) {
        if (!point_set_has_point(wanted, &descriptor->points[i]))
            return false;
    }
    return true;
}

/* True when a descriptor has clients solve what they are to solve; it may be for a shorter time. */
static bool has_wanted_work(const struct point_set *wanted, const struct descriptor *descriptor)
{
    const struct pow_params *ours = &wanted->features.pow_params, *seen = &descriptor->pow_params;
    if (!ours->is_present || !seen->is_present)
        return ours->is_present == seen->is_present;
    return memcmp(ours->seed, seen->seed, POW_SEED_SIZE) == 0 &&
           ours->suggested_effort == seen->suggested_effort;
}

bool look_comparison_is_as_wanted(const struct point_set *wanted, const struct descriptor *descriptor)
{
    return has_wanted_points(wanted, descriptor) && has_wanted_work(wanted, descriptor) &&
           descriptor->is_restricted == (wanted->features.clients != NULL);
}

/* Where each HSDir has the points of one twin, another publisher may have given it another one than this; and
 * what that twin's tor has made for the second half of the day it may have heard of alone. */
static void compare_split(const struct publisher *publisher, const struct publisher_frontend *frontend,
                          const struct descriptor *descriptor, struct look_comparison *comparison)
{
    if (own_points_find_owner(publisher, frontend, descriptor) != NULL) {
        comparison->stale -= comparison->unknown;
        comparison->unknown = 0;
    }
    comparison->lacks = comparison->is_less = false;
    comparison->is_same = comparison->stale == 0;
}

struct look_comparison look_comparison_make(const struct publisher *publisher,
                                            const struct publisher_frontend *frontend,
                                            const struct publisher_upload *upload,
                                            const struct descriptor *descriptor, int64_t now)
{
    struct look_comparison comparison = {
        .is_same = has_wanted_points(upload->wanted, descriptor),
        .lacks = lacks_source(publisher, frontend, upload->wanted, descriptor),
        .is_less = upload->wanted != NULL && descriptor->point_count < upload->wanted->count,
    };
    for (size_t i = 0; i < descriptor->point_count; i++)
        compare_point(publisher, frontend, &descriptor->points[i], &comparison, now);
    if (frontend->is_split)
        compare_split(publisher, frontend, descriptor, &comparison);
    /* Another publisher's that is restricted is closed. */
    comparison.is_open = frontend->clients != NULL;
    comparison.is_same = comparison.is_same && !comparison.is_open;
    comparison.lacks = comparison.lacks || comparison.is_open;
    return comparison;
}
