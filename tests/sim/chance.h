/* Chance that follows from a seed alone. */
#ifndef OBPUB_TESTS_SIM_CHANCE_H
#define OBPUB_TESTS_SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

uint64_t chance_next(struct chance *chance);

/* A number from low to high, both included. */
int64_t chance_draw(struct chance *chance, int64_t low, int64_t high);

/* True once in so many times; never for 0. */
bool chance_once_in(struct chance *chance, int64_t times);

/* True so often in a million times. */
bool chance_millionths(struct chance *chance, int64_t millionths);

/* The time until something happens that happens so often an hour, in milliseconds. */
int64_t chance_wait(struct chance *chance, double per_hour);

#endif
