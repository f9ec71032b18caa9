/* Bundles: all that publishing for one frontend needs for some days, signed beforehand where its master key
 * is, so that the publisher has no need of that key.
 *
 * For each time period that is published in those days a bundle holds the blinded public key, a descriptor
 * signing key, the key of the revision counters, and the certificate that tor would make for that signing key
 * in each hour of the days, so that nothing tells its descriptors from others; but none outlives the days, so
 * those for the last CERTIFICATE_LIFETIME_HOURS of them are one, which expires with them. Nothing in it leads
 * to the master key or to a blinded secret key.
 */
#ifndef OBPUB_ONION_BUNDLE_H
#define OBPUB_ONION_BUNDLE_H

#include "crypto/certificate.h"
#include "crypto/revision_counter.h"
#include "onion/time_period.h"

#define BUNDLE_DAYS_MAX 366
#define BUNDLE_PERIODS_MAX 10000
#define BUNDLE_CERTIFICATES_MAX 200000

/* A bundle encoded: the header, a record for each period, a signature for each certificate, the checksum. */
#define BUNDLE_HEADER_SIZE 92
#define BUNDLE_PERIOD_SIZE 104
#define BUNDLE_CHECKSUM_SIZE SHA3_256_SIZE
#define BUNDLE_SIZE_MAX                                                                                      \
    (BUNDLE_HEADER_SIZE + BUNDLE_PERIODS_MAX * BUNDLE_PERIOD_SIZE +                                          \
     BUNDLE_CERTIFICATES_MAX * ED25519_SIGNATURE_SIZE + BUNDLE_CHECKSUM_SIZE)
/* What it begins with. */
#define BUNDLE_MAGIC_SIZE 16

/* For which network and which time a bundle is. */
struct bundle_plan {
    struct time_schedule schedule;
    int64_t created; /* seconds since the epoch */
    /* The last hour (since the epoch) in which a certificate of it expires: that ends its days. */
    uint32_t last_expiration_hour;
    uint64_t first_period; /* the others follow it */
    size_t period_count;
    size_t certificate_count; /* of all periods */
};

/* What the publisher needs in one time period. */
struct bundle_period {
    uint64_t number;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE]; /* the public half of the descriptor signing key */
    uint32_t first_expiration_hour; /* of the first certificate; the next expire an hour later each */
    size_t certificate_count;       /* at least 1 */
    size_t first_certificate;       /* among all of the bundle */
};

struct bundle_period_secrets {
    uint8_t signing_seed[ED25519_SEED_SIZE]; /* of the descriptor signing key */
    uint8_t counter_key[REVISION_COUNTER_KEY_SIZE];
};

struct bundle {
    struct bundle_plan plan;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct bundle_period *periods;                 /* plan.period_count of them */
    struct bundle_period_secrets *secrets;         /* likewise; secret memory */
    uint8_t (*signatures)[ED25519_SIGNATURE_SIZE]; /* plan.certificate_count of them */
    uint8_t checksum[BUNDLE_CHECKSUM_SIZE];        /* of one that was decoded: no other bundle has it */
    size_t periods_added, signatures_added;        /* those that are there; all, once it is whole */
};

/* Plans a bundle for the days (1 to BUNDLE_DAYS_MAX) from wall_now (seconds since the epoch) on, and an hour
 * before wall_now, as the publisher's clock may be behind. Returns 0, or -1 when the clock can't be right,
 * the network's time periods are too short, or the bundle would be too large. */
int bundle_plan_set(struct bundle_plan *plan, const struct time_schedule *schedule, int64_t wall_now,
                    unsigned days, struct error *error);

/* The first hour in which a certificate of it expires, as it follows from when it was made and when its days
 * end. */
uint32_t bundle_plan_first_expiration_hour(const struct bundle_plan *plan);

/* The first second (since the epoch) in which a bundle can be published with, and the first in which it can't
 * be any more. */
int64_t bundle_plan_begin(const struct bundle_plan *plan);
int64_t bundle_plan_end(const struct bundle_plan *plan);

/* A bundle without any key yet: bundle_sign_period() has to be called for each period. Release it with
 * bundle_free(). */
struct bundle *bundle_new(const struct bundle_plan *plan,
                          const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]);

/* Whether its secrets are in memory that is never written to the swap. */
bool bundle_is_locked(const struct bundle *bundle);

/* Wipes its secrets. NULL is fine. */
void bundle_free(struct bundle *bundle);

/* Adds the next of the plan's periods, of which there must be one, with the master key, which stays the
 * caller's, and a random seed for the descriptor signing key. Returns 0, or -1 when the key must not sign,
 * see ed25519_sign(). */
int bundle_sign_period(struct bundle *bundle, const struct ed25519_secret_key *secret_key,
                       const uint8_t signing_seed[ED25519_SEED_SIZE]);

/* A time period of the bundle, or NULL when it does not have it. */
const struct bundle_period *bundle_find_period(const struct bundle *bundle, uint64_t number);

const struct bundle_period_secrets *bundle_get_secrets(const struct bundle *bundle,
                                                       const struct bundle_period *period);

/* Writes a certificate of a period, by its index (less than certificate_count). */
void bundle_get_certificate(const struct bundle *bundle, const struct bundle_period *period, size_t index,
                            uint8_t certificate[CERTIFICATE_SIZE]);

/* Writes the certificate of a period for the time when tor's own would expire in an hour (since the epoch):
 * it expires then or, if that is earlier, with the bundle's days. Returns -1 when there is none. */
int bundle_find_certificate(const struct bundle *bundle, const struct bundle_period *period,
                            uint32_t expiration_hour, uint8_t certificate[CERTIFICATE_SIZE]);

/* Bytes that a bundle has when it is encoded. */
size_t bundle_size(const struct bundle_plan *plan);

/* Encodes a bundle that is whole: bundle_size() bytes in secret memory, to be released with secret_free(). */
uint8_t *bundle_encode(const struct bundle *bundle);

/* True when bytes begin as an encoded bundle does, of any version. */
bool bundle_is_encoded(const uint8_t *bytes, size_t length);

/* Decodes a bundle strictly: the checksum fits, every blinded key is the one of the frontend and its period,
 * and has signed the period's first certificate for the signing key that is there. Returns the bundle, to be
 * released with bundle_free(), or NULL with a sentence that begins where a file's name would end ("is a
 * bundle cut short: ..."). The other certificates, tens of thousands in some, would take too long for a start
 * of the publisher: bundle_check_certificates() checks all, bundle_check_certificate() one before its use. */
struct bundle *bundle_decode(const uint8_t *bytes, size_t length, struct error *error);

/* The same piece by piece, as they stand in an encoded bundle: the header, then the period records, then the
 * signatures, until it is whole. All is checked but the checksum and the signatures. bundle_begin() returns
 * NULL, the others -1, when a piece can't be; the bundle is to be released with bundle_free() all the same.
 */
struct bundle *bundle_begin(const uint8_t header[BUNDLE_HEADER_SIZE], struct error *error);
int bundle_add_period(struct bundle *bundle, const uint8_t record[BUNDLE_PERIOD_SIZE], struct error *error);
int bundle_add_signature(struct bundle *bundle, const uint8_t signature[ED25519_SIGNATURE_SIZE]);
bool bundle_is_whole(const struct bundle *bundle);

/* Checks the signature of a certificate of a period. Returns 0 or -1. */
int bundle_check_certificate(const struct bundle_period *period, const uint8_t certificate[CERTIFICATE_SIZE]);

/* Checks every certificate of a whole bundle, which takes a second for 20,000. Returns 0, or -1 with a
 * sentence as above. */
int bundle_check_certificates(const struct bundle *bundle, struct error *error);

/* The header of an encoded bundle alone, which has no secret in it. */
void bundle_encode_header(const struct bundle_plan *plan, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                          uint8_t header[BUNDLE_HEADER_SIZE]);
int bundle_decode_header(struct bundle_plan *plan, uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                         const uint8_t header[BUNDLE_HEADER_SIZE], struct error *error);

/* Encodes a period's record, secrets and all. */
void bundle_encode_period(const struct bundle *bundle, const struct bundle_period *period,
                          uint8_t record[BUNDLE_PERIOD_SIZE]);

#endif
