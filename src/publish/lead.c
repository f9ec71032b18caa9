/* How far the revision counters of a frontend are ahead of the clock, and its rounds' part in that. */
#include "publish/lead.h"

#include "publish/pace.h"

int64_t lead_find(const struct publisher *publisher, const struct publisher_frontend *frontend)
{
    size_t twins = 0, off = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        if (source_policy(source->kind)->is_on_hsdirs)
            continue;
        twins++;
        off += source->uploading == SOURCE_UPLOADING_OFF;
    }
    bool are_off = twins > 0 && off == twins;
    return are_off ? 0 : lead_find_longest(publisher, frontend);
}

int64_t lead_find_longest(const struct publisher *publisher, const struct publisher_frontend *frontend)
{
    return publisher_scale(publisher, frontend->lead);
}

/* Before three quarters of the lead are over, so that there is time for tries that fail. */
int64_t lead_draw_refresh(struct publisher *publisher, int64_t lead, int64_t now)
{
    return now + publisher_draw(publisher, lead / 4, lead / 4 * 3);
}
