/* What two descriptors of one service are to each other: which is older, and what the later one changes. */
#include "publish/descriptor_comparison.h"

bool descriptor_is_older(const struct descriptor *descriptor, const struct descriptor *known)
{
    if (descriptor->period_number != known->period_number)
        return descriptor->period_number < known->period_number;
    return descriptor->revision_counter < known->revision_counter;
}

/* True when two points are alike to whoever compares them. */
typedef bool (*likeness)(const struct introduction_point *one, const struct introduction_point *other);

static bool has_point(const struct descriptor *descriptor, const struct introduction_point *point,
                      likeness is_alike)
{
    for (size_t i = 0; i < descriptor->point_count; i++) {
        if (is_alike(&descriptor->points[i], point))
            return true;
    }
    return false;
}

static bool has_alike_points(const struct descriptor *one, const struct descriptor *other, likeness is_alike)
{
    if (one->point_count != other->point_count)
        return false;
    for (size_t i = 0; i < one->point_count; i++) {
        if (!has_point(other, &one->points[i], is_alike))
            return false;
    }
    return true;
}

bool descriptor_has_same_points(const struct descriptor *one, const struct descriptor *other)
{
    return has_alike_points(one, other, introduction_point_equals);
}

bool descriptor_has_unchanged_points(const struct descriptor *one, const struct descriptor *other)
{
    return has_alike_points(one, other, introduction_point_is_unchanged);
}

bool descriptor_has_same_features(const struct descriptor *one, const struct descriptor *other)
{
    return one->is_single_onion_service == other->is_single_onion_service &&
           one->flow_control.is_present == other->flow_control.is_present &&
           one->flow_control.versions == other->flow_control.versions &&
           one->flow_control.sendme_inc == other->flow_control.sendme_inc;
}

bool descriptor_is_replay(const struct descriptor *descriptor, const struct descriptor *known)
{
    return descriptor->period_number == known->period_number && descriptor_is_older(descriptor, known) &&
           !descriptor_has_same_points(descriptor, known);
}

bool descriptor_tells_less(const struct descriptor *descriptor, const struct descriptor *known,
                           uint64_t client_period)
{
    if (descriptor->period_number != known->period_number && descriptor->period_number >= client_period)
        return false;
    return descriptor_is_older(descriptor, known);
}

bool descriptor_is_of_other_half(const struct descriptor *descriptor, const struct descriptor *known,
                                 const uint64_t period_numbers[DESCRIPTOR_SLOTS])
{
    return known->period_number == period_numbers[DESCRIPTOR_FIRST] &&
           descriptor->period_number == period_numbers[DESCRIPTOR_SECOND];
}
