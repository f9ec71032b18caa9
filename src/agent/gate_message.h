/* What an agent and its gate say to each other: messages of one byte that says what it is, and what belongs
 * to that. */
#ifndef OBPUB_AGENT_GATE_MESSAGE_H
#define OBPUB_AGENT_GATE_MESSAGE_H

#include <sys/types.h>

enum gate_message {
    GATE_LISTENS = 1, /* its first: struct gate_file follows */
    GATE_CLIENT,      /* with a connection: whoever is at its other end knows the secret */
};

/* The file of the socket that is listened on; zero where there is none. */
struct gate_file {
    dev_t device;
    ino_t inode;
};

#define GATE_MESSAGE_SIZE_MAX (1 + sizeof(struct gate_file))

#endif
