/* "health" of a service or an instance in the config file: how it is checked whether what is behind a backend
 * answers. */
#include "config/config_health.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Most bytes of a path, and of a host's name (RFC 1035). */
#define PATH_LENGTH_MAX 1024
#define HOST_LENGTH_MAX 253
#define EXPECT_DEFAULT_FROM 200
#define EXPECT_DEFAULT_TO 399
#define STATUS_MIN 100
#define STATUS_MAX 599
#define INTERVAL_DEFAULT 30
#define INTERVAL_MIN 5
#define INTERVAL_MAX 600
#define TIMEOUT_DEFAULT 30
#define FALL_DEFAULT 3
#define RISE_DEFAULT 2
#define COUNT_MAX 10

enum {
    HEALTH_KEY_PORT,
    HEALTH_KEY_PATH,
    HEALTH_KEY_EXPECT,
    HEALTH_KEY_HOST,
    HEALTH_KEY_INTERVAL,
    HEALTH_KEY_TIMEOUT,
    HEALTH_KEY_FALL,
    HEALTH_KEY_RISE,
    HEALTH_KEY_ADDRESS, /* of an instance alone */
    HEALTH_KEYS
};
static const char *const health_keys[HEALTH_KEYS] = {
    [HEALTH_KEY_PORT] = "port", [HEALTH_KEY_PATH] = "path",         [HEALTH_KEY_EXPECT] = "expect",
    [HEALTH_KEY_HOST] = "host", [HEALTH_KEY_INTERVAL] = "interval", [HEALTH_KEY_TIMEOUT] = "timeout",
    [HEALTH_KEY_FALL] = "fall", [HEALTH_KEY_RISE] = "rise",         [HEALTH_KEY_ADDRESS] = "address",
};
static const struct yaml_mapping service_health = {.what = "\"health\" of a service",
                                                   .keys = health_keys,
                                                   .key_count = HEALTH_KEY_ADDRESS,
                                                   .is_strict = true};
static const struct yaml_mapping instance_health = {
    .what = "\"health\" of an instance", .keys = health_keys, .key_count = HEALTH_KEYS, .is_strict = true};

const struct yaml_mapping *config_health_mapping(void)
{
    return &instance_health;
}

static const char *read_text(struct config_loader *loader, yaml_node_t **values, size_t key)
{
    return values[key] != NULL ? yaml_reader_read_text(&loader->yaml, values[key], health_keys[key]) : NULL;
}

/* Reads a whole number, if there is one, which leaves *number as it is where it is bad. */
static void read_number(struct config_loader *loader, yaml_node_t **values, size_t key, const char *unit,
                        unsigned minimum, unsigned maximum, unsigned *number)
{
    const char *text = read_text(loader, values, key);
    if (text == NULL)
        return;
    size_t digits = strspn(text, "0123456789");
    unsigned long found = digits > 0 && digits < 6 && text[digits] == '\0' ? strtoul(text, NULL, 10) : 0;
    if (found >= minimum && found <= maximum)
        *number = (unsigned)found;
    else
        CONFIG_LOADER_REPORT(loader, values[key], "\"%s\": \"%s\" is no number%s%s from %u to %u",
                             health_keys[key], text, unit != NULL ? " of " : "", unit != NULL ? unit : "",
                             minimum, maximum);
}

static void replace(char **text, const char *other)
{
    free(*text);
    *text = memory_copy_text(other, strlen(other));
}

/* It goes into a request as it is. */
static bool is_path(const char *text)
{
    if (text[0] != '/' || strlen(text) > PATH_LENGTH_MAX)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || *c == '#')
            return false;
    }
    return true;
}

static void read_path(struct config_loader *loader, yaml_node_t **values, struct config_health *health)
{
    const char *text = read_text(loader, values, HEALTH_KEY_PATH);
    if (text != NULL && is_path(text))
        replace(&health->path, text);
    else if (text != NULL)
        CONFIG_LOADER_REPORT(
            loader, values[HEALTH_KEY_PATH],
            "\"path\": \"%.80s\" is none: one begins with \"/\", has no blanks, no \"#\" and "
            "no other characters than ASCII has, and at most %d of them",
            text, PATH_LENGTH_MAX);
}

/* True for letters, digits and hyphens, in parts with dots between them. */
static bool is_host(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    if (strlen(text) > HOST_LENGTH_MAX)
        return false;
    for (const char *part = text;;) {
        size_t length = strspn(part, letters);
        if (length == 0 || length > 63 || part[0] == '-' || part[length - 1] == '-')
            return false;
        if (part[length] == '\0')
            return true;
        if (part[length] != '.')
            return false;
        part += length + 1;
    }
}

static void read_host(struct config_loader *loader, yaml_node_t **values, struct config_health *health)
{
    const char *text = read_text(loader, values, HEALTH_KEY_HOST);
    if (text != NULL && is_host(text))
        replace(&health->host, text);
    else if (text != NULL)
        CONFIG_LOADER_REPORT(loader, values[HEALTH_KEY_HOST],
                             "\"host\": \"%.80s\" is no name of a host: write one such as "
                             "\"www.example.com\", without a port",
                             text);
}

/* Reads three digits that a status may have. */
static bool read_status(const char **text, unsigned *status)
{
    if (strspn(*text, "0123456789") != 3)
        return false;
    *status = (unsigned)strtoul(*text, NULL, 10);
    *text += 3;
    return *status >= STATUS_MIN && *status <= STATUS_MAX;
}

static void read_expect(struct config_loader *loader, yaml_node_t **values, struct config_health *health)
{
    const char *text = read_text(loader, values, HEALTH_KEY_EXPECT);
    const char *rest = text;
    unsigned from = 0, to = 0;
    if (text == NULL)
        return;
    bool is_good = read_status(&rest, &from);
    to = from;
    if (is_good && string_skip(&rest, "-"))
        is_good = read_status(&rest, &to);
    if (is_good && *rest == '\0' && from <= to) {
        health->expect_from = from;
        health->expect_to = to;
        return;
    }
    CONFIG_LOADER_REPORT(
        loader, values[HEALTH_KEY_EXPECT],
        "\"expect\": \"%.80s\" is neither a status of HTTP, such as 200, nor a range of such, "
        "as 200-399",
        text);
}

static void read_address(struct config_loader *loader, yaml_node_t **values, struct config_health *health)
{
    const char *text = read_text(loader, values, HEALTH_KEY_ADDRESS);
    struct error error;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (text == NULL)
        return;
    int result = loader->files->are_checked ? onion_address_decode_unchecked(identity_key, text, &error)
                                            : onion_address_decode(identity_key, text, &error);
    if (result != 0)
        CONFIG_LOADER_REPORT(loader, values[HEALTH_KEY_ADDRESS], "\"address\": %s", error.text);
    else
        onion_address_encode(health->address, identity_key);
}

/* Reads what a node says, over what is there. Returns false when it says that nothing is to be checked. */
static bool read_node(struct config_loader *loader, yaml_node_t *node, const struct yaml_mapping *mapping,
                      struct config_health *health)
{
    yaml_node_t *values[HEALTH_KEYS] = {NULL};
    bool truth;
    if (node->type == YAML_SCALAR_NODE) {
        const char *text = yaml_reader_read_text(&loader->yaml, node, "health");
        if (text != NULL && (!yaml_reader_parse_truth(&truth, text) || truth))
            CONFIG_LOADER_REPORT(loader, node,
                                 "\"health\": \"%.80s\" is neither \"off\" nor keys and values, of which it "
                                 "needs \"port\"",
                                 text);
        return false;
    }
    yaml_reader_read_mapping(&loader->yaml, node, mapping, values);
    if (node->type != YAML_MAPPING_NODE)
        return false;
    read_number(loader, values, HEALTH_KEY_PORT, NULL, 1, 65535, &health->port);
    if (values[HEALTH_KEY_PORT] != NULL && health->port == 0)
        health->port = 1; /* a bad one has been reported, and is not missing */
    read_path(loader, values, health);
    read_expect(loader, values, health);
    read_host(loader, values, health);
    read_number(loader, values, HEALTH_KEY_INTERVAL, "seconds", INTERVAL_MIN, INTERVAL_MAX,
                &health->interval);
    read_number(loader, values, HEALTH_KEY_TIMEOUT, "seconds", 1, INTERVAL_MAX, &health->timeout);
    read_number(loader, values, HEALTH_KEY_FALL, NULL, 1, COUNT_MAX, &health->fall);
    read_number(loader, values, HEALTH_KEY_RISE, NULL, 1, COUNT_MAX, &health->rise);
    read_address(loader, values, health);
    const size_t for_http[] = {HEALTH_KEY_EXPECT, HEALTH_KEY_HOST};
    for (size_t i = 0; i < 2; i++) {
        if (values[for_http[i]] != NULL && health->path == NULL && values[HEALTH_KEY_PATH] == NULL)
            CONFIG_LOADER_REPORT(loader, values[for_http[i]],
                                 "\"%s\" is of no use without \"path\": without that a connection is enough, "
                                 "and nothing is asked over it",
                                 health_keys[for_http[i]]);
    }
    return true;
}

/* Reports a time-out that would last beyond the next check, and gives one that is not there its default. */
static void finish_timeout(struct config_loader *loader, yaml_node_t *node, struct config_health *health)
{
    if (health->timeout > health->interval)
        CONFIG_LOADER_REPORT(
            loader, node,
            "\"timeout\" is %u and \"interval\" %u seconds: a check has to be over before the "
            "next one begins",
            health->timeout, health->interval);
    else if (health->timeout == 0)
        health->timeout = health->interval < TIMEOUT_DEFAULT ? health->interval : TIMEOUT_DEFAULT;
}

static void set_defaults(struct config_health *health)
{
    *health = (struct config_health){
        .expect_from = EXPECT_DEFAULT_FROM,
        .expect_to = EXPECT_DEFAULT_TO,
        .interval = INTERVAL_DEFAULT,
        .fall = FALL_DEFAULT,
        .rise = RISE_DEFAULT,
    };
}

void config_health_read_service(struct config_loader *loader, yaml_node_t *node, struct config_health *health)
{
    set_defaults(health);
    if (node == NULL)
        return;
    health->is_on = read_node(loader, node, &service_health, health);
}

/* Reports what a check needs and is not there. */
static void check_complete(struct config_loader *loader, yaml_node_t *node,
                           const struct config_backend *backend)
{
    const struct config_health *health = &backend->health;
    if (health->port == 0)
        CONFIG_LOADER_REPORT(loader, node,
                             "\"health\" of this instance needs \"port\", in the instance or in the service: "
                             "the one that visitors use, of the backend's onion address");
    if (backend->is_twin && health->address[0] == '\0')
        CONFIG_LOADER_REPORT(
            loader, node,
            "\"health\" of an instance of a hardmap service needs \"address\": all its tors "
            "have one address, so that none of them can be asked there; give each of them an "
            "onion service of its own beside it, and write that one's address there, or "
            "\"health: off\"");
    else if (backend->is_twin && strcmp(health->address, backend->address) == 0)
        CONFIG_LOADER_REPORT(loader, node,
                             "\"address\" of \"health\" is the service's own, at which any of its tors "
                             "answers: write that of another onion service of this tor");
}

void config_health_read_instance(struct config_loader *loader, yaml_node_t *node, yaml_node_t *instance,
                                 const struct config_health *service, struct config_backend *backend)
{
    struct config_health *health = &backend->health;
    *health = *service;
    health->path = service->path != NULL ? memory_copy_text(service->path, strlen(service->path)) : NULL;
    health->host = service->host != NULL ? memory_copy_text(service->host, strlen(service->host)) : NULL;
    if (node != NULL)
        health->is_on = read_node(loader, node, &instance_health, health);
    if (!health->is_on)
        return;
    yaml_node_t *where = node != NULL ? node : instance;
    finish_timeout(loader, where, health);
    check_complete(loader, where, backend);
    if (health->address[0] == '\0' && !backend->is_twin)
        memcpy(health->address, backend->address, sizeof(health->address));
}

bool config_checks_health(const struct config *config)
{
    for (size_t i = 0; i < config->frontend_count; i++) {
        for (size_t j = 0; j < config->frontends[i].backend_count; j++) {
            if (config->frontends[i].backends[j].health.is_on)
                return true;
        }
    }
    return false;
}

bool config_health_asks_same(const struct config_health *one, const struct config_health *other)
{
    return one->is_on == other->is_on && one->port == other->port && one->expect_from == other->expect_from &&
           one->expect_to == other->expect_to && string_equals(one->path, other->path) &&
           string_equals(one->host, other->host) && strcmp(one->address, other->address) == 0;
}

bool config_health_equals(const struct config_health *one, const struct config_health *other)
{
    return config_health_asks_same(one, other) && one->interval == other->interval &&
           one->timeout == other->timeout && one->fall == other->fall && one->rise == other->rise;
}

void config_health_clear(struct config_health *health)
{
    free(health->path);
    free(health->host);
    *health = (struct config_health){0};
}
