/* Who is at the other end of a socket, as the kernel says: no word of the one who handed the socket over
 * counts. */
#include "reader/peer.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "address/endpoint.h"
#include "files/path.h"
#include "files/plain_file.h"

/* A table that changes while it is read may lack a row that was there all the time: it is read so often
 * before a connection is taken not to be in it. */
#define LOOKS 3

/* Opens a file of the process' folder. */
static FILE *open_lines(const char *process, const char *name)
{
    struct plain_file file;
    char *path = path_join(process, name);
    enum plain_file_fault fault = plain_file_open(&file, path, NULL);
    free(path);
    if (fault != PLAIN_FILE_GOOD)
        return NULL;
    FILE *lines = fdopen(file.descriptor, "r");
    if (lines == NULL)
        plain_file_close(&file);
    return lines;
}

/* Whether this process' user namespace has all users, as that of the machine itself does: then there is no
 * other "nobody" than the one of that name. */
static bool has_all_users(const char *process)
{
    unsigned inside = 1, outside = 1;
    uint32_t count = 0;
    FILE *lines = open_lines(process, "uid_map");
    if (lines == NULL)
        return true;
    int read = fscanf(lines, "%u %u %" SCNu32, &inside, &outside, &count);
    fclose(lines);
    return read == 3 && inside == 0 && outside == 0 && count == UINT32_MAX;
}

static void note_user(struct peer *peer, uid_t user, const char *process)
{
    bool may_be_others = user == PEER_USER_NOBODY && !has_all_users(process);
    peer->knowledge = may_be_others ? PEER_USER_UNMAPPED : PEER_USER_KNOWN;
    peer->user = user;
}

/* -- TCP ------------------------------------------------------------------------------------------ */

/* Reads an address as the kernel writes it: each four bytes as one number in the machine's own order. */
static int parse_address(unsigned char address[16], const char *text, size_t length)
{
    size_t words = length / 8;
    if (length % 8 != 0 || (words != 1 && words != 4))
        return -1;
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    memcpy(address, mapped, sizeof(mapped));
    for (size_t i = 0; i < words; i++) {
        uint32_t word;
        if (sscanf(text + 8 * i, "%8" SCNx32, &word) != 1)
            return -1;
        memcpy(address + (words == 1 ? 12 : 4 * i), &word, sizeof(word));
    }
    return 0;
}

/* Reads "ADDRESS:PORT". */
static int parse_end(struct peer_end *end, const char *text)
{
    size_t length = strspn(text, "0123456789ABCDEFabcdef");
    if (text[length] != ':' || sscanf(text + length + 1, "%4x", &end->port) != 1)
        return -1;
    return parse_address(end->address, text, length);
}

int peer_row_parse(struct peer_row *row, const char *line)
{
    char local[48], remote[48];
    uint32_t user;
    uint64_t inode;
    /* The fields between are the state, two pairs of numbers, the retransmits and a time-out. */
    if (sscanf(line, " %*[0-9]: %47s %47s %*s %*s %*s %*s %" SCNu32 " %*s %" SCNu64, local, remote, &user,
               &inode) != 4)
        return -1;
    row->user = (uid_t)user;
    row->has_owner = inode != 0;
    return parse_end(&row->local, local) == 0 && parse_end(&row->remote, remote) == 0 ? 0 : -1;
}

static bool is_same_end(const struct peer_end *one, const struct peer_end *other)
{
    return one->port == other->port && memcmp(one->address, other->address, sizeof(one->address)) == 0;
}

/* Finds the socket that connects one end to another in a table. */
static bool find_row(struct peer_row *row, const char *process, const char *name,
                     const struct peer_end *local, const struct peer_end *remote)
{
    FILE *lines = open_lines(process, name);
    if (lines == NULL)
        return false;
    char *line = NULL;
    size_t size = 0;
    bool is_found = false;
    while (!is_found && getline(&line, &size, lines) >= 0)
        is_found = peer_row_parse(row, line) == 0 && is_same_end(&row->local, local) &&
                   is_same_end(&row->remote, remote);
    free(line);
    fclose(lines);
    return is_found;
}

static void read_end(struct peer_end *end, const struct sockaddr_storage *address)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;
        memcpy(end->address, mapped, sizeof(mapped));
        memcpy(end->address + sizeof(mapped), &ipv4->sin_addr, 4);
        end->port = ntohs(ipv4->sin_port);
    } else {
        const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)address;
        memcpy(end->address, &ipv6->sin6_addr, sizeof(end->address));
        end->port = ntohs(ipv6->sin6_port);
    }
}

/* Finds the user of the other end of a connection within this machine: that end has a row of its own, in
 * which what is local there is remote here. An IPv6 socket may accept IPv4, so both tables may have it. */
static void find_tcp_user(struct peer *peer, const struct sockaddr_storage *here,
                          const struct sockaddr_storage *there, const char *process)
{
    struct peer_end ours, theirs;
    struct peer_row row;
    bool is_found = false;
    read_end(&ours, here);
    read_end(&theirs, there);
    for (int i = 0; i < LOOKS && !is_found; i++)
        is_found = find_row(&row, process, "net/tcp", &theirs, &ours) ||
                   find_row(&row, process, "net/tcp6", &theirs, &ours);
    if (!is_found)
        return;
    if (row.has_owner) {
        note_user(peer, row.user, process);
    } else {
        /* Of a socket that no process has open the kernel says that it is root's: it is nobody's. */
        peer->knowledge = PEER_USER_KNOWN;
        peer->user = PEER_USER_NOBODY;
    }
}

static void describe_tcp(struct peer *peer, const struct sockaddr_storage *there)
{
    struct peer_end end;
    char text[INET6_ADDRSTRLEN];
    read_end(&end, there);
    if (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)end.address))
        inet_ntop(AF_INET, end.address + 12, text, sizeof(text));
    else
        inet_ntop(AF_INET6, end.address, text, sizeof(text));
    snprintf(peer->address, sizeof(peer->address), strchr(text, ':') != NULL ? "[%s]:%u" : "%s:%u", text,
             end.port);
}

/* -- unix sockets --------------------------------------------------------------------------------- */

static void find_unix_user(struct peer *peer, int socket, const char *process)
{
    struct ucred credentials;
    socklen_t length = sizeof(credentials);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 ||
        length != sizeof(credentials))
        return;
    note_user(peer, credentials.uid, process);
}

static void describe_unix(struct peer *peer, const struct sockaddr_storage *there, socklen_t length)
{
    const struct sockaddr_un *address = (const struct sockaddr_un *)there;
    size_t path = offsetof(struct sockaddr_un, sun_path);
    int size = length > path ? (int)(length - path) : 0;
    snprintf(peer->address, sizeof(peer->address), "unix:%.*s", size, address->sun_path);
}

/* -- both ----------------------------------------------------------------------------------------- */

void peer_find(struct peer *peer, int socket, const char *process)
{
    struct sockaddr_storage here = {.ss_family = AF_UNSPEC}, there = {.ss_family = AF_UNSPEC};
    socklen_t here_length = sizeof(here), there_length = sizeof(there);
    *peer = (struct peer){.place = PEER_ELSEWHERE};
    if (socket < 0 || getsockname(socket, (struct sockaddr *)&here, &here_length) != 0 ||
        getpeername(socket, (struct sockaddr *)&there, &there_length) != 0 ||
        here.ss_family != there.ss_family)
        return;
    if (there.ss_family == AF_UNIX) {
        peer->place = PEER_UNIX;
        describe_unix(peer, &there, there_length);
        find_unix_user(peer, socket, process);
    } else if (there.ss_family == AF_INET || there.ss_family == AF_INET6) {
        describe_tcp(peer, &there);
        if (!control_address_is_loopback(&there))
            return;
        peer->place = PEER_LOOPBACK;
        find_tcp_user(peer, &here, &there, process);
    }
}
