/* "health" of a service or an instance in the config file: how it is checked whether what is behind a backend
 * answers. */
#ifndef OBPUB_CONFIG_CONFIG_HEALTH_H
#define OBPUB_CONFIG_CONFIG_HEALTH_H

#include "config/config_loader.h"

/* The keys of "health", for what is said of them elsewhere in the file. */
const struct yaml_mapping *config_health_mapping(void);

/* Reads the "health" of a service; node may be NULL. Release with config_health_clear(). */
void config_health_read_service(struct config_loader *loader, yaml_node_t *node,
                                struct config_health *health);

/* Reads the "health" of an instance; node may be NULL. What that does not say the service's says. instance:
 * the node of the whole, for what is missing. Fills in backend->health. */
void config_health_read_instance(struct config_loader *loader, yaml_node_t *node, yaml_node_t *instance,
                                 const struct config_health *service, struct config_backend *backend);

void config_health_clear(struct config_health *health);

#endif
