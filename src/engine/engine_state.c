/* What the files of the engine share: all that it holds. */
#include "engine/engine_state.h"

void engine_wake(struct engine *engine)
{
    const struct timeval now = {0, 0};
    evtimer_add(engine->timer, &now);
}

struct control_connection *engine_tor_connection(const struct engine *engine, size_t number)
{
    if (number >= PUBLISHER_TORS_MAX || engine->tors[number].local_tor == NULL)
        return NULL;
    return local_tor_connection(engine->tors[number].local_tor);
}

void engine_give_keys(const struct engine *engine, const char *address)
{
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        if (engine->tors[i].local_tor != NULL)
            client_keys_give(engine->tors[i].keys, address);
    }
}
