/* What "obpub init" is to make: the answers to its questions, each taken as text and checked. */
#ifndef OBPUB_COMMAND_INIT_PLAN_H
#define OBPUB_COMMAND_INIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "command/options.h"
#include "onion/onion_address.h"

#define INIT_NODES_MAX OPTIONS_ADDRESSES_MAX
#define INIT_SERVICES_MAX 16
#define INIT_TAG_MAX 24
/* Room for a node's name: the tag and a number. */
#define INIT_NAME_SIZE (INIT_TAG_MAX + 8)

/* How obpub is to reach the control ports of the backends' tors. */
enum init_control {
    INIT_CONTROL_NONE,     /* not at all */
    INIT_CONTROL_UNIX,     /* unix sockets: all is on one machine, as Debian's instances of tor */
    INIT_CONTROL_PASSWORD, /* ports of 127.0.0.1 with a password, which may be ends of tunnels */
    INIT_CONTROL_AGENT,    /* over Tor, through an agent beside each tor */
};

/* A node is a tor that serves every service of the plan. */
struct init_plan {
    bool is_hardmap;
    size_t service_count, node_count;
    char addresses[INIT_NODES_MAX][ONION_ADDRESS_SIZE]; /* of backends that there are already, one a node */
    size_t address_count;                               /* 0: all are made */
    char *key_path;                /* of the frontend's key, where there is one already, or NULL */
    char kept[ONION_ADDRESS_SIZE]; /* the address of that key */
    unsigned port;                 /* that visitors use */
    char *target;                  /* where a backend's tor sends them, as in its torrc */
    enum init_control control;
    char *tag;        /* what names of nodes begin with */
    char *tor_folder; /* where the folders of onion services lie on a node's machine */
    char *output;     /* the folder that is made */
};

/* Each takes an answer, which may follow from those of the questions before it. Returns 0; or -1 with a
 * sentence that begins where the answer's name would end, and the plan as it was. */
typedef int init_plan_take(struct init_plan *plan, const char *text, struct error *error);
init_plan_take init_plan_take_mode, init_plan_take_services, init_plan_take_key, init_plan_take_addresses,
    init_plan_take_nodes, init_plan_take_port, init_plan_take_target, init_plan_take_control,
    init_plan_take_tag, init_plan_take_tor_folder, init_plan_take_output;

/* The name of a node, which are counted from 0. */
void init_plan_name_node(const struct init_plan *plan, size_t node, char name[INIT_NAME_SIZE]);

/* The folder of a node's onion services on its machine; release with free(). */
char *init_plan_copy_tor_folder(const struct init_plan *plan, size_t node);

/* Releases what the plan points to, and zeroes it. */
void init_plan_clear(struct init_plan *plan);

#endif
