/* Stories of twins that verify proof of work, whose frontend is split. */
#ifndef OBPUB_TESTS_HELPER_SPLIT_H
#define OBPUB_TESTS_HELPER_SPLIT_H

#include "helper_story.h"

#define MINUTE 60000
#define LEAD (45 * MINUTE)
/* HSDirs of a descriptor that clients ask, and that they don't. */
#define ASKED 6
#define SPARE 2

enum { FROM_TOR, FROM_HSDIRS };

/* Gives a twin proof of work, whose seed is its number and one. */
void split_switch_on(struct story *story, size_t twin);

/* A story with twins of which so many have proof of work on, once all is published. */
struct story *split_begin(size_t count, size_t with_work, enum descriptor_slot half);

/* The story's only frontend. */
const struct publisher_frontend *split_frontend(const struct story *story);

/* The last upload to each HSDir of a descriptor, in the order in which they are listed. Returns how many. */
size_t split_list_last(const struct story *story, enum descriptor_slot slot,
                       const struct story_upload **last);

/* Has a twin's tor tell that it uploads the descriptor of a slot to an HSDir, or what became of that. */
void split_tell_upload(struct story *story, size_t twin, enum descriptor_slot slot, enum source_upload what,
                       const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* A spare HSDir of a descriptor: one that is responsible for it and not asked. */
void split_find_spare(const struct story *story, enum descriptor_slot slot,
                      uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* Has a twin's tor upload what it has made for the second half, its points being from first on. */
void split_upload_next(struct story *story, size_t twin, uint64_t first);

#endif
