/* The kinds of sources, and the policy for each: what is believed of a source, and who is asked about it. */
#include "publish/source_kind.h"

static const struct source_policy policies[SOURCE_KINDS] = {
    [SOURCE_BACKEND_WITH_CONTROL] =
        {
            .asks_own_tor = true,
            .is_on_hsdirs = true,
            .is_doubted_for_loss = true,
            .sources_polled_at_ease = 1000,
            .new_half_spread = 2000,
        },
    [SOURCE_BACKEND_ON_HSDIRS] =
        {
            .is_on_hsdirs = true,
            .is_judged_by_age = true,
            /* With the delays between them some ten minutes. HSDirs drop a descriptor after three hours, so
             * this is how a source ends that died before a new time period, in which its counter was new once
             * more. */
            .failures_to_doubt = 10,
            .new_half_spread = 10000,
        },
    [SOURCE_TWIN_WITH_CONTROL] =
        {
            .asks_own_tor = true,
            .is_doubted_for_loss = true,
            .can_verify_work = true,
            .sources_polled_at_ease = 100,
            .silent_poll = 5000,
            .new_half_spread = 2000,
        },
    [SOURCE_TWIN_ON_HSDIRS] =
        {
            .is_at_spares = true,
            .is_judged_by_age = true,
            .can_verify_work = true,
            .sources_polled_at_ease = 100,
            .silent_poll = 30000, /* of the two spare HSDirs one each time */
            .new_half_spread = 10000,
        },
};

const struct source_policy *source_policy(enum source_kind kind)
{
    return &policies[kind];
}
