/* The texts that "obpub init" writes: the config, and for each node the lines of its torrc. */
#ifndef OBPUB_COMMAND_INIT_TEXTS_H
#define OBPUB_COMMAND_INIT_TEXTS_H

#include "command/init_plan.h"
#include "crypto/hashed_password.h"

/* Names of what is in the folder that is made, and of what is in a node's. */
#define INIT_CONFIG_NAME "config.yaml"
#define INIT_AGENTS_KEY_NAME "agents.key"
#define INIT_TWINS_KEY_NAME "twins.key"
#define INIT_CLIENTS_FOLDER "clients"
#define INIT_AGENT_FOLDER "obpub-agent"
#define INIT_AGENT_SECRET_NAME "agent.secret"
#define INIT_AGENT_OPTIONS_NAME "obpub-agent.default"
#define INIT_AGENT_PORT 9151
/* "service1" and so on. */
#define INIT_SERVICE_NAME_SIZE 24

/* What of a node's secrets others may know. */
struct init_node {
    char backends[INIT_SERVICES_MAX][ONION_ADDRESS_SIZE]; /* its address for each service */
    char agent[ONION_ADDRESS_SIZE];                       /* where its agent is */
    char hashed_password[HASHED_PASSWORD_SIZE];           /* of its control port */
};

/* All addresses that were made. */
struct init_made {
    char frontends[INIT_SERVICES_MAX][ONION_ADDRESS_SIZE];
    struct init_node nodes[INIT_NODES_MAX];
    bool has_clients; /* there is a folder of those that may read the frontend's descriptors */
};

void init_texts_name_service(size_t service, char name[INIT_SERVICE_NAME_SIZE]);

/* Each is to be released with free(). */
char *init_texts_make_config(const struct init_plan *plan, const struct init_made *made);
char *init_texts_make_torrc(const struct init_plan *plan, const struct init_made *made, size_t node);
char *init_texts_make_ob_config(const struct init_made *made, size_t service);
char *init_texts_make_agent_options(const struct init_plan *plan, const struct init_made *made, size_t node);

/* Prints what lies where, and behind it what there is to be done with it. */
void init_texts_print_made(const struct init_plan *plan);
void init_texts_print_steps(const struct init_plan *plan);

#endif
