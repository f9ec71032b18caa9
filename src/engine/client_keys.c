/* The keys that a local tor is given for agents' restricted onion services. */
#include "engine/client_keys.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/memory.h"
#include "onion/client_key.h"

#define KEY_TEXT_SIZE sodium_base64_ENCODED_LEN(X25519_SECRET_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL)

/* One key. */
struct entry {
    TAILQ_ENTRY(entry) others;
    struct client_keys *keys;
    char address[ONION_ADDRESS_SIZE]; /* of the onion service that it is for */
    char *path;
    struct file_request *request; /* while the file is being read, or NULL */
    bool is_given;                /* to the tor as it is now */
    bool is_wanted;
};

struct client_keys {
    const struct credential_reader *reader;
    struct control_connection *connection; /* NULL for none */
    TAILQ_HEAD(, entry) entries;
};

/* ONION_CLIENT_AUTH_ADD with the key, in secret memory. */
static char *make_command(const struct entry *entry, const uint8_t key[X25519_SECRET_KEY_SIZE])
{
    const size_t size = KEY_TEXT_SIZE + ONION_ADDRESS_SIZE + 64;
    char *command = secret_allocate(size);
    int length = snprintf(command, size, "ONION_CLIENT_AUTH_ADD %s x25519:", entry->address);
    sodium_bin2base64(command + length, KEY_TEXT_SIZE, key, X25519_SECRET_KEY_SIZE,
                      sodium_base64_VARIANT_ORIGINAL);
    strcat(command, "\r\n");
    return command;
}

/* What goes wrong here shows when the onion service can't be reached for want of the key. */
static void key_came(const struct file_answer *answer, void *context)
{
    struct entry *entry = context;
    struct client_keys *keys = entry->keys;
    entry->request = NULL;
    if (keys->connection == NULL || answer->result != CREDENTIAL_OK ||
        answer->length != X25519_SECRET_KEY_SIZE)
        return;
    entry->is_given = control_connection_send_secret(keys->connection, make_command(entry, answer->content),
                                                     NULL, NULL) == 0;
}

static void drop_request(struct entry *entry)
{
    if (entry->request != NULL)
        entry->keys->reader->forget(entry->request, entry->keys->reader->context);
    entry->request = NULL;
}

static void give(struct entry *entry)
{
    struct client_keys *keys = entry->keys;
    const struct file_question question = {
        .type = FILE_CLIENT_KEY, .text = entry->path, .address = entry->address, .socket = -1};
    drop_request(entry);
    if (keys->connection != NULL)
        entry->request = keys->reader->ask(&question, key_came, entry, keys->reader->context);
}

static void free_entry(struct entry *entry)
{
    drop_request(entry);
    TAILQ_REMOVE(&entry->keys->entries, entry, others);
    free(entry->path);
    free(entry);
}

struct client_keys *client_keys_new(const struct credential_reader *reader)
{
    struct client_keys *keys = memory_allocate(1, sizeof(*keys));
    keys->reader = reader != NULL ? reader : &credential_reader_here;
    TAILQ_INIT(&keys->entries);
    return keys;
}

void client_keys_free(struct client_keys *keys)
{
    if (keys == NULL)
        return;
    while (!TAILQ_EMPTY(&keys->entries))
        free_entry(TAILQ_FIRST(&keys->entries));
    free(keys);
}

static bool has_address(const struct entry *entry, const char *address)
{
    return strncmp(entry->address, address, ONION_ADDRESS_LENGTH) == 0;
}

/* The tor has one key for each onion service: of two in the config the first one counts. */
static void want(struct client_keys *keys, const struct config_backend *backend)
{
    struct entry *entry;
    const char *host = backend->control.host;
    TAILQ_FOREACH(entry, &keys->entries, others)
    {
        if (has_address(entry, host) &&
            (entry->is_wanted || strcmp(entry->path, backend->control_client_key) == 0))
            break;
    }
    if (entry == NULL) {
        entry = memory_allocate(1, sizeof(*entry));
        entry->keys = keys;
        memcpy(entry->address, host, ONION_ADDRESS_LENGTH);
        entry->path = memory_copy_text(backend->control_client_key, strlen(backend->control_client_key));
        TAILQ_INSERT_TAIL(&keys->entries, entry, others);
    }
    entry->is_wanted = true;
}

/* True when the config names a key for this onion service. */
static bool is_wanted(const struct client_keys *keys, const char *address)
{
    const struct entry *entry;
    TAILQ_FOREACH(entry, &keys->entries, others)
    {
        if (entry->is_wanted && has_address(entry, address))
            return true;
    }
    return false;
}

static void take_back(struct entry *entry)
{
    char command[ONION_ADDRESS_SIZE + 64];
    struct client_keys *keys = entry->keys;
    snprintf(command, sizeof(command), "ONION_CLIENT_AUTH_REMOVE %s", entry->address);
    if (keys->connection != NULL && entry->is_given && !is_wanted(keys, entry->address))
        control_connection_send(keys->connection, command, NULL, NULL);
    free_entry(entry);
}

void client_keys_set(struct client_keys *keys, const struct config *config)
{
    struct entry *entry, *next;
    TAILQ_FOREACH(entry, &keys->entries, others)
    {
        entry->is_wanted = false;
    }
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++) {
            if (frontend->backends[j].control_client_key != NULL)
                want(keys, &frontend->backends[j]);
        }
    }
    for (entry = TAILQ_FIRST(&keys->entries); entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, others);
        if (entry->is_wanted)
            give(entry);
        else
            take_back(entry);
    }
}

void client_keys_connect(struct client_keys *keys, struct control_connection *connection)
{
    struct entry *entry;
    keys->connection = connection;
    TAILQ_FOREACH(entry, &keys->entries, others)
    {
        give(entry);
    }
}

void client_keys_give(struct client_keys *keys, const char *host)
{
    struct entry *entry;
    TAILQ_FOREACH(entry, &keys->entries, others)
    {
        if (has_address(entry, host))
            give(entry);
    }
}

void client_keys_disconnect(struct client_keys *keys)
{
    struct entry *entry;
    keys->connection = NULL;
    TAILQ_FOREACH(entry, &keys->entries, others)
    {
        entry->is_given = false;
        drop_request(entry);
    }
}
