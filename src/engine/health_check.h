/* One health check: a connection through a tor's SOCKS port, and where there is something to ask for an
 * answer of HTTP/1.1. */
#ifndef OBPUB_ENGINE_HEALTH_CHECK_H
#define OBPUB_ENGINE_HEALTH_CHECK_H

#include <event2/event.h>

#include "address/listen_address.h"
#include "base/error.h"
#include "config/config.h"
#include "publish/source_health.h"

struct health_check;

/* What came of it; the reason is of ours alone, and "" for a good one. The check is over and may be freed in
 * it. */
typedef void (*health_check_callback)(enum health_finding finding, const char *reason, void *context);

/* Begins a check over a SOCKS port, as a user of that name. The config's is copied. It takes the config's
 * timeout at most. Never calls back before it has returned. */
struct health_check *health_check_new(struct event_base *base, const struct listen_address *proxy,
                                      const char *user, const struct config_health *config,
                                      health_check_callback callback, void *context);

/* Ends it without calling back. NULL is fine. */
void health_check_free(struct health_check *check);

#endif
