/* When it is checked whether what is behind the sources answers. */
#include "publish/checks.h"

#include <string.h>

#include "publish/pace.h"

/* Steps of this part of a whole (2^32), the golden section, come nowhere near each other, however many there
 * are. */
#define GOLDEN_STEP UINT64_C(2654435769)

int64_t checks_find_first(const struct publisher *publisher, const struct source *source, int64_t interval,
                          int64_t now)
{
    uint32_t start;
    memcpy(&start, publisher->rules.seed, sizeof(start));
    uint32_t part = (uint32_t)(start + source_row(source->number) * GOLDEN_STEP);
    return now + (int64_t)(((uint64_t)interval * part) >> 32);
}

/* Those that could not begin in time are left out, so that the others stay where they are. */
static void skip_missed(struct source_health *health, int64_t now)
{
    if (health->check_at >= now)
        return;
    int64_t missed = (now - health->check_at + health->rules.interval - 1) / health->rules.interval;
    health->check_at += missed * health->rules.interval;
}

void checks_update(struct publisher *publisher, struct source *source, int64_t now)
{
    size_t row = source_row(source->number);
    bool is_wanted = source->health.state != HEALTH_UNCHECKED && source_is_in(source);
    if (!is_wanted || source_is_checked(source)) {
        agenda_set(&publisher->check_queue, row, MOMENT_NEVER);
        return;
    }
    if (agenda_moment(&publisher->check_queue, row) != MOMENT_NEVER)
        return; /* it waits already, perhaps for a permit */
    skip_missed(&source->health, now);
    agenda_set(&publisher->check_queue, row, source->health.check_at);
}

bool checks_take(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    size_t row = 0;
    if (checks_next_moment(publisher) > now)
        return false;
    agenda_first(&publisher->check_queue, &row);
    struct source *source = &publisher->sources[row];
    agenda_set(&publisher->check_queue, row, MOMENT_NEVER);
    agenda_set(&publisher->check_permits, row, now);
    publisher->next_check_at = now + publisher->rules.check_gap;
    source_health_note_begun(source, now);
    skip_missed(&source->health, now);
    if (source->health.check_at <= now)
        source->health.check_at += source->health.rules.interval;
    action->type = PUBLISHER_CHECK;
    action->source = source->number;
    return true;
}

int64_t checks_next_moment(const struct publisher *publisher)
{
    size_t row = 0;
    int64_t first = agenda_first(&publisher->check_queue, &row);
    if (first == MOMENT_NEVER || !publisher->is_tor_up || publisher->network == NULL ||
        agenda_count(&publisher->check_permits) >= publisher->rules.check_permits)
        return MOMENT_NEVER; /* whatever is missing has the publisher asked when it comes */
    return later(first, publisher->next_check_at);
}

void checks_end(struct publisher *publisher, struct source *source, int64_t now)
{
    agenda_set(&publisher->check_permits, source_row(source->number), MOMENT_NEVER);
    publisher_touch_source(publisher, source, now);
}
