/* Reading the config file: what its parts share. */
#ifndef OBPUB_CONFIG_CONFIG_LOADER_H
#define OBPUB_CONFIG_CONFIG_LOADER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/config_report.h"
#include "config/yaml_reader.h"

/* Most bytes of a name in the file. */
#define CONFIG_NAME_LENGTH_MAX 128

/* What is read from, and what is made. */
struct config_loader {
    struct yaml_reader yaml;
    struct config *config;
    const struct config_files *files;
    char *folder; /* the config file's, which relative paths start from; "" for the current one */
    size_t backend_count;
    struct config_health health; /* of the service that is being read */
};

/* Reports an error on the line of a node of the file. */
#define CONFIG_LOADER_REPORT(loader, node, ...)                                                              \
    config_report_add_error((loader)->yaml.report, (loader)->yaml.path, yaml_reader_line(node), __VA_ARGS__)

/* Reads the path of a file, or "credential:" and the name of one; relative paths start from the config's
 * folder. node may be NULL; key is its key, for messages. Returns the path, to be released with free(), or
 * NULL when there is none, or a bad one, which is reported. */
char *config_loader_read_path(struct config_loader *loader, yaml_node_t *node, const char *key);

/* Reads how to authenticate to a control port: at most one of a password file and a cookie file, each NULL
 * or a path to be released with free(). What is wrong is reported. */
void config_loader_read_credentials(struct config_loader *loader, yaml_node_t *password_node,
                                    const char *password_key, yaml_node_t *cookie_node,
                                    const char *cookie_key, char **password_file, char **cookie_file);

/* Reads where a control port is; node may be NULL. Returns true with *endpoint to be cleared; or false, when
 * there is none, or a bad one, which is reported. */
bool config_loader_read_endpoint(struct config_loader *loader, yaml_node_t *node, const char *key,
                                 struct control_endpoint *endpoint);

/* Reads a whole number from 0 to maximum, which has fewer than six digits; node may be NULL. unit is what it
 * counts, for messages, or NULL. Returns it, or fallback when there is none, or a bad one, which is reported.
 */
unsigned config_loader_read_number(struct config_loader *loader, yaml_node_t *node, const char *key,
                                   const char *unit, unsigned maximum, unsigned fallback);

#endif
