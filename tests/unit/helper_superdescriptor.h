/* A frontend's superdescriptor for the tests, ready to be encoded. */
#ifndef OBPUB_TESTS_HELPER_SUPERDESCRIPTOR_H
#define OBPUB_TESTS_HELPER_SUPERDESCRIPTOR_H

#include "helper_forge.h"
#include "onion/superdescriptor.h"

/* A frontend with points in it, ready to be encoded. */
struct fixture {
    struct forger forger;
    struct superdescriptor superdescriptor;
    struct superdescriptor_randomness randomness;
    struct introduction_point points[INTRODUCTION_POINTS_MAX];
};

/* A point that is good enough to be encoded and read back; of that number. */
void fixture_make_point(struct introduction_point *point, uint8_t number);

/* A fixture with so many points, of which at most INTRODUCTION_POINTS_MAX are there; the same each time. */
void fixture_init(struct fixture *fixture, size_t point_count);

/* Encodes what has to be possible to encode. Release with free(). */
char *encode_good(const struct fixture *fixture);

/* Decodes what was encoded. Release with descriptor_free(). */
struct descriptor *decode_encoded(const struct fixture *fixture, const char *text);

#endif
