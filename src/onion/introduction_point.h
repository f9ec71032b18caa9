/* Introduction points: what a descriptor tells a client about one of them, read and written
 * (rend-spec-v3 [HS-DESC-ENCRYPTION-PLAINTEXT... "introduction-point"]). */
#ifndef OBPUB_ONION_INTRODUCTION_POINT_H
#define OBPUB_ONION_INTRODUCTION_POINT_H

#include "crypto/certificate.h"
#include "onion/document.h"
#include "onion/link_specifiers.h"

/* Most introduction points a client accepts in a descriptor (tor's HS_CONFIG_V3_MAX_INTRO_POINTS). */
#define INTRODUCTION_POINTS_MAX 20

struct introduction_point {
    uint8_t link_specifiers[LINK_SPECIFIERS_SIZE_MAX];  /* NSPEC and the specifiers, as tor writes them: see
                                                            link_specifiers_encode() */
    uint16_t link_specifiers_length;                    /* bytes; 0 for a point with a fault in them */
    uint8_t onion_key[X25519_PUBLIC_KEY_SIZE];          /* the relay's ntor key */
    uint8_t auth_key[ED25519_PUBLIC_KEY_SIZE];          /* certified by auth-key */
    uint8_t enc_key[X25519_PUBLIC_KEY_SIZE];            /* the service's ntor key at this point */
    uint8_t enc_key_certified[ED25519_PUBLIC_KEY_SIZE]; /* enc_key as the Ed25519 key that enc-key-cert
                                                           certifies */
    bool has_legacy_key;    /* an RSA key whose certificate can't be made anew: such a point can't be carried
                               over */
    enum point_fault fault; /* of its link specifiers */
};

/* True when two points are the same one: their authentication keys are what tells them apart. */
bool introduction_point_equals(const struct introduction_point *one, const struct introduction_point *other);

/* True when two points are the same one, and all that is said of them is the same. */
bool introduction_point_is_unchanged(const struct introduction_point *one,
                                     const struct introduction_point *other);

/* The relay's RSA fingerprint from the link specifiers; false when there is none. */
bool introduction_point_fingerprint(const struct introduction_point *point,
                                    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* Gives a point these link specifiers. */
void introduction_point_set_links(struct introduction_point *point, const struct link_specifiers *specifiers);

/* The hour (since the epoch) at which tor would have an introduction point's certificates expire that it made
 * at wall_now (seconds since the epoch): their lifetime counted from the hour then running. */
uint32_t introduction_point_expiration_hour(int64_t wall_now);

struct examined_point;

/* Reads the point that begins at first, an "introduction-point" item already taken from reader, up to the
 * next such item or the end; *next is that item when the return value is 1, and the document is at its end
 * when it is 0. Every certificate has to be signed by signing_key (the descriptor's) and good at wall_now;
 * verified has signatures that need not be verified again, see certificate_verify_again(). Returns -1 on an
 * error. A point that is well-formed and certified, but can't be carried over, is no error: its fault says
 * why. With an examined point (else NULL), which point is then part of, it goes on to the point's end after
 * an error, and all checks go into that: then it never returns -1. */
int introduction_point_decode(struct introduction_point *point, struct document_reader *reader,
                              const struct document_item *first, struct document_item *next,
                              const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE], int64_t wall_now,
                              struct verified_signatures *verified, struct examined_point *examined,
                              struct error *error);

#endif
