/* A v3 descriptor taken apart: decrypted, every signature and certificate checked, and bound to the service
 * it has to be of (rend-spec-v3 [HS-DESC]). */
#ifndef OBPUB_ONION_DESCRIPTOR_H
#define OBPUB_ONION_DESCRIPTOR_H

#include "onion/introduction_point.h"
#include "onion/pow_params.h"
#include "onion/time_period.h"

/* HSV3MaxDescriptorSize where the consensus does not say (tor's HS_DESC_MAX_LEN). */
#define DESCRIPTOR_SIZE_MAX_DEFAULT 50000
#define DESCRIPTOR_UNKNOWN_LINES_MAX 16

struct flow_control {
    bool is_present;
    uint64_t versions;  /* bit n: version n of the protocol FlowCtrl, 0 to 63 */
    uint8_t sendme_inc; /* cells */
};

struct descriptor {
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    uint64_t period_number; /* the time period that the blinded key belongs to */
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
    uint32_t signing_key_expiration_hour; /* hours since the epoch */
    uint32_t lifetime;                    /* minutes */
    uint64_t revision_counter;
    size_t auth_client_count; /* lines, of clients and random ones: one for everybody has them, too */
    bool is_restricted;       /* it was decrypted with a client key or a cookie, and can't be without */
    bool is_closed; /* its inner layer can't be decrypted with what there is, so that nothing of what
                       follows but decoded_at is known */
    bool requires_intro_auth; /* intro-auth-required */
    bool is_single_onion_service;
    struct flow_control flow_control;
    struct pow_params pow_params;
    int64_t decoded_at; /* seconds since the epoch, as the expectation had it; 0: not known */
    /* Lines of the inner layer with a keyword we do not know, whole; each NUL-terminated. */
    char *unknown_lines[DESCRIPTOR_UNKNOWN_LINES_MAX];
    size_t unknown_line_count;
    struct introduction_point *points; /* its own memory, with room for just these */
    size_t point_count;                /* at most INTRODUCTION_POINTS_MAX */
};

/* Blinded keys that were worked out while descriptors of a service were decoded: each takes as long as
 * verifying one and a half signatures, and lasts for a time period. Zeroed at first. They are only used for
 * the service and the length of time periods that they were worked out for. */
struct known_blinded_keys {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    uint32_t period_length; /* minutes; 0 while none is known */
    size_t count, next;
    struct {
        uint64_t period_number;
        uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    } keys[3];
};

/* Adds one that somebody else has worked out (blinding_derive_public_key()) for this service. */
void known_blinded_keys_add(struct known_blinded_keys *known,
                            const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint32_t period_length,
                            uint64_t period_number, const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE]);

/* What a descriptor is held to. */
struct descriptor_expectation {
    const uint8_t *identity_key; /* 32 bytes: of the service it has to be of */
    struct time_schedule schedule;
    uint64_t period_number; /* the one now running; the one before and the one after are possible too */
    uint64_t likely_period_number;         /* which of the three is tried first; 0: the one now running */
    struct known_blinded_keys *known_keys; /* looked into and added to; may be NULL */
    struct verified_signatures *verified;  /* likewise, of certificates: those of the last descriptors are
                                              kept,  as a service's next one has most of them again */
    const uint8_t *client_key;             /* X25519_SECRET_KEY_SIZE bytes of the caller's secret memory: an
                                              authorised client's, for a restricted descriptor; one that is for
                                              everybody is decoded with it as without it; NULL: none */
    const uint8_t *cookie; /* DESCRIPTOR_COOKIE_SIZE bytes, likewise: the service's own, where no
                              client key is given; NULL: none */
    bool accepts_closed; /* one whose inner layer can't be decrypted, as without a client key or with that of
                            somebody else, is good as far as it goes */
    size_t size_max;     /* bytes; it has to be shorter than this */
    int64_t wall_now;    /* seconds since the epoch */
};

/* Decodes length bytes all the way in. A point that is malformed makes the whole descriptor bad, and so do
 * more than INTRODUCTION_POINTS_MAX points or the same point twice. One that is restricted needs the key of
 * one of its clients, or is closed, where that is accepted. Returns the descriptor, to be released with
 * descriptor_free(), or NULL with a sentence that says what is wrong. */
struct descriptor *descriptor_decode(const char *text, size_t length,
                                     const struct descriptor_expectation *expectation, struct error *error);
void descriptor_free(struct descriptor *descriptor);

/* Why a descriptor is closed, in a sentence that begins with "restricted": to who has a client key, or none.
 */
const char *descriptor_explain_closed(bool has_client_key);

/* True when a text of length bytes says that it is a descriptor under the known one's blinded key, and that
 * its revision counter is not higher. Nothing of it is verified, which takes next to no time: it is only good
 * for leaving aside what would not be used anyway, as when many HSDirs have the same descriptor. */
bool descriptor_is_no_newer(const char *text, size_t length, const struct descriptor *known);

#endif
