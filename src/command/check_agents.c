/* What the operators of tors have to set up where a publisher asks an agent over Tor. */
#include "command/check_agents.h"

#include <stdio.h>
#include <string.h>

#include "command/check_clients.h"
#include "onion/onion_address.h"

#define ONION_SUFFIX ".onion"

/* The agent's service is one of its own: a stranger who reaches it costs a circuit for each few streams. */
static const char *const fixed_lines[] = {
    "HiddenServiceMaxStreams 8",
    "HiddenServiceMaxStreamsCloseCircuit 1",
};
#define FIXED_LINES (sizeof(fixed_lines) / sizeof(fixed_lines[0]))

#define FOLDER "/var/lib/tor/obpub-agent"
#define FOLDER_LINE "HiddenServiceDir " FOLDER
#define PORT_FORMAT "HiddenServicePort %u unix:/run/obpub-agent/control.sock"

static bool has_agent(const struct config_backend *backend)
{
    return backend->has_control && backend->control.way == CONTROL_WAY_ONION;
}

/* Who alone can find the agent: the publisher's tor, which obpub gives the secret half. */
static void print_clients(const struct config_backend *backend)
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    if (backend->control_client_secret == NULL) {
        printf("    best with authorized_clients in that folder, so that nobody else can try to connect\n");
        return;
    }
    check_clients_format_line(line, backend->control_client_secret);
    printf("    " FOLDER "/authorized_clients/publisher.auth, the public half of this config's\n"
           "    control-client-key (tor reads it when it is started or reloaded):\n"
           "        %s\n",
           line);
}

void check_agents_print(const struct config_backend *backend)
{
    if (!has_agent(backend))
        return;
    printf("    torrc, for the agent beside this tor, a service of its own (never a port of another one):\n"
           "        " FOLDER_LINE "\n"
           "        " PORT_FORMAT "\n",
           (unsigned)backend->control.port);
    for (size_t i = 0; i < FIXED_LINES; i++)
        printf("        %s\n", fixed_lines[i]);
    printf("    and the agent, with the secret that this config has for it (obpub-agent(8)):\n"
           "        obpub agent --address %s.onion --password-file FILE\n",
           backend->address);
    print_clients(backend);
}

static json_t *make_torrc(const struct config_backend *backend)
{
    json_t *lines = json_array();
    if (!has_agent(backend))
        return lines;
    json_array_append_new(lines, json_string(FOLDER_LINE));
    json_array_append_new(lines, json_sprintf(PORT_FORMAT, (unsigned)backend->control.port));
    for (size_t i = 0; i < FIXED_LINES; i++)
        json_array_append_new(lines, json_string(fixed_lines[i]));
    return lines;
}

void check_agents_add_json(json_t *object, const struct config_backend *backend)
{
    json_object_set_new(object, "torrcAgent", make_torrc(backend));
    if (has_agent(backend))
        check_clients_add_line(object, "authorizedClientsAgent", backend->control_client_secret);
}

bool check_agents_any(const struct config *config)
{
    bool has_any = false;
    for (size_t i = 0; i < config->frontend_count; i++) {
        for (size_t j = 0; j < config->frontends[i].backend_count; j++)
            has_any |= has_agent(&config->frontends[i].backends[j]);
    }
    return has_any;
}

/* True when an agent is at this address, which is without ".onion". */
static bool is_at(const struct config_backend *backend, const char *address)
{
    const char *host = backend->control.host;
    return has_agent(backend) && strncmp(host, address, ONION_ADDRESS_LENGTH) == 0 &&
           strcmp(host + ONION_ADDRESS_LENGTH, ONION_SUFFIX) == 0;
}

/* The service of the config that an agent is at, or NULL. */
static const char *find_service(const struct config *config, const struct config_backend *agent)
{
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        if (is_at(agent, frontend->address))
            return frontend->address;
        for (size_t j = 0; j < frontend->backend_count; j++) {
            if (is_at(agent, frontend->backends[j].address))
                return frontend->backends[j].address;
        }
    }
    return NULL;
}

void check_agents_warn(const struct config *config, struct config_report *report)
{
    for (size_t i = 0; i < config->frontend_count; i++) {
        for (size_t j = 0; j < config->frontends[i].backend_count; j++) {
            const struct config_backend *backend = &config->frontends[i].backends[j];
            const char *address = find_service(config, backend);
            if (address != NULL)
                config_report_add_warning(
                    report, config->path, backend->line,
                    "the agent of \"%s\" is at %s.onion, which visitors reach: every port of a backend is "
                    "open to all visitors of its frontend, whether it has authorized_clients or not; give "
                    "the agent an onion service of its own",
                    backend->name, address);
        }
    }
}
