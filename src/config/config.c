/* The YAML config file: frontends, their backends, and where the tors are. */
#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "config/config_report.h"
#include "config/credential.h"
#include "config/key_file.h"
#include "config/listen_address.h"
#include "config/printable.h"
#include "config/yaml_file.h"
#include "config/yaml_reader.h"
#include "obpub/memory.h"

/* Limits on what one process is asked to serve. */
#define FRONTENDS_MAX 1000
#define BACKENDS_MAX 10000
#define NAME_LENGTH_MAX 128
/* Characters of an address that stand for a backend without a name. */
#define SHORT_ADDRESS_LENGTH 16

enum {
    TOP_SERVICES,
    TOP_TOR_CONTROL,
    TOP_TOR_CONTROL_PASSWORD_FILE,
    TOP_TOR_CONTROL_COOKIE_FILE,
    TOP_STATUS_SOCKET_LOCATION,
    TOP_METRICS_LISTEN,
    TOP_BACKEND_GRACE,
    TOP_USER,
    TOP_REQUIRE_SANDBOX,
    TOP_KEYS
};
static const struct yaml_key top_keys[TOP_KEYS] = {
    [TOP_SERVICES] = {"services", true},
    [TOP_TOR_CONTROL] = {"tor-control", false},
    [TOP_TOR_CONTROL_PASSWORD_FILE] = {"tor-control-password-file", false},
    [TOP_TOR_CONTROL_COOKIE_FILE] = {"tor-control-cookie-file", false},
    [TOP_STATUS_SOCKET_LOCATION] = {"status-socket-location", false},
    [TOP_METRICS_LISTEN] = {"metrics-listen", false},
    [TOP_BACKEND_GRACE] = {"backend-grace", false},
    [TOP_USER] = {"user", false},
    [TOP_REQUIRE_SANDBOX] = {"require-sandbox", false},
};

/* What Onionbalance for v2 services read from its config; Onionbalance for v3 reads none of it. */
static const struct yaml_retired_key top_retired[] = {
    {"REFRESH_INTERVAL", "backends are followed as they change; remove it"},
    {"PUBLISH_CHECK_INTERVAL", "descriptors are published as soon as they change; remove it"},
    {"INITIAL_DELAY", "nothing has to be waited for; remove it"},
    {"MAX_INTRO_POINTS", "as many are published as clients take; remove it"},
    {"DISTINCT_DESCRIPTORS", "it was for v2 services; remove it"},
    {"REPLICAS", "the consensus says how many there are; remove it"},
    {"HSDIR_SET", "the consensus says how many there are; remove it"},
    {"DESCRIPTOR_VALIDITY_PERIOD", "it was for v2 services; remove it"},
    {"DESCRIPTOR_OVERLAP_PERIOD", "it was for v2 services; remove it"},
    {"DESCRIPTOR_UPLOAD_PERIOD", "descriptors are uploaded as often as tor's own; remove it"},
    {"LOG_LOCATION", "what obpub has to say goes to standard error; remove it"},
    {"LOG_LEVEL", "use -v LEVEL on the command line"},
    {"STATUS_SOCKET_LOCATION", "write \"status-socket-location\" if you want the socket"},
    {"TOR_ADDRESS", "write \"tor-control: ADDRESS:PORT\" instead"},
    {"TOR_PORT", "write \"tor-control: ADDRESS:PORT\" instead"},
    {"TOR_CONTROL_SOCKET", "write \"tor-control: unix:/PATH\" instead"},
    {"TOR_CONTROL_PASSWORD",
     "put it in a file of its own and write \"tor-control-password-file: PATH\" instead"},
};
static const struct yaml_mapping top_mapping = {"the config", top_keys, TOP_KEYS, top_retired,
                                                sizeof(top_retired) / sizeof(top_retired[0])};

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

/* What is read from, and what is made. */
struct config_loader {
    struct yaml_reader yaml;
    struct config *config;
    const struct config_files *files;
    char *folder; /* the config file's, which relative paths start from; "" for the current one */
    size_t backend_count;
};

/* Reports an error on a node's line. */
#define REPORT(loader, node, ...)                                                                            \
    config_report_add_error((loader)->yaml.report, (loader)->yaml.path, yaml_reader_line(node), __VA_ARGS__)

/* Resolves a path of the file against the file's folder; release with free(). */
static char *resolve_path(const struct config_loader *loader, const char *path)
{
    size_t size = strlen(loader->folder) + strlen(path) + 1;
    char *resolved = memory_allocate(size, 1);
    snprintf(resolved, size, "%s%s", path[0] == '/' ? "" : loader->folder, path);
    return resolved;
}

/* Reads the path of a file, or "credential:" and the name of one; NULL when there is none, or a bad one. No
 * file has a path that is longer than the limit, and aliases could have very many copies made of one. */
static char *read_path(struct config_loader *loader, yaml_node_t *node, const char *key)
{
    const char *path = node != NULL ? yaml_reader_read_text(&loader->yaml, node, key) : NULL;
    if (path == NULL)
        return NULL;
    if (strlen(path) >= PATH_MAX) {
        REPORT(loader, node, "\"%s\" is longer than %d bytes, which no path is: check it", key, PATH_MAX - 1);
        return NULL;
    }
    if (strncmp(path, CREDENTIAL_PREFIX, strlen(CREDENTIAL_PREFIX)) != 0)
        return resolve_path(loader, path);
    if (!loader->files->are_here)
        return memory_copy_text(path, strlen(path));
    struct error error;
    char *credential = credential_find(path + strlen(CREDENTIAL_PREFIX), &error);
    if (credential == NULL)
        REPORT(loader, node, "%s %s: %s", key, path, error.text);
    return credential;
}

/* Reads how to authenticate to a control port: at most one of a password file and a cookie file. */
static void read_credentials(struct config_loader *loader, yaml_node_t *password_node,
                             const char *password_key, yaml_node_t *cookie_node, const char *cookie_key,
                             char **password_file, char **cookie_file)
{
    *password_file = read_path(loader, password_node, password_key);
    *cookie_file = read_path(loader, cookie_node, cookie_key);
    if (password_node != NULL && cookie_node != NULL)
        REPORT(loader, cookie_node, "\"%s\" and \"%s\" can't both be used: remove one of them", password_key,
               cookie_key);
    struct stat status;
    if (*password_file != NULL && loader->files->are_here && stat(*password_file, &status) != 0 &&
        errno == ENOENT)
        REPORT(loader, password_node, "password file %s: there is no such file: check the path",
               *password_file);
}

/* Reads where a control port is. */
static bool read_endpoint(struct config_loader *loader, yaml_node_t *node, const char *key,
                          struct control_endpoint *endpoint)
{
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, key) : NULL;
    if (text == NULL)
        return false;
    struct error error;
    if (control_endpoint_parse(endpoint, text, &error) == 0)
        return true;
    REPORT(loader, node, "\"%s\": %s", key, error.text);
    return false;
}

/* Reads one of the local tors' control ports; none may be there twice. */
static void read_tor_control(struct config_loader *loader, yaml_node_t *node)
{
    struct config *config = loader->config;
    struct control_endpoint *endpoint = &config->tor_controls[config->tor_control_count];
    if (!read_endpoint(loader, node, "tor-control", endpoint))
        return;
    for (size_t i = 0; i < config->tor_control_count; i++) {
        if (!control_endpoint_equals(&config->tor_controls[i], endpoint))
            continue;
        char where[128];
        control_endpoint_format(endpoint, where, sizeof(where));
        REPORT(loader, node, "\"tor-control\" names %s twice: remove one of them", where);
        control_endpoint_clear(endpoint);
        return;
    }
    config->tor_control_count++;
}

/* Reads where the local tors' control ports are: one place, or a list of them. */
static void read_tor_controls(struct config_loader *loader, yaml_node_t *node)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE) {
        read_tor_control(loader, node);
        return;
    }
    size_t count = yaml_reader_read_list(&loader->yaml, node, "tor-control");
    if (count > CONFIG_TORS_MAX) {
        REPORT(loader, node, "\"tor-control\" names more than %d local tors", CONFIG_TORS_MAX);
        count = 0;
    }
    for (size_t i = 0; i < count; i++)
        read_tor_control(loader, yaml_reader_list_entry(&loader->yaml, node, i));
}

/* Reads how to authenticate to the local tors. Each tor makes a cookie of its own. */
static void read_tor_credentials(struct config_loader *loader, yaml_node_t **values)
{
    struct config *config = loader->config;
    yaml_node_t *cookie_node = values[TOP_TOR_CONTROL_COOKIE_FILE];
    read_credentials(loader, values[TOP_TOR_CONTROL_PASSWORD_FILE], "tor-control-password-file", cookie_node,
                     "tor-control-cookie-file", &config->tor_control_password_file,
                     &config->tor_control_cookie_file);
    if (cookie_node != NULL && config->tor_control_count > 1)
        REPORT(loader, cookie_node,
               "\"tor-control-cookie-file\" can't be the cookie of %zu tors: remove it, since each tor says "
               "itself where its cookie is, or give them all the same password",
               config->tor_control_count);
}

/* A backend's name: the one of the file, made fit to be shown, or the beginning of the address. */
static char *read_name(struct config_loader *loader, yaml_node_t *node, const char *address)
{
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, "name") : NULL;
    if (text == NULL)
        return memory_copy_text(address, SHORT_ADDRESS_LENGTH);
    if (strlen(text) > NAME_LENGTH_MAX) {
        REPORT(loader, node, "\"name\" is longer than %d bytes: shorten it", NAME_LENGTH_MAX);
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
        REPORT(loader, node,
               "\"address\" is still onionbalance-config's placeholder: put a backend's onion address "
               "here, or remove the entry");
        return false;
    }
    struct error error;
    if (onion_address_decode(backend->identity_key, text, &error) != 0) {
        REPORT(loader, node, "\"address\": %s", error.text);
        return false;
    }
    onion_address_encode(backend->address, backend->identity_key);
    for (size_t i = 0; i < frontend->backend_count; i++) {
        if (memcmp(frontend->backends[i].identity_key, backend->identity_key, ED25519_PUBLIC_KEY_SIZE) != 0)
            continue;
        REPORT(loader, node,
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
    backend->has_control = read_endpoint(loader, values[INSTANCE_CONTROL], "control", &backend->control);
    read_credentials(loader, password_node, "control-password-file", cookie_node, "control-cookie-file",
                     &backend->control_password_file, &backend->control_cookie_file);
    yaml_node_t *credential = password_node != NULL ? password_node : cookie_node;
    if (credential != NULL && values[INSTANCE_CONTROL] == NULL)
        REPORT(loader, credential,
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
    frontend->backends =
        memory_resize(frontend->backends, frontend->backend_count + 1, sizeof(*frontend->backends));
    frontend->backends[frontend->backend_count++] = backend;
}

static void read_instances(struct config_loader *loader, yaml_node_t *node, struct config_frontend *frontend)
{
    if (node == NULL)
        return;
    size_t count = yaml_reader_read_list(&loader->yaml, node, "instances");
    if (count > BACKENDS_MAX - loader->backend_count) {
        REPORT(loader, node, "there are more than %d instances in the file: divide it between several obpubs",
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
    struct key_file_source source;
    struct ed25519_secret_key *secret_key = secret_allocate(sizeof(*secret_key));
    if (key_file_load(path, secret_key, frontend->identity_key, &source, error) != 0) {
        secret_free(secret_key);
        return -1;
    }
    frontend->key_path = source.path;
    frontend->key_format = source.format;
    frontend->bundle = source.bundle;
    if (source.bundle != NULL) {
        frontend->plan = source.bundle->plan;
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
    char *path = read_path(loader, node, "key");
    if (path == NULL)
        return;
    struct error error;
    bool is_found = loader->files->find_key(path, frontend, loader->files->context, &error) == 0;
    if (!is_found)
        REPORT(loader, node, "key %s: %s", path, error.text);
    free(path);
    if (!is_found)
        return;
    onion_address_encode(frontend->address, frontend->identity_key);
    for (size_t i = 0; i < loader->config->frontend_count; i++) {
        const struct config_frontend *other = &loader->config->frontends[i];
        if (other->key_path != NULL && strcmp(other->address, frontend->address) == 0)
            REPORT(loader, node,
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
    config->frontends =
        memory_resize(config->frontends, config->frontend_count + 1, sizeof(*config->frontends));
    config->frontends[config->frontend_count++] = frontend;
}

static void read_services(struct config_loader *loader, yaml_node_t *node)
{
    if (node == NULL)
        return;
    size_t count = yaml_reader_read_list(&loader->yaml, node, "services");
    if (count > FRONTENDS_MAX) {
        REPORT(loader, node, "there are more than %d services in the file: divide it between several obpubs",
               FRONTENDS_MAX);
        count = 0;
    }
    for (size_t i = 0; i < count; i++)
        read_service(loader, yaml_reader_list_entry(&loader->yaml, node, i));
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

/* Reads where the metrics are served. */
static void read_metrics_listen(struct config_loader *loader, yaml_node_t *node)
{
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, "metrics-listen") : NULL;
    if (text == NULL)
        return;
    struct listen_address address;
    struct error error;
    if (listen_address_parse(&address, text, &error) != 0) {
        REPORT(loader, node, "\"metrics-listen\": %s", error.text);
        return;
    }
    if (!listen_address_is_local(&address))
        config_report_add_warning(loader->yaml.report, loader->yaml.path, yaml_reader_line(node),
                                  "\"metrics-listen\": whoever can reach %s learns which backends belong to "
                                  "which frontends: see that only Prometheus can, or use 127.0.0.1",
                                  text);
    loader->config->metrics_listen = memory_copy_text(text, strlen(text));
}

/* Reads where the status socket is to be; release with free(). NULL when there is none, or a bad one. */
static char *read_status_socket(struct yaml_reader *yaml, yaml_node_t *node)
{
    static const char key[] = "status-socket-location";
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

static void read_backend_grace(struct config_loader *loader, yaml_node_t *node)
{
    loader->config->backend_grace = CONFIG_BACKEND_GRACE_DEFAULT;
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, "backend-grace") : NULL;
    if (text == NULL)
        return;
    size_t digits = strspn(text, "0123456789");
    unsigned long seconds =
        digits > 0 && digits < 6 && text[digits] == '\0' ? strtoul(text, NULL, 10) : ULONG_MAX;
    if (seconds > CONFIG_BACKEND_GRACE_MAX)
        REPORT(loader, node, "\"backend-grace\": \"%s\" is no number of seconds from 0 to %d", text,
               CONFIG_BACKEND_GRACE_MAX);
    else
        loader->config->backend_grace = (unsigned)seconds;
}

/* Reads a truth value as YAML 1.1 has them; false when there is none, or a bad one. */
static bool read_truth(struct yaml_reader *yaml, yaml_node_t *node, const char *key)
{
    static const char *const words[] = {"false", "no", "off", "true", "yes", "on"};
    const char *text = node != NULL ? yaml_reader_read_text(yaml, node, key) : NULL;
    if (text == NULL)
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(text, words[i]) == 0)
            return i >= sizeof(words) / sizeof(words[0]) / 2;
    }
    config_report_add_error(yaml->report, yaml->path, yaml_reader_line(node),
                            "\"%s\": \"%s\" is neither true nor false", key, text);
    return false;
}

/* Reads what the processes are to be confined to. */
static void read_confinement(struct yaml_reader *yaml, yaml_node_t **values, char **user,
                             bool *requires_sandbox)
{
    yaml_node_t *node = values[TOP_USER];
    const char *name = node != NULL ? yaml_reader_read_text(yaml, node, "user") : NULL;
    *user = NULL;
    if (name != NULL && strlen(name) > NAME_LENGTH_MAX)
        config_report_add_error(yaml->report, yaml->path, yaml_reader_line(node),
                                "\"user\" is longer than %d bytes, which no name of a user is",
                                NAME_LENGTH_MAX);
    else if (name != NULL)
        *user = memory_copy_text(name, strlen(name));
    *requires_sandbox = read_truth(yaml, values[TOP_REQUIRE_SANDBOX], "require-sandbox");
}

/* Reads the whole document. */
static void read_top(struct config_loader *loader)
{
    struct config *config = loader->config;
    yaml_node_t *values[TOP_KEYS];
    yaml_reader_read_mapping(&loader->yaml, yaml_reader_root(&loader->yaml), &top_mapping, values);
    read_tor_controls(loader, values[TOP_TOR_CONTROL]);
    read_tor_credentials(loader, values);
    config->status_socket_location = read_status_socket(&loader->yaml, values[TOP_STATUS_SOCKET_LOCATION]);
    read_metrics_listen(loader, values[TOP_METRICS_LISTEN]);
    read_backend_grace(loader, values[TOP_BACKEND_GRACE]);
    read_confinement(&loader->yaml, values, &config->user, &config->requires_sandbox);
    read_services(loader, values[TOP_SERVICES]);
    check_backends(loader);
}

int config_parse(struct config *config, const char *path, const unsigned char *text, size_t length,
                 const struct config_files *files, struct config_report *report)
{
    *config = (struct config){0};
    struct config_loader loader = {.config = config, .files = files};
    if (yaml_reader_parse(&loader.yaml, path, text, length, report) != 0)
        return -1;
    const char *slash = strrchr(path, '/');
    loader.folder = memory_copy_text(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
    config->path = memory_copy_text(path, strlen(path));
    read_top(&loader);
    free(loader.folder);
    yaml_reader_clear(&loader.yaml);
    if (report->error_count == 0)
        return 0;
    config_clear(config);
    return -1;
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
        yaml_reader_read_mapping(yaml, yaml_reader_root(yaml), &top_mapping, values);
    return result;
}

int config_find_status_socket(char **location, const char *path, struct config_report *report)
{
    struct yaml_reader yaml;
    yaml_node_t *values[TOP_KEYS];
    *location = NULL;
    *report = (struct config_report){0};
    if (load_top(&yaml, values, path, report) != 0)
        return -1;
    *location = read_status_socket(&yaml, values[TOP_STATUS_SOCKET_LOCATION]);
    yaml_reader_clear(&yaml);
    if (report->error_count == 0)
        return 0;
    free(*location);
    *location = NULL;
    return -1;
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

void config_clear(struct config *config)
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
    free(config->path);
    for (size_t i = 0; i < config->tor_control_count; i++)
        control_endpoint_clear(&config->tor_controls[i]);
    free(config->tor_control_password_file);
    free(config->tor_control_cookie_file);
    free(config->status_socket_location);
    free(config->metrics_listen);
    free(config->user);
    *config = (struct config){0};
}
