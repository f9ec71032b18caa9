/* Signatures of introduction points' certificates that were made before: a descriptor most of whose points
 * stay the same needs few new ones. */
#ifndef OBPUB_ONION_POINT_SIGNATURES_H
#define OBPUB_ONION_POINT_SIGNATURES_H

#include <stddef.h>

#include "crypto/certificate.h"
#include "onion/introduction_point.h"

/* Of one descriptor: a certificate for each of a point's two keys. */
#define POINT_SIGNATURES_MAX (2 * INTRODUCTION_POINTS_MAX)

/* All that a certificate's signature covers, beyond what all of them have in common. */
struct point_signature {
    uint8_t type;
    uint8_t certified_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE];
};

/* Zeroed at first; release with point_signatures_clear(). */
struct point_signatures {
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE]; /* that signed all of them, */
    uint32_t expiration_hour;                     /* and when they all expire: hours since the epoch */
    struct point_signature *signatures;           /* at most POINT_SIGNATURES_MAX */
    size_t count;
};

void point_signatures_clear(struct point_signatures *signatures);

/* Makes a certificate as certificate_make() does, or puts it together with the signature that is among known:
 * one for the same type, key, signing key and expiry. known may be NULL. Either way the signature is added to
 * made (unless that is full), whose own signing key and expiry become the certificate's, and which loses what
 * it has of another one's. Returns 0, or -1 when the key must not sign. */
int point_signatures_certify(uint8_t encoded[CERTIFICATE_SIZE], const struct certificate *certificate,
                             const struct ed25519_secret_key *signing_secret_key,
                             const struct point_signatures *known, struct point_signatures *made);

#endif
