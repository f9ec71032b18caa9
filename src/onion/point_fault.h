/* Why an introduction point can't go into a superdescriptor, though its descriptor is good. */
#ifndef OBPUB_ONION_POINT_FAULT_H
#define OBPUB_ONION_POINT_FAULT_H

#include <stdbool.h>

enum point_fault {
    POINT_FAULT_NONE,
    POINT_FAULT_LEGACY_KEY,  /* an RSA key whose certificate can't be made anew */
    POINT_FAULT_NO_IPV4,     /* of the link specifiers: no tor makes such, and visitors' tors fail at them */
    POINT_FAULT_TWO_IPV4,    /* likewise, and so are the next ones */
    POINT_FAULT_NO_RSA,      /* no RSA identity */
    POINT_FAULT_TWO_RSA,     /* two RSA identities */
    POINT_FAULT_TWO_ED25519, /* two Ed25519 identities */
    POINT_FAULT_TWO_IPV6,    /* two IPv6 addresses */
    POINT_FAULT_TWO_RELAYS,  /* its identities are those of two relays */
    POINT_FAULT_INTERNAL_ADDRESS, /* no relay of the public network can be there */
    POINT_FAULTS,
};

/* A few words for a fault: "two RSA identities". */
const char *point_fault_describe(enum point_fault fault);

/* True for a fault that no tor makes: whoever offers such a point is not what it claims to be. */
static inline bool point_fault_is_lie(enum point_fault fault)
{
    return fault > POINT_FAULT_LEGACY_KEY;
}

#endif
