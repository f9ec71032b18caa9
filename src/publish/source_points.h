/* The introduction points that a source has to offer: those of its descriptor that a superdescriptor can
 * have, and since when each has been there. */
#ifndef OBPUB_PUBLISH_SOURCE_POINTS_H
#define OBPUB_PUBLISH_SOURCE_POINTS_H

#include "onion/descriptor.h"
#include "onion/network.h"
#include "onion/point_fault.h"
#include "publish/choice.h"

/* Zeroed: none. */
struct source_points {
    struct introduction_point *points; /* their relays named as the consensus does */
    struct point_claim *claims;        /* of each of them */
    size_t count;
    size_t left_out[POINT_FAULTS]; /* how many of the descriptor's points are not among them, and why */
};

void source_points_clear(struct source_points *points);

/* Makes them anew, for a descriptor and a network (either may be NULL). What was offered before, and has been
 * all the time since, keeps its claim; what is new has one from `since` on. Returns true when the source
 * offers something else than before. */
bool source_points_update(struct source_points *points, const struct descriptor *descriptor,
                          const struct network *network, int64_t since);

/* How many points are left out in all. */
size_t source_points_count_left_out(const struct source_points *points);

/* True when this very point is among them. */
bool source_points_has(const struct source_points *points, const struct introduction_point *point);

/* True when one of those left out is such as no tor makes. */
bool source_points_are_false(const struct source_points *points);

/* Room for the longest sentence of source_points_describe(). */
#define SOURCE_POINTS_TEXT_SIZE 512

/* Says what is wrong with the points that are left out: "offers points that no tor makes: two RSA identities
 * (2)"; where there are such, only of these. The text is "" when none are left out. */
void source_points_describe(char text[SOURCE_POINTS_TEXT_SIZE], const struct source_points *points);

#endif
