/* A config as it comes from the reader, message by message: its text, and what there is to say of each key.
 */
#include "reader/config_delivery.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "config/config_report.h"
#include "config/yaml_file.h"
#include "reader/reader_message.h"

struct config_delivery {
    struct config_report report;
    unsigned char *text;
    size_t length;
    struct config_frontend *keys; /* nothing but what the reader says of a key, and of the clients */
    size_t key_count;
    size_t clients_count; /* of how many it has said who they are */
    size_t next_key;
    struct secret_pool client_secrets; /* of clients, in the order in which the config asks for them */
    uint8_t **client_keys;             /* which lie there */
    size_t client_key_count, client_key_room;
    size_t next_client_key;
};

static int take_text(struct config_delivery *delivery, const uint8_t *bytes, size_t length)
{
    if (length > YAML_FILE_SIZE_MAX - delivery->length)
        return -1;
    delivery->text = memory_resize(delivery->text, delivery->length + length, 1);
    memcpy(delivery->text + delivery->length, bytes, length);
    delivery->length += length;
    return 0;
}

static int take_key(struct config_delivery *delivery, const uint8_t *bytes, size_t size)
{
    if (size <= READER_KEY_PATH || size - READER_KEY_PATH >= PATH_MAX + NAME_MAX)
        return -1;
    struct bundle_plan plan = {0};
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (bytes[READER_KEY_FORMAT] == KEY_FORMAT_BUNDLE &&
        (bundle_decode_header(&plan, identity_key, bytes + READER_KEY_BUNDLE, NULL) != 0 ||
         memcmp(identity_key, bytes + READER_KEY_IDENTITY, sizeof(identity_key)) != 0))
        return -1;
    struct config_frontend key = {
        .plan = plan,
        .signer_frontend = big_endian_read_uint32(bytes + READER_KEY_FRONTEND),
        .key_format = (enum key_format)bytes[READER_KEY_FORMAT],
        .key_path = memory_copy_text((const char *)bytes + READER_KEY_PATH, size - READER_KEY_PATH),
    };
    memcpy(key.identity_key, bytes + READER_KEY_IDENTITY, ED25519_PUBLIC_KEY_SIZE);
    delivery->keys =
        memory_extend(delivery->keys, &delivery->key_count, delivery->key_count + 1, sizeof(*delivery->keys));
    delivery->keys[delivery->key_count - 1] = key;
    return 0;
}

/* Makes a set of keys, or shares that of the frontend before, which often has the same clients: to check each
 * key takes a while. Returns NULL when they are no set. */
static struct authorized_clients *make_clients(const struct config_frontend *before, const uint8_t *keys,
                                               size_t count)
{
    struct error error;
    if (before != NULL && before->clients != NULL && before->clients->count == count &&
        memcmp(before->clients->keys, keys, count * X25519_PUBLIC_KEY_SIZE) == 0)
        return authorized_clients_share(before->clients);
    return authorized_clients_new((const uint8_t(*)[X25519_PUBLIC_KEY_SIZE])keys, count, &error);
}

static int take_clients(struct config_delivery *delivery, const uint8_t *bytes, size_t size)
{
    if (size < READER_CLIENTS_KEYS || delivery->clients_count + 1 != delivery->key_count)
        return -1;
    const size_t count = big_endian_read_uint16(bytes + READER_CLIENTS_COUNT);
    const size_t folder = READER_CLIENTS_KEYS + count * X25519_PUBLIC_KEY_SIZE;
    if (folder > size || size - folder >= PATH_MAX || (count > 0 && folder == size))
        return -1;
    struct config_frontend *key = &delivery->keys[delivery->clients_count++];
    const struct config_frontend *before = delivery->clients_count > 1 ? key - 1 : NULL;
    if (size > folder)
        key->clients_folder = memory_copy_text((const char *)bytes + folder, size - folder);
    if (count == 0)
        return 0;
    key->clients = make_clients(before, bytes + READER_CLIENTS_KEYS, count);
    return key->clients != NULL ? 0 : -1;
}

static int take_client_key(struct config_delivery *delivery, const uint8_t *bytes, size_t size)
{
    if (size != READER_CLIENT_KEY_SIZE)
        return -1;
    uint8_t *key = secret_pool_add(&delivery->client_secrets);
    memcpy(key, bytes + READER_CLIENT_KEY_SECRET, X25519_SECRET_KEY_SIZE);
    delivery->client_keys =
        memory_make_room(delivery->client_keys, &delivery->client_key_room, delivery->client_key_count + 1, 8,
                         sizeof(*delivery->client_keys));
    delivery->client_keys[delivery->client_key_count++] = key;
    return 0;
}

int config_delivery_take(struct config_delivery *delivery, const uint8_t *bytes, size_t size)
{
    switch (bytes[0]) {
    case READER_WARNING:
        config_report_copy_warning(&delivery->report, (const char *)bytes + 1, size - 1);
        return 0;
    case READER_ERROR:
        config_report_copy_error(&delivery->report, (const char *)bytes + 1, size - 1);
        return 0;
    case READER_TEXT:
        return take_text(delivery, bytes + 1, size - 1);
    case READER_KEY:
        return take_key(delivery, bytes, size);
    case READER_CLIENTS:
        return take_clients(delivery, bytes, size);
    case READER_CLIENT_KEY:
        return take_client_key(delivery, bytes, size);
    default:
        return -1;
    }
}

/* The key of the next service: the reader has parsed the same text, so it comes by the same order. */
static int find_key(const char *path, struct config_frontend *frontend, void *context, struct error *error)
{
    (void)path;
    struct config_delivery *delivery = context;
    if (delivery->next_key == delivery->key_count)
        return error_set(error, "has not been read");
    struct config_frontend *key = &delivery->keys[delivery->next_key++];
    frontend->key_path = key->key_path;
    key->key_path = NULL;
    frontend->key_format = key->key_format;
    frontend->plan = key->plan;
    frontend->signer_frontend = key->signer_frontend;
    memcpy(frontend->identity_key, key->identity_key, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}

/* The clients of the service whose key was the last. */
static int find_clients(const char *folder, struct config_frontend *frontend, void *context,
                        struct config_report *report)
{
    (void)folder;
    (void)report;
    struct config_delivery *delivery = context;
    struct config_frontend *key = &delivery->keys[delivery->next_key - 1];
    frontend->clients_folder = key->clients_folder;
    frontend->clients = key->clients;
    key->clients_folder = NULL;
    key->clients = NULL;
    return 0;
}

/* The next key of a client: likewise. */
static int find_client_key(const char *path, const char *address, uint8_t secret_key[X25519_SECRET_KEY_SIZE],
                           void *context, struct error *error)
{
    (void)path;
    (void)address;
    struct config_delivery *delivery = context;
    if (delivery->next_client_key == delivery->client_key_count)
        return error_set(error, "has not been read");
    memcpy(secret_key, delivery->client_keys[delivery->next_client_key++], X25519_SECRET_KEY_SIZE);
    return 0;
}

int config_delivery_parse(struct config_delivery *delivery, const char *path, struct config *config)
{
    const struct config_files files = {
        .find_key = find_key,
        .find_clients = find_clients,
        .find_client_key = find_client_key,
        .context = delivery,
        .are_checked = true,
    };
    struct config_report own = {0};
    if (delivery->text == NULL || delivery->clients_count != delivery->key_count)
        return -1;
    int result = config_parse(config, path, delivery->text, delivery->length, &files, &own);
    for (size_t i = 0; i < own.error_count; i++)
        config_report_copy_error(&delivery->report, own.errors[i], strlen(own.errors[i]));
    config_report_clear(&own);
    return result;
}

struct config_report *config_delivery_report(struct config_delivery *delivery)
{
    return &delivery->report;
}

struct config_delivery *config_delivery_new(void)
{
    return memory_allocate(1, sizeof(struct config_delivery));
}

void config_delivery_free(struct config_delivery *delivery)
{
    if (delivery == NULL)
        return;
    config_report_clear(&delivery->report);
    for (size_t i = 0; i < delivery->key_count; i++) {
        free(delivery->keys[i].key_path);
        free(delivery->keys[i].clients_folder);
        authorized_clients_release(delivery->keys[i].clients);
    }
    free(delivery->keys);
    secret_pool_clear(&delivery->client_secrets);
    free(delivery->client_keys);
    free(delivery->text);
    free(delivery);
}
