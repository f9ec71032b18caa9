/* Decodes and verifies a descriptor of a stock tor with three introduction points. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "bare.h"
#include "bench.h"
#include "onion/descriptor.h"

struct input {
    char *text;
    size_t length;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct descriptor_expectation expectation;
};

static void read_input(struct input *input)
{
    input->text = bench_read("descriptor", &input->length);
    bench_read_bytes("descriptor", "identity-key", input->identity_key, sizeof(input->identity_key));
    input->expectation = (struct descriptor_expectation){
        .identity_key = input->identity_key,
        .schedule = {(uint32_t)bench_read_number("descriptor", "voting-interval"),
                     (uint32_t)bench_read_number("descriptor", "period-length")},
        .period_number = bench_read_number("descriptor", "period-number"),
        .likely_period_number = bench_read_number("descriptor", "descriptor-period"),
        .size_max = DESCRIPTOR_SIZE_MAX_DEFAULT,
        .wall_now = (int64_t)bench_read_number("descriptor", "now"),
    };
}

/* What is measured, and what test_instructions.py counts. */
static void measured_decode(void *context)
{
    const struct input *input = context;
    struct error error;
    struct descriptor *descriptor =
        descriptor_decode(input->text, input->length, &input->expectation, &error);
    bench_require(descriptor != NULL && descriptor->point_count == 3, error.text);
    descriptor_free(descriptor);
}

/* What no decoding with all its checks can do without. */
static const struct bare_work blinding[] = {
    {BARE_MULTIPLY, 1, 0},   /* the blinded key of the service */
    {BARE_SHA3_256, 1, 225}, /* the blinding parameter */
    {0, 0, 0},
};
static const struct bare_work rest[] = {
    {BARE_SHA3_256, 2, 42},       /* the subcredential */
    {BARE_VERIFY, 1, 76},         /* the signing key's certificate */
    {BARE_VERIFY, 1, 14050},      /* the descriptor's signature */
    {BARE_VERIFY, 6, 76},         /* two certificates for each point */
    {BARE_CHECK_POINT, 3, 0},     /* the authentication keys of the points */
    {BARE_SHAKE256, 2, 120},      /* the keys of both layers */
    {BARE_SHA3_256, 1, 10080},    /* the MACs of both layers */
    {BARE_SHA3_256, 1, 2480},     /* */
    {BARE_AES, 1, 10000},         /* the ciphertexts of both layers */
    {BARE_AES, 1, 2400},          /* */
    {BARE_BASE64_READ, 1, 10048}, /* the layers as they are written */
    {BARE_BASE64_READ, 1, 2448},  /* */
    {BARE_BASE64_READ, 7, 140},   /* the certificates */
    {BARE_BASE64_READ, 13, 32},   /* the keys of the points, link specifiers, the ephemeral key */
    {BARE_BASE64_READ, 16, 40},   /* the lines of authorised clients */
    {0, 0, 0},
};

/* Whether a key is in the group of prime order. */
static void measured_point(void *context)
{
    const struct input *input = context;
    bench_require(ed25519_public_key_is_valid(input->identity_key), "the identity key is none");
}

static const struct bare_work point[] = {{BARE_CHECK_POINT, 1, 0}, {0, 0, 0}};

int main(void)
{
    bench_require(sodium_init() >= 0, "libsodium does not start");
    struct input input;
    read_input(&input);
    /* At the first point of all it is tried what libsodium takes, which is no part of decoding. */
    measured_point(&input);
    bare_init();
    bench_print("decode", "obpub", bench_seconds(measured_decode, &input));
    const double bare_rest = bench_seconds(bare_perform, (void *)rest);
    bench_print("decode", "bare", bare_rest + bench_seconds(bare_perform, (void *)blinding));
    struct known_blinded_keys known = {.period_length = 0};
    input.expectation.known_keys = &known;
    bench_print("decode-again", "obpub", bench_seconds(measured_decode, &input));
    bench_print("decode-again", "bare", bare_rest);
    bench_print("point", "obpub", bench_seconds(measured_point, &input));
    bench_print("point", "bare", bench_seconds(bare_perform, (void *)point));
    bench_note("decode",
               "bare: 8 verifications, 1 key blinded, 3 keys of points checked to be in the right subgroup, "
               "17 kB of SHA-3 and SHAKE, 12 kB of AES, 15 kB from base64");
    free(input.text);
    return 0;
}
