/* How the frontends of a source hear what is new of it. */
#include "publish/source_news.h"

#include "publish/frontends.h"
#include "publish/looks.h"

void source_tell_frontends(struct publisher *publisher, struct source *source, int64_t now)
{
    for (size_t i = 0; source->news != SOURCE_NEWS_NONE && i < source->frontend_count; i++) {
        frontend_update_assignment(publisher, source->frontends[i], source->number, now);
        looks_note_change(publisher, source->frontends[i], now);
    }
    source->news = SOURCE_NEWS_NONE;
}
