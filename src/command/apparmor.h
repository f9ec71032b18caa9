/* Whether AppArmor lets a tor of Debian's use a unix socket that is not its own. */
#ifndef OBPUB_COMMAND_APPARMOR_H
#define OBPUB_COMMAND_APPARMOR_H

#include <stdbool.h>

#include "base/error.h"

/* The folder of the machine's own files, for apparmor_keeps_tor_from(). */
#define APPARMOR_ROOT ""

/* True where Debian's profile for tor (system_tor) is in force and nothing in its local part names the socket
 * at socket_path: then tor can't connect to it, and *advice says what to add, and where. What can't be read
 * says nothing. root stands before all paths but the socket's. */
bool apparmor_keeps_tor_from(const char *socket_path, const char *root, struct error *advice);

#endif
