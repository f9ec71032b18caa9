/* Numbers that are as good as random and always the same ones in a test. */
#ifndef OBPUB_TESTS_HELPER_DRAWS_H
#define OBPUB_TESTS_HELPER_DRAWS_H

#include <stddef.h>
#include <stdint.h>

/* Draws 0 to below - 1. The state, which is not to be 0, says which numbers come. */
static inline size_t draws_next(uint64_t *state, size_t below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (size_t)(*state % below);
}

#endif
