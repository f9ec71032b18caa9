/* A choice among offers, for tests that ask which of the points they have offered are in it. */
#ifndef OBPUB_TESTS_HELPER_CHOICE_H
#define OBPUB_TESTS_HELPER_CHOICE_H

#include "publish/choice.h"

/* Makes a set of the offers, which are given numbers, and points to the offered points that are in it, in its
 * order. Returns how many there are. */
size_t choose_points(const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX], size_t maximum,
                     const struct choice_offer *offers, size_t count, const uint8_t seed[CHOICE_SEED_SIZE]);

#endif
