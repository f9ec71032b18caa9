/* The words by which a SOCKS5 server is asked for a connection (RFC 1928, RFC 1929), without I/O. */
#include "socks/handshake.h"

#include <stdio.h>
#include <string.h>

#define VERSION 5
#define USER_VERSION 1 /* of the exchange of user name and password */
#define METHOD_USER 2
#define COMMAND_CONNECT 1
#define ADDRESS_IPV4 1
#define ADDRESS_NAME 3
#define ADDRESS_IPV6 4
#define METHOD_SIZE 2
#define REPLY_SIZE 4 /* of its fixed part */
#define PORT_SIZE 2

/* tor wants a password beside the user name, and makes nothing of it but another circuit. */
#define PASSWORD "obpub"

/* What a server answers, and what that says. Those from 0xF0 on are tor's own (its manual, ExtendedErrors).
 */
static const struct {
    uint8_t code;
    enum socks_failure failure;
    const char *sentence;
} replies[] = {
    {0x01, SOCKS_FAILURE_GENERAL, "tor could not make the connection, and gives no reason"},
    {0x02, SOCKS_FAILURE_PROXY, "tor's configuration forbids the connection"},
    {SOCKS_CODE_NO_NETWORK, SOCKS_FAILURE_GENERAL, "tor has no network"},
    {0x04, SOCKS_FAILURE_UNREACHABLE, "tor could not reach the onion service"},
    {0x05, SOCKS_FAILURE_REFUSED, "the onion service takes no connection at this port"},
    {0x06, SOCKS_FAILURE_TIMEOUT, "tor could not reach the onion service in time"},
    {0x07, SOCKS_FAILURE_PROTOCOL, "this SOCKS server makes no connections"},
    {0x08, SOCKS_FAILURE_PROTOCOL, "this SOCKS server takes no host names"},
    {0xF0, SOCKS_FAILURE_UNREACHABLE, "the onion service has no descriptor at any HSDir"},
    {0xF1, SOCKS_FAILURE_UNREACHABLE, "the onion service's descriptor is not valid"},
    {SOCKS_CODE_NOT_INTRODUCED, SOCKS_FAILURE_UNREACHABLE,
     "no introduction point of the onion service knows it any more"},
    {0xF3, SOCKS_FAILURE_UNREACHABLE, "the onion service did not come to the rendezvous"},
    {0xF4, SOCKS_FAILURE_UNREACHABLE, "the onion service wants a client key, and tor has none for it"},
    {0xF5, SOCKS_FAILURE_UNREACHABLE, "the onion service does not know the client key that tor has for it"},
    {0xF6, SOCKS_FAILURE_UNREACHABLE, "tor says that this is no onion address"},
    {0xF7, SOCKS_FAILURE_TIMEOUT, "no introduction point of the onion service answered in time"},
};

/* Appends bytes to the message. */
static void append(struct socks_handshake *handshake, const void *bytes, size_t length)
{
    memcpy(handshake->message + handshake->message_length, bytes, length);
    handshake->message_length += length;
}

static void append_byte(struct socks_handshake *handshake, unsigned value)
{
    const uint8_t byte = (uint8_t)value;
    append(handshake, &byte, 1);
}

/* Appends a byte that says how long the text is, and the text. */
static void append_text(struct socks_handshake *handshake, const char *text)
{
    size_t length = strlen(text);
    append_byte(handshake, (unsigned)length);
    append(handshake, text, length);
}

/* The message is whole; size bytes are the answer. */
static enum socks_step send_for(struct socks_handshake *handshake, enum socks_phase phase, size_t size)
{
    handshake->phase = phase;
    handshake->wanted = size;
    return SOCKS_STEP_SEND;
}

void socks_handshake_begin(struct socks_handshake *handshake, const char *host, uint16_t port,
                           const char *user)
{
    *handshake = (struct socks_handshake){.port = port, .code = -1};
    snprintf(handshake->host, sizeof(handshake->host), "%s", host);
    snprintf(handshake->user, sizeof(handshake->user), "%s", user);
    append_byte(handshake, VERSION);
    append_byte(handshake, 1);
    append_byte(handshake, METHOD_USER);
    send_for(handshake, SOCKS_PHASE_METHOD, METHOD_SIZE);
}

static enum socks_step fail_protocol(enum socks_failure *failure, struct error *error, const char *sentence)
{
    *failure = SOCKS_FAILURE_PROTOCOL;
    error_set(error, "%s", sentence);
    return SOCKS_STEP_FAILED;
}

static enum socks_step take_method(struct socks_handshake *handshake, const uint8_t *bytes,
                                   enum socks_failure *failure, struct error *error)
{
    if (bytes[0] != VERSION)
        return fail_protocol(failure, error, "what listens there is no SOCKS5 server");
    if (bytes[1] != METHOD_USER)
        return fail_protocol(failure, error,
                             "this SOCKS server takes no user names, which tor always does: is it tor's?");
    handshake->message_length = 0;
    append_byte(handshake, USER_VERSION);
    append_text(handshake, handshake->user);
    append_text(handshake, PASSWORD);
    return send_for(handshake, SOCKS_PHASE_USER, METHOD_SIZE);
}

static enum socks_step take_user(struct socks_handshake *handshake, const uint8_t *bytes,
                                 enum socks_failure *failure, struct error *error)
{
    if (bytes[0] != USER_VERSION || bytes[1] != 0)
        return fail_protocol(failure, error,
                             "this SOCKS server refuses the user name, which tor never does: is it tor's?");
    handshake->message_length = 0;
    append_byte(handshake, VERSION);
    append_byte(handshake, COMMAND_CONNECT);
    append_byte(handshake, 0);
    append_byte(handshake, ADDRESS_NAME);
    append_text(handshake, handshake->host);
    append_byte(handshake, handshake->port >> 8);
    append_byte(handshake, handshake->port & 0xFF);
    return send_for(handshake, SOCKS_PHASE_REPLY, REPLY_SIZE);
}

/* Takes what the server answers to the request, without the address that ends the answer. */
static enum socks_step take_reply(struct socks_handshake *handshake, const uint8_t *bytes,
                                  enum socks_failure *failure, struct error *error)
{
    if (bytes[0] != VERSION || bytes[2] != 0)
        return fail_protocol(failure, error, "the answer to the request is not one of SOCKS5");
    handshake->code = bytes[1];
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        if (replies[i].code != handshake->code)
            continue;
        *failure = replies[i].failure;
        error_set(error, "%s", replies[i].sentence);
        return SOCKS_STEP_FAILED;
    }
    if (handshake->code != 0) {
        *failure = SOCKS_FAILURE_GENERAL;
        error_set(error, "tor could not make the connection, and answers with number %d", handshake->code);
        return SOCKS_STEP_FAILED;
    }
    handshake->phase = SOCKS_PHASE_ADDRESS;
    if (bytes[3] == ADDRESS_IPV4)
        handshake->wanted = 4 + PORT_SIZE;
    else if (bytes[3] == ADDRESS_IPV6)
        handshake->wanted = 16 + PORT_SIZE;
    else /* tor answers with no name */
        return fail_protocol(failure, error, "the answer to the request has no address");
    return SOCKS_STEP_READ;
}

enum socks_step socks_handshake_take(struct socks_handshake *handshake, const uint8_t *bytes,
                                     enum socks_failure *failure, struct error *error)
{
    switch (handshake->phase) {
    case SOCKS_PHASE_METHOD:
        return take_method(handshake, bytes, failure, error);
    case SOCKS_PHASE_USER:
        return take_user(handshake, bytes, failure, error);
    case SOCKS_PHASE_REPLY:
        return take_reply(handshake, bytes, failure, error);
    case SOCKS_PHASE_ADDRESS:
        break;
    }
    return SOCKS_STEP_DONE;
}
