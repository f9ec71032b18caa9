/* Who is at the other end of a socket, as the kernel says: no word of the one who handed the socket over
 * counts. */
#ifndef OBPUB_READER_PEER_H
#define OBPUB_READER_PEER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The user "nobody", whose number stands as well for all users that this process' user namespace does not
 * have (user_namespaces(7); it is the machine's usual setting of /proc/sys/kernel/overflowuid). Never the
 * owner of anything. */
#define PEER_USER_NOBODY ((uid_t)65534)

enum peer_place {
    PEER_ELSEWHERE, /* on another machine, or no connection at all */
    PEER_UNIX,      /* a unix socket */
    PEER_LOOPBACK,  /* TCP to an address of this machine itself: 127.0.0.0/8 or ::1 */
};

/* Room for the longest address: a unix socket's path. */
#define PEER_ADDRESS_SIZE 128

enum peer_knowledge {
    PEER_USER_UNKNOWN,  /* the kernel does not say: the other end is not in its tables */
    PEER_USER_UNMAPPED, /* one whom this process' user namespace does not have */
    PEER_USER_KNOWN,
};

struct peer {
    enum peer_place place;
    enum peer_knowledge knowledge;
    uid_t user; /* of a unix socket: whoever made it listen; of TCP: whoever accepted the connection */
    char address[PEER_ADDRESS_SIZE]; /* that was connected to, for messages and to tell peers apart */
};

/* Looks at a connected socket. process: the folder of what the kernel says of this process, PEER_PROCESS
 * unless a test has its own: net/tcp and net/tcp6 are the machine's tables of TCP connections, uid_map the
 * users that there are. */
void peer_find(struct peer *peer, int socket, const char *process);

#define PEER_PROCESS "/proc/self" /* not /proc/net: a service may not have that */

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
