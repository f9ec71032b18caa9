/* Which SOCKS port connections over Tor are made through. */
#include "engine/socks_place.h"

#include "engine/engine_state.h"

enum socks_place_state engine_find_socks_place(const struct engine *engine, size_t turn,
                                               struct listen_address *place, struct error *error)
{
    const struct listen_address *places[PUBLISHER_TORS_MAX];
    size_t count = 0;
    bool is_awaited = true;
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        const struct engine_tor *tor = &engine->tors[i];
        if (tor->local_tor == NULL || local_tor_connection(tor->local_tor) == NULL)
            continue;
        is_awaited = false;
        if (tor->has_socks)
            places[count++] = &tor->socks;
    }
    if (count > 0) {
        *place = *places[turn % count];
        return SOCKS_PLACE_THERE;
    }
    if (is_awaited)
        error_set(error, "no local tor is there through which it could be reached");
    else
        error_set(error, "the local tor has no SOCKS port: give its torrc one (SocksPort)");
    return is_awaited ? SOCKS_PLACE_LATER : SOCKS_PLACE_NONE;
}
