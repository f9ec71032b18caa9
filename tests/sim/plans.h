/* The kinds of histories that are played. */
#ifndef OBPUB_TESTS_SIM_PLANS_H
#define OBPUB_TESTS_SIM_PLANS_H

#include "world.h"

/* Sets a plan from the name of its kind (year, large, siege, turns, twins, unseen, crowd, throng, ailing,
 * short) and a seed; false when there is no such kind. */
bool plan_make(struct plan *plan, const char *kind, uint64_t seed);

#endif
