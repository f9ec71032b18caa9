/* A connection to one tor's control port: connect, authenticate, send commands, get replies and events. */
#ifndef OBPUB_CONTROL_CONNECTION_H
#define OBPUB_CONTROL_CONNECTION_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "address/endpoint.h"
#include "address/listen_address.h"
#include "base/error.h"
#include "control/command_data.h"
#include "control/reply.h"

/* Why a connection is over, or could not be had. */
enum control_failure {
    CONTROL_FAILURE_REFUSED,     /* nobody listens there (any more): connection refused, or no such socket */
    CONTROL_FAILURE_UNREACHABLE, /* time-out, no route, unknown host: says nothing about the tor */
    CONTROL_FAILURE_PROXY, /* no SOCKS port can be used to get there: says nothing about the tor, either */
    CONTROL_FAILURE_NOT_REACHED, /* the tor of the SOCKS port says that it could not get there, */
    CONTROL_FAILURE_NOT_KNOWN,   /* and that no introduction point of that onion service knows it any more */
    CONTROL_FAILURE_CLOSED,      /* end of file or reset on a connection that was there */
    CONTROL_FAILURE_TIMEOUT,     /* connected, but an answer did not come in time */
    CONTROL_FAILURE_PROTOCOL,    /* what came is not tor's control protocol, or passes a limit */
    CONTROL_FAILURE_PERMISSION,  /* the socket or the cookie file may not be opened by us */
    CONTROL_FAILURE_AUTHENTICATION, /* wrong password or cookie, or no method in common */
};

struct credential_reader;

/* How to authenticate beyond what PROTOCOLINFO offers. All may be NULL; the strings are copied. */
struct control_credentials {
    const char *password_file; /* its first line is the password, or the secret shared with an agent */
    const char *cookie_file;   /* stands in for the COOKIEFILE that PROTOCOLINFO names */
    const struct credential_reader *reader; /* who reads these files, and stays; NULL: they are just opened */
    bool is_local_tor;                      /* it is a local tor's control port, not a backend's */
    bool
        is_agent_only; /* nobody but an agent is talked to, and nothing is sent but the proof of the secret */
};

struct control_limits {
    size_t line_max;        /* bytes of one line outside data */
    size_t reply_max;       /* bytes of one whole reply or event */
    double connect_timeout; /* seconds to look the host name up, and again to connect to what it stands for;
                             * for all that a SOCKS port does */
    double command_timeout; /* seconds without the reply to a command being complete, or without having been
                             * authenticated */
    double authentication_timeout; /* seconds for that, if it may take another time; else 0 */
    size_t read_rate;              /* bytes that are read in a second, on average; 0: as many as come */
    unsigned events_max;           /* events within EVENT_LIMIT_SECONDS; 0: as many as come */
};

/* By whom a connection to an onion service is made. */
struct control_proxy {
    struct listen_address address; /* a tor's SOCKS port */
    const char *user;              /* connections with different ones share no circuit */
};

/* Limits that fit tor and the public network's consensus. */
extern const struct control_limits control_limits_default;

/* Limits for a control port that may be in strange hands, and is asked for nothing longer than a descriptor.
 */
extern const struct control_limits control_limits_backend;

struct control_connection;

/* All callbacks may free the connection. */
struct control_callbacks {
    /* Authenticated; commands may be sent from now on (earlier ones were queued). */
    void (*ready)(struct control_connection *connection, void *context);
    /* An asynchronous event, in the order in which tor sent it among replies. */
    void (*event)(struct control_connection *connection, const struct control_reply *event, void *context);
    /* The connection is over. Commands without an answer have had their callback with a NULL reply already.
     * Nothing more will come; free it. */
    void (*closed)(struct control_connection *connection, enum control_failure failure,
                   const struct error *error, void *context);
};

/* The answer to a command; reply is NULL when the connection ended before it came. */
typedef void (*control_reply_callback)(struct control_connection *connection,
                                       const struct control_reply *reply, void *context);

/* Starts connecting. Never calls back before it has returned. All arguments are copied; credentials may be
 * NULL, and limits too for control_limits_default. The process has to ignore SIGPIPE. */
struct control_connection *control_connection_new(struct event_base *base,
                                                  const struct control_endpoint *endpoint,
                                                  const struct control_credentials *credentials,
                                                  const struct control_limits *limits,
                                                  const struct control_callbacks *callbacks, void *context);

/* The same by way of a SOCKS port, for an onion service, which can't be reached otherwise. */
struct control_connection *control_connection_new_through(
    struct event_base *base, const struct control_endpoint *endpoint, const struct control_proxy *proxy,
    const struct control_credentials *credentials, const struct control_limits *limits,
    const struct control_callbacks *callbacks, void *context);

/* Closes and frees; no callback is called any more, for no command either. NULL is fine. (libevent gives the
 * socket and the last of the memory back in the event loop's next round, or with the event base.) */
void control_connection_free(struct control_connection *connection);

/* True when who was called is at the other end, authenticated or not yet. */
bool control_connection_is_connected(const struct control_connection *connection);

/* Queues a command: a line without its line end. callback may be NULL. Returns 0, or -1, and then callback is
 * never called: when the line is empty, holds a CR or LF or begins with '+', and when the connection is over.
 */
int control_connection_send(struct control_connection *connection, const char *command,
                            control_reply_callback callback, void *context);

/* The same for a command that is secret: it lies in secret memory, which is the connection's from now on and
 * wiped once it is sent, and ends in CR LF and a NUL. The connection has to be ready. Returns 0, or -1, and
 * then the memory is wiped, too. */
int control_connection_send_secret(struct control_connection *connection, char *command,
                                   control_reply_callback callback, void *context);

/* The same for a command that takes data: its line begins with '+' ("+HSPOST ..."). data stay the caller's.
 */
int control_connection_send_data(struct control_connection *connection, const char *command,
                                 struct command_data *data, control_reply_callback callback, void *context);

/* The same for a command without data, whose reply's data go to data line by line, with context, and are not
 * kept: for the large ones. */
int control_connection_send_reading(struct control_connection *connection, const char *command,
                                    control_data_callback data, control_reply_callback callback,
                                    void *context);

/* Has what was sent so far, of which the last is QUIT, reach the tor, before the connection is freed, as it
 * has to be then: waits until the tor has taken it and closed, but for so long at most. Nothing calls back.
 */
void control_connection_finish(struct control_connection *connection, int64_t milliseconds);

/* Takes back the callbacks of all commands that were sent with this context, so that it can be freed while
 * the connection goes on; their replies are read and dropped. */
void control_connection_forget(struct control_connection *connection, const void *context);

#endif
