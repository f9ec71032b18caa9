/* The services of the config file: the frontends, each with its key and its mode. */
#include "config/config_services.h"

#include <stdlib.h>
#include <string.h>

#include "base/key_index.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config_health.h"
#include "config/config_instances.h"
#include "onion/introduction_point.h"

/* Most frontends that one process is asked to serve. */
#define FRONTENDS_MAX 1000

enum {
    SERVICE_KEY,
    SERVICE_INSTANCES,
    SERVICE_AUTHORIZED_CLIENTS,
    SERVICE_MODE,
    SERVICE_LEAD,
    SERVICE_PROOF_OF_WORK,
    SERVICE_DESCRIPTORS,
    SERVICE_POINTS_MAX,
    SERVICE_HEALTH,
    SERVICE_KEYS
};
static const char *const service_keys[SERVICE_KEYS] = {
    [SERVICE_KEY] = "key",
    [SERVICE_INSTANCES] = "instances",
    [SERVICE_AUTHORIZED_CLIENTS] = "authorized-clients",
    [SERVICE_MODE] = "mode",
    [SERVICE_LEAD] = "lead",
    [SERVICE_PROOF_OF_WORK] = "proof-of-work",
    [SERVICE_DESCRIPTORS] = "descriptors",
    [SERVICE_POINTS_MAX] = "max-introduction-points",
    [SERVICE_HEALTH] = "health",
};
static const struct yaml_mapping service_mapping = {
    .what = "a service",
    .keys = service_keys,
    .key_count = SERVICE_KEYS,
    .required = YAML_KEY(SERVICE_KEY) | YAML_KEY(SERVICE_INSTANCES),
    .with_value = YAML_KEY(SERVICE_AUTHORIZED_CLIENTS),
};
/* Where the config waits for backends. */
static const struct yaml_mapping waiting_service_mapping = {
    .what = "a service",
    .keys = service_keys,
    .key_count = SERVICE_KEYS,
    .required = YAML_KEY(SERVICE_KEY),
    .with_value = YAML_KEY(SERVICE_AUTHORIZED_CLIENTS),
};

const struct yaml_mapping *config_services_mapping(void)
{
    return &service_mapping;
}

/* -- its clients --------------------------------------------------------------------------------------- */

/* The frontend before that names the same folder; NULL: none does. */
static const struct config_frontend *find_same_clients(const struct config *config, const char *folder)
{
    for (size_t i = 0; folder != NULL && i < config->frontend_count; i++) {
        if (string_equals(config->frontends[i].clients_folder, folder))
            return &config->frontends[i];
    }
    return NULL;
}

/* Finds who may read the descriptors of a frontend whose key is there. A folder of several frontends is read
 * once: all have the same clients then, and soon. */
static void read_clients(struct config_loader *loader, yaml_node_t *node, struct config_frontend *frontend)
{
    char *folder = config_loader_read_path(loader, node, service_keys[SERVICE_AUTHORIZED_CLIENTS]);
    bool has_errors = node != NULL && folder == NULL; /* which are reported */
    if (loader->files->find_clients == NULL) {
        frontend->clients_folder = folder; /* named, and not looked at */
        return;
    }
    const struct config_frontend *same = find_same_clients(loader->config, folder);
    if (same != NULL) {
        frontend->clients_folder = folder;
        frontend->clients = authorized_clients_share(same->clients);
        return;
    }
    if (!has_errors && frontend->key_path != NULL)
        loader->files->find_clients(folder, frontend, loader->files->context, loader->yaml.report);
    free(folder);
}

/* -- the rest ------------------------------------------------------------------------------------------ */

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

const char *config_mode_name(enum config_mode mode)
{
    static const char *const names[] = {
        [CONFIG_MODE_SOFTMAP] = "softmap",
        [CONFIG_MODE_HARDMAP] = "hardmap",
    };
    return names[mode];
}

const char *config_proof_of_work_name(const struct config_frontend *frontend)
{
    return frontend->has_proof_of_work_off ? "off" : "auto";
}

const char *config_descriptors_name(enum config_descriptors descriptors)
{
    static const char *const names[] = {
        [CONFIG_DESCRIPTORS_AUTO] = "auto",
        [CONFIG_DESCRIPTORS_SAME] = "same",
        [CONFIG_DESCRIPTORS_DISTINCT] = "distinct",
    };
    return names[descriptors];
}

/* Reads whether all HSDirs are to have the same introduction points. */
static enum config_descriptors read_descriptors(struct config_loader *loader, yaml_node_t *node)
{
    static const char key[] = "descriptors";
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, key) : NULL;
    for (enum config_descriptors i = 0; text != NULL && i <= CONFIG_DESCRIPTORS_DISTINCT; i++) {
        if (strcmp(text, config_descriptors_name(i)) == 0)
            return i;
    }
    if (text != NULL)
        CONFIG_LOADER_REPORT(loader, node, "\"%s\": \"%s\" is none of auto, same and distinct", key, text);
    return CONFIG_DESCRIPTORS_AUTO;
}

/* Reads how many introduction points its descriptors have at the most. */
static unsigned read_points_max(struct config_loader *loader, yaml_node_t *node)
{
    static const char key[] = "max-introduction-points";
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, key) : NULL;
    if (text == NULL)
        return INTRODUCTION_POINTS_MAX;
    size_t digits = strspn(text, "0123456789");
    unsigned long number = digits > 0 && digits < 3 && text[digits] == '\0' ? strtoul(text, NULL, 10) : 0;
    if (number >= 1 && number <= INTRODUCTION_POINTS_MAX)
        return (unsigned)number;
    CONFIG_LOADER_REPORT(loader, node, "\"%s\": \"%s\" is no number from 1 to %d", key, text,
                         INTRODUCTION_POINTS_MAX);
    return INTRODUCTION_POINTS_MAX;
}

/* Reads which keys the tors of a service have. Returns false after reporting what is no mode. */
static bool read_mode(struct config_loader *loader, yaml_node_t *node, enum config_mode *mode)
{
    if (node == NULL)
        return true;
    const char *text = yaml_reader_read_text(&loader->yaml, node, "mode");
    if (text == NULL)
        return false;
    static const enum config_mode modes[] = {CONFIG_MODE_SOFTMAP, CONFIG_MODE_HARDMAP};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(text, config_mode_name(modes[i])) != 0)
            continue;
        *mode = modes[i];
        return true;
    }
    CONFIG_LOADER_REPORT(loader, node, "\"mode\": \"%s\" is neither softmap nor hardmap", text);
    return false;
}

/* Reads whether proof of work is never to be published. */
static bool read_proof_of_work_off(struct config_loader *loader, yaml_node_t *node)
{
    static const char key[] = "proof-of-work";
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, key) : NULL;
    bool is_on = true;
    if (text == NULL || strcmp(text, "auto") == 0 || (yaml_reader_parse_truth(&is_on, text) && !is_on))
        return !is_on;
    CONFIG_LOADER_REPORT(loader, node, "\"%s\": \"%s\" is neither auto nor off", key, text);
    return false;
}

/* Reads what comes of tors that have the service's key: which they may still have, or have already, where it
 * is served by backends with keys of their own. Only proof of work is nothing that such a service can have.
 */
static void read_hardmap_keys(struct config_loader *loader, yaml_node_t **values,
                              struct config_frontend *frontend)
{
    bool is_hardmap = frontend->mode == CONFIG_MODE_HARDMAP;
    frontend->lead = 60 * config_loader_read_number(loader, values[SERVICE_LEAD], "lead", "minutes",
                                                    CONFIG_LEAD_MAX, is_hardmap ? CONFIG_LEAD_DEFAULT : 0);
    if (is_hardmap)
        frontend->has_proof_of_work_off = read_proof_of_work_off(loader, values[SERVICE_PROOF_OF_WORK]);
    else if (values[SERVICE_PROOF_OF_WORK] != NULL)
        CONFIG_LOADER_REPORT(
            loader, values[SERVICE_PROOF_OF_WORK],
            "\"%s\" is only for a service with \"mode: hardmap\": write that mode, or remove it",
            service_keys[SERVICE_PROOF_OF_WORK]);
}

/* Reads one entry of "services" into the config. What its instances need, and which keys it may have, depends
 * on its mode: where that is bad they are not looked at. */
static void read_service(struct config_loader *loader, yaml_node_t *node)
{
    yaml_node_t *values[SERVICE_KEYS];
    const bool waits = loader->config->waits_for_backends;
    yaml_reader_read_mapping(&loader->yaml, node, waits ? &waiting_service_mapping : &service_mapping,
                             values);
    struct config_frontend frontend = {.line = yaml_reader_line(node),
                                       .is_group_readable = loader->config->takes_group_files};
    bool has_mode = read_mode(loader, values[SERVICE_MODE], &frontend.mode);
    read_key(loader, values[SERVICE_KEY], &frontend);
    read_clients(loader, values[SERVICE_AUTHORIZED_CLIENTS], &frontend);
    frontend.descriptors = read_descriptors(loader, values[SERVICE_DESCRIPTORS]);
    frontend.points_max = read_points_max(loader, values[SERVICE_POINTS_MAX]);
    if (has_mode) {
        read_hardmap_keys(loader, values, &frontend);
        config_health_read_service(loader, values[SERVICE_HEALTH], &loader->health);
        config_instances_read(loader, values[SERVICE_INSTANCES], &frontend);
        config_health_clear(&loader->health);
    }
    struct config *config = loader->config;
    config->frontends = memory_extend(config->frontends, &config->frontend_count, config->frontend_count + 1,
                                      sizeof(*config->frontends));
    config->frontends[config->frontend_count - 1] = frontend;
}

/* Reports a backend that is a frontend itself, which a twin rightly is. */
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
                "of its backends, never the frontend's; or write \"mode: hardmap\" in the service if its "
                "tors have this key themselves",
                backend->address);
        else
            config_report_add_warning(loader->yaml.report, config->path, backend->line,
                                      "%s.onion is itself a frontend, on line %zu: better list %s here",
                                      backend->address, other->line,
                                      other->mode == CONFIG_MODE_HARDMAP
                                          ? "backends with addresses of their own"
                                          : "that one's backends");
    }
}

/* Warns where what a tor with the service's key uploads itself is for others than what obpub publishes. Where
 * several obpubs publish, tors that these can ask need not upload. */
static void check_readers(const struct config_loader *loader, const struct config_frontend *frontend,
                          const struct config_backend *twin)
{
    const struct config *config = loader->config;
    const bool may_be_silent = config->has_other_publishers && twin->has_control;
    if (loader->files->find_clients == NULL)
        return;
    if (frontend->clients != NULL && twin->client_key == NULL && !may_be_silent)
        config_report_add_warning(
            loader->yaml.report, config->path, twin->line,
            "the service is restricted, and this tor uploads descriptors of its own that everybody can read, "
            "unless it has the same clients: put their files into authorized_clients of its "
            "HiddenServiceDir, "
            "and one for obpub, whose key is the instance's \"client-key\"");
    else if (frontend->clients == NULL && twin->client_key != NULL)
        config_report_add_warning(
            loader->yaml.report, config->path, twin->line,
            "this tor has authorised clients, and everybody can read what obpub publishes of the same "
            "service: write \"authorized-clients\" into it");
}

static void check_backends(const struct config_loader *loader)
{
    for (size_t i = 0; i < loader->config->frontend_count; i++) {
        const struct config_frontend *frontend = &loader->config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++) {
            if (frontend->backends[j].is_twin)
                check_readers(loader, frontend, &frontend->backends[j]);
            else
                check_backend(loader, frontend, &frontend->backends[j]);
        }
    }
}

/* True when what a backend says of its control port is not what counts, which the first of its like says. One
 * that says nothing leaves it to that one. */
static bool is_asked_otherwise(const struct config_backend *first, const struct config_backend *backend)
{
    return backend->has_control && !config_backend_asks_same(first, backend);
}

/* Numbers a backend with an address of its own. It is one tor, whichever services list it, and the first of
 * them says where its control port is. firsts: the first ones, by their numbers. */
static void number_source(const struct config_loader *loader, struct key_index *index,
                          const struct config_backend **firsts, struct config_backend *backend)
{
    struct config *config = loader->config;
    backend->source = key_index_find(index, backend->identity_key);
    if (backend->source == KEY_INDEX_NONE) {
        backend->source = config->source_count++;
        key_index_add(index, backend->identity_key, backend->source);
        firsts[backend->source] = backend;
        return;
    }
    if (backend->health.is_on && !config_health_equals(&firsts[backend->source]->health, &backend->health))
        config_report_add_warning(loader->yaml.report, config->path, backend->line,
                                  "what is said here of the health checks of %s.onion does not count: it is "
                                  "checked once for all services, and line %zu says something else, or "
                                  "nothing; write the same there",
                                  backend->address, firsts[backend->source]->line);
    if (backend->client_key != NULL &&
        !string_equals(firsts[backend->source]->client_key, backend->client_key))
        config_report_add_warning(loader->yaml.report, config->path, backend->line,
                                  "the client key that is named here for %s.onion does not count: its "
                                  "descriptors are read once for all services, and line %zu names another "
                                  "one, or none; name the same there",
                                  backend->address, firsts[backend->source]->line);
    if (is_asked_otherwise(firsts[backend->source], backend)) {
        config_report_add_warning(loader->yaml.report, config->path, backend->line,
                                  "what is said here of the control port of %s.onion does not count: "
                                  "it is one tor, and line "
                                  "%zu says something else, or nothing; write the same there",
                                  backend->address, firsts[backend->source]->line);
    }
}

/* Numbers the sources. A twin is one of its own each time: a tor that has the keys of two services has other
 * points for each. */
static void number_sources(const struct config_loader *loader)
{
    struct config *config = loader->config;
    struct key_index index = {0};
    const struct config_backend **firsts = /* by the sources' numbers */
        memory_allocate(loader->backend_count, sizeof(*firsts));
    for (size_t i = 0; i < config->frontend_count; i++) {
        for (size_t j = 0; j < config->frontends[i].backend_count; j++) {
            struct config_backend *backend = &config->frontends[i].backends[j];
            if (backend->is_twin)
                backend->source = config->source_count++;
            else
                number_source(loader, &index, firsts, backend);
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
            config_backend_clear(&frontend->backends[j]);
        free(frontend->backends);
        free(frontend->key_path);
        free(frontend->clients_folder);
        authorized_clients_release(frontend->clients);
        secret_free(frontend->secret_key);
        bundle_free(frontend->bundle);
    }
    free(config->frontends);
    config->frontends = NULL;
    config->frontend_count = 0;
    config->source_count = 0;
}
