/* What the publisher's own tors need so that onion services can be reached through them: agents, and backends
 * whose health is checked. */
#include "command/check_socks.h"

#include <stdio.h>

#include "command/check_agents.h"

/* tor chooses a port, and obpub asks it which. */
#define SOCKS_LINE "SocksPort auto"

static bool is_needed(const struct config *config)
{
    return check_agents_any(config) || config_checks_health(config);
}

void check_socks_print(const struct config *config)
{
    const char *whose = config->tor_socks_count > 0 ? "over tor-socks" : "over its SOCKS port";
    if (check_agents_any(config))
        printf("local tor: agents are reached %s\n", whose);
    if (config_checks_health(config))
        printf("local tor: health is checked %s\n", whose);
    if (is_needed(config) && config->tor_socks_count == 0)
        printf("    torrc, unless it has a SOCKS port already, as it has by default, but not with "
               "\"SocksPort 0\":\n"
               "        " SOCKS_LINE "\n");
}

json_t *check_socks_make_torrc(const struct config *config)
{
    json_t *lines = json_array();
    if (is_needed(config) && config->tor_socks_count == 0)
        json_array_append_new(lines, json_string(SOCKS_LINE));
    return lines;
}
