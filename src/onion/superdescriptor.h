/* A superdescriptor: introduction points of several backends in one descriptor of the frontend, in tor's own
 * order and layout (rend-spec-v3 [HS-DESC]). */
#ifndef OBPUB_ONION_SUPERDESCRIPTOR_H
#define OBPUB_ONION_SUPERDESCRIPTOR_H

#include "crypto/descriptor_layer.h"
#include "onion/descriptor.h"
#include "onion/descriptor_authorization.h"
#include "onion/point_signatures.h"

/* The middle layer is padded to a multiple of this many bytes. */
#define SUPERENCRYPTED_PADDING 10000
#define DESCRIPTOR_LIFETIME_MINUTES 180

/* All the random bytes one superdescriptor takes; the caller draws them. A restricted one takes its salts
 * alone. */
struct superdescriptor_randomness {
    uint8_t superencrypted_salt[DESCRIPTOR_LAYER_SALT_SIZE];
    uint8_t encrypted_salt[DESCRIPTOR_LAYER_SALT_SIZE];
    uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE]; /* desc-auth-ephemeral-key: not random bytes, but what
                                                      superdescriptor_make_ephemeral_key() makes of them */
    struct auth_client auth_clients[AUTH_CLIENT_LINES];
};

/* The X25519 public key of 32 random bytes. It takes a while, and tor keeps its own for a whole time period.
 */
void superdescriptor_make_ephemeral_key(uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE],
                                        const uint8_t random_bytes[32]);

struct superdescriptor {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]; /* the frontend's */
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t signing_certificate[CERTIFICATE_SIZE];       /* blinded key -> signing key, made by the signer */
    const struct ed25519_secret_key *signing_secret_key; /* the descriptor signing key */
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
    uint64_t revision_counter;
    uint32_t expiration_hour; /* of the introduction points' certificates, hours since the epoch */
    bool is_single_onion_service;
    struct flow_control flow_control;
    struct pow_params pow_params; /* of the one tor whose points all are: each verifies what was solved for
                                     its own seed, at its own points */
    const struct introduction_point *points[INTRODUCTION_POINTS_MAX]; /* in the order they are to stand */
    size_t point_count;                                               /* 1 to INTRODUCTION_POINTS_MAX */
    size_t middle_length; /* the middle layer is padded to so many bytes at least, a multiple of
                             SUPERENCRYPTED_PADDING; 0: to no more than it takes */
    const struct descriptor_authorization *authorization; /* of a restricted one, made for its blinded key;
                                                             NULL: everybody may read it */
};

/* How many bytes the middle layer takes with its padding, whatever middle_length is, if so many clients may
 * read it (0: everybody): by the points and the features, which alone have to be given. 0 for what can't be
 * encoded. */
size_t superdescriptor_find_middle_length(const struct superdescriptor *superdescriptor, size_t client_count);

/* How many bytes the whole text takes at the most, likewise. */
size_t superdescriptor_find_length(const struct superdescriptor *superdescriptor, size_t client_count);

/* How many clients may be authorised to read it at the most, so that the text is always shorter than size_max
 * bytes; likewise, by the points and the features. A multiple of AUTH_CLIENT_LINES; 0 when it would not fit,
 * either, without any, or can't be encoded. */
size_t superdescriptor_find_client_limit(const struct superdescriptor *superdescriptor, size_t size_max);

/* What the backends' descriptors have in common, for a superdescriptor's flow-control and
 * single-onion-service: flow-control where every one has it with the same sendme-inc (the versions all
 * support, absent when none is left); single-onion-service only if all have it. count is at least 1.
 * pow-params are never common to several. */
void superdescriptor_merge_features(struct superdescriptor *superdescriptor,
                                    const struct descriptor *const *descriptors, size_t count);

/* Encodes it. *text is NUL-terminated, of *length bytes, ends in a newline, and is to be released with
 * free(). Returns 0, or -1 when there is no point or one too many, a point has a legacy key or a fault, the
 * pow-params expire at a time that can't be written, the key must not sign, the authorization is for another
 * blinded key, or the text would not be shorter than size_max bytes. */
int superdescriptor_encode(const struct superdescriptor *superdescriptor,
                           const struct superdescriptor_randomness *randomness, size_t size_max, char **text,
                           size_t *length, struct error *error);

/* The same in two steps, for many descriptors of the same points: the innermost layer's plaintext, with the
 * certificates of all points, can be used again for as long as the points, the features, the signing key and
 * the expiration hour stay the same, whoever may read it. *inner is to be released with free(). Certificates
 * whose signatures are among these are not signed again, and those that were made are added; signatures may
 * be NULL. Both return 0 or -1, as above. */
int superdescriptor_encode_inner(const struct superdescriptor *superdescriptor,
                                 struct point_signatures *signatures, char **inner, size_t *length,
                                 struct error *error);
int superdescriptor_encode_around(const struct superdescriptor *superdescriptor, const char *inner,
                                  size_t inner_length, const struct superdescriptor_randomness *randomness,
                                  size_t size_max, char **text, size_t *length, struct error *error);

#endif
