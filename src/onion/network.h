/* The network as one consensus shows it: all that decides when and where descriptors are published. */
#ifndef OBPUB_ONION_NETWORK_H
#define OBPUB_ONION_NETWORK_H

#include "onion/hsdir_ring.h"

/* A service always has two descriptors out there. The first is for the older shared random value, the second
 * for the newer one (rend-spec-v3 [SERVICEUPLOAD]). */
enum descriptor_slot {
    DESCRIPTOR_FIRST,
    DESCRIPTOR_SECOND,
    DESCRIPTOR_SLOTS,
};

struct network {
    int64_t valid_after, fresh_until, valid_until; /* seconds since the epoch */
    struct time_schedule schedule;
    uint32_t hsdir_n_replicas, hsdir_spread_store, hsdir_spread_fetch;
    size_t descriptor_size_max;     /* bytes; a descriptor has to be shorter than this */
    unsigned sendme_increment;      /* cells, of flow control: clients take it, and what is next to it */
    bool is_testing_network;        /* where tor takes private addresses for a relay's, too */
    struct link_specifiers *relays; /* all of the consensus, by fingerprint; without an Ed25519 identity those
                                       whose microdescriptor is not there (yet) */
    size_t relay_count;
    struct hsdir *hsdirs;
    size_t hsdir_count;
    size_t hsdirs_without_identity;     /* HSDirs left out because their microdescriptor is not there (yet) */
    bool is_disaster[DESCRIPTOR_SLOTS]; /* the consensus lacks that slot's shared random value */
    uint64_t period_number[DESCRIPTOR_SLOTS];
    int64_t run_start[DESCRIPTOR_SLOTS]; /* of the run that the slot's revision counters count from */
    struct hsdir_ring ring[DESCRIPTOR_SLOTS];
    enum descriptor_slot client_slot; /* the one that clients with this consensus ask for */
};

/* Builds the network from a consensus and all microdescriptors, as the control port gives them, and whether
 * the tor says TestingTorNetwork 1. Release with network_free(). Returns NULL with a sentence when one of
 * them is malformed, or when there is not one HSDir to publish to. */
struct network *network_build(const char *consensus, size_t consensus_length, const char *microdescriptors,
                              size_t microdescriptors_length, bool is_testing_network, struct error *error);
void network_free(struct network *network);

/* The same for documents that come line by line, so that nobody has to keep all of them: first the consensus,
 * then its end, then the microdescriptors, then the network. Lines come with their newlines. A line that is
 * wrong is told at the next end. Release with network_builder_free(), NULL is fine. */
struct network_builder;
struct network_builder *network_builder_new(bool is_testing_network);
void network_builder_free(struct network_builder *builder);
void network_builder_take_consensus(struct network_builder *builder, const char *line, size_t length);
void network_builder_take_microdescriptors(struct network_builder *builder, const char *line, size_t length);

/* True when not one line of a consensus has come. */
bool network_builder_is_empty(const struct network_builder *builder);

/* Each only once, and the second one only after the first one has succeeded. Returns 0 or -1; the network, or
 * NULL. */
int network_builder_end_consensus(struct network_builder *builder, struct error *error);
struct network *network_builder_finish(struct network_builder *builder, struct error *error);

/* True when somebody may rightly go by another consensus at wall_now, newer than ours or as old as tor uses
 * one, by which clients use other descriptors of a service than by ours. */
bool network_may_be_of_other_half(const struct network *network, int64_t wall_now);

/* True when a tor would still use the network at wall_now: from 24 hours before valid-after to 24 hours after
 * valid-until (tor's "reasonably live"). */
bool network_is_live(const struct network *network, int64_t wall_now);

/* The HSDirs that hold (to_fetch false) or are asked for (to_fetch true) the descriptor of a blinded key in a
 * slot; responsible has room for HSDIR_RESPONSIBLE_MAX. Returns how many; look an entry's relay up in
 * network->hsdirs. */
size_t network_find_responsible(const struct network *network, enum descriptor_slot slot,
                                const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], bool to_fetch,
                                const struct hsdir_ring_entry **responsible);

/* Tells which of the HSDirs that hold the descriptor of a blinded key in a slot, count of them as
 * network_find_responsible() gives them, clients ask. Those are reckoned for themselves, as tor does
 * (hs_get_responsible_hsdirs()), and are not the first of each replica of those that hold: an HSDir that only
 * holds for one replica can be one that clients ask for the next. Where hsdir_spread_fetch is above
 * hsdir_spread_store all are asked, and others, that hold nothing. */
void network_mark_asked(const struct network *network, enum descriptor_slot slot,
                        const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                        const struct hsdir_ring_entry *const *responsible, size_t count, bool *is_asked);

/* Lists those of the HSDirs that hold it which clients ask, or the spare ones, likewise. Returns how many. */
size_t network_find_part(const struct network *network, enum descriptor_slot slot,
                         const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], bool are_asked,
                         const struct hsdir_ring_entry **responsible);

/* What tor's revision counter encrypts for a slot at wall_now: the seconds since the slot's run began, plus
 * one, within 1..REVISION_COUNTER_SECONDS_MAX. */
int64_t network_revision_seconds(const struct network *network, enum descriptor_slot slot, int64_t wall_now);

#endif
