/* Where the local tors' SOCKS ports are. */
#include "engine/socks_place.h"

#include <string.h>

#include "control/quoted_string.h"

#define KEYWORD "net/listeners/socks"

int socks_place_parse(struct listen_address *place, const char *text)
{
    char value[256];
    struct error error;
    while (quoted_string_parse(text, value, sizeof(value), &text) == 0) {
        if (listen_address_parse(place, value, &error) == 0)
            return 0;
        if (*text != ' ')
            break;
        text++;
    }
    return -1;
}

static void answer_came(struct control_connection *connection, const struct control_reply *reply,
                        void *context)
{
    (void)connection;
    struct engine_tor *tor = context;
    const struct control_line *line =
        reply != NULL && control_reply_is_ok(reply) ? control_reply_find(reply, KEYWORD) : NULL;
    tor->has_socks =
        line != NULL && socks_place_parse(&tor->socks, line->text + sizeof(KEYWORD "=") - 1) == 0;
    engine_wake(tor->engine);
}

void engine_ask_socks_place(struct engine_tor *tor)
{
    tor->has_socks = false;
    control_connection_send(local_tor_connection(tor->local_tor), "GETINFO net/listeners/socks", answer_came,
                            tor);
}

void engine_forget_socks_place(struct engine_tor *tor)
{
    tor->has_socks = false;
}

int engine_find_socks_place(const struct engine *engine, size_t tor, struct listen_address *place,
                            struct error *error)
{
    if (tor >= PUBLISHER_TORS_MAX || engine->tors[tor].local_tor == NULL || !engine->tors[tor].has_socks)
        return error_set(error,
                         "the local tor has no SOCKS port: add a line \"SocksPort 9050\" to its torrc");
    *place = engine->tors[tor].socks;
    return 0;
}
