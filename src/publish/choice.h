/* Which introduction points of which sources go into a superdescriptor. */
#ifndef OBPUB_PUBLISH_CHOICE_H
#define OBPUB_PUBLISH_CHOICE_H

#include "onion/introduction_point.h"

#define CHOICE_SEED_SIZE 32

/* The introduction points that one live source offers. */
struct choice_offer {
    const uint8_t *identity_key; /* of the source, 32 bytes */
    const struct introduction_point *points;
    size_t point_count;
};

/* Chooses at most maximum points (at most INTRODUCTION_POINTS_MAX) into chosen and returns how many. They are
 * spread as evenly over the offers as these allow, and of several offers none gets more than twice as many
 * points as the middle one has (or than 6, if that is more), whatever it offers. Which points of a source,
 * and in what order all stand, is as good as random to whoever does not know the seed, yet depends on little
 * but the seed and each point itself: a change at one source does not reshuffle the others. Points with a
 * legacy key are passed over, and of several at the same relay all but one: a tor client that has made a
 * circuit to a relay takes the first point of the descriptor at that relay, so that the others would never be
 * used and only cost attempts.
 */
size_t choice_pick_points(const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX], size_t maximum,
                          const struct choice_offer *offers, size_t offer_count,
                          const uint8_t seed[CHOICE_SEED_SIZE]);

#endif
