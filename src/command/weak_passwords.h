/* Passwords that go to whoever has bound a port of this machine. */
#ifndef OBPUB_COMMAND_WEAK_PASSWORDS_H
#define OBPUB_COMMAND_WEAK_PASSWORDS_H

#include "command/options.h"
#include "config/config.h"

/* Adds one warning to the report where passwords open control ports on loopback TCP: while nobody listens
 * there, because a tunnel is down, say, any user of the machine can, and is sent the password. */
void weak_passwords_warn(const struct config *config, const struct options *options,
                         struct config_report *report);

#endif
