/* Fuzzes the requests to the signer. The first byte says whose request it is: the engine's or the reader's.
 */
#include <string.h>

#include <sodium.h>

#include "../unit/helper_signer.h"
#include "fuzz.h"
#include "obpub/memory.h"
#include "signer/key_request.h"

#define FRONTENDS 2

/* A signer with the frontends 0 and 1. */
static struct signer *get_signer(void)
{
    static struct signer *signer;
    if (signer != NULL)
        return signer;
    signer = signer_new();
    for (uint8_t i = 0; i < FRONTENDS; i++) {
        uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
        struct ed25519_secret_key *secret_key = signer_make_key(i, identity_key);
        FUZZ_REQUIRE(signer_add_frontend(signer, secret_key, identity_key) == i);
    }
    return signer;
}

/* What was answered is what was asked for, within the bounds. */
static void check_answer(struct signer *signer, const struct signer_request *request,
                         const struct signer_answer *answer)
{
    struct error error;
    int64_t near = (int64_t)request->period.number * request->period.length * 60;
    FUZZ_REQUIRE(request->period.frontend < FRONTENDS);
    FUZZ_REQUIRE(llabs(near - SIGNER_NOW) < (int64_t)(10 + 10 + 2) * 24 * 3600);
    if (request->type == SIGNER_CERTIFY) {
        struct certificate certificate;
        FUZZ_REQUIRE(certificate_parse(&certificate, answer->certificate, CERTIFICATE_SIZE, &error) == 0);
        FUZZ_REQUIRE(certificate.expiration_hour == request->expiration_hour);
        FUZZ_REQUIRE(certificate.expiration_hour <= SIGNER_NOW / 3600 + 1 + CERTIFICATE_LIFETIME_HOURS);
        FUZZ_REQUIRE(memcmp(certificate.certified_key, request->signing_key, ED25519_PUBLIC_KEY_SIZE) == 0);
        int64_t last_second = (int64_t)request->expiration_hour * 3600 - 1;
        FUZZ_REQUIRE(request->expiration_hour == 0 ||
                     certificate_verify(&certificate, answer->certificate, CERTIFICATE_SIZE,
                                        CERTIFICATE_DESCRIPTOR_SIGNING_KEY, answer->blinded_key, last_second,
                                        &error) == 0);
    } else {
        uint64_t counter;
        FUZZ_REQUIRE(signer_count(signer, &request->period, request->seconds, &counter, &error) == 0);
        FUZZ_REQUIRE(counter == answer->counter && counter > 0);
    }
}

static void fuzz_engine(struct signer *signer, const uint8_t *data, size_t size)
{
    uint8_t bytes[SIGNER_ANSWER_SIZE_MAX], encoded[SIGNER_REQUEST_SIZE];
    struct error error = {.text = ""};
    struct signer_request request;
    struct signer_answer answer;
    size_t answer_size = signer_request_answer(signer, data, size, SIGNER_NOW, bytes, &error);
    FUZZ_REQUIRE((answer_size == 0) == (error.text[0] != '\0'));
    if (answer_size == 0)
        return;
    FUZZ_REQUIRE(signer_request_parse(&request, data, size, SIGNER_NOW, &error) == 0);
    signer_request_encode(encoded, &request);
    FUZZ_REQUIRE(size == sizeof(encoded) && memcmp(encoded, data, size) == 0);
    FUZZ_REQUIRE(signer_answer_parse(&answer, request.type, bytes, answer_size) == 0);
    check_answer(signer, &request, &answer);
}

static void fuzz_reader(struct signer *signer, const uint8_t *data, size_t size)
{
    uint8_t bytes[SIGNER_KEY_ANSWER_SIZE];
    struct error error = {.text = ""};
    size_t frontend = SIZE_MAX;
    size_t answer_size = signer_key_request_answer(signer, data, size, bytes, &error);
    FUZZ_REQUIRE((answer_size == 0) == (error.text[0] != '\0'));
    if (answer_size == 0)
        return;
    enum signer_key_request_type type = (enum signer_key_request_type)data[1];
    FUZZ_REQUIRE(signer_key_answer_parse(&frontend, type, bytes, answer_size) == 0);
    FUZZ_REQUIRE(signer_has_frontend(signer, frontend) == (type == SIGNER_KEY_ADD));
    /* As it was before. */
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (type == SIGNER_KEY_ADD)
        signer_remove_frontend(signer, frontend);
    else
        FUZZ_REQUIRE(signer_add_frontend(signer, signer_make_key((uint8_t)frontend, identity_key),
                                         identity_key) == frontend);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    if (size < 1)
        return 0;
    if (data[0] % 2 == 0)
        fuzz_engine(get_signer(), data + 1, size - 1);
    else
        fuzz_reader(get_signer(), data + 1, size - 1);
    return 0;
}
