/* The keys of clients in the config file, with which obpub reads what is restricted: a backend's own
 * descriptors, and where its agent is. */
#ifndef OBPUB_CONFIG_CONFIG_CLIENT_KEYS_H
#define OBPUB_CONFIG_CONFIG_CLIENT_KEYS_H

#include "config/config_loader.h"

/* Reads "client-key" of an instance whose address is known (node, or NULL), and its file. A key that is the
 * service's own, or that everybody knows, is reported, and so is all else that is wrong. */
void config_client_keys_read(struct config_loader *loader, yaml_node_t *node,
                             const struct config_frontend *frontend, struct config_backend *backend);

/* Reads "control-client-key" of an instance whose control port is known, in the same way. */
void config_client_keys_read_control(struct config_loader *loader, yaml_node_t *node,
                                     struct config_backend *backend);

#endif
