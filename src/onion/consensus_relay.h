/* One relay of the microdesc-flavoured consensus: its "r" line and those that follow it. */
#ifndef OBPUB_ONION_CONSENSUS_RELAY_H
#define OBPUB_ONION_CONSENSUS_RELAY_H

#include "directory_text.h"
#include "onion/consensus.h"

/* What a relay's lines have said so far. */
struct relay_entry {
    bool has_digest, has_flags, has_version, has_protocols;
    bool has_hsdir_flag, has_hsdir_protocol, is_too_old;
    struct consensus_relay relay; /* whole when relay_entry_finish() has been passed */
};

/* Each of these returns NULL, or half a sentence that says what is wrong. */

/* Begins an entry with what follows "r " on its first line. */
const char *relay_entry_begin(struct relay_entry *entry, struct text arguments);

/* Takes any other line of the entry; those that nothing here needs are passed over. */
const char *relay_entry_add_line(struct relay_entry *entry, struct text line);

/* Checks that no line is missing, and works out whether the relay is an HSDir. */
const char *relay_entry_finish(struct relay_entry *entry);

#endif
