/* Credentials: files that systemd hands to a service, in a folder of memory that only the service can read.
 */
#ifndef OBPUB_CONFIG_CREDENTIAL_H
#define OBPUB_CONFIG_CREDENTIAL_H

#include <stdbool.h>

#include "base/error.h"

/* What a value of the config begins with that names a credential instead of a path. */
#define CREDENTIAL_PREFIX "credential:"

/* Finds the credential called name in the folder that CREDENTIALS_DIRECTORY names (systemd.exec(5),
 * LoadCredential=): the file of that name, or "keys_<name>", which is what systemd calls the file <name> of a
 * folder that was handed over whole as "keys". Returns its path, to be released with free(), or NULL with a
 * sentence. */
char *credential_find(const char *name, struct error *error);

/* True when a path lies in the folder that CREDENTIALS_DIRECTORY names. */
bool credential_has_path(const char *path);

#endif
