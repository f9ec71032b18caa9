/* Opens a connection to an onion service through a tor's SOCKS port. */
#ifndef OBPUB_SOCKS_CLIENT_H
#define OBPUB_SOCKS_CLIENT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "address/listen_address.h"
#include "base/error.h"
#include "socks/handshake.h"

struct socks_client;

/* What came of it. */
struct socks_result {
    int socket;                 /* connected, non-blocking, the callback's to close; -1 when there is none */
    enum socks_failure failure; /* only when there is no socket, like code and error */
    bool is_asked; /* the server has been told who is called: what it is silent about then is not its own */
    int code;      /* what the SOCKS server answered (see handshake.h), -1 when it did not get so far */
    struct error error;
};

/* Called once, from the event loop; the client may be freed in it. */
typedef void (*socks_callback)(const struct socks_result *result, void *context);

/* Starts connecting; never calls back before it has returned. All arguments are copied. proxy: where the
 * SOCKS port is; no name is looked up for it. host (1 to SOCKS_NAME_MAX bytes) and port: who is called, which
 * tor finds. user (likewise): connections with different ones share no circuit. timeout: seconds for all of
 * it; a tor gives up after two minutes by itself. The process has to ignore SIGPIPE. */
struct socks_client *socks_client_new(struct event_base *base, const struct listen_address *proxy,
                                      const char *host, uint16_t port, const char *user, double timeout,
                                      socks_callback callback, void *context);

/* Stops, if it has not called back yet, and releases it. NULL is fine. */
void socks_client_free(struct socks_client *client);

#endif
