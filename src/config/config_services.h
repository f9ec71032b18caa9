/* The services of the config file: the frontends, each with its key and its backends. */
#ifndef OBPUB_CONFIG_CONFIG_SERVICES_H
#define OBPUB_CONFIG_CONFIG_SERVICES_H

#include "config/config_loader.h"

/* The keys of a service, for what is said of them elsewhere in the file. */
const struct yaml_mapping *config_services_mapping(void);

/* Reads the entries of "services" (node, or NULL) into loader->config. What is wrong is reported. */
void config_services_read(struct config_loader *loader, yaml_node_t *node);

/* Releases the frontends of a config, and wipes their keys. */
void config_services_clear(struct config *config);

#endif
