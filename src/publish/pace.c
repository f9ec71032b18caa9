/* How the state machine reckons with time and chance, and has things looked at again. */
#include "publish/pace.h"

#define SECOND ((int64_t)1000)
#define DAY (24 * 60 * 60 * SECOND)

/* -- chance, from the seed: splitmix64 ------------------------------------------------------------ */

static uint64_t next_random(struct publisher *publisher)
{
    uint64_t number = publisher->random_state += 0x9e3779b97f4a7c15u;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

int64_t publisher_draw(struct publisher *publisher, int64_t low, int64_t high)
{
    uint64_t width = (uint64_t)(high - low) + 1;
    return low + (int64_t)(next_random(publisher) % width);
}

int64_t publisher_scale(const struct publisher *publisher, int64_t milliseconds)
{
    if (publisher->network == NULL)
        return milliseconds;
    int64_t run = shared_random_run_length(&publisher->network->schedule) * SECOND;
    return run < DAY ? milliseconds / SECOND * run / (DAY / SECOND) : milliseconds;
}

struct allowance_times publisher_scale_allowance(const struct publisher *publisher)
{
    const struct allowance_times *times = &publisher->rules.allowance;
    return (struct allowance_times){.quiet = publisher_scale(publisher, times->quiet),
                                    .churn = publisher_scale(publisher, times->churn)};
}

int64_t publisher_back_off(struct publisher *publisher, unsigned failures)
{
    int64_t delay = publisher->rules.retry_delay;
    for (unsigned i = 1; i < failures && delay < publisher->rules.retry_delay_max; i++)
        delay *= 2;
    if (delay > publisher->rules.retry_delay_max)
        delay = publisher->rules.retry_delay_max;
    return publisher_draw(publisher, delay, delay + delay / 2);
}

/* -- what is looked at again ---------------------------------------------------------------------- */

void publisher_touch_source(struct publisher *publisher, const struct source *source, int64_t now)
{
    agenda_set(&publisher->source_agenda, source_row(source->number), now);
}

void publisher_touch_frontend(struct publisher *publisher, size_t frontend, int64_t now)
{
    agenda_set(&publisher->frontend_agenda, frontend, now);
}
