/* The microdesc-flavoured consensus: times, shared random values, parameters, and the relays (dir-spec,
 * "consensus formats"). */
#ifndef OBPUB_ONION_CONSENSUS_H
#define OBPUB_ONION_CONSENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "onion/link_specifiers.h"

#define SHARED_RANDOM_VALUE_SIZE 32
#define MICRODESCRIPTOR_DIGEST_SIZE 32

struct consensus_relay {
    struct link_specifiers links; /* without the Ed25519 identity, which a consensus does not have */
    uint8_t microdescriptor_digest[MICRODESCRIPTOR_DIGEST_SIZE]; /* SHA-256, its "m" line */
    /* With the HSDir flag, the protocol HSDir=2 and no tor before 0.3.0.8 (rend-spec-v3 [HASHRING]). */
    bool is_hsdir;
};

struct consensus {
    int64_t valid_after, fresh_until, valid_until; /* seconds since the epoch, in this order */
    bool has_current_shared_random, has_previous_shared_random;
    uint8_t current_shared_random[SHARED_RANDOM_VALUE_SIZE];
    uint8_t previous_shared_random[SHARED_RANDOM_VALUE_SIZE];
    /* Parameters, each clamped to the range tor allows, or tor's default. */
    int32_t hsdir_interval; /* minutes */
    int32_t hsdir_n_replicas;
    int32_t hsdir_spread_store;
    int32_t hsdir_spread_fetch;
    int32_t descriptor_size_max;    /* HSV3MaxDescriptorSize, bytes */
    int32_t sendme_increment;       /* cc_sendme_inc, cells */
    struct consensus_relay *relays; /* in the consensus' order, by fingerprint */
    size_t relay_count;
    size_t hsdir_count; /* how many of them are HSDirs */
};

/* Parses length bytes of a consensus in one pass. The signatures are not checked: the local tor has done
 * that. A line that is missing, twice, out of order or malformed, in what is read, is an error. On success
 * release with consensus_clear(). Returns 0, or -1 with nothing to release. */
int consensus_parse(struct consensus *consensus, const char *text, size_t length, struct error *error);

/* The same for a consensus that comes line by line, so that nobody has to keep all of it. Release with
 * consensus_parser_free(), NULL is fine. */
struct consensus_parser;
struct consensus_parser *consensus_parser_new(void);
void consensus_parser_free(struct consensus_parser *parser);

/* Takes the next line, without its newline. Returns 0, or -1 when it is wrong: no more may be taken then. */
int consensus_parser_take_line(struct consensus_parser *parser, const char *line, size_t length,
                               struct error *error);

/* Hands the consensus over behind its last line, to be released with consensus_clear(). Returns 0, or -1 when
 * its end is missing. */
int consensus_parser_finish(struct consensus_parser *parser, struct consensus *consensus,
                            struct error *error);

/* Releases what a consensus points to and zeroes it. */
void consensus_clear(struct consensus *consensus);

#endif
