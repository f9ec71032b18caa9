/* One fetch of a service's descriptor: from its own tor (GETINFO) or from HSDirs (HSFETCH). */
#ifndef OBPUB_ENGINE_FETCH_H
#define OBPUB_ENGINE_FETCH_H

#include "control/connection.h"
#include "control/hs_desc_event.h"
#include "onion/descriptor.h"

struct fetch;

/* The end of a fetch: a descriptor that is the callee's from now on, or NULL and why. The fetch is over and
 * may be freed, also from inside. */
typedef void (*fetch_callback)(struct fetch *fetch, struct descriptor *descriptor, const struct error *error,
                               void *context);

struct fetch_request {
    struct event_base *base;
    struct control_connection *connection; /* of the backend's tor, or the local one for HSFETCH */
    char address[ONION_ADDRESS_SIZE];
    struct descriptor_expectation
        expectation; /* copied with its identity_key and client_key; its now is ignored; known_keys stay the
                        caller's. Why a closed one is, where it is not accepted, is the reason of the end */
    const uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE]; /* the HSDirs to ask; copied */
    size_t hsdir_count;                                    /* 0: ask the tor itself with GETINFO */
    bool is_fresh;                                         /* they have just been given the descriptor */
};

/* Starts it. Never calls back before it has returned. */
struct fetch *fetch_new(const struct fetch_request *request, fetch_callback callback, void *context);

/* Ends it without calling back. NULL is fine. */
void fetch_free(struct fetch *fetch);

/* To be called with every event of the connection's tor; those about other descriptors are ignored. */
void fetch_note_event(struct fetch *fetch, const struct hs_desc_event *event);

/* True when some HSDir has answered, if only that it has no descriptor, or with a bad one. */
bool fetch_was_answered(const struct fetch *fetch);

/* True when an HSDir had one of which only the outer signature is good; without that no HSDir keeps one. */
bool fetch_was_answered_badly(const struct fetch *fetch);

/* To be called when the connection is gone: ends the fetch without calling back into it. */
void fetch_note_closed(struct fetch *fetch);

#endif
