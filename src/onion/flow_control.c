/* Reads, writes and merges what flow-control lines say. */
#include "flow_control.h"

#include "version_ranges.h"

int flow_control_parse(struct flow_control *flow_control, struct text versions, struct text sendme_inc,
                       struct error *error)
{
    uint64_t increment;
    if (version_ranges_parse(&flow_control->versions, versions) != 0)
        return error_set(error, "the versions of \"flow-control\" are no ranges of numbers from 0 to %d",
                         VERSION_RANGES_MAX);
    if (text_parse_uint64(sendme_inc, UINT8_MAX, &increment) != 0 || increment == 0)
        return error_set(error, "the sendme increment of \"flow-control\" is no number from 1 to %d",
                         UINT8_MAX);
    flow_control->sendme_inc = (uint8_t)increment;
    flow_control->is_present = true;
    return 0;
}

void flow_control_intersect(struct flow_control *common, const struct flow_control *other)
{
    if (common->is_present && other->is_present && common->sendme_inc == other->sendme_inc)
        common->versions &= other->versions;
    else
        common->versions = 0;
    if (common->versions == 0)
        *common = (struct flow_control){.is_present = false};
}
