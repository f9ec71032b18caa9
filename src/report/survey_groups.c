/* Which of the descriptors that HSDirs hand out are alike. */
#include "report/survey_groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool has_point(const struct descriptor_examination *examination, const struct examined_point *point)
{
    for (size_t i = 0; i < examination->point_count; i++) {
        if (examination->points[i].has_auth_key &&
            introduction_point_equals(&examination->points[i].point, &point->point))
            return true;
    }
    return false;
}

static bool has_same_points(const struct descriptor_examination *one,
                            const struct descriptor_examination *other)
{
    if (one->points_in_all != other->points_in_all)
        return false;
    for (size_t i = 0; i < one->point_count; i++) {
        if (!one->points[i].has_auth_key || !has_point(other, &one->points[i]))
            return false;
    }
    return true;
}

static bool has_same_maker(const struct descriptor_examination *one,
                           const struct descriptor_examination *other)
{
    return memcmp(one->descriptor->signing_key, other->descriptor->signing_key, ED25519_PUBLIC_KEY_SIZE) == 0;
}

static bool knows_maker(const struct descriptor_examination *examination)
{
    return examination->has_certificate;
}

static bool knows_points(const struct descriptor_examination *examination)
{
    return examination->is_inner_open;
}

/* Numbers the groups of those that are the same, where that is known. */
static size_t *
number_groups(const struct survey_report *report, bool (*is_known)(const struct descriptor_examination *),
              bool (*is_same)(const struct descriptor_examination *, const struct descriptor_examination *))
{
    size_t *numbers = memory_allocate(report->count, sizeof(*numbers)), next = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct descriptor_examination *examination = report->hsdirs[i].examination;
        numbers[i] = SURVEY_NO_GROUP;
        if (examination == NULL || !is_known(examination))
            continue;
        for (size_t j = 0; j < i && numbers[i] == SURVEY_NO_GROUP; j++) {
            if (numbers[j] != SURVEY_NO_GROUP && is_same(report->hsdirs[j].examination, examination))
                numbers[i] = numbers[j];
        }
        if (numbers[i] == SURVEY_NO_GROUP)
            numbers[i] = next++;
    }
    return numbers;
}

static bool is_newer(const struct descriptor_examination *one, const struct descriptor_examination *other)
{
    return one->descriptor->revision_counter > other->descriptor->revision_counter;
}

/* The one of those like it whose descriptor is the newest. */
static size_t find_shown(const struct survey_groups *groups, const struct survey_report *report, size_t hsdir)
{
    const struct surveyed_hsdir *hsdirs = report->hsdirs;
    const size_t failures = descriptor_examination_count_failures(hsdirs[hsdir].examination);
    size_t best = SURVEY_NO_GROUP;
    for (size_t i = 0; i < report->count; i++) {
        if (hsdirs[i].examination == NULL || groups->makers[i] != groups->makers[hsdir] ||
            groups->sets[i] != groups->sets[hsdir] ||
            descriptor_examination_count_failures(hsdirs[i].examination) != failures)
            continue;
        if (best == SURVEY_NO_GROUP || is_newer(hsdirs[i].examination, hsdirs[best].examination))
            best = i;
    }
    return best;
}

void survey_groups_find(struct survey_groups *groups, const struct survey_report *report)
{
    groups->makers = number_groups(report, knows_maker, has_same_maker);
    groups->sets = number_groups(report, knows_points, has_same_points);
    groups->shown = memory_allocate(report->count, sizeof(*groups->shown));
    for (size_t i = 0; i < report->count; i++)
        groups->shown[i] =
            report->hsdirs[i].examination != NULL ? find_shown(groups, report, i) : SURVEY_NO_GROUP;
}

void survey_groups_clear(struct survey_groups *groups)
{
    free(groups->makers);
    free(groups->sets);
    free(groups->shown);
    *groups = (struct survey_groups){0};
}
