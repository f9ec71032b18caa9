/* The YAML config file: its outermost keys, and what is read of it. */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "address/listen_address.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config_health.h"
#include "config/config_instances.h"
#include "config/config_loader.h"
#include "config/config_services.h"
#include "config/yaml_file.h"

enum {
    TOP_SERVICES,
    TOP_TOR_CONTROL,
    TOP_TOR_CONTROL_PASSWORD_FILE,
    TOP_TOR_CONTROL_COOKIE_FILE,
    TOP_TOR_SOCKS,
    TOP_STATUS_SOCKET_LOCATION,
    TOP_COMMAND_SOCKET_LOCATION,
    TOP_METRICS_LISTEN,
    TOP_BACKEND_GRACE,
    TOP_LOG_LEVEL,
    TOP_USER,
    TOP_REQUIRE_SANDBOX,
    TOP_OTHER_PUBLISHERS,
    TOP_GROUP_READABLE,
    TOP_WAIT_FOR_BACKENDS,
    TOP_KEYS
};
static const char *const top_keys[TOP_KEYS] = {
    [TOP_SERVICES] = "services",
    [TOP_TOR_CONTROL] = "tor-control",
    [TOP_TOR_CONTROL_PASSWORD_FILE] = "tor-control-password-file",
    [TOP_TOR_CONTROL_COOKIE_FILE] = "tor-control-cookie-file",
    [TOP_TOR_SOCKS] = "tor-socks",
    [TOP_STATUS_SOCKET_LOCATION] = "status-socket-location",
    [TOP_COMMAND_SOCKET_LOCATION] = "command-socket-location",
    [TOP_METRICS_LISTEN] = "metrics-listen",
    [TOP_BACKEND_GRACE] = "backend-grace",
    [TOP_LOG_LEVEL] = "log-level",
    [TOP_USER] = "user",
    [TOP_REQUIRE_SANDBOX] = "require-sandbox",
    [TOP_OTHER_PUBLISHERS] = "other-publishers",
    [TOP_GROUP_READABLE] = "group-readable",
    [TOP_WAIT_FOR_BACKENDS] = "wait-for-backends",
};

/* What Onionbalance for v2 services read from its config, and EOTK still writes; Onionbalance for v3 reads
 * none of it. */
static const struct yaml_retired_key top_retired[] = {
    {"REFRESH_INTERVAL", "backends are followed as they change; remove it", NULL},
    {"PUBLISH_CHECK_INTERVAL", "descriptors are published as soon as they change; remove it", NULL},
    {"INITIAL_DELAY", "nothing has to be waited for; remove it", NULL},
    {"MAX_INTRO_POINTS", "as many are published as clients take; remove it", NULL},
    {"DISTINCT_DESCRIPTORS", "it was for v2 services; remove it", NULL},
    {"REPLICAS", "the consensus says how many there are; remove it", NULL},
    {"HSDIR_SET", "the consensus says how many there are; remove it", NULL},
    {"DESCRIPTOR_VALIDITY_PERIOD", "it was for v2 services; remove it", NULL},
    {"DESCRIPTOR_OVERLAP_PERIOD", "it was for v2 services; remove it", NULL},
    {"DESCRIPTOR_UPLOAD_PERIOD", "descriptors are uploaded as often as tor's own; remove it", NULL},
    {"LOG_LOCATION", "what obpub has to say goes to standard error; remove it", NULL},
    {"LOG_LEVEL", "\"log-level\" has come in its place; remove it", "log-level"},
    {"STATUS_SOCKET_LOCATION", "\"status-socket-location\" has come in its place; remove it",
     "status-socket-location"},
    {"TOR_ADDRESS", "write \"tor-control: ADDRESS:PORT\" for a control port; EOTK means its tor's SOCKS port",
     NULL},
    {"TOR_PORT", "write \"tor-control: ADDRESS:PORT\" for a control port; EOTK means its tor's SOCKS port",
     NULL},
    {"TOR_CONTROL_SOCKET", "write \"tor-control: unix:/PATH\" instead", NULL},
    {"TOR_CONTROL_PASSWORD",
     "put it in a file of its own and write \"tor-control-password-file: PATH\" instead", NULL},
};
static const struct yaml_mapping top_mapping = {
    .what = "the config",
    .keys = top_keys,
    .key_count = TOP_KEYS,
    .required = YAML_KEY(TOP_SERVICES),
    .retired = top_retired,
    .retired_count = sizeof(top_retired) / sizeof(top_retired[0]),
};

/* Reads the outermost mapping, of a file that may have these kinds. */
static void read_top_mapping(struct yaml_reader *yaml, yaml_node_t *values[TOP_KEYS])
{
    const struct yaml_mapping *const mappings[FOREIGN_KEYS_MAPPINGS] = {
        &top_mapping, config_services_mapping(), config_instances_mapping(), config_health_mapping()};
    memcpy(yaml->foreign_keys.mappings, mappings, sizeof(mappings));
    yaml_reader_read_mapping(yaml, yaml_reader_root(yaml), &top_mapping, values);
}

/* Reads one of the local tors' control ports; none may be there twice. */
static void read_tor_control(struct config_loader *loader, yaml_node_t *node)
{
    struct config *config = loader->config;
    struct control_endpoint *endpoint = &config->tor_controls[config->tor_control_count];
    if (!config_loader_read_endpoint(loader, node, "tor-control", endpoint))
        return;
    if (endpoint->way == CONTROL_WAY_ONION) {
        CONFIG_LOADER_REPORT(loader, node,
                             "\"tor-control\" is where the publisher's own tors are, through which onion "
                             "services are reached: it can't be one itself");
        control_endpoint_clear(endpoint);
        return;
    }
    for (size_t i = 0; i < config->tor_control_count; i++) {
        if (!control_endpoint_equals(&config->tor_controls[i], endpoint))
            continue;
        char where[128];
        control_endpoint_format(endpoint, where, sizeof(where));
        CONFIG_LOADER_REPORT(loader, node, "\"tor-control\" names %s twice: remove one of them", where);
        control_endpoint_clear(endpoint);
        return;
    }
    config->tor_control_count++;
}

/* Reads one of the SOCKS ports. */
static void read_tor_socks(struct config_loader *loader, yaml_node_t *node)
{
    struct config *config = loader->config;
    struct error error;
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, "tor-socks") : NULL;
    if (text == NULL)
        return;
    if (listen_address_parse(&config->tor_socks[config->tor_socks_count], text, &error) == 0)
        config->tor_socks_count++;
    else
        CONFIG_LOADER_REPORT(loader, node, "\"tor-socks\": %s", error.text);
}

/* Reads the value of a key that is one place or a list of them; what: many of them, for a message. */
static void read_places(struct config_loader *loader, yaml_node_t *node, const char *key, const char *what,
                        void (*read_place)(struct config_loader *loader, yaml_node_t *node))
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE) {
        read_place(loader, node);
        return;
    }
    size_t count = yaml_reader_read_list(&loader->yaml, node, key);
    if (count > CONFIG_TORS_MAX) {
        CONFIG_LOADER_REPORT(loader, node, "\"%s\" names more than %d %s", key, CONFIG_TORS_MAX, what);
        count = 0;
    }
    for (size_t i = 0; i < count; i++)
        read_place(loader, yaml_reader_list_entry(&loader->yaml, node, i));
}

/* Reads how to authenticate to the local tors. Each tor makes a cookie of its own. */
static void read_tor_credentials(struct config_loader *loader, yaml_node_t **values)
{
    struct config *config = loader->config;
    yaml_node_t *cookie_node = values[TOP_TOR_CONTROL_COOKIE_FILE];
    config_loader_read_credentials(loader, values[TOP_TOR_CONTROL_PASSWORD_FILE], "tor-control-password-file",
                                   cookie_node, "tor-control-cookie-file", &config->tor_control_password_file,
                                   &config->tor_control_cookie_file);
    if (cookie_node != NULL && config->tor_control_count > 1)
        CONFIG_LOADER_REPORT(
            loader, cookie_node,
            "\"tor-control-cookie-file\" can't be the cookie of %zu tors: remove it, since each tor says "
            "itself where its cookie is, or give them all the same password",
            config->tor_control_count);
}

/* Reads where the local tors are, and what lets obpub in. */
static void read_local_tors(struct config_loader *loader, yaml_node_t **values)
{
    read_places(loader, values[TOP_TOR_CONTROL], "tor-control", "local tors", read_tor_control);
    read_tor_credentials(loader, values);
}

/* Reads where the metrics are served; release with free(). NULL when they are not, or for a bad place. */
static char *read_metrics_listen(struct yaml_reader *yaml, yaml_node_t *node)
{
    static const char key[] = "metrics-listen";
    const char *text = node != NULL ? yaml_reader_read_text(yaml, node, key) : NULL;
    if (text == NULL)
        return NULL;
    struct listen_address address;
    struct error error;
    if (listen_address_parse(&address, text, &error) != 0) {
        config_report_add_error(yaml->report, yaml->path, yaml_reader_line(node), "\"%s\": %s", key,
                                error.text);
        return NULL;
    }
    if (!listen_address_is_local(&address))
        config_report_add_warning(yaml->report, yaml->path, yaml_reader_line(node),
                                  "\"%s\": whoever can reach %s learns which backends belong to which "
                                  "frontends: see that only Prometheus can, or use 127.0.0.1",
                                  key, text);
    return memory_copy_text(text, strlen(text));
}

/* Reads where the socket of a key is to be; release with free(). NULL when there is none, or a bad one. */
static char *read_socket(struct yaml_reader *yaml, yaml_node_t **values, size_t number)
{
    const char *key = top_keys[number];
    yaml_node_t *node = values[number];
    const char *path = node != NULL ? yaml_reader_read_text(yaml, node, key) : NULL;
    if (path == NULL)
        return NULL;
    struct listen_address address;
    struct error error;
    if (listen_address_set_path(&address, path, &error) != 0)
        config_report_add_error(yaml->report, yaml->path, yaml_reader_line(node), "\"%s\": %s", key,
                                error.text);
    return memory_copy_text(path, strlen(path));
}

/* Reads a truth value; false when there is none, or a bad one. */
static bool read_truth(struct yaml_reader *yaml, yaml_node_t *node, const char *key)
{
    const char *text = node != NULL ? yaml_reader_read_text(yaml, node, key) : NULL;
    bool truth = false;
    if (text != NULL && !yaml_reader_parse_truth(&truth, text))
        config_report_add_error(yaml->report, yaml->path, yaml_reader_line(node),
                                "\"%s\": \"%s\" is neither true nor false", key, text);
    return truth;
}

/* Reads how much is to be said. A bad level is not worth publishing nothing for. Returns false for that, and
 * when there is none. */
static bool read_log_level(struct yaml_reader *yaml, yaml_node_t *node, enum log_level *level)
{
    static const char key[] = "log-level";
    const char *text = node != NULL ? yaml_reader_read_text(yaml, node, key) : NULL;
    if (text == NULL || log_level_parse(level, text))
        return text != NULL;
    config_report_add_warning(yaml->report, yaml->path, yaml_reader_line(node),
                              "\"%s\": \"%.40s\" is no level and does not count: write debug, info, warning, "
                              "error or critical",
                              key, text);
    return false;
}

/* Reads what the processes are to be confined to. */
static void read_confinement(struct yaml_reader *yaml, yaml_node_t **values, char **user,
                             bool *requires_sandbox)
{
    yaml_node_t *node = values[TOP_USER];
    const char *name = node != NULL ? yaml_reader_read_text(yaml, node, "user") : NULL;
    *user = NULL;
    if (name != NULL && strlen(name) > CONFIG_NAME_LENGTH_MAX)
        config_report_add_error(yaml->report, yaml->path, yaml_reader_line(node),
                                "\"user\" is longer than %d bytes, which no name of a user is",
                                CONFIG_NAME_LENGTH_MAX);
    else if (name != NULL)
        *user = memory_copy_text(name, strlen(name));
    *requires_sandbox = read_truth(yaml, values[TOP_REQUIRE_SANDBOX], "require-sandbox");
}

/* Reads where the two sockets for other programs of this machine are to be, which can't be one. */
static void read_sockets(struct config_loader *loader, yaml_node_t **values)
{
    struct config *config = loader->config;
    config->status_socket_location = read_socket(&loader->yaml, values, TOP_STATUS_SOCKET_LOCATION);
    config->command_socket_location = read_socket(&loader->yaml, values, TOP_COMMAND_SOCKET_LOCATION);
    if (config->command_socket_location != NULL &&
        string_equals(config->command_socket_location, config->status_socket_location))
        CONFIG_LOADER_REPORT(loader, values[TOP_COMMAND_SOCKET_LOCATION],
                             "\"%s\" is also the \"%s\": name another path, since they are two sockets",
                             top_keys[TOP_COMMAND_SOCKET_LOCATION], top_keys[TOP_STATUS_SOCKET_LOCATION]);
}

/* Reads the whole document. */
static void read_top(struct config_loader *loader)
{
    struct config *config = loader->config;
    yaml_node_t *values[TOP_KEYS];
    read_top_mapping(&loader->yaml, values);
    read_local_tors(loader, values);
    read_places(loader, values[TOP_TOR_SOCKS], "tor-socks", "SOCKS ports", read_tor_socks);
    read_sockets(loader, values);
    config->metrics_listen = read_metrics_listen(&loader->yaml, values[TOP_METRICS_LISTEN]);
    config->backend_grace =
        config_loader_read_number(loader, values[TOP_BACKEND_GRACE], "backend-grace", "seconds",
                                  CONFIG_BACKEND_GRACE_MAX, CONFIG_BACKEND_GRACE_DEFAULT);
    config->has_other_publishers =
        read_truth(&loader->yaml, values[TOP_OTHER_PUBLISHERS], "other-publishers");
    config->takes_group_files = read_truth(&loader->yaml, values[TOP_GROUP_READABLE], "group-readable");
    config->waits_for_backends =
        read_truth(&loader->yaml, values[TOP_WAIT_FOR_BACKENDS], "wait-for-backends");
    read_confinement(&loader->yaml, values, &config->user, &config->requires_sandbox);
    config->has_log_level = read_log_level(&loader->yaml, values[TOP_LOG_LEVEL], &config->log_level);
    config_services_read(loader, values[TOP_SERVICES]);
    foreign_keys_report(&loader->yaml.foreign_keys, loader->yaml.report, loader->yaml.path);
}

/* The folder of a file, with its slash; "" for the current one. To be released with free(). */
static char *copy_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    return memory_copy_text(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
}

/* Releases the loader. Returns 0, or -1 with the config cleared when the report has errors. */
static int finish_loading(struct config_loader *loader)
{
    bool is_good = loader->yaml.report->error_count == 0;
    free(loader->folder);
    yaml_reader_clear(&loader->yaml);
    if (!is_good)
        config_clear(loader->config);
    return is_good ? 0 : -1;
}

int config_parse(struct config *config, const char *path, const unsigned char *text, size_t length,
                 const struct config_files *files, struct config_report *report)
{
    *config = (struct config){0};
    struct config_loader loader = {.config = config, .files = files};
    if (yaml_reader_parse(&loader.yaml, path, text, length, report) != 0)
        return -1;
    loader.folder = copy_folder(path);
    config->path = memory_copy_text(path, strlen(path));
    read_top(&loader);
    return finish_loading(&loader);
}

int config_load(struct config *config, const char *path, struct config_report *report)
{
    *config = (struct config){0};
    *report = (struct config_report){0};
    size_t length = 0;
    unsigned char *text = yaml_file_read(path, &length, report);
    if (text == NULL)
        return -1;
    int result = config_parse(config, path, text, length, &config_files_here, report);
    free(text);
    return result;
}

/* Reads the outermost mapping of a file and no more. Returns 0 with a reader to be released, or -1. */
static int load_top(struct yaml_reader *yaml, yaml_node_t *values[TOP_KEYS], const char *path,
                    struct config_report *report)
{
    size_t length = 0;
    unsigned char *text = yaml_file_read(path, &length, report);
    if (text == NULL)
        return -1;
    int result = yaml_reader_parse(yaml, path, text, length, report);
    free(text);
    if (result == 0)
        read_top_mapping(yaml, values);
    return result;
}

/* Reads nothing but where the socket of a key is. */
static int find_socket(char **location, size_t number, const char *path, struct config_report *report)
{
    struct yaml_reader yaml;
    yaml_node_t *values[TOP_KEYS];
    *location = NULL;
    *report = (struct config_report){0};
    if (load_top(&yaml, values, path, report) != 0)
        return -1;
    *location = read_socket(&yaml, values, number);
    yaml_reader_clear(&yaml);
    if (report->error_count == 0)
        return 0;
    free(*location);
    *location = NULL;
    return -1;
}

int config_find_status_socket(char **location, const char *path, struct config_report *report)
{
    return find_socket(location, TOP_STATUS_SOCKET_LOCATION, path, report);
}

int config_find_command_socket(char **location, const char *path, struct config_report *report)
{
    return find_socket(location, TOP_COMMAND_SOCKET_LOCATION, path, report);
}

int config_find_confinement(char **user, bool *requires_sandbox, const char *path)
{
    struct config_report report = {0};
    struct yaml_reader yaml;
    yaml_node_t *values[TOP_KEYS];
    *user = NULL;
    *requires_sandbox = false;
    int result = load_top(&yaml, values, path, &report);
    if (result == 0) {
        read_confinement(&yaml, values, user, requires_sandbox);
        yaml_reader_clear(&yaml);
        result = report.error_count > 0 ? -1 : 0;
    }
    config_report_clear(&report);
    return result;
}

bool config_find_log_level(enum log_level *level, const char *path)
{
    struct config_report report = {0};
    struct yaml_reader yaml;
    yaml_node_t *values[TOP_KEYS];
    bool is_found = load_top(&yaml, values, path, &report) == 0;
    if (is_found) {
        is_found = read_log_level(&yaml, values[TOP_LOG_LEVEL], level);
        yaml_reader_clear(&yaml);
    }
    config_report_clear(&report);
    return is_found;
}

void config_find_listeners(char **status_socket, char **command_socket, char **metrics_listen,
                           const char *path)
{
    struct config_report report = {0};
    struct yaml_reader yaml;
    yaml_node_t *values[TOP_KEYS];
    *status_socket = *command_socket = *metrics_listen = NULL;
    if (load_top(&yaml, values, path, &report) == 0) {
        *status_socket = read_socket(&yaml, values, TOP_STATUS_SOCKET_LOCATION);
        *command_socket = read_socket(&yaml, values, TOP_COMMAND_SOCKET_LOCATION);
        *metrics_listen = read_metrics_listen(&yaml, values[TOP_METRICS_LISTEN]);
        yaml_reader_clear(&yaml);
    }
    config_report_clear(&report);
}

int config_find_local_tors(struct config *config, const char *path, struct config_report *report)
{
    yaml_node_t *values[TOP_KEYS];
    *config = (struct config){0};
    *report = (struct config_report){0};
    struct config_loader loader = {.config = config, .files = &config_files_here};
    if (load_top(&loader.yaml, values, path, report) != 0)
        return -1;
    loader.folder = copy_folder(path);
    read_local_tors(&loader, values);
    return finish_loading(&loader);
}

void config_clear(struct config *config)
{
    config_services_clear(config);
    free(config->path);
    for (size_t i = 0; i < config->tor_control_count; i++)
        control_endpoint_clear(&config->tor_controls[i]);
    free(config->tor_control_password_file);
    free(config->tor_control_cookie_file);
    free(config->status_socket_location);
    free(config->command_socket_location);
    free(config->metrics_listen);
    free(config->user);
    secret_pool_clear(&config->client_secrets);
    *config = (struct config){0};
}
