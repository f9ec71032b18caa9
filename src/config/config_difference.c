/* What one config says otherwise than another, for whoever has had the file read again. */
#include "config/config_difference.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/key_index.h"
#include "base/memory.h"
#include "base/text.h"

/* Bytes of a list of keys. */
#define KEYS_SIZE 256

struct differences {
    char *text; /* of CONFIG_DIFFERENCE_TEXT_SIZE bytes */
    size_t length, count;
};

static void add(struct differences *differences, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds one, unless enough are named. */
static void add(struct differences *differences, const char *format, ...)
{
    if (differences->count++ >= CONFIG_DIFFERENCES_MAX)
        return;
    const size_t room = CONFIG_DIFFERENCE_TEXT_SIZE - differences->length;
    char *end = differences->text + differences->length;
    if (room <= sizeof("; "))
        return;
    int begun = snprintf(end, room, "%s", differences->length > 0 ? "; " : "");
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(end + begun, room - (size_t)begun, format, arguments);
    va_end(arguments);
    if (length > 0)
        differences->length += (size_t)begun + (size_t)length;
    if (differences->length >= CONFIG_DIFFERENCE_TEXT_SIZE)
        differences->length = CONFIG_DIFFERENCE_TEXT_SIZE - 1;
}

/* Adds a key to a list of those that have another value, if it has. */
static void note_key(char keys[KEYS_SIZE], const char *key, bool differs)
{
    size_t length = strlen(keys);
    if (differs)
        snprintf(keys + length, KEYS_SIZE - length, "%s%s", length > 0 ? ", " : "", key);
}

/* -- backends */

static void compare_backend(struct differences *differences, const struct config_frontend *frontend,
                            const struct config_backend *from, const struct config_backend *to)
{
    char keys[KEYS_SIZE] = "";
    note_key(keys, "name", !string_equals(from->name, to->name));
    note_key(keys, "control", !config_backend_asks_same(from, to));
    note_key(keys, "client-key", !string_equals(from->client_key, to->client_key));
    note_key(keys, "weight", from->weight != to->weight);
    note_key(keys, "health", !config_health_equals(&from->health, &to->health));
    if (keys[0] != '\0')
        add(differences, "%s.onion: backend %s has another %s", frontend->address, to->name, keys);
}

/* Twins of a service are told apart by their names alone. */
static size_t find_twin(const struct config_frontend *frontend, const char *name)
{
    for (size_t i = 0; i < frontend->backend_count; i++) {
        if (string_equals(frontend->backends[i].name, name))
            return i;
    }
    return KEY_INDEX_NONE;
}

/* Adds what has become of the backends of a frontend. */
static void compare_backends(struct differences *differences, const struct config_frontend *from,
                             const struct config_frontend *to)
{
    struct key_index index = {0}; /* of the old ones */
    bool *stays = memory_allocate(from->backend_count, sizeof(*stays));
    for (size_t i = 0; i < from->backend_count; i++)
        key_index_add(&index, from->backends[i].identity_key, i);
    for (size_t i = 0; i < to->backend_count; i++) {
        const struct config_backend *backend = &to->backends[i];
        size_t old =
            backend->is_twin ? find_twin(from, backend->name) : key_index_find(&index, backend->identity_key);
        if (old == KEY_INDEX_NONE || from->backends[old].is_twin != backend->is_twin) {
            add(differences, "%s.onion: backend %s is new", to->address, backend->name);
            continue;
        }
        stays[old] = true;
        compare_backend(differences, to, &from->backends[old], backend);
    }
    for (size_t i = 0; i < from->backend_count; i++) {
        if (!stays[i])
            add(differences, "%s.onion: backend %s is gone", from->address, from->backends[i].name);
    }
    free(stays);
    key_index_clear(&index);
}

/* -- frontends */

static void compare_frontend(struct differences *differences, const struct config_frontend *from,
                             const struct config_frontend *to)
{
    char keys[KEYS_SIZE] = "";
    note_key(keys, "key",
             from->key_format != to->key_format || !string_equals(from->key_path, to->key_path) ||
                 from->plan.created != to->plan.created);
    note_key(keys, "mode", from->mode != to->mode);
    note_key(keys, "lead", from->lead != to->lead);
    note_key(keys, "proof-of-work", from->has_proof_of_work_off != to->has_proof_of_work_off);
    note_key(keys, "descriptors", from->descriptors != to->descriptors);
    note_key(keys, "max-introduction-points", from->points_max != to->points_max);
    note_key(keys, "authorized-clients",
             !string_equals(from->clients_folder, to->clients_folder) ||
                 !authorized_clients_equal(from->clients, to->clients));
    if (keys[0] != '\0')
        add(differences, "%s.onion has another %s", to->address, keys);
    compare_backends(differences, from, to);
}

static void compare_frontends(struct differences *differences, const struct config *from,
                              const struct config *to)
{
    struct key_index index = {0}; /* of the old ones */
    bool *stays = memory_allocate(from->frontend_count, sizeof(*stays));
    for (size_t i = 0; i < from->frontend_count; i++)
        key_index_add(&index, from->frontends[i].identity_key, i);
    for (size_t i = 0; i < to->frontend_count; i++) {
        size_t old = key_index_find(&index, to->frontends[i].identity_key);
        if (old == KEY_INDEX_NONE) {
            add(differences, "frontend %s.onion is new", to->frontends[i].address);
            continue;
        }
        stays[old] = true;
        compare_frontend(differences, &from->frontends[old], &to->frontends[i]);
    }
    for (size_t i = 0; i < from->frontend_count; i++) {
        if (!stays[i])
            add(differences, "frontend %s.onion is gone", from->frontends[i].address);
    }
    free(stays);
    key_index_clear(&index);
}

/* -- the whole */

static bool has_other_tors(const struct config *from, const struct config *to)
{
    if (from->tor_control_count != to->tor_control_count)
        return true;
    for (size_t i = 0; i < to->tor_control_count; i++) {
        if (!control_endpoint_equals(&from->tor_controls[i], &to->tor_controls[i]))
            return true;
    }
    return false;
}

static bool has_other_socks(const struct config *from, const struct config *to)
{
    if (from->tor_socks_count != to->tor_socks_count)
        return true;
    for (size_t i = 0; i < to->tor_socks_count; i++) {
        const struct listen_address *one = &from->tor_socks[i], *other = &to->tor_socks[i];
        if (one->length != other->length || memcmp(&one->address, &other->address, one->length) != 0)
            return true;
    }
    return false;
}

static void compare_top(struct differences *differences, const struct config *from, const struct config *to)
{
    char keys[KEYS_SIZE] = "";
    note_key(keys, "tor-control", has_other_tors(from, to));
    note_key(keys, "tor-control-password-file",
             !string_equals(from->tor_control_password_file, to->tor_control_password_file));
    note_key(keys, "tor-control-cookie-file",
             !string_equals(from->tor_control_cookie_file, to->tor_control_cookie_file));
    note_key(keys, "tor-socks", has_other_socks(from, to));
    note_key(keys, "status-socket-location",
             !string_equals(from->status_socket_location, to->status_socket_location));
    note_key(keys, "command-socket-location",
             !string_equals(from->command_socket_location, to->command_socket_location));
    note_key(keys, "metrics-listen", !string_equals(from->metrics_listen, to->metrics_listen));
    note_key(keys, "backend-grace", from->backend_grace != to->backend_grace);
    note_key(keys, "log-level", from->has_log_level != to->has_log_level || from->log_level != to->log_level);
    note_key(keys, "user", !string_equals(from->user, to->user));
    note_key(keys, "require-sandbox", from->requires_sandbox != to->requires_sandbox);
    note_key(keys, "other-publishers", from->has_other_publishers != to->has_other_publishers);
    note_key(keys, "group-readable", from->takes_group_files != to->takes_group_files);
    note_key(keys, "wait-for-backends", from->waits_for_backends != to->waits_for_backends);
    if (keys[0] != '\0')
        add(differences, "another %s", keys);
}

size_t config_difference_describe(char text[CONFIG_DIFFERENCE_TEXT_SIZE], const struct config *from,
                                  const struct config *to)
{
    struct differences differences = {.text = text};
    text[0] = '\0';
    compare_top(&differences, from, to);
    compare_frontends(&differences, from, to);
    if (differences.count > CONFIG_DIFFERENCES_MAX)
        snprintf(text + differences.length, CONFIG_DIFFERENCE_TEXT_SIZE - differences.length,
                 "; and %zu more", differences.count - CONFIG_DIFFERENCES_MAX);
    return differences.count;
}
