/* What a source's tor has said of its uploads (HS_DESC UPLOAD and UPLOADED), as far as it matters still. */
#ifndef OBPUB_PUBLISH_SOURCE_ANNOUNCEMENTS_H
#define OBPUB_PUBLISH_SOURCE_ANNOUNCEMENTS_H

#include "onion/consensus.h"

#define ANNOUNCEMENTS_MAX 32
#define ANNOUNCEMENTS_FRESH_MAX 16

/* Uploads that the tor has begun to one HSDir. */
struct source_announcement {
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    bool is_for_clients; /* of the descriptor that clients use now */
    bool is_for_others;  /* of the other one */
};

struct source_announcements {
    struct source_announcement begun[ANNOUNCEMENTS_MAX];
    size_t begun_count;
    /* HSDirs known to have just got the descriptor that clients use now; or to be searched for that, since
     * they may have it, though nobody has told so. */
    uint8_t fresh[ANNOUNCEMENTS_FRESH_MAX][RELAY_FINGERPRINT_SIZE];
    bool is_searched[ANNOUNCEMENTS_FRESH_MAX];
    size_t fresh_count;
};

/* All take the place of a pointer that is NULL while there is nothing: the memory is large, and seldom
 * needed. It is the caller's, made and released here. */

/* The tor has begun an upload to an HSDir. */
void announcements_note_begun(struct source_announcements **announcements,
                              const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool is_for_clients);

/* True when an upload to the HSDir has begun and not yet ended. */
bool announcements_has_begun(const struct source_announcements *announcements,
                             const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* An HSDir took a descriptor. Returns true when it has the one that clients use, as it is now. The event does
 * not say which of the two it took: where both were on their way, the second answer counts. */
bool announcements_note_taken(struct source_announcements **announcements,
                              const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* An upload to an HSDir has ended. Tells which of the two descriptors it may have been of: both where both
 * were on their way, or where nothing was told of it before. */
void announcements_end(struct source_announcements **announcements,
                       const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool *is_for_clients,
                       bool *is_for_others);

/* An HSDir has just got a descriptor that is to be fetched from it. */
void announcements_add_fresh(struct source_announcements **announcements,
                             const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* An HSDir is to be searched for it. */
void announcements_add_searched(struct source_announcements **announcements,
                                const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* True when there are HSDirs of either kind, or such as are to be searched. */
bool announcements_have_fresh(const struct source_announcements *announcements);
bool announcements_have_searched(const struct source_announcements *announcements);

/* Takes one of either kind, and tells which. Returns false when there is none. */
bool announcements_take_one(struct source_announcements **announcements,
                            uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool *is_searched);

/* Moves the HSDirs that have just got the descriptor that clients use to fingerprints, which has room for
 * ANNOUNCEMENTS_FRESH_MAX. Returns how many. */
size_t announcements_take_fresh(struct source_announcements **announcements,
                                uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE]);

/* Where uploads of both descriptors to an HSDir are on their way, and it is known which of them has ended:
 * that one has. Returns false, and does nothing, where they are not. */
bool announcements_end_one(struct source_announcements **announcements,
                           const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], bool is_for_clients);

/* Forgets all, and releases the memory. */
void announcements_forget(struct source_announcements **announcements);

#endif
