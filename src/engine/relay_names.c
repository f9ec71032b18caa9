/* The nicknames of relays, as a tor's consensus has them. */
#include "engine/relay_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "control/relay_nickname.h"

#define KEY_PREFIX "ns/id/"

struct relay_name {
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    char nickname[RELAY_NICKNAME_SIZE]; /* "": not known (yet) */
};

struct relay_names {
    struct relay_name *relays;
    size_t count, room;
    size_t waiting;
    struct control_connection *connection; /* that was asked last, or NULL */
    void (*done)(void *context);
    void *context;
};

struct relay_names *relay_names_new(void (*done)(void *context), void *context)
{
    struct relay_names *names = memory_allocate(1, sizeof(*names));
    names->done = done;
    names->context = context;
    return names;
}

void relay_names_free(struct relay_names *names)
{
    if (names == NULL)
        return;
    if (names->connection != NULL)
        control_connection_forget(names->connection, names);
    free(names->relays);
    free(names);
}

static struct relay_name *find(const struct relay_names *names,
                               const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    for (size_t i = 0; i < names->count; i++) {
        if (memcmp(names->relays[i].fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return &names->relays[i];
    }
    return NULL;
}

/* The answer: which relay it is about stands in its key. */
static void relay_came(struct control_connection *connection, const struct control_reply *reply,
                       void *context)
{
    (void)connection;
    struct relay_names *names = context;
    if (reply == NULL)
        return; /* relay_names_note_closed() is called */
    for (size_t i = 0; control_reply_is_ok(reply) && i < names->count; i++) {
        char key[sizeof(KEY_PREFIX) + 2 * RELAY_FINGERPRINT_SIZE], hex[HEX_TEXT_SIZE(RELAY_FINGERPRINT_SIZE)];
        if (names->relays[i].nickname[0] != '\0')
            continue;
        hex_encode_upper(hex, names->relays[i].fingerprint, RELAY_FINGERPRINT_SIZE);
        snprintf(key, sizeof(key), KEY_PREFIX "%s", hex);
        const struct control_line *line = control_reply_find(reply, key);
        if (line == NULL)
            continue;
        if (line->data != NULL)
            (void)!relay_nickname_parse(names->relays[i].nickname,
                                        (struct text){line->data, line->data_length});
        break;
    }
    if (--names->waiting == 0)
        names->done(names->context);
}

void relay_names_ask(struct relay_names *names, struct control_connection *connection,
                     const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    char command[sizeof("GETINFO ns/id/") + 2 * RELAY_FINGERPRINT_SIZE],
        hex[HEX_TEXT_SIZE(RELAY_FINGERPRINT_SIZE)];
    if (connection == NULL || names->count == RELAY_NAMES_MAX || find(names, fingerprint) != NULL)
        return;
    names->relays =
        memory_make_room(names->relays, &names->room, names->count + 1, 16, sizeof(*names->relays));
    struct relay_name *relay = &names->relays[names->count++];
    memset(relay, 0, sizeof(*relay));
    memcpy(relay->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE);
    hex_encode_upper(hex, fingerprint, RELAY_FINGERPRINT_SIZE);
    snprintf(command, sizeof(command), "GETINFO ns/id/%s", hex);
    names->connection = connection;
    if (control_connection_send(connection, command, relay_came, names) == 0)
        names->waiting++;
}

bool relay_names_are_waiting(const struct relay_names *names)
{
    return names->waiting > 0;
}

const char *relay_names_find(const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const void *names)
{
    const struct relay_name *relay = find(names, fingerprint);
    return relay != NULL && relay->nickname[0] != '\0' ? relay->nickname : NULL;
}

void relay_names_note_closed(struct relay_names *names)
{
    names->connection = NULL;
    names->waiting = 0;
}
