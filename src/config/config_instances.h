/* The instances of a service in the config file: its backends, whichever keys they have. */
#ifndef OBPUB_CONFIG_CONFIG_INSTANCES_H
#define OBPUB_CONFIG_CONFIG_INSTANCES_H

#include "config/config_loader.h"

/* The keys of an instance, for what is said of them elsewhere in the file. */
const struct yaml_mapping *config_instances_mapping(void);

/* Reads the entries of "instances" (node, or NULL) into a frontend whose mode is known, and its key where
 * that could be read. What is wrong is reported. */
void config_instances_read(struct config_loader *loader, yaml_node_t *node, struct config_frontend *frontend);

/* Releases what a backend points to and zeroes it. */
void config_backend_clear(struct config_backend *backend);

#endif
