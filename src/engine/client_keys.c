/* The keys that a local tor is given for restricted onion services. */
#include "engine/client_keys.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define KEY_TEXT_SIZE sodium_base64_ENCODED_LEN(X25519_SECRET_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL)

/* tor's answers to a key: it had none; it had one; it had none, and has opened a descriptor with this one. */
#define STATUS_ADDED 250
#define STATUS_REPLACED 251
#define STATUS_OPENED 252

/* One key. It stays where it is while the tor may answer. */
struct entry {
    char address[ONION_ADDRESS_SIZE]; /* of the onion service that it is for */
    const uint8_t *secret;            /* the config's */
    size_t order;                     /* in the config */
    bool is_ours;                     /* the tor has it, and has it from here */
    bool is_kept;                     /* by the config that is being set */
};

/* Sorted by their addresses, of which each is there once. */
struct entries {
    struct entry **entries;
    size_t count, room;
};

struct client_keys {
    struct control_connection *connection; /* NULL for none */
    struct entries wanted;
    bool checks_health;
};

/* -- the tor ---------------------------------------------------------------------------------------- */

/* ONION_CLIENT_AUTH_ADD with the key, in secret memory. */
static char *make_command(const struct entry *entry)
{
    const size_t size = KEY_TEXT_SIZE + ONION_ADDRESS_SIZE + 64;
    char *command = secret_allocate(size);
    int length = snprintf(command, size, "ONION_CLIENT_AUTH_ADD %s x25519:", entry->address);
    sodium_bin2base64(command + length, KEY_TEXT_SIZE, entry->secret, X25519_SECRET_KEY_SIZE,
                      sodium_base64_VARIANT_ORIGINAL);
    strcat(command, "\r\n");
    return command;
}

/* What goes wrong here shows when the onion service can't be reached for want of the key. */
static void key_was_answered(struct control_connection *connection, const struct control_reply *reply,
                             void *context)
{
    (void)connection;
    struct entry *entry = context;
    if (reply != NULL && (reply->status == STATUS_ADDED || reply->status == STATUS_OPENED))
        entry->is_ours = true;
}

static void give(struct client_keys *keys, struct entry *entry)
{
    if (keys->connection != NULL)
        control_connection_send_secret(keys->connection, make_command(entry), key_was_answered, entry);
}

static void take_back(struct client_keys *keys, const struct entry *entry)
{
    char command[ONION_ADDRESS_SIZE + 64];
    snprintf(command, sizeof(command), "ONION_CLIENT_AUTH_REMOVE %s", entry->address);
    if (keys->connection != NULL && entry->is_ours)
        control_connection_send(keys->connection, command, NULL, NULL);
}

/* -- the list --------------------------------------------------------------------------------------- */

static void free_entry(struct client_keys *keys, struct entry *entry)
{
    if (keys->connection != NULL)
        control_connection_forget(keys->connection, entry);
    free(entry);
}

static void add(struct entries *entries, const char *address, const uint8_t *secret)
{
    if (secret == NULL)
        return;
    struct entry *entry = memory_allocate(1, sizeof(*entry));
    memcpy(entry->address, address, ONION_ADDRESS_LENGTH);
    entry->secret = secret;
    entry->order = entries->count;
    entries->entries =
        memory_make_room(entries->entries, &entries->room, entries->count + 1, 8, sizeof(struct entry *));
    entries->entries[entries->count++] = entry;
}

/* A backend's own address is asked for by a health check alone, and only where that goes there. */
static void add_backend(struct entries *entries, const struct config_backend *backend, bool checks_health)
{
    if (backend->control.way == CONTROL_WAY_ONION)
        add(entries, backend->control.host, backend->control_client_secret);
    if (checks_health && backend->health.is_on && strcmp(backend->health.address, backend->address) == 0)
        add(entries, backend->address, backend->client_secret);
}

static int compare_addresses(const void *one, const void *other)
{
    const struct entry *const *left = one, *const *right = other;
    return strcmp((*left)->address, (*right)->address);
}

static int compare(const void *one, const void *other)
{
    const struct entry *const *left = one, *const *right = other;
    int order = compare_addresses(one, other);
    if (order != 0)
        return order;
    const size_t first = (*left)->order, second = (*right)->order;
    return first < second ? -1 : first > second;
}

/* The tor has one key for each onion service: of two in the config the first one counts. */
static void sort(struct entries *entries)
{
    size_t count = 0;
    if (entries->count > 0)
        qsort(entries->entries, entries->count, sizeof(struct entry *), compare);
    for (size_t i = 0; i < entries->count; i++) {
        if (count > 0 && compare_addresses(&entries->entries[count - 1], &entries->entries[i]) == 0)
            free(entries->entries[i]);
        else
            entries->entries[count++] = entries->entries[i];
    }
    entries->count = count;
}

static void find_wanted(struct entries *entries, const struct config *config, bool checks_health)
{
    *entries = (struct entries){.count = 0};
    for (size_t i = 0; config != NULL && i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++)
            add_backend(entries, &frontend->backends[j], checks_health);
    }
    sort(entries);
}

static struct entry *find(const struct entries *entries, const char *address)
{
    struct entry wanted = {.secret = NULL};
    const struct entry *key = &wanted;
    memcpy(wanted.address, address, ONION_ADDRESS_LENGTH);
    struct entry **found = entries->count == 0 ? NULL
                                               : bsearch(&key, entries->entries, entries->count,
                                                         sizeof(struct entry *), compare_addresses);
    return found != NULL ? *found : NULL;
}

/* -- what is asked of it ---------------------------------------------------------------------------- */

struct client_keys *client_keys_new(bool checks_health)
{
    struct client_keys *keys = memory_allocate(1, sizeof(*keys));
    keys->checks_health = checks_health;
    return keys;
}

void client_keys_free(struct client_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->wanted.count; i++)
        free_entry(keys, keys->wanted.entries[i]);
    free(keys->wanted.entries);
    free(keys);
}

/* Goes on with a key that was wanted before, in the place of a new one for the same address, of which the tor
 * may not have said yet what it makes of it. It is given again if it is another key. */
static void go_on(struct client_keys *keys, struct entry **place, struct entry *before)
{
    const struct entry *wanted = *place;
    const bool is_same = sodium_memcmp(wanted->secret, before->secret, X25519_SECRET_KEY_SIZE) == 0;
    before->secret = wanted->secret;
    before->is_kept = true;
    free(*place);
    *place = before;
    if (!is_same)
        give(keys, before);
}

void client_keys_set(struct client_keys *keys, const struct config *config)
{
    struct entries before = keys->wanted;
    find_wanted(&keys->wanted, config, keys->checks_health);
    for (size_t i = 0; i < before.count; i++)
        before.entries[i]->is_kept = false;
    for (size_t i = 0; i < keys->wanted.count; i++) {
        struct entry *known = find(&before, keys->wanted.entries[i]->address);
        if (known != NULL)
            go_on(keys, &keys->wanted.entries[i], known);
        else
            give(keys, keys->wanted.entries[i]);
    }
    for (size_t i = 0; i < before.count; i++) {
        if (before.entries[i]->is_kept)
            continue;
        take_back(keys, before.entries[i]);
        free_entry(keys, before.entries[i]);
    }
    free(before.entries);
}

void client_keys_connect(struct client_keys *keys, struct control_connection *connection)
{
    keys->connection = connection;
    for (size_t i = 0; i < keys->wanted.count; i++)
        give(keys, keys->wanted.entries[i]);
}

void client_keys_give(struct client_keys *keys, const char *address)
{
    struct entry *entry = find(&keys->wanted, address);
    if (entry != NULL)
        give(keys, entry);
}

bool client_keys_are_given(const struct client_keys *keys)
{
    for (size_t i = 0; i < keys->wanted.count; i++) {
        if (keys->wanted.entries[i]->is_ours)
            return true;
    }
    return false;
}

void client_keys_disconnect(struct client_keys *keys)
{
    keys->connection = NULL;
}
