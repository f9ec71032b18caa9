/* Writes the first inputs for bundles and for the signer's requests. */
#include <stdarg.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "../unit/helper_bundle.h"
#include "../unit/helper_signer.h"
#include "base/memory.h"
#include "fuzz.h"
#include "seeds.h"
#include "signer/bundle_request.h"

/* A bundle cut to so few hours that it is small, one of whole days, and some that are wrong in one place. */
void seeds_write_bundles(void)
{
    static const struct {
        const char *name;
        size_t place;
        uint8_t change;
    } faults[] = {
        {"damaged", 0, 0},         {"newer", 19, 1},   {"older", 19, 3},
        {"version-0", 19, 2},      {"periods", 55, 1}, {"certificates", 59, 1},
        {"interval", 23, 1},       {"foreign", 60, 1}, {"foreign-blinded", 92, 1},
        {"foreign-seed", 124, 1},  {"hours", 188, 1},  {"surplus-certificate", 195, 1},
        {"bad-signature", 200, 1},
    };
    const int64_t now = 1790000123;
    size_t length;
    uint8_t *bytes = encode_bundle(make_bundle(1, &schedule_public, now, 4), &length);
    seeds_write("bundle", "public-days", bytes, length);
    secret_free(bytes);
    bytes = encode_bundle(make_small_bundle(1, &schedule_testing, now, 1), &length);
    seeds_write("bundle", "testing-small", bytes, length);
    seeds_write("bundle", "cut-short", bytes, length - 1);
    secret_free(bytes);
    bytes = encode_bundle(make_small_bundle(1, &schedule_public, now, 3), &length);
    seeds_write("bundle", "public-small", bytes, length);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        bytes[faults[i].place] ^= faults[i].change;
        correct_checksum(bytes, length);
        bytes[length - 1] ^= faults[i].change == 0;
        seeds_write("bundle", faults[i].name, bytes, length);
        bytes[faults[i].place] ^= faults[i].change;
    }
    secret_free(bytes);
}

static void write_signer_request(const char *name, const struct signer_request *request)
{
    uint8_t bytes[1 + SIGNER_REQUEST_SIZE] = {0};
    signer_request_encode(bytes + 1, request);
    seeds_write("signer_request", name, bytes, sizeof(bytes));
}

/* The pieces of a bundle, as the reader sends them, and for a frontend with a bundle what the engine asks. */
void seeds_write_signer_bundles(void)
{
    uint8_t *bytes = memory_allocate(16, SIGNER_KEY_REQUEST_SIZE_MAX);
    size_t length = 1, size;
    struct bundle *bundle = make_small_bundle(4, &schedule_public, SIGNER_NOW, 3);
    bytes[0] = 2;
    for (size_t i = 0; i < 3; i++)
        length += signer_bundle_request(bytes + length, bundle, i);
    bundle_free(bundle);
    seeds_write("signer_request", "bundle", bytes, length);
    bytes[length - 1] = 1;
    seeds_write("signer_request", "bundle-surplus", bytes, length);
    bytes[1 + 8 + 91] ^= 1;
    seeds_write("signer_request", "bundle-foreign", bytes, length);
    bytes[0] = 1;
    seeds_write("signer_request", "bundle-header", bytes, 1 + signer_bundle_request_size(SIGNER_KEY_BUNDLE));
    bytes[2] = SIGNER_KEY_BUNDLE_SIGNATURES;
    seeds_write("signer_request", "bundle-signatures", bytes,
                1 + signer_bundle_request_size(SIGNER_KEY_BUNDLE_SIGNATURES));
    bundle = make_bundle(4, &schedule_public, SIGNER_NOW, 4);
    bytes[0] = 2;
    length = 1;
    for (size_t i = 0; (size = signer_bundle_request(bytes + length, bundle, i)) > 0; i++)
        length += size;
    bundle_free(bundle);
    seeds_write("signer_request", "bundle-days", bytes, length);
    free(bytes);
    struct signer_request request = signer_certify_request();
    request.period.frontend = 2;
    write_signer_request("certify-presigned", &request);
    request.period.length--;
    write_signer_request("certify-presigned-missing", &request);
    request = signer_count_request();
    request.period.frontend = 2;
    write_signer_request("count-presigned", &request);
    request.period.length++;
    write_signer_request("count-presigned-missing", &request);
}

/* A count with a byte in a field that it has not. */
static void write_surplus_request(void)
{
    uint8_t bytes[1 + SIGNER_REQUEST_SIZE] = {0};
    const struct signer_request request = signer_count_request();
    signer_request_encode(bytes + 1, &request);
    bytes[SIGNER_REQUEST_SIZE] = 1;
    seeds_write("signer_request", "count-surplus", bytes, sizeof(bytes));
}

/* Requests to the signer, behind a byte that is 0 for the engine's and 1 for the reader's. */
void seeds_write_signer_requests(void)
{
    uint8_t bytes[1 + SIGNER_KEY_REQUEST_SIZE] = {1}, identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct signer_request request = signer_certify_request();
    write_signer_request("certify", &request);
    request.expiration_hour++;
    write_signer_request("certify-for-longer", &request);
    request = signer_certify_request();
    memset(request.signing_key, 0, sizeof(request.signing_key));
    write_signer_request("certify-no-key", &request);
    request = signer_count_request();
    write_signer_request("count", &request);
    request.period.frontend = 7;
    write_signer_request("count-unknown", &request);
    request = signer_count_request();
    request.period.number += 3;
    write_signer_request("count-far", &request);
    request.period.length = 0;
    write_signer_request("count-no-length", &request);
    request = signer_count_request();
    request.seconds = INT64_MAX;
    write_signer_request("count-late", &request);
    request.type = (enum signer_request_type)3;
    write_signer_request("unknown", &request);
    seeds_write("signer_request", "short", "\0\1\1", 3);
    seeds_write("signer_request", "short-of-reader", "\1\1\1", 3);
    write_surplus_request();
    struct ed25519_secret_key *secret_key = signer_make_key(3, identity_key);
    signer_key_request_add(bytes + 1, secret_key, identity_key);
    secret_free(secret_key);
    seeds_write("signer_request", "add", bytes, sizeof(bytes));
    bytes[8] = 1;
    seeds_write("signer_request", "add-with-number", bytes, sizeof(bytes));
    bytes[8] = 0;
    bytes[9] ^= 1;
    seeds_write("signer_request", "add-other", bytes, sizeof(bytes));
    signer_key_request_remove(bytes + 1, 1);
    seeds_write("signer_request", "remove", bytes, sizeof(bytes));
    bytes[104] = 1;
    seeds_write("signer_request", "remove-with-key", bytes, sizeof(bytes));
    signer_key_request_remove(bytes + 1, 2);
    seeds_write("signer_request", "remove-presigned", bytes, sizeof(bytes));
    signer_key_request_remove(bytes + 1, 7);
    seeds_write("signer_request", "remove-unknown", bytes, sizeof(bytes));
    seeds_write("signer_request", "remove-short", bytes, 8);
    bytes[1]++;
    seeds_write("signer_request", "remove-newer", bytes, sizeof(bytes));
}
