/* The instances of a service in the config file: its backends, whichever keys they have. */
#include "config/config_instances.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/printable.h"
#include "base/text.h"
#include "config/config_client_keys.h"
#include "config/config_health.h"

/* Most backends that one process is asked to serve. */
#define BACKENDS_MAX 10000
/* Characters of an address that stand for a backend without a name. */
#define SHORT_ADDRESS_LENGTH 16
/* Longest control port that a message shows. */
#define PLACE_SIZE 320

enum {
    INSTANCE_ADDRESS,
    INSTANCE_NAME,
    INSTANCE_CONTROL,
    INSTANCE_CONTROL_PASSWORD_FILE,
    INSTANCE_CONTROL_COOKIE_FILE,
    INSTANCE_CONTROL_CLIENT_KEY,
    INSTANCE_CLIENT_KEY,
    INSTANCE_WEIGHT,
    INSTANCE_HEALTH,
    INSTANCE_KEYS
};
static const char *const instance_keys[INSTANCE_KEYS] = {
    [INSTANCE_ADDRESS] = "address",
    [INSTANCE_NAME] = "name",
    [INSTANCE_CONTROL] = "control",
    [INSTANCE_CONTROL_PASSWORD_FILE] = "control-password-file",
    [INSTANCE_CONTROL_COOKIE_FILE] = "control-cookie-file",
    [INSTANCE_CONTROL_CLIENT_KEY] = "control-client-key",
    [INSTANCE_CLIENT_KEY] = "client-key",
    [INSTANCE_WEIGHT] = "weight",
    [INSTANCE_HEALTH] = "health",
};
static const struct yaml_retired_key instance_retired[] = {
    {"auth", "it was for v2 services; remove it", NULL}};
static const struct yaml_mapping instance_mappings[] = {
    [CONFIG_MODE_SOFTMAP] =
        {
            .what = "an instance",
            .keys = instance_keys,
            .key_count = INSTANCE_KEYS,
            .required = YAML_KEY(INSTANCE_ADDRESS),
            .retired = instance_retired,
            .retired_count = 1,
        },
    /* All twins have one address: only names tell them apart. */
    [CONFIG_MODE_HARDMAP] =
        {
            .what = "an instance of a hardmap service",
            .keys = instance_keys,
            .key_count = INSTANCE_KEYS,
            .required = YAML_KEY(INSTANCE_NAME),
            .retired = instance_retired,
            .retired_count = 1,
        },
};

const struct yaml_mapping *config_instances_mapping(void)
{
    return &instance_mappings[CONFIG_MODE_SOFTMAP];
}

/* Reads a backend's name and makes it fit to be shown; release with free(). NULL when there is none, or a bad
 * one. */
static char *read_name(struct config_loader *loader, yaml_node_t *node)
{
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, "name") : NULL;
    if (text == NULL)
        return NULL;
    if (strlen(text) > CONFIG_NAME_LENGTH_MAX) {
        CONFIG_LOADER_REPORT(loader, node, "\"name\" is longer than %d bytes: shorten it",
                             CONFIG_NAME_LENGTH_MAX);
        return NULL;
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

/* Gives a twin the frontend's address, and reports another one. What is written there can't be compared
 * when the frontend's key could not be read. */
static void read_twin_address(struct config_loader *loader, yaml_node_t *node,
                              const struct config_frontend *frontend, struct config_backend *backend)
{
    memcpy(backend->address, frontend->address, sizeof(backend->address));
    memcpy(backend->identity_key, frontend->identity_key, sizeof(backend->identity_key));
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, "address") : NULL;
    if (text == NULL || frontend->key_path == NULL)
        return;
    struct error error;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (onion_address_decode_unchecked(identity_key, text, &error) != 0 ||
        memcmp(identity_key, frontend->identity_key, sizeof(identity_key)) != 0)
        CONFIG_LOADER_REPORT(
            loader, node,
            "\"address\" is not %s.onion, which the service's key makes and each of its tors "
            "has with \"mode: hardmap\": remove \"address\", or that mode if the tors have "
            "keys of their own",
            frontend->address);
}

/* Reports what two twins of one service have in common and may not. */
static void compare_twin(struct config_loader *loader, yaml_node_t **values,
                         const struct config_frontend *frontend, const struct config_backend *twin)
{
    char place[PLACE_SIZE];
    bool has_same_name = false, has_same_control = false, has_same_health = false;
    for (size_t i = 0; i < frontend->backend_count; i++) {
        const struct config_backend *other = &frontend->backends[i];
        if (!has_same_name && twin->name != NULL && other->name != NULL &&
            strcmp(other->name, twin->name) == 0) {
            has_same_name = true;
            CONFIG_LOADER_REPORT(
                loader, values[INSTANCE_NAME],
                "the name \"%s\" is there twice in this service, first on line %zu: call one "
                "of them otherwise, since all have the same address",
                twin->name, other->line);
        }
        if (!has_same_health && twin->health.is_on && other->health.is_on &&
            twin->health.address[0] != '\0' && strcmp(twin->health.address, other->health.address) == 0) {
            has_same_health = true;
            CONFIG_LOADER_REPORT(
                loader, values[INSTANCE_HEALTH],
                "the health check's address %s.onion is there twice in this service, first in "
                "the instance on line %zu: it is one tor's, so write another one",
                twin->health.address, other->line);
        }
        if (!has_same_control && twin->has_control && other->has_control &&
            control_endpoint_equals(&other->control, &twin->control)) {
            has_same_control = true;
            control_endpoint_format(&twin->control, place, sizeof(place));
            CONFIG_LOADER_REPORT(loader, values[INSTANCE_CONTROL],
                                 "the control port %s is there twice in this service, first on line %zu: it "
                                 "is one tor's, so remove one of them",
                                 place, other->line);
        }
    }
}

/* Reports a twin without a control port that can't be there. Its tor is seen by what it uploads: with a lead
 * that is refused where clients ask and taken by the other HSDirs. Of several such tors nothing would tell
 * which has made what is found there. */
static void check_unseen_twin(struct config_loader *loader, yaml_node_t *node,
                              const struct config_frontend *frontend, const struct config_backend *twin)
{
    if (frontend->lead == 0)
        config_report_add_error(loader->yaml.report, loader->yaml.path, twin->line,
                                "an instance of a hardmap service needs \"control:\" where \"lead\" is 0: "
                                "without that port its tor is seen only by uploads of its own, which a lead "
                                "keeps from replacing obpub's; add one of them");
    for (size_t i = 0; i < frontend->backend_count; i++) {
        const struct config_backend *other = &frontend->backends[i];
        if (other->has_control)
            continue;
        CONFIG_LOADER_REPORT(loader, node,
                             "a second instance of a hardmap service has no \"control:\", the first one is "
                             "on line %zu: nothing tells which of the two tors has made what HSDirs have; "
                             "add it to all but one",
                             other->line);
        return;
    }
}

/* Checks what opens a control port over Tor, at the far end of which there has to be an agent. */
static void check_onion_control(struct config_loader *loader, yaml_node_t **values)
{
    if (values[INSTANCE_CONTROL_COOKIE_FILE] != NULL)
        CONFIG_LOADER_REPORT(loader, values[INSTANCE_CONTROL_COOKIE_FILE],
                             "a control port over Tor is an agent's, which has no cookie: write "
                             "\"control-password-file\" with the secret that it shares with obpub instead");
    else if (values[INSTANCE_CONTROL_PASSWORD_FILE] == NULL)
        CONFIG_LOADER_REPORT(loader, values[INSTANCE_CONTROL],
                             "a control port over Tor needs \"control-password-file\": the file with the "
                             "secret that obpub shares with the agent there (\"openssl rand -hex 32\" makes "
                             "one)");
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
    if (backend->has_control && backend->control.way == CONTROL_WAY_ONION)
        check_onion_control(loader, values);
    if (values[INSTANCE_CONTROL_CLIENT_KEY] != NULL &&
        (backend->has_control || values[INSTANCE_CONTROL] == NULL))
        config_client_keys_read_control(loader, values[INSTANCE_CONTROL_CLIENT_KEY], backend);
}

bool config_has_onion_control(const struct config *config)
{
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++) {
            const struct config_backend *backend = &frontend->backends[j];
            if (backend->has_control && backend->control.way == CONTROL_WAY_ONION)
                return true;
        }
    }
    return false;
}

bool config_backend_asks_same(const struct config_backend *one, const struct config_backend *other)
{
    return one->has_control == other->has_control &&
           control_endpoint_equals(&one->control, &other->control) &&
           string_equals(one->control_password_file, other->control_password_file) &&
           string_equals(one->control_cookie_file, other->control_cookie_file) &&
           string_equals(one->control_client_key, other->control_client_key);
}

void config_backend_format_title(char title[CONFIG_TITLE_SIZE], const struct config_backend *backend)
{
    if (backend->is_twin)
        snprintf(title, CONFIG_TITLE_SIZE, "%s of %s.onion", backend->name, backend->address);
    else
        snprintf(title, CONFIG_TITLE_SIZE, "%s", backend->name);
}

void config_backend_clear(struct config_backend *backend)
{
    free(backend->name);
    control_endpoint_clear(&backend->control);
    free(backend->control_password_file);
    free(backend->control_cookie_file);
    free(backend->control_client_key);
    free(backend->client_key);
    config_health_clear(&backend->health);
    *backend = (struct config_backend){0};
}

/* Reads one entry of "instances" into the frontend. */
static void read_instance(struct config_loader *loader, yaml_node_t *node, struct config_frontend *frontend)
{
    yaml_node_t *values[INSTANCE_KEYS];
    yaml_reader_read_mapping(&loader->yaml, node, &instance_mappings[frontend->mode], values);
    struct config_backend backend = {.line = yaml_reader_line(node),
                                     .is_twin = frontend->mode == CONFIG_MODE_HARDMAP};
    bool has_address = true;
    if (backend.is_twin)
        read_twin_address(loader, values[INSTANCE_ADDRESS], frontend, &backend);
    else
        has_address = read_address(loader, values[INSTANCE_ADDRESS], frontend, &backend);
    read_control(loader, values, &backend);
    backend.weight = config_loader_read_number(loader, values[INSTANCE_WEIGHT], "weight", NULL,
                                               CONFIG_WEIGHT_MAX, CONFIG_WEIGHT_DEFAULT);
    config_health_read_instance(loader, values[INSTANCE_HEALTH], node, &loader->health, &backend);
    if (has_address)
        config_client_keys_read(loader, values[INSTANCE_CLIENT_KEY], frontend, &backend);
    if (!has_address) {
        config_backend_clear(&backend);
        return;
    }
    if (backend.is_twin && values[INSTANCE_CONTROL] == NULL)
        check_unseen_twin(loader, node, frontend, &backend);
    backend.name = read_name(loader, values[INSTANCE_NAME]);
    if (backend.is_twin)
        compare_twin(loader, values, frontend, &backend);
    else if (backend.name == NULL)
        backend.name = memory_copy_text(backend.address, SHORT_ADDRESS_LENGTH);
    frontend->backends = memory_extend(frontend->backends, &frontend->backend_count,
                                       frontend->backend_count + 1, sizeof(*frontend->backends));
    frontend->backends[frontend->backend_count - 1] = backend;
}

/* Reports a service none of whose instances, count of them in the file, is to get visitors. */
static void check_weights(struct config_loader *loader, yaml_node_t *node,
                          const struct config_frontend *frontend, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < frontend->backend_count; i++)
        sum += frontend->backends[i].weight;
    if (count > 0 && frontend->backend_count == count && sum == 0)
        CONFIG_LOADER_REPORT(loader, node,
                             "all instances of this service have the weight 0, so that none would get "
                             "visitors: give one at least another \"weight\"");
}

void config_instances_read(struct config_loader *loader, yaml_node_t *node, struct config_frontend *frontend)
{
    if (node == NULL || (loader->config->waits_for_backends && yaml_reader_is_empty_list(node)))
        return;
    if (yaml_reader_is_empty_list(node)) {
        CONFIG_LOADER_REPORT(loader, node,
                             "\"instances\" is an empty list: at least one entry is needed; or write "
                             "\"wait-for-backends: true\" into the config, if they are to come later");
        return;
    }
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
    check_weights(loader, node, frontend, count);
}
