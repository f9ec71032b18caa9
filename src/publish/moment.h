/* Moments: milliseconds of the clock that only goes forward. */
#ifndef OBPUB_PUBLISH_MOMENT_H
#define OBPUB_PUBLISH_MOMENT_H

#include <stdint.h>

/* A moment that has not been, and one that never comes. */
#define MOMENT_NONE INT64_MIN
#define MOMENT_NEVER INT64_MAX

/* The first of two moments. */
static inline int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

/* The last of two moments. */
static inline int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

#endif
