/* Onion services that do not run: their keys, and real descriptors of them, made with libobpub. For stand-ins
 * and for measuring how much a tor takes. */
#ifndef OBPUB_TESTS_BENCH_SERVICE_H
#define OBPUB_TESTS_BENCH_SERVICE_H

#include "crypto/ed25519.h"
#include "onion/network.h"
#include "onion/onion_address.h"

struct service {
    struct ed25519_secret_key secret_key;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    char address[ONION_ADDRESS_SIZE];
};

/* The keys of the service with that number: always the same ones. */
void service_make(struct service *service, uint64_t number);

struct service_descriptor {
    uint64_t period_number;
    uint32_t period_length; /* minutes */
    uint64_t revision_counter;
    uint64_t points;               /* names a set of introduction points: others for each number */
    uint64_t replaced;             /* of which so many were replaced by others, one after the other */
    size_t point_count;            /* 1 to INTRODUCTION_POINTS_MAX */
    int64_t now;                   /* seconds since the epoch */
    const struct network *network; /* whose relays the points are at; NULL: at relays that no network has */
};

/* A descriptor of the service as a tor would make it, NUL-terminated, to be released with free(). Ends the
 * program when it can't be made. */
char *service_make_descriptor(const struct service *service, const struct service_descriptor *wanted,
                              size_t *length);

#endif
