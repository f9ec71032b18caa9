/* What is done when the way to the network is back: nothing is waited for any longer. */
#include "publish/recovery.h"

#include "publish/sources.h"
#include "publish/uploads.h"

void recovery_try_all(struct publisher *publisher, int64_t since, int64_t now)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (publisher->frontends[i].is_used)
            frontend_retry_uploads(publisher, i, now);
    }
    for (size_t i = 0; i < publisher->source_count; i++) {
        struct source *source = &publisher->sources[i];
        if (source->is_used && !source_policy(source->kind)->asks_own_tor && source->inquiry.failures > 0 &&
            source->inquiry.failing_since > since)
            source_begin_anew(publisher, source, now);
    }
}
