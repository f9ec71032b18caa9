/* Reads the config again while publishing goes on: the reader may take its time, or hang. */
#ifndef OBPUB_COMMAND_RELOAD_H
#define OBPUB_COMMAND_RELOAD_H

#include <stdbool.h>

#include <event2/event.h>

#include "config/config.h"
#include "reader/reader_client.h"

/* Seconds after which a reload is given up on. */
#define RELOAD_SECONDS 30

struct reload;

struct reload_callbacks {
    /* The config has been read, and is the callee's to use; or it is NULL, and error says why there is none.
     * The report has all that there is to say. The reload is over with that. */
    void (*loaded)(struct config *config, const struct config_report *report, const struct error *error,
                   void *context);
    /* The reader can't be told which config is in use. */
    void (*not_kept)(const struct error *error, void *context);
};

/* The reader is told at once that the config that it has read last is in use. */
struct reload *reload_new(struct event_base *base, struct reader_client *reader,
                          const struct reload_callbacks *callbacks, void *context);
void reload_free(struct reload *reload);

/* Begins. While one is under way, another one begins when that is over, once. Never calls back before it has
 * returned. */
void reload_begin(struct reload *reload);

/* Whether another one is to begin. In the callback: whether what has been read may be older than that. */
bool reload_is_wanted(const struct reload *reload);

#endif
