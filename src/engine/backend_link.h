/* The connection to one backend's control port, made again whenever it is lost. */
#ifndef OBPUB_ENGINE_BACKEND_LINK_H
#define OBPUB_ENGINE_BACKEND_LINK_H

#include "config/config.h"
#include "control/connection.h"
#include "control/hs_desc_event.h"
#include "control/introduction_event.h"
#include "publish/publisher.h"
#include "socks/place.h"

struct backend_link;

struct backend_link_callbacks {
    /* Commands can be sent from now on. is_new_process: another process than before answers, or the first
     * one; uptime: how long it has been running, in milliseconds, UPTIME_UNKNOWN if it does not say. */
    void (*up)(uint64_t source, bool is_new_process, int64_t uptime, void *context);
    /* A twin's tor has said whether it uploads its own descriptors; it is asked again and again. */
    void (*uploading)(uint64_t source, bool is_on, void *context);
    void (*hs_desc)(uint64_t source, const struct hs_desc_event *event, void *context);
    /* The connection is lost or could not be had, and why; it is tried again. One that is of no use until its
     * operator does something, or that lies, counts as gone. */
    void (*down)(uint64_t source, const struct error *error, enum source_loss loss, void *context);
    /* Finds a SOCKS port, for one that is reached over Tor: see socks_place.h. */
    enum socks_place_state (*find_socks)(size_t turn, struct listen_address *place, struct error *error,
                                         void *context);
    /* An onion service (with ".onion") is about to be connected to: what the local tors need for that is to
     * be given to them. */
    void (*prepare)(const char *address, void *context);
    /* The connection to an onion service (with ".onion") is lost: its descriptor is to be fetched anew. */
    void (*refresh)(const char *address, void *context);
};

/* number: of the source that the backend is. reader reads the files that open its control port, and stays.
 * ping_interval: milliseconds between two times that the backend is asked whether it lives, more or less; it
 * is looked at each time, and stays the caller's. */
struct backend_link *backend_link_new(struct event_base *base, const struct config_backend *config,
                                      uint64_t number, const struct credential_reader *reader,
                                      const int64_t *ping_interval,
                                      const struct backend_link_callbacks *callbacks, void *context);
void backend_link_free(struct backend_link *link);

/* Makes it use this config from now on. Returns true when it names another place or another way to
 * authenticate: the connection is given up then and made anew, without a word to down(). */
bool backend_link_set_config(struct backend_link *link, const struct config_backend *config);

/* There may be a SOCKS port now: one that waits for it tries soon, later the more others that do so come
 * before it (position). Returns false when it does not wait. */
bool backend_link_hurry(struct backend_link *link, size_t position);

/* The local tor of this number, below 32, has fetched the descriptor of an onion service (without ".onion"):
 * that may be where its control port is. */
void backend_link_note_descriptor(struct backend_link *link, size_t tor, const char *address);

/* An introduction point has told the local tor of this number that it does not know a service any more: that
 * may be where its control port is. */
void backend_link_note_refusal(struct backend_link *link, size_t tor,
                               const struct introduction_refusal *refusal);

/* Its connection while it is up, else NULL. */
struct control_connection *backend_link_connection(struct backend_link *link);

#endif
