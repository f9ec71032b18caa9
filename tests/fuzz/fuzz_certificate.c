/* Fuzzes certificates, as they are and then with a signature that is good. */
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    struct forger forger = fuzz_forger();
    struct certificate certificate, verified;
    struct error error = {.text = ""};
    int64_t now = forger.expectation.wall_now;
    if (certificate_parse(&certificate, data, size, &error) != 0) {
        FUZZ_REQUIRE(error.text[0] != '\0');
        FUZZ_REQUIRE(certificate_verify(&verified, data, size, CERTIFICATE_INTRODUCTION_AUTH_KEY,
                                        forger.signing_key, now, &error) != 0);
        return 0;
    }
    uint8_t *encoded = memory_allocate(size, 1);
    memcpy(encoded, data, size);
    const struct span body = {encoded, size - ED25519_SIGNATURE_SIZE};
    FUZZ_REQUIRE(
        ed25519_sign(encoded + body.length, &body, 1, &forger.signing_secret_key, forger.signing_key) == 0);
    bool is_good = certificate.has_signing_key &&
                   memcmp(certificate.signing_key, forger.signing_key, sizeof(forger.signing_key)) == 0 &&
                   now < (int64_t)certificate.expiration_hour * 3600 &&
                   certificate.expiration_hour <= now / 3600 + CERTIFICATE_LIFETIME_HOURS_MAX;
    int result = certificate_verify(&verified, encoded, size, (enum certificate_type)certificate.type,
                                    forger.signing_key, now, &error);
    FUZZ_REQUIRE((result == 0) == is_good);
    if (is_good) {
        encoded[body.length] ^= 1;
        FUZZ_REQUIRE(certificate_verify(&verified, encoded, size, (enum certificate_type)certificate.type,
                                        forger.signing_key, now, &error) != 0);
    }
    free(encoded);
    return 0;
}
