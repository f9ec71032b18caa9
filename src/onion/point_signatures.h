/* Signatures of introduction points' certificates that were made before: descriptors most of whose points
 * stay the same, or of which one has points that another one has, too, need few new ones. */
#ifndef OBPUB_ONION_POINT_SIGNATURES_H
#define OBPUB_ONION_POINT_SIGNATURES_H

#include <stddef.h>

#include "crypto/certificate.h"
#include "onion/introduction_point.h"

/* So many are kept at most: a certificate for each of a point's two keys, for as many descriptors without a
 * common point as there are HSDirs with the network's default parameters, before and after a change. */
#define POINT_SIGNATURES_MAX (2 * INTRODUCTION_POINTS_MAX * 8 * 2)

/* All that a certificate's signature covers, beyond what all of them have in common. */
struct point_signature {
    uint8_t type;
    bool is_used; /* since the last call of point_signatures_drop_unused() */
    uint8_t certified_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE];
};

/* Zeroed at first; release with point_signatures_clear(). */
struct point_signatures {
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE]; /* that signed all of them, */
    uint32_t expiration_hour;                     /* and when they all expire: hours since the epoch */
    struct point_signature *signatures;           /* at most POINT_SIGNATURES_MAX */
    size_t count, room;
    size_t next; /* where the next one is looked for first */
};

void point_signatures_clear(struct point_signatures *signatures);

/* Drops those that nobody has asked for since the last such call, or since they were made before it. */
void point_signatures_drop_unused(struct point_signatures *signatures);

/* Makes a certificate as certificate_make() does, or puts it together with the signature that is among
 * signatures: one for the same type, key, signing key and expiry. One that was made is added, unless there
 * are as many as are kept; all others are dropped when they are another signing key's or expire at another
 * hour. signatures may be NULL. Returns 0, or -1 when the key must not sign. */
int point_signatures_certify(uint8_t encoded[CERTIFICATE_SIZE], const struct certificate *certificate,
                             const struct ed25519_secret_key *signing_secret_key,
                             struct point_signatures *signatures);

#endif
