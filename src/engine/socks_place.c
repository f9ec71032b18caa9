/* Which SOCKS port connections over Tor are made through. */
#include "engine/socks_place.h"

#include "engine/engine_state.h"

enum socks_place_state engine_find_socks_place(const struct engine *engine, size_t turn,
                                               struct listen_address *place, struct error *error)
{
    const struct config *config = engine->config;
    if (config->tor_socks_count > 0) {
        *place = config->tor_socks[turn % config->tor_socks_count];
        return SOCKS_PLACE_THERE;
    }
    struct listen_address places[PUBLISHER_TORS_MAX];
    size_t count = 0;
    bool is_awaited = true;
    error_set(error, "no local tor is there through which it could be reached");
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        const char *why;
        if (engine->tors[i].local_tor == NULL)
            continue;
        switch (local_tor_socks(engine->tors[i].local_tor, &places[count], &why)) {
        case LOCAL_TOR_SOCKS_UNKNOWN:
            break;
        case LOCAL_TOR_SOCKS_NONE:
            is_awaited = false;
            error_set(error, "%s", why);
            break;
        case LOCAL_TOR_SOCKS_THERE:
            count++;
            break;
        }
    }
    if (count == 0)
        return is_awaited ? SOCKS_PLACE_LATER : SOCKS_PLACE_NONE;
    *place = places[turn % count];
    return SOCKS_PLACE_THERE;
}
