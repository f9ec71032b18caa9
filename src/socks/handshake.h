/* The words by which a SOCKS5 server is asked for a connection (RFC 1928, RFC 1929), without I/O. */
#ifndef OBPUB_SOCKS_HANDSHAKE_H
#define OBPUB_SOCKS_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Most characters of a host, and of a user name. */
#define SOCKS_NAME_MAX 255

/* Room for the longest message of either side. */
#define SOCKS_MESSAGE_MAX 520

/* Why there is no connection. */
enum socks_failure {
    SOCKS_FAILURE_PROXY,    /* the SOCKS port itself can't be used: this says nothing about who was called */
    SOCKS_FAILURE_PROTOCOL, /* what is there does not speak SOCKS5 */
    SOCKS_FAILURE_TIMEOUT,  /* nothing came of it in time: ours or tor's */
    SOCKS_FAILURE_UNREACHABLE, /* tor could not get to the host, or found none of that name */
    SOCKS_FAILURE_REFUSED,     /* the host was reached, and takes no connection at this port */
    SOCKS_FAILURE_GENERAL,     /* tor gave no reason, or has no network */
};

/* tor's answer when no introduction point of an onion service introduces to it, though the service's
 * descriptor is newly fetched: only where its SOCKS port has "ExtendedErrors". */
#define SOCKS_CODE_NOT_INTRODUCED 0xF2

/* tor's answer when it has no network: that is nothing of who was called. */
#define SOCKS_CODE_NO_NETWORK 0x03

enum socks_step {
    SOCKS_STEP_SEND, /* send what is in message, then read `wanted` bytes */
    SOCKS_STEP_READ, /* read `wanted` bytes more */
    SOCKS_STEP_DONE, /* the connection is there: what comes next is the host's */
    SOCKS_STEP_FAILED,
};

enum socks_phase { SOCKS_PHASE_METHOD, SOCKS_PHASE_USER, SOCKS_PHASE_REPLY, SOCKS_PHASE_ADDRESS };

struct socks_handshake {
    char host[SOCKS_NAME_MAX + 1];
    char user[SOCKS_NAME_MAX + 1];
    uint16_t port;
    enum socks_phase phase;
    uint8_t message[SOCKS_MESSAGE_MAX]; /* to be sent, after SOCKS_STEP_SEND */
    size_t message_length;
    size_t wanted; /* exact number of bytes to be read, so that none of the host's are among them */
    int code;      /* what the server answered to the request: a number of RFC 1928 or one of tor's own above
                    * 0xF0; -1 before that */
};

/* Begins with the message that is to be sent first. host: a name, which tor looks up, of 1 to SOCKS_NAME_MAX
 * bytes. user: likewise; tor uses different circuits for different ones. Longer ones are cut. */
void socks_handshake_begin(struct socks_handshake *handshake, const char *host, uint16_t port,
                           const char *user);

/* Takes the bytes that were wanted: handshake->wanted of them. With SOCKS_STEP_FAILED *failure and the
 * sentence say why. */
enum socks_step socks_handshake_take(struct socks_handshake *handshake, const uint8_t *bytes,
                                     enum socks_failure *failure, struct error *error);

#endif
