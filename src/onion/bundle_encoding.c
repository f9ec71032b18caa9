/* Bundles as bytes: encoded, and decoded with every check that bytes from elsewhere need.
 *
 * All numbers are unsigned, most significant byte first; hours and seconds are since the epoch.
 *
 *   header     16  "obpub presigned\n"
 *               4  version, 2 (1 had certificates that outlived the days)
 *               4  voting interval, in seconds
 *               4  length of a time period, in minutes
 *               8  when it was made, in seconds
 *               4  the first hour in which a certificate expires
 *               4  the last one, which ends the days
 *               8  number of the first time period
 *               4  how many time periods
 *               4  how many certificates, of all periods
 *              32  the frontend's identity key
 *   periods    32  blinded public key
 *              32  seed of the descriptor signing key
 *              32  key of the revision counters
 *               4  the hour in which the first certificate expires
 *               4  how many certificates, one for each hour
 *   signatures 64  of each certificate, in the order of the periods and the hours
 *   checksum   32  SHA3-256 of all that stands before it
 */
#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "crypto/blinding.h"
#include "onion/bundle.h"

#define VERSION 2
#define SECONDS_PER_HOUR 3600
#define SECONDS_MAX ((uint64_t)1 << 40)
#define PERIOD_NUMBER_MAX ((uint64_t)1 << 32)

static const uint8_t magic[BUNDLE_MAGIC_SIZE] = {'o', 'b', 'p', 'u', 'b', ' ', 'p', 'r',
                                                 'e', 's', 'i', 'g', 'n', 'e', 'd', '\n'};

/* -- encoding ------------------------------------------------------------------------------------- */

static uint8_t *put_uint32(uint8_t *byte, uint32_t number)
{
    big_endian_write_uint32(byte, number);
    return byte + 4;
}

static uint8_t *put_uint64(uint8_t *byte, uint64_t number)
{
    big_endian_write_uint64(byte, number);
    return byte + 8;
}

static uint8_t *put_bytes(uint8_t *byte, const void *bytes, size_t size)
{
    memcpy(byte, bytes, size);
    return byte + size;
}

void bundle_encode_header(const struct bundle_plan *plan, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                          uint8_t header[BUNDLE_HEADER_SIZE])
{
    uint8_t *byte = put_bytes(header, magic, sizeof(magic));
    byte = put_uint32(byte, VERSION);
    byte = put_uint32(byte, plan->schedule.voting_interval);
    byte = put_uint32(byte, plan->schedule.period_length);
    byte = put_uint64(byte, (uint64_t)plan->created);
    byte = put_uint32(byte, bundle_plan_first_expiration_hour(plan));
    byte = put_uint32(byte, plan->last_expiration_hour);
    byte = put_uint64(byte, plan->first_period);
    byte = put_uint32(byte, (uint32_t)plan->period_count);
    byte = put_uint32(byte, (uint32_t)plan->certificate_count);
    put_bytes(byte, identity_key, ED25519_PUBLIC_KEY_SIZE);
}

void bundle_encode_period(const struct bundle *bundle, const struct bundle_period *period,
                          uint8_t record[BUNDLE_PERIOD_SIZE])
{
    const struct bundle_period_secrets *secrets = bundle_get_secrets(bundle, period);
    uint8_t *byte = put_bytes(record, period->blinded_key, sizeof(period->blinded_key));
    byte = put_bytes(byte, secrets->signing_seed, sizeof(secrets->signing_seed));
    byte = put_bytes(byte, secrets->counter_key, sizeof(secrets->counter_key));
    byte = put_uint32(byte, period->first_expiration_hour);
    put_uint32(byte, (uint32_t)period->certificate_count);
}

size_t bundle_size(const struct bundle_plan *plan)
{
    return BUNDLE_HEADER_SIZE + plan->period_count * BUNDLE_PERIOD_SIZE +
           plan->certificate_count * ED25519_SIGNATURE_SIZE + BUNDLE_CHECKSUM_SIZE;
}

uint8_t *bundle_encode(const struct bundle *bundle)
{
    const struct bundle_plan *plan = &bundle->plan;
    uint8_t *bytes = secret_allocate(bundle_size(plan));
    uint8_t *byte = bytes + BUNDLE_HEADER_SIZE;
    bundle_encode_header(plan, bundle->identity_key, bytes);
    for (size_t i = 0; i < plan->period_count; i++, byte += BUNDLE_PERIOD_SIZE)
        bundle_encode_period(bundle, &bundle->periods[i], byte);
    byte = put_bytes(byte, bundle->signatures, plan->certificate_count * ED25519_SIGNATURE_SIZE);
    hash_sha3_256(byte, &(struct span){bytes, (size_t)(byte - bytes)}, 1);
    return bytes;
}

/* -- decoding ------------------------------------------------------------------------------------- */

static uint32_t take_uint32(const uint8_t **byte)
{
    *byte += 4;
    return big_endian_read_uint32(*byte - 4);
}

static uint64_t take_uint64(const uint8_t **byte)
{
    *byte += 8;
    return big_endian_read_uint64(*byte - 8);
}

static void take_bytes(void *bytes, const uint8_t **byte, size_t size)
{
    memcpy(bytes, *byte, size);
    *byte += size;
}

bool bundle_is_encoded(const uint8_t *bytes, size_t length)
{
    return length >= sizeof(magic) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

/* Looks at the part that every version has. */
static int check_version(const uint8_t *bytes, size_t length, struct error *error)
{
    if (!bundle_is_encoded(bytes, length))
        return error_set(error, "is no bundle: name a file that \"obpub presign\" has made");
    if (length < sizeof(magic) + 4)
        return error_set(error, "is a bundle cut short: copy it again");
    const uint8_t *byte = bytes + sizeof(magic);
    uint32_t version = take_uint32(&byte);
    if (version > VERSION)
        return error_set(error,
                         "is a bundle made by a newer obpub (version %" PRIu32 " of the format, and this "
                         "obpub knows %d): use that version of obpub here, too",
                         version, VERSION);
    if (version == 0)
        return error_set(error, "is a damaged bundle (version 0 of the format): copy it again");
    if (version < VERSION)
        return error_set(error,
                         "is a bundle made by an older obpub (version %" PRIu32 " of the format, and this "
                         "obpub knows %d): make it anew",
                         version, VERSION);
    return 0;
}

static bool plan_is_sane(const struct bundle_plan *plan)
{
    return time_schedule_is_possible(&plan->schedule) && plan->created > SECONDS_PER_HOUR &&
           plan->last_expiration_hour >= plan->created / SECONDS_PER_HOUR &&
           plan->last_expiration_hour < SECONDS_MAX / SECONDS_PER_HOUR &&
           plan->last_expiration_hour - plan->created / SECONDS_PER_HOUR <= BUNDLE_DAYS_MAX * 24 + 1 &&
           plan->first_period > 0 && plan->first_period < PERIOD_NUMBER_MAX && plan->period_count > 0 &&
           plan->period_count <= BUNDLE_PERIODS_MAX && plan->certificate_count > 0 &&
           plan->certificate_count <= BUNDLE_CERTIFICATES_MAX;
}

int bundle_decode_header(struct bundle_plan *plan, uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                         const uint8_t header[BUNDLE_HEADER_SIZE], struct error *error)
{
    if (check_version(header, BUNDLE_HEADER_SIZE, error) != 0)
        return -1;
    const uint8_t *byte = header + sizeof(magic) + 4;
    plan->schedule.voting_interval = take_uint32(&byte);
    plan->schedule.period_length = take_uint32(&byte);
    uint64_t created = take_uint64(&byte);
    plan->created = created < SECONDS_MAX ? (int64_t)created : 0; /* 0: what can't be */
    uint32_t first_expiration_hour = take_uint32(&byte);
    plan->last_expiration_hour = take_uint32(&byte);
    plan->first_period = take_uint64(&byte);
    plan->period_count = take_uint32(&byte);
    plan->certificate_count = take_uint32(&byte);
    take_bytes(identity_key, &byte, ED25519_PUBLIC_KEY_SIZE);
    if (!plan_is_sane(plan) || first_expiration_hour != bundle_plan_first_expiration_hour(plan))
        return error_set(error, "is a damaged bundle: its figures can't be; copy it again");
    if (!ed25519_public_key_is_valid(identity_key))
        return error_set(error, "is a damaged bundle: the frontend's key in it is none; copy it again");
    return 0;
}

struct bundle *bundle_begin(const uint8_t header[BUNDLE_HEADER_SIZE], struct error *error)
{
    struct bundle_plan plan;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    return bundle_decode_header(&plan, identity_key, header, error) == 0 ? bundle_new(&plan, identity_key)
                                                                         : NULL;
}

/* Checks that the period's certificates are within the plan's hours and are not more than there can be. */
static bool hours_are_sane(const struct bundle_plan *plan, const struct bundle_period *period)
{
    return period->certificate_count > 0 &&
           period->first_expiration_hour >= bundle_plan_first_expiration_hour(plan) &&
           period->first_expiration_hour <= plan->last_expiration_hour &&
           period->certificate_count <=
               (size_t)plan->last_expiration_hour - period->first_expiration_hour + 1 &&
           period->certificate_count <= plan->certificate_count - period->first_certificate;
}

static bool blinded_key_is_right(const struct bundle *bundle, const struct bundle_period *period)
{
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    return blinding_derive_public_key(blinded_key, bundle->identity_key, period->number,
                                      bundle->plan.schedule.period_length) == 0 &&
           memcmp(blinded_key, period->blinded_key, sizeof(blinded_key)) == 0;
}

int bundle_add_period(struct bundle *bundle, const uint8_t record[BUNDLE_PERIOD_SIZE], struct error *error)
{
    if (bundle->periods_added == bundle->plan.period_count)
        return error_set(error, "is a bad bundle: it has more time periods than it says; make it anew");
    size_t index = bundle->periods_added;
    struct bundle_period *period = &bundle->periods[index];
    struct bundle_period_secrets *secrets = &bundle->secrets[index];
    period->number = bundle->plan.first_period + index;
    period->first_certificate = index > 0 ? period[-1].first_certificate + period[-1].certificate_count : 0;
    take_bytes(period->blinded_key, &record, sizeof(period->blinded_key));
    take_bytes(secrets->signing_seed, &record, sizeof(secrets->signing_seed));
    take_bytes(secrets->counter_key, &record, sizeof(secrets->counter_key));
    period->first_expiration_hour = take_uint32(&record);
    period->certificate_count = take_uint32(&record);
    if (!hours_are_sane(&bundle->plan, period))
        return error_set(error,
                         "is a bad bundle: the hours of time period %" PRIu64 " can't be; make it anew",
                         period->number);
    if (!blinded_key_is_right(bundle, period))
        return error_set(error,
                         "is a bad bundle: the blinded key of time period %" PRIu64
                         " is not the frontend's; make it anew",
                         period->number);
    struct ed25519_secret_key *signing_secret_key = secret_allocate(sizeof(*signing_secret_key));
    ed25519_expand_seed(signing_secret_key, secrets->signing_seed);
    ed25519_derive_public_key(period->signing_key, signing_secret_key);
    secret_free(signing_secret_key);
    bundle->periods_added++;
    return 0;
}

int bundle_add_signature(struct bundle *bundle, const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    if (bundle->signatures_added == bundle->plan.certificate_count)
        return -1;
    memcpy(bundle->signatures[bundle->signatures_added++], signature, ED25519_SIGNATURE_SIZE);
    return 0;
}

bool bundle_is_whole(const struct bundle *bundle)
{
    const struct bundle_plan *plan = &bundle->plan;
    if (bundle->periods_added != plan->period_count || bundle->signatures_added != plan->certificate_count)
        return false;
    const struct bundle_period *last = &bundle->periods[plan->period_count - 1];
    return last->first_certificate + last->certificate_count == plan->certificate_count;
}

/* Looks at the file as a whole: it is as long as it says, and its checksum fits. */
static int check_whole(const uint8_t *bytes, size_t length, struct error *error)
{
    struct bundle_plan plan;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], checksum[BUNDLE_CHECKSUM_SIZE];
    if (check_version(bytes, length, error) != 0)
        return -1;
    if (length < BUNDLE_HEADER_SIZE + BUNDLE_CHECKSUM_SIZE)
        return error_set(error, "is a bundle cut short: copy it again");
    if (bundle_decode_header(&plan, identity_key, bytes, error) != 0)
        return -1;
    if (length != bundle_size(&plan))
        return error_set(error, "is a bundle %s: it has %zu bytes instead of %zu; copy it again",
                         length < bundle_size(&plan) ? "cut short" : "with too much behind it", length,
                         bundle_size(&plan));
    hash_sha3_256(checksum, &(struct span){bytes, length - sizeof(checksum)}, 1);
    if (sodium_memcmp(checksum, bytes + length - sizeof(checksum), sizeof(checksum)) != 0)
        return error_set(error, "is a damaged bundle: its checksum does not fit; copy it again");
    return 0;
}

/* Takes what is behind the header. */
static int take_rest(struct bundle *bundle, const uint8_t *byte, struct error *error)
{
    for (size_t i = 0; i < bundle->plan.period_count; i++, byte += BUNDLE_PERIOD_SIZE) {
        if (bundle_add_period(bundle, byte, error) != 0)
            return -1;
    }
    for (size_t i = 0; i < bundle->plan.certificate_count; i++, byte += ED25519_SIGNATURE_SIZE)
        bundle_add_signature(bundle, byte);
    if (!bundle_is_whole(bundle))
        return error_set(error, "is a bad bundle: it has certificates of no time period; make it anew");
    return 0;
}

int bundle_check_certificate(const struct bundle_period *period, const uint8_t certificate[CERTIFICATE_SIZE])
{
    return ed25519_verify(certificate + CERTIFICATE_BODY_SIZE, certificate, CERTIFICATE_BODY_SIZE,
                          period->blinded_key);
}

/* A count of certificates that no period has more of. */
#define ALL_CERTIFICATES SIZE_MAX

/* Checks the first count certificates of a period, or all if there are fewer. */
static int check_certificates(const struct bundle *bundle, const struct bundle_period *period, size_t count,
                              struct error *error)
{
    for (size_t i = 0; i < count && i < period->certificate_count; i++) {
        uint8_t certificate[CERTIFICATE_SIZE];
        bundle_get_certificate(bundle, period, i, certificate);
        if (bundle_check_certificate(period, certificate) != 0)
            return error_set(error,
                             "is a bad bundle: a certificate of time period %" PRIu64
                             " has a bad signature; make it anew",
                             period->number);
    }
    return 0;
}

int bundle_check_certificates(const struct bundle *bundle, struct error *error)
{
    for (size_t i = 0; i < bundle->plan.period_count; i++) {
        if (check_certificates(bundle, &bundle->periods[i], ALL_CERTIFICATES, error) != 0)
            return -1;
    }
    return 0;
}

struct bundle *bundle_decode(const uint8_t *bytes, size_t length, struct error *error)
{
    if (check_whole(bytes, length, error) != 0)
        return NULL;
    struct bundle *bundle = bundle_begin(bytes, error);
    int result = bundle != NULL ? take_rest(bundle, bytes + BUNDLE_HEADER_SIZE, error) : -1;
    for (size_t i = 0; result == 0 && i < bundle->plan.period_count; i++)
        result = check_certificates(bundle, &bundle->periods[i], 1, error);
    if (result == 0) {
        memcpy(bundle->checksum, bytes + length - BUNDLE_CHECKSUM_SIZE, BUNDLE_CHECKSUM_SIZE);
        return bundle;
    }
    bundle_free(bundle);
    return NULL;
}
