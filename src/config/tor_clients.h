/* The authorised clients that a service has without a word in the config: in tor's own folder beside its key.
 */
#ifndef OBPUB_CONFIG_TOR_CLIENTS_H
#define OBPUB_CONFIG_TOR_CLIENTS_H

#include "config/config.h"

/* The folder that tor keeps a service's authorised clients in, beside the file of its key, where it is there;
 * NULL where it is not, or the key is none of tor's. Release with free(). */
char *tor_clients_find(const char *key_path);

/* Checks that no frontend whose clients were in such a folder is without any folder of clients in the next
 * config: that is gone, or the key was replaced by a bundle, and nobody has said that everybody is to read
 * its descriptors from now on. Returns 0, or -1 with errors added to the report. */
int tor_clients_check_kept(const struct config *before, const struct config *config,
                           struct config_report *report);

#endif
