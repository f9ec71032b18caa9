/* What "obpub agent" was told: which tor, whom to serve and where, and about which services. */
#ifndef OBPUB_COMMAND_AGENT_SETUP_H
#define OBPUB_COMMAND_AGENT_SETUP_H

#include "address/endpoint.h"
#include "address/listen_address.h"
#include "agent/command_filter.h"
#include "command/options.h"

struct agent_setup {
    struct control_endpoint control; /* of the tor */
    struct listen_address listen;
    struct served_addresses served;
    /* Paths; NULL for none. */
    char *control_password_file, *control_cookie_file;
    char *secret_file;
};

/* Makes it of the options. Returns 0 with a setup to be released with agent_setup_clear(), or -1 with a
 * sentence that names the option. */
int agent_setup_make(struct agent_setup *setup, const struct options *options, struct error *error);

void agent_setup_clear(struct agent_setup *setup);

#endif
