/* Each check that a descriptor has to pass, and how it went: for who wants to know all that is wrong with
 * one. descriptor_decode() ends at the first that fails, and tells no more than that. */
#ifndef OBPUB_ONION_DESCRIPTOR_CHECKS_H
#define OBPUB_ONION_DESCRIPTOR_CHECKS_H

#include "onion/descriptor.h"
#include "onion/network.h"

/* In the order in which tor makes those that it makes: an HSDir down to the signature, a client all. */
enum descriptor_check {
    CHECK_SIZE,
    CHECK_OUTER_FORM,
    CHECK_VERSION,
    CHECK_LIFETIME,
    CHECK_SIGNING_KEY_CERTIFICATE,
    CHECK_SIGNING_KEY_TIMES,
    CHECK_SIGNING_KEY_SIGNATURE,
    CHECK_REVISION_COUNTER,
    CHECK_SIGNATURE,
    CHECK_BLINDED_KEY,
    CHECK_TIME_PERIOD,
    CHECK_MIDDLE_ENCRYPTION,
    CHECK_MIDDLE_FORM,
    CHECK_CLIENT_AUTHORIZATION,
    CHECK_INNER_ENCRYPTION,
    CHECK_INNER_FORM,
    CHECK_HANDSHAKE,
    CHECK_FLOW_CONTROL,
    CHECK_PROOF_OF_WORK,
    CHECK_POINT_COUNT,
    CHECK_POINTS_DIFFER,
    DESCRIPTOR_CHECKS,
};

/* Those of each introduction point, likewise. */
enum point_check {
    POINT_CHECK_FORM,
    POINT_CHECK_LINKS,
    POINT_CHECK_ONION_KEY,
    POINT_CHECK_AUTH_CERTIFICATE,
    POINT_CHECK_AUTH_TIMES,
    POINT_CHECK_AUTH_SIGNATURE,
    POINT_CHECK_AUTH_KEY,
    POINT_CHECK_ENC_KEY,
    POINT_CHECK_ENC_KEY_ALONE,
    POINT_CHECK_ENC_CERTIFICATE,
    POINT_CHECK_ENC_TIMES,
    POINT_CHECK_ENC_SIGNATURE,
    POINT_CHECK_ENC_CERTIFIED,
    POINT_CHECK_LEGACY_KEY,
    POINT_CHECK_LINKS_OF_TOR,
    POINT_CHECK_RELAY,
    POINT_CHECKS,
};

/* Who makes a check: bits. obpub makes all. */
#define CHECKED_BY_HSDIR 1
#define CHECKED_BY_CLIENT 2

struct check_row {
    const char *name; /* in JSON: stays as it is */
    const char *what; /* that is found when the check is passed, for people */
    unsigned makers;
};
extern const struct check_row descriptor_check_rows[DESCRIPTOR_CHECKS];
extern const struct check_row point_check_rows[POINT_CHECKS];

enum check_outcome {
    CHECK_NOT_MADE, /* it could not be, for what failed before it or is not known, or was not asked for */
    CHECK_PASSED,
    CHECK_FAILED,
};

struct check_result {
    enum check_outcome outcome;
    size_t failures;    /* how often, where it is made of each line */
    bool is_stricter;   /* it failed by what obpub alone minds, though others make it, too */
    struct error error; /* what was wrong the first time; or why it could not be made, if there is something
                           to say; else "" */
};

/* Notes how a check went: result is 0 or less, and then error says why; one that others mind, too, rather
 * than one that obpub alone does. Returns result. */
int check_result_note(struct check_result *check, int result, const struct error *error);

/* Who makes a check; or, of one that failed, by whose rules: bits, 0 for obpub's alone. */
unsigned check_result_makers(const struct check_result *check, const struct check_row *row);

/* How long an encrypted layer is, in bytes. */
struct layer_lengths {
    size_t encrypted; /* with salt and MAC, 0: not known */
    size_t plaintext; /* of that, what is encrypted: with the padding, */
    size_t text;      /* and without */
};

struct examined_point {
    struct check_result checks[POINT_CHECKS];
    struct introduction_point point; /* as far as it could be read; its fault as without a network */
    struct link_specifiers links;
    bool has_links;    /* links are there, though with a fault they may be in part */
    bool has_auth_key; /* point.auth_key is there, and auth_hour and enc_hour below likewise */
    bool has_enc_key_certificate;
    bool is_known_relay;          /* only with a network: the consensus has its relay */
    uint32_t auth_hour, enc_hour; /* when the certificates expire: hours since the epoch */
};

/* A descriptor taken apart as far as that goes. */
struct descriptor_examination {
    struct check_result checks[DESCRIPTOR_CHECKS];
    size_t length;        /* bytes of the whole */
    bool has_certificate; /* of the descriptor signing key: descriptor has the keys and the hour */
    bool has_period;      /* the blinded key is the service's: descriptor has the time period */
    bool is_middle_open, is_inner_open; /* the layer was decrypted */
    struct layer_lengths middle, inner;
    struct descriptor *descriptor; /* what could be read; its points are in points */
    struct examined_point *points; /* INTRODUCTION_POINTS_MAX of them at most, and room for one more */
    size_t point_count;            /* of those that are there, */
    size_t points_in_all;          /* and all that the descriptor has, */
    size_t points_taken;           /* of which clients take these */
};

/* Makes every check that can be made, going on behind those that fail. The expectation's identity_key may be
 * NULL: then nothing is checked but what HSDirs check. Its known_keys and verified have to be NULL. A
 * descriptor that is closed, as there is no client key, has failed no check by that; one that the client key
 * that there is does not open has. To be released with descriptor_examination_free(). */
struct descriptor_examination *descriptor_examine(const char *text, size_t length,
                                                  const struct descriptor_expectation *expectation);
void descriptor_examination_free(struct descriptor_examination *examination);

/* Looks for the relays of its points in a network, which is one check more of each; and whether clients of
 * that network take its flow control. */
void descriptor_examination_match(struct descriptor_examination *examination, const struct network *network);

/* Whether clients take a point: they leave one out that fails a check of theirs, and take the others. */
bool examined_point_is_taken(const struct examined_point *point);

/* How many checks failed, those of its points with them; */
size_t descriptor_examination_count_failures(const struct descriptor_examination *examination);
/* and how many of these by the rules of HSDirs or clients. */
size_t descriptor_examination_count_tors_failures(const struct descriptor_examination *examination);

#endif
