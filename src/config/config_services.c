/* The services of the config file: the frontends, each with its key and its backends. */
#include "config/config_services.h"

#include <stdlib.h>
#include <string.h>

#include "base/key_index.h"
#include "base/memory.h"
#include "base/printable.h"
#include "base/text.h"
#include "config/key_file.h"

/* Limits on what one process is asked to serve. */
#define FRONTENDS_MAX 1000
#define BACKENDS_MAX 10000
/* Characters of an address that stand for a backend without a name. */
#define SHORT_ADDRESS_LENGTH 16

enum { SERVICE_KEY, SERVICE_INSTANCES, SERVICE_KEYS };
static const struct yaml_key service_keys[SERVICE_KEYS] = {
    [SERVICE_KEY] = {"key", true},
    [SERVICE_INSTANCES] = {"instances", true},
};
static const struct yaml_mapping service_mapping = {"a service", service_keys, SERVICE_KEYS, NULL, 0};

enum {
    INSTANCE_ADDRESS,
    INSTANCE_NAME,
    INSTANCE_CONTROL,
    INSTANCE_CONTROL_PASSWORD_FILE,
    INSTANCE_CONTROL_COOKIE_FILE,
    INSTANCE_KEYS
};
static const struct yaml_key instance_keys[INSTANCE_KEYS] = {
    [INSTANCE_ADDRESS] = {"address", true},
    [INSTANCE_NAME] = {"name", false},
    [INSTANCE_CONTROL] = {"control", false},
    [INSTANCE_CONTROL_PASSWORD_FILE] = {"control-password-file", false},
    [INSTANCE_CONTROL_COOKIE_FILE] = {"control-cookie-file", false},
};
static const struct yaml_retired_key instance_retired[] = {{"auth", "it was for v2 services; remove it"}};
static const struct yaml_mapping instance_mapping = {"an instance", instance_keys, INSTANCE_KEYS,
                                                     instance_retired, 1};

/* A backend's name: the one of the file, made fit to be shown, or the beginning of the address. */
static char *read_name(struct config_loader *loader, yaml_node_t *node, const char *address)
{
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, "name") : NULL;
    if (text == NULL)
        return memory_copy_text(address, SHORT_ADDRESS_LENGTH);
    if (strlen(text) > CONFIG_NAME_LENGTH_MAX) {
        CONFIG_LOADER_REPORT(loader, node, "\"name\" is longer than %d bytes: shorten it",
                             CONFIG_NAME_LENGTH_MAX);
        return memory_copy_text(address, SHORT_ADDRESS_LENGTH);
    }
    char *name = memory_copy_text(text, strlen(text));
    if (text_make_printable(name))
        config_report_add_warning(loader->yaml.report, loader->yaml.path, yaml_reader_line(node),
                                  "\"name\" has characters that can't be shown safely: they become '?'");
    return name;
}

/* Reads a backend's address, which no other backend of the frontend may have. */
static bool read_address(struct config_loader *loader, yaml_node_t *node,
                         const struct config_frontend *frontend, struct config_backend *backend)
{
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, "address") : NULL;
    if (text == NULL)
        return false;
    if (text[0] == '<') {
        CONFIG_LOADER_REPORT(
            loader, node,
            "\"address\" is still onionbalance-config's placeholder: put a backend's onion address "
            "here, or remove the entry");
        return false;
    }
    struct error error;
    int result = loader->files->are_checked
                     ? onion_address_decode_unchecked(backend->identity_key, text, &error)
                     : onion_address_decode(backend->identity_key, text, &error);
    if (result != 0) {
        CONFIG_LOADER_REPORT(loader, node, "\"address\": %s", error.text);
        return false;
    }
    onion_address_encode(backend->address, backend->identity_key);
    for (size_t i = 0; i < frontend->backend_count; i++) {
        if (memcmp(frontend->backends[i].identity_key, backend->identity_key, ED25519_PUBLIC_KEY_SIZE) != 0)
            continue;
        CONFIG_LOADER_REPORT(
            loader, node,
            "backend %s.onion is there twice in this service, first on line %zu: remove one of them",
            backend->address, frontend->backends[i].line);
        return false;
    }
    return true;
}

/* Reads what is known of a backend's control port. */
static void read_control(struct config_loader *loader, yaml_node_t **values, struct config_backend *backend)
{
    yaml_node_t *password_node = values[INSTANCE_CONTROL_PASSWORD_FILE];
    yaml_node_t *cookie_node = values[INSTANCE_CONTROL_COOKIE_FILE];
    backend->has_control =
        config_loader_read_endpoint(loader, values[INSTANCE_CONTROL], "control", &backend->control);
    config_loader_read_credentials(loader, password_node, "control-password-file", cookie_node,
                                   "control-cookie-file", &backend->control_password_file,
                                   &backend->control_cookie_file);
    yaml_node_t *credential = password_node != NULL ? password_node : cookie_node;
    if (credential != NULL && values[INSTANCE_CONTROL] == NULL)
        CONFIG_LOADER_REPORT(
            loader, credential,
            "\"%s\" is of no use without \"control:\": say where the backend's control port is, or "
            "remove it",
            password_node != NULL ? "control-password-file" : "control-cookie-file");
}

static void clear_backend(struct config_backend *backend)
{
    free(backend->name);
    control_endpoint_clear(&backend->control);
    free(backend->control_password_file);
    free(backend->control_cookie_file);
    *backend = (struct config_backend){0};
}

/* Reads one entry of "instances" into the frontend. */
static void read_instance(struct config_loader *loader, yaml_node_t *node, struct config_frontend *frontend)
{
    yaml_node_t *values[INSTANCE_KEYS];
    yaml_reader_read_mapping(&loader->yaml, node, &instance_mapping, values);
    struct config_backend backend = {.line = yaml_reader_line(node)};
    bool has_address = read_address(loader, values[INSTANCE_ADDRESS], frontend, &backend);
    read_control(loader, values, &backend);
    if (!has_address) {
        clear_backend(&backend);
        return;
    }
    backend.name = read_name(loader, values[INSTANCE_NAME], backend.address);
    frontend->backends = memory_extend(frontend->backends, &frontend->backend_count,
                                       frontend->backend_count + 1, sizeof(*frontend->backends));
    frontend->backends[frontend->backend_count - 1] = backend;
}

static void read_instances(struct config_loader *loader, yaml_node_t *node, struct config_frontend *frontend)
{
    if (node == NULL)
        return;
    size_t count = yaml_reader_read_list(&loader->yaml, node, "instances");
    if (count > BACKENDS_MAX - loader->backend_count) {
        CONFIG_LOADER_REPORT(loader, node,
                             "there are more than %d instances in the file: divide it between several obpubs",
                             BACKENDS_MAX);
        count = 0;
    }
    loader->backend_count += count;
    for (size_t i = 0; i < count; i++)
        read_instance(loader, yaml_reader_list_entry(&loader->yaml, node, i), frontend);
}

/* Loads a key file. */
static int load_key(const char *path, struct config_frontend *frontend, void *context, struct error *error)
{
    (void)context;
    struct key_file_origin origin;
    struct ed25519_secret_key *secret_key = secret_allocate(sizeof(*secret_key));
    if (key_file_load(path, secret_key, frontend->identity_key, &origin, error) != 0) {
        secret_free(secret_key);
        return -1;
    }
    frontend->key_path = origin.path;
    frontend->key_format = origin.format;
    frontend->bundle = origin.bundle;
    if (origin.bundle != NULL) {
        frontend->plan = origin.bundle->plan;
        secret_free(secret_key);
        secret_key = NULL;
    }
    frontend->secret_key = secret_key;
    return 0;
}

const struct config_files config_files_here = {.find_key = load_key, .are_here = true};

/* Finds a frontend's key, which no other frontend may have. */
static void read_key(struct config_loader *loader, yaml_node_t *node, struct config_frontend *frontend)
{
    char *path = config_loader_read_path(loader, node, "key");
    if (path == NULL)
        return;
    struct error error;
    bool is_found = loader->files->find_key(path, frontend, loader->files->context, &error) == 0;
    if (!is_found)
        CONFIG_LOADER_REPORT(loader, node, "key %s: %s", path, error.text);
    free(path);
    if (!is_found)
        return;
    onion_address_encode(frontend->address, frontend->identity_key);
    for (size_t i = 0; i < loader->config->frontend_count; i++) {
        const struct config_frontend *other = &loader->config->frontends[i];
        if (other->key_path != NULL && strcmp(other->address, frontend->address) == 0)
            CONFIG_LOADER_REPORT(
                loader, node,
                "the frontend %s.onion is there twice, first in the service on line %zu: put all its "
                "instances under one of them",
                frontend->address, other->line);
    }
}

/* Reads one entry of "services" into the config. */
static void read_service(struct config_loader *loader, yaml_node_t *node)
{
    yaml_node_t *values[SERVICE_KEYS];
    yaml_reader_read_mapping(&loader->yaml, node, &service_mapping, values);
    struct config_frontend frontend = {.line = yaml_reader_line(node)};
    read_key(loader, values[SERVICE_KEY], &frontend);
    read_instances(loader, values[SERVICE_INSTANCES], &frontend);
    struct config *config = loader->config;
    config->frontends = memory_extend(config->frontends, &config->frontend_count, config->frontend_count + 1,
                                      sizeof(*config->frontends));
    config->frontends[config->frontend_count - 1] = frontend;
}

/* Reports a backend that is a frontend itself. */
static void check_backend(const struct config_loader *loader, const struct config_frontend *frontend,
                          const struct config_backend *backend)
{
    const struct config *config = loader->config;
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *other = &config->frontends[i];
        if (other->key_path == NULL || strcmp(other->address, backend->address) != 0)
            continue;
        if (other == frontend)
            config_report_add_error(
                loader->yaml.report, config->path, backend->line,
                "%s.onion is this service's own address, which its key makes: list the addresses "
                "of its backends, never the frontend's",
                backend->address);
        else
            config_report_add_warning(
                loader->yaml.report, config->path, backend->line,
                "%s.onion is itself a frontend, on line %zu: better list that one's backends here",
                backend->address, other->line);
    }
}

static void check_backends(const struct config_loader *loader)
{
    for (size_t i = 0; i < loader->config->frontend_count; i++) {
        const struct config_frontend *frontend = &loader->config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++)
            check_backend(loader, frontend, &frontend->backends[j]);
    }
}

/* True when what a backend says of its control port is not what counts, which the first of its like says. One
 * that says nothing leaves it to that one. */
static bool is_asked_otherwise(const struct config_backend *first, const struct config_backend *backend)
{
    return backend->has_control &&
           (!first->has_control || !control_endpoint_equals(&first->control, &backend->control) ||
            !string_equals(first->control_password_file, backend->control_password_file) ||
            !string_equals(first->control_cookie_file, backend->control_cookie_file));
}

/* Numbers the sources. An address is one tor's, whichever services list it, and the first of them says where
 * its control port is. */
static void number_sources(const struct config_loader *loader)
{
    struct config *config = loader->config;
    struct key_index index = {0};
    const struct config_backend **firsts = /* by the sources' numbers */
        memory_allocate(loader->backend_count, sizeof(*firsts));
    for (size_t i = 0; i < config->frontend_count; i++) {
        for (size_t j = 0; j < config->frontends[i].backend_count; j++) {
            struct config_backend *backend = &config->frontends[i].backends[j];
            backend->source = key_index_find(&index, backend->identity_key);
            if (backend->source == KEY_INDEX_NONE) {
                backend->source = config->source_count++;
                key_index_add(&index, backend->identity_key, backend->source);
                firsts[backend->source] = backend;
            } else if (is_asked_otherwise(firsts[backend->source], backend)) {
                config_report_add_warning(loader->yaml.report, config->path, backend->line,
                                          "what is said here of the control port of %s.onion does not count: "
                                          "it is one tor, and line "
                                          "%zu says something else, or nothing; write the same there",
                                          backend->address, firsts[backend->source]->line);
            }
        }
    }
    free(firsts);
    key_index_clear(&index);
}

void config_services_read(struct config_loader *loader, yaml_node_t *node)
{
    if (node == NULL)
        return;
    size_t count = yaml_reader_read_list(&loader->yaml, node, "services");
    if (count > FRONTENDS_MAX) {
        CONFIG_LOADER_REPORT(loader, node,
                             "there are more than %d services in the file: divide it between several obpubs",
                             FRONTENDS_MAX);
        count = 0;
    }
    for (size_t i = 0; i < count; i++)
        read_service(loader, yaml_reader_list_entry(&loader->yaml, node, i));
    check_backends(loader);
    number_sources(loader);
}

void config_services_clear(struct config *config)
{
    for (size_t i = 0; i < config->frontend_count; i++) {
        struct config_frontend *frontend = &config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++)
            clear_backend(&frontend->backends[j]);
        free(frontend->backends);
        free(frontend->key_path);
        secret_free(frontend->secret_key);
        bundle_free(frontend->bundle);
    }
    free(config->frontends);
    config->frontends = NULL;
    config->frontend_count = 0;
    config->source_count = 0;
}
