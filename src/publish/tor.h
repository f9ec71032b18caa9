/* The local tors that uploads and fetches go through. */
#ifndef OBPUB_PUBLISH_TOR_H
#define OBPUB_PUBLISH_TOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most local tors. */
#define PUBLISHER_TORS_MAX 16

/* The number that no local tor has. */
#define PUBLISHER_NO_TOR SIZE_MAX

enum publisher_tor_state {
    TOR_DOWN,    /* the tor can't be given anything */
    TOR_UNREADY, /* the tor can, but does not know the network: only used when no other tor does */
    TOR_READY,
};

/* A local tor. */
struct publisher_tor {
    enum publisher_tor_state state;
    bool tells_ends;  /* it tells when an upload has ended without an answer: an answer is never a late one */
    size_t in_flight; /* uploads that hold a permit there */
    uint64_t uploads; /* it was given, to one HSDir each, since the beginning */
    uint64_t last_upload; /* the last of them by its number among those of all tors; 0 for none */
    unsigned failures;    /* one after the other; the last one at failed_at */
    int64_t failed_at;
};

#endif
