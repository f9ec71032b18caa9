/* Who is at the other end of a socket, as the kernel says: no word of the one who handed the socket over
 * counts. */
#ifndef OBPUB_READER_PEER_H
#define OBPUB_READER_PEER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The user that stands for all that this process' user namespace does not have, as long as the machine has
 * its usual setting: nobody can be told by it. (user_namespaces(7), /proc/sys/kernel/overflowuid) */
#define PEER_USER_UNMAPPED ((uid_t)65534)

enum peer_place {
    PEER_ELSEWHERE, /* on another machine, or no connection at all */
    PEER_UNIX,      /* a unix socket */
    PEER_LOOPBACK,  /* TCP to an address of this machine itself: 127.0.0.0/8 or ::1 */
};

/* Room for the longest address: a unix socket's path. */
#define PEER_ADDRESS_SIZE 128

struct peer {
    enum peer_place place;
    bool is_user_known;
    uid_t user; /* of a unix socket: whoever made it listen; of TCP: whoever accepted the connection */
    char address[PEER_ADDRESS_SIZE]; /* that was connected to, for messages and to tell peers apart */
};

/* Looks at a connected socket. tables: the folder of the machine's tables of TCP connections, PEER_TABLES
 * unless a test has its own. */
void peer_find(struct peer *peer, int socket, const char *tables);

#define PEER_TABLES "/proc/self/net"

/* What one row of such a table says. Addresses are IPv6, or IPv4 mapped into it. */
struct peer_row {
    struct peer_end {
        unsigned char address[16];
        unsigned port;
    } local, remote;
    uid_t user;
    bool has_owner; /* some process has the socket open */
};

/* Reads a row of /proc/net/tcp or tcp6 (proc(5)). Returns 0, or -1 when it is none. */
int peer_row_parse(struct peer_row *row, const char *line);

#endif
