/* Builds a superdescriptor of twenty introduction points, with nothing at hand and then with all that is
 * kept; and superdescriptors for eight HSDirs, with the same points for all and with different ones. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "bare.h"
#include "base/memory.h"
#include "bench.h"
#include "crypto/blinding.h"
#include "onion/superdescriptor.h"
#include "signer/signer.h"

/* 36 hours into a shared-random run, the latest that a first descriptor is used. */
#define SECONDS_OF_RUN (36 * 60 * 60)
/* Where HSDirs have different points each point is at two of them. */
#define HSDIRS 8
#define DIFFERENT_POINTS (HSDIRS / 2 * 20)
/* Lengths of what is encrypted but not known to libobpub's users: see tor-spec's rend-spec-v3 [HS-DESC-ENC].
 */
#define CERTIFICATE_BODY_SIZE (CERTIFICATE_SIZE - ED25519_SIGNATURE_SIZE)

struct build {
    struct descriptor *backend; /* whose points are taken over */
    struct signer *signer;
    struct signer_period period;
    int64_t now;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]; /* the frontend's */
    struct ed25519_secret_key *signing_secret_key;
    struct superdescriptor superdescriptor;
    struct superdescriptor_randomness randomness;
    char *inner;
    size_t inner_length;
    struct point_signatures signatures;
    size_t text_length;
    struct introduction_point points[DIFFERENT_POINTS];
};

static void read_points(struct build *build)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    bench_read_bytes("points", "identity-key", identity_key, sizeof(identity_key));
    size_t length;
    char *text = bench_read("points", &length);
    build->now = (int64_t)bench_read_number("points", "now");
    const struct descriptor_expectation expectation = {
        .identity_key = identity_key,
        .schedule = {(uint32_t)bench_read_number("points", "voting-interval"),
                     (uint32_t)bench_read_number("points", "period-length")},
        .period_number = bench_read_number("points", "period-number"),
        .size_max = DESCRIPTOR_SIZE_MAX_DEFAULT,
        .wall_now = build->now,
    };
    build->period.number = expectation.period_number;
    build->period.length = expectation.schedule.period_length;
    struct error error;
    build->backend = descriptor_decode(text, length, &expectation, &error);
    bench_require(build->backend != NULL && build->backend->point_count == 20, error.text);
    free(text);
}

static void read_frontend(struct build *build)
{
    static const uint8_t seed[ED25519_SEED_SIZE] = {1};
    struct ed25519_secret_key *secret_key = secret_allocate(sizeof(*secret_key));
    ed25519_expand_seed(secret_key, seed);
    ed25519_derive_public_key(build->identity_key, secret_key);
    build->signer = signer_new();
    build->signing_secret_key =
        secret_allocate(sizeof(*build->signing_secret_key)); /* engine/upload.c uses it again */
    build->period.frontend = signer_add_frontend(build->signer, secret_key, build->identity_key);
}

static void forget_inner(struct build *build)
{
    free(build->inner);
    build->inner = NULL;
}

static void forget_kept(struct build *build)
{
    forget_inner(build);
    point_signatures_clear(&build->signatures);
}

/* The innermost layer, with the certificates that were signed before. */
static void make_inner(struct build *build)
{
    struct error error;
    forget_inner(build);
    bench_require(superdescriptor_encode_inner(&build->superdescriptor, &build->signatures, &build->inner,
                                               &build->inner_length, &error) == 0,
                  error.text);
}

/* What is made once for a time period and an hour. */
static void make_keys(struct build *build)
{
    struct error error;
    struct superdescriptor *superdescriptor = &build->superdescriptor;
    uint8_t seed[ED25519_SEED_SIZE];
    randombytes_buf(seed, sizeof(seed));
    ed25519_expand_seed(build->signing_secret_key, seed);
    *superdescriptor = (struct superdescriptor){
        .signing_secret_key = build->signing_secret_key,
        .expiration_hour = introduction_point_expiration_hour(build->now),
        .point_count = build->backend->point_count,
        .flow_control = {true, 2, 31},
    };
    memcpy(superdescriptor->identity_key, build->identity_key, ED25519_PUBLIC_KEY_SIZE);
    ed25519_derive_public_key(superdescriptor->signing_key, build->signing_secret_key);
    for (size_t i = 0; i < superdescriptor->point_count; i++)
        superdescriptor->points[i] = &build->backend->points[i];
    randombytes_buf(&build->randomness, sizeof(build->randomness));
    superdescriptor_make_ephemeral_key(build->randomness.ephemeral_key, seed);
    bench_require(signer_certify(build->signer, &build->period, superdescriptor->signing_key,
                                 signer_expiration_hour(build->now), build->now, superdescriptor->blinded_key,
                                 superdescriptor->signing_certificate, &error) == 0,
                  error.text);
}

/* The same, and what is made once for a set of points. */
static void make_kept(struct build *build)
{
    make_keys(build);
    make_inner(build);
}

/* What is made for each upload. */
static void refresh(struct build *build)
{
    struct error error;
    char *text;
    randombytes_buf(build->randomness.superencrypted_salt, sizeof(build->randomness.superencrypted_salt));
    randombytes_buf(build->randomness.encrypted_salt, sizeof(build->randomness.encrypted_salt));
    bench_require(signer_count(build->signer, &build->period, SECONDS_OF_RUN + 1,
                               &build->superdescriptor.revision_counter, &error) == 0,
                  error.text);
    bench_require(superdescriptor_encode_around(&build->superdescriptor, build->inner, build->inner_length,
                                                &build->randomness, DESCRIPTOR_SIZE_MAX_DEFAULT, &text,
                                                &build->text_length, &error) == 0,
                  error.text);
    free(text);
}

/* What is measured, and what test_instructions.py counts: a build in a time period that the signer does not
 * know yet. */
static void measured_build(void *context)
{
    struct build *build = context;
    build->period.number++;
    forget_kept(build);
    make_kept(build);
    refresh(build);
}

/* As many points as different HSDirs have: the same ones with other keys. */
static void make_points(struct build *build)
{
    for (size_t i = 0; i < DIFFERENT_POINTS; i++) {
        build->points[i] = build->backend->points[i % build->backend->point_count];
        randombytes_buf(build->points[i].auth_key, ED25519_PUBLIC_KEY_SIZE);
        randombytes_buf(build->points[i].enc_key_certified, ED25519_PUBLIC_KEY_SIZE);
    }
}

/* For eight HSDirs, each of which gets a text of its own: with the same points for all. */
static void measured_eight_same(void *context)
{
    struct build *build = context;
    build->period.number++;
    forget_kept(build);
    make_kept(build);
    for (size_t i = 0; i < HSDIRS; i++)
        refresh(build);
}

/* Which point an HSDir has at a place: they are dealt out to half of the HSDirs, and in another order to the
 * others, so that each of these has some of all of those. */
static size_t find_dealt(size_t hsdir, size_t place, size_t each)
{
    const size_t half = HSDIRS / 2;
    return hsdir < half ? hsdir * each + place : place * half + hsdir - half;
}

/* And with different ones. */
static void measured_eight_distinct(void *context)
{
    struct build *build = context;
    build->period.number++;
    forget_kept(build);
    make_keys(build);
    const size_t each = build->superdescriptor.point_count;
    for (size_t i = 0; i < HSDIRS; i++) {
        for (size_t j = 0; j < each; j++)
            build->superdescriptor.points[j] = &build->points[find_dealt(i, j, each)];
        make_inner(build);
        refresh(build);
    }
}

/* The middle layer's length, with its padding: most of the descriptor is its base64, in lines of 64
 * characters. */
static size_t middle_length(const struct build *build)
{
    size_t room = build->text_length * 48 / 65;
    return room / SUPERENCRYPTED_PADDING * SUPERENCRYPTED_PADDING;
}

/* The same, with all that is kept, for one HSDir. (The innermost layer, with certificates that were signed
 * before, is put together once for all HSDirs.) */
static void measured_refresh(void *context)
{
    refresh(context);
}

static void perform_both(void *lists)
{
    struct bare_work **both = lists;
    bare_perform(both[0]);
    bare_perform(both[1]);
}

/* What no building of it can do without, each time and from nothing. */
static void measure_bare(const struct build *build)
{
    const size_t points = build->superdescriptor.point_count;
    const size_t inner = build->inner_length, middle = middle_length(build);
    struct bare_work each_time[] = {
        {BARE_SHA3_256, 2, 80},                                     /* the subcredential */
        {BARE_SHAKE256, 2, 120},                                    /* the keys of both layers */
        {BARE_AES, 1, inner},                                       /* the layers */
        {BARE_AES, 1, middle},                                      /* */
        {BARE_SHA3_256, 1, inner + 64},                             /* their MACs */
        {BARE_SHA3_256, 1, middle + 64},                            /* */
        {BARE_BASE64_WRITE, 1, inner + DESCRIPTOR_LAYER_OVERHEAD},  /* the layers as they are written */
        {BARE_BASE64_WRITE, 1, middle + DESCRIPTOR_LAYER_OVERHEAD}, /* */
        {BARE_BASE64_WRITE, AUTH_CLIENT_LINES, 40},                 /* the lines of authorised clients */
        {BARE_SIGN, 1, build->text_length},                         /* the signature under it */
        {0, 0, 0},
    };
    struct bare_work from_nothing[] = {
        {BARE_SIGN, 2 * points, CERTIFICATE_BODY_SIZE},        /* the points' certificates */
        {BARE_SIGN, 1, CERTIFICATE_BODY_SIZE},                 /* the signing key's certificate */
        {BARE_BASE, 2, 0},                                     /* the blinded key, the signing key */
        {BARE_X25519_BASE, 1, 0},                              /* the ephemeral key */
        {BARE_SHA3_256, 1, 225},                               /* the blinding parameter */
        {BARE_SHA3_256, 1, 87},                                /* the revision counter's key */
        {BARE_AES, 1, 2 * (size_t)SECONDS_OF_RUN},             /* the revision counter */
        {BARE_BASE64_WRITE, 2 * points + 1, CERTIFICATE_SIZE}, /* the certificates */
        {BARE_BASE64_WRITE, 3 * points, 32},                   /* the points' keys and links */
        {0, 0, 0},
    };
    struct bare_work *both[] = {each_time, from_nothing};
    bare_init();
    bench_print("build", "bare", bench_seconds(perform_both, both));
    bench_print("refresh", "bare", bench_seconds(bare_perform, each_time));
    bench_note("build",
               "bare: %zu signatures, 2 public keys and an X25519 key made, %zu kB of SHA-3, %zu kB of AES, "
               "%zu kB to base64",
               2 * points + 2, (inner + middle) / 1000, (inner + middle + 2 * SECONDS_OF_RUN) / 1000,
               (inner + middle + 2 * points * CERTIFICATE_SIZE) / 1000);
}

int main(void)
{
    bench_require(sodium_init() >= 0, "libsodium does not start");
    struct build build = {.inner = NULL};
    read_frontend(&build);
    read_points(&build);
    bench_print("build", "obpub", bench_seconds(measured_build, &build));
    bench_print("refresh", "obpub", bench_seconds(measured_refresh, &build));
    make_points(&build);
    bench_print("eight-same", "obpub", bench_seconds(measured_eight_same, &build));
    bench_print("eight-distinct", "obpub", bench_seconds(measured_eight_distinct, &build));
    bench_note("eight-distinct", "%d points in all, %zu signatures kept", DIFFERENT_POINTS,
               build.signatures.count);
    measure_bare(&build);
    forget_kept(&build);
    secret_free(build.signing_secret_key);
    signer_free(build.signer);
    descriptor_free(build.backend);
    return 0;
}
