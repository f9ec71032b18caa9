/* What the state machine is told of its sources. */
#ifndef OBPUB_PUBLISH_SOURCE_EVENTS_H
#define OBPUB_PUBLISH_SOURCE_EVENTS_H

#include "publish/state.h"

/* The source is of another kind from now on. Its points stay in while it is made out anew. */
void publisher_set_kind(struct publisher *publisher, uint64_t source, enum source_kind kind, int64_t now);

/* How long a tor has been running that does not say. */
#define UPTIME_UNKNOWN INT64_MAX

/* The source can be asked for its descriptor from now on. For one whose own tor is asked: whether another
 * process than before answers there (or the first one), whose introduction points are not the old one's; and
 * how long it has been running (milliseconds; UPTIME_UNKNOWN if it does not say). */
void publisher_note_reachable(struct publisher *publisher, uint64_t source, bool is_new_process,
                              int64_t uptime, int64_t now);

/* Its connection is lost, or can't be had. */
void publisher_note_unreachable(struct publisher *publisher, uint64_t source, const char *reason,
                                enum source_loss loss, int64_t now);

/* The source's tor says that it uploads a descriptor to an HSDir, or what became of that. blinded_key is the
 * one the event names, or NULL. */
void publisher_note_source_upload(struct publisher *publisher, uint64_t source, enum source_upload what,
                                  const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                                  const uint8_t *blinded_key, int64_t now);

/* The source's tor says that it has made a descriptor: as a time period's comes in sight it has dropped the
 * points of its oldest one, and the others are what it names. Of a twin alone that is a reason to ask. */
void publisher_note_made(struct publisher *publisher, uint64_t source, int64_t now);

/* Its descriptors are read with another client key from now on, or with none. */
void publisher_note_client_key(struct publisher *publisher, uint64_t source, int64_t now);

/* The source's tor has its uploads switched on, or off. */
void publisher_note_uploading(struct publisher *publisher, uint64_t source, bool is_on, int64_t now);

/* A descriptor came, decoded and checked; it is the publisher's from now on. */
void publisher_note_descriptor(struct publisher *publisher, uint64_t source, struct descriptor *descriptor,
                               int64_t now);

/* The same for one that HSDirs had under the address of a twin, whichever twin's it is; made_at: when its
 * revision counter was made, as far as that can be told. */
void publisher_note_found(struct publisher *publisher, uint64_t source, struct descriptor *descriptor,
                          int64_t made_at, int64_t now);

/* HSDirs have answered a fetch, if only to say that they have nothing: to be called before the next. */
void publisher_note_hsdirs_answered(struct publisher *publisher, uint64_t source, int64_t now);

/* The fetch failed; it is tried again. from_tor: the source's own tor was asked, not HSDirs. */
void publisher_note_fetch_failed(struct publisher *publisher, uint64_t source, const char *reason,
                                 bool from_tor, int64_t now);

/* The local tor that fetched a descriptor for a source whose own tor is not asked is lost: it is fetched by
 * another one. */
void publisher_note_fetch_lost(struct publisher *publisher, uint64_t source, int64_t now);

/* Does what is due at the sources, and tells their frontends. */
void publisher_run_sources(struct publisher *publisher, int64_t now);

#endif
