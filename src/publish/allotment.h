/* Which source each HSDir of a descriptor that clients ask has, where each has the points of one alone: the
 * policy "one source each".
 *
 * An allotment is even: no source has more than one HSDir more than another. It moves as little as that
 * allows: of all even allotments, or all that a turn allows, it is one that leaves the most HSDirs with the
 * source that they had. It depends on nothing but what it is made from, in whichever order that is given.
 */
#ifndef OBPUB_PUBLISH_ALLOTMENT_H
#define OBPUB_PUBLISH_ALLOTMENT_H

#include <stdbool.h>

#include "onion/consensus.h"

/* An HSDir and the number of the source that it has. */
struct allotted_hsdir {
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    uint64_t source;
};

struct allotment {
    uint64_t period_number;
    uint64_t turn;
    size_t count; /* 1 or more */
    struct allotted_hsdir hsdirs[];
};

/* Allots the HSDirs that clients ask, hsdir_count of them, to sources, source_count of them; none twice.
 * Spare HSDirs are not among them, and so have none. Release with free(). Returns NULL when there is no HSDir
 * or no source.
 *
 * Where the HSDirs can't be divided evenly, a source that had one more before keeps that, if it may; which
 * others have one more depends on the time period, in which each is as likely as the other to.
 *
 * Where there are more sources than HSDirs they take turns: in one turn a source has one HSDir or none, and a
 * source that comes has to wait for the next. From a turn to the next one, those that have waited longest
 * come in. As long as sources and HSDirs stay the same, no source has been in more than once more than
 * another in any turns that follow one another, and after source_count of them all have been in equally
 * often. Where there are no more sources than HSDirs the turn changes nothing.
 *
 * before is the allotment that was made last for this descriptor, or what is known of it: NULL for nothing.
 * What it says of HSDirs and sources that are not given does not count, and nothing does when it is of
 * another time period. */
struct allotment *allotment_make(const struct allotment *before, uint64_t period_number, uint64_t turn,
                                 const uint8_t (*hsdirs)[RELAY_FINGERPRINT_SIZE], size_t hsdir_count,
                                 const uint64_t *sources, size_t source_count);

/* Whether an HSDir has a source, and which. NULL for no allotment: none has. */
bool allotment_find(const struct allotment *allotment, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                    uint64_t *source);

/* A source's share of what clients ask that fetch the descriptor now, 0 to 1; NULL for no allotment: 0.
 *
 * It is the source's share of the HSDirs: clients ask each of these equally often. tor puts those of all
 * replicas into one list and draws from it, each as likely as the other (hs_client.c: pick_hsdir_v3(),
 * hs_common.c: hs_pick_hsdir()); the replicas have no part in that, also where one has fewer than the other.
 * It leaves out those that it has asked within the last 15 minutes, those whose microdescriptor it lacks, and
 * those at relays that its user has excluded. So a client that got nothing from one HSDir draws from the
 * others, and also then each of those that have something is as likely as the other to be where it is found.
 * A client that has the descriptor keeps it until the time period or its proof-of-work parameters end. */
double allotment_find_share(const struct allotment *allotment, uint64_t source);

#endif
