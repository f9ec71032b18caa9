/* Fuzzes the requests to the signer. The first byte says whose request it is: the engine's or the reader's,
 * or whether there are all those with which the reader hands a bundle over. */
#include <string.h>

#include <sodium.h>

#include "../unit/helper_bundle.h"
#include "../unit/helper_signer.h"
#include "base/memory.h"
#include "fuzz.h"
#include "signer/bundle_request.h"

#define FRONTENDS 3
#define PRESIGNED 2 /* the one with a bundle */
/* So that its days end before the last certificate that may be asked for, and after the first that there is.
 */
#define PRESIGNED_AT (SIGNER_NOW - 20 * 3600)
#define PRESIGNED_DAYS 3
#define PIECES 2 /* as the first byte */

/* The hour in which the days of the presigned frontend's bundle end. */
static uint32_t presigned_end_hour(void)
{
    return (uint32_t)((PRESIGNED_AT + 3599) / 3600 + PRESIGNED_DAYS * 24);
}

static void add_presigned(struct signer *signer)
{
    struct bundle *bundle = make_bundle(3, &schedule_public, PRESIGNED_AT, PRESIGNED_DAYS);
    FUZZ_REQUIRE(signer_add_bundle(signer, bundle) == PRESIGNED);
}

/* A signer with frontends. */
static struct signer *get_signer(void)
{
    static struct signer *signer;
    if (signer != NULL)
        return signer;
    signer = signer_new();
    for (uint8_t i = 0; i < PRESIGNED; i++) {
        uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
        struct ed25519_secret_key *secret_key = signer_make_key(i, identity_key);
        FUZZ_REQUIRE(signer_add_frontend(signer, secret_key, identity_key) == i);
    }
    add_presigned(signer);
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
    FUZZ_REQUIRE(!answer->is_missing || request->period.frontend == PRESIGNED);
    if (answer->is_missing) {
        FUZZ_REQUIRE(!answer->is_presigned && answer->counter == 0);
        FUZZ_REQUIRE(sodium_is_zero(answer->signing_seed, sizeof(answer->signing_seed)));
        return;
    }
    if (request->type == SIGNER_CERTIFY) {
        struct certificate certificate;
        FUZZ_REQUIRE(certificate_parse(&certificate, answer->certificate, CERTIFICATE_SIZE, &error) == 0);
        uint32_t expected = request->expiration_hour;
        if (request->period.frontend == PRESIGNED && expected > presigned_end_hour())
            expected = presigned_end_hour();
        FUZZ_REQUIRE(certificate.expiration_hour == expected);
        FUZZ_REQUIRE(certificate.expiration_hour <= SIGNER_NOW / 3600 + 1 + CERTIFICATE_LIFETIME_HOURS);
        struct ed25519_secret_key signing_secret_key;
        uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
        memcpy(signing_key, request->signing_key, sizeof(signing_key));
        FUZZ_REQUIRE(answer->is_presigned == (request->period.frontend == PRESIGNED));
        if (answer->is_presigned) {
            ed25519_expand_seed(&signing_secret_key, answer->signing_seed);
            ed25519_derive_public_key(signing_key, &signing_secret_key);
        }
        FUZZ_REQUIRE(memcmp(certificate.certified_key, signing_key, sizeof(signing_key)) == 0);
        int64_t last_second = (int64_t)expected * 3600 - 1;
        FUZZ_REQUIRE(expected == 0 || certificate_verify(&certificate, answer->certificate, CERTIFICATE_SIZE,
                                                         CERTIFICATE_DESCRIPTOR_SIGNING_KEY,
                                                         answer->blinded_key, last_second, &error) == 0);
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

/* A request to add or to remove a frontend is just what the reader makes of what was understood. */
static void check_key_request(enum signer_key_request_type type, size_t frontend, const uint8_t *data)
{
    const uint8_t *identity_key = data + 8;
    uint8_t bytes[SIGNER_KEY_REQUEST_SIZE];
    struct ed25519_secret_key secret_key;
    if (type == SIGNER_KEY_ADD) {
        memcpy(&secret_key, identity_key + ED25519_PUBLIC_KEY_SIZE, sizeof(secret_key));
        signer_key_request_add(bytes, &secret_key, identity_key);
        FUZZ_REQUIRE(memcmp(bytes + 8, data + 8, sizeof(bytes) - 8) == 0);
    } else {
        signer_key_request_remove(bytes, frontend);
        FUZZ_REQUIRE(memcmp(bytes, data, 8) == 0);
    }
}

static void fuzz_reader(struct signer *signer, const uint8_t *data, size_t size)
{
    uint8_t bytes[SIGNER_KEY_ANSWER_SIZE];
    struct error error = {.text = ""};
    size_t frontend = SIZE_MAX;
    bool is_locked;
    struct bundle *coming = NULL;
    size_t answer_size = signer_key_request_answer(signer, &coming, data, size, bytes, &error);
    bundle_free(coming);
    FUZZ_REQUIRE((answer_size == 0) == (error.text[0] != '\0'));
    if (answer_size == 0)
        return;
    enum signer_key_request_type type = (enum signer_key_request_type)data[1];
    FUZZ_REQUIRE(signer_key_answer_parse(&frontend, &is_locked, type, bytes, answer_size) == 0);
    if (frontend == SIGNER_NO_FRONTEND)
        return; /* the beginning of a bundle */
    check_key_request(type, frontend, data);
    if (type == SIGNER_KEY_REMOVE && frontend == PRESIGNED) {
        add_presigned(signer);
        return;
    }
    FUZZ_REQUIRE(signer_has_frontend(signer, frontend) == (type == SIGNER_KEY_ADD));
    /* It is what the reader would have written; and all is made as it was before. */
    uint8_t encoded[SIGNER_KEY_REQUEST_SIZE], identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (type == SIGNER_KEY_ADD) {
        struct ed25519_secret_key secret_key;
        memcpy(&secret_key, data + 40, sizeof(secret_key));
        signer_key_request_add(encoded, &secret_key, data + 8);
        signer_remove_frontend(signer, frontend);
    } else {
        signer_key_request_remove(encoded, frontend);
        FUZZ_REQUIRE(signer_add_frontend(signer, signer_make_key((uint8_t)frontend, identity_key),
                                         identity_key) == frontend);
    }
    FUZZ_REQUIRE(size == sizeof(encoded) && memcmp(encoded, data, size) == 0);
}

/* What was taken of a bundle that is not whole yet is, handed over again, the last piece that came. */
static void check_piece(const struct bundle *bundle, const uint8_t *data, size_t size)
{
    uint8_t piece[SIGNER_KEY_REQUEST_SIZE_MAX];
    size_t index = bundle->periods_added;
    if (bundle->signatures_added > 0)
        index += (bundle->signatures_added + 23) / 24;
    FUZZ_REQUIRE(signer_bundle_request(piece, bundle, index) == size);
    FUZZ_REQUIRE(memcmp(piece, data, size) == 0);
}

/* Requests that are as long as their types say, one after the other, until one is not answered. */
static void fuzz_pieces(struct signer *signer, const uint8_t *data, size_t size)
{
    struct bundle *coming = NULL;
    size_t answered = 1;
    while (size >= 2 && answered > 0) {
        uint8_t bytes[SIGNER_KEY_ANSWER_SIZE];
        struct error error = {.text = ""};
        bool is_locked;
        size_t frontend, piece = signer_bundle_request_size((enum signer_key_request_type)data[1]);
        if (piece == 0 || piece > size)
            break;
        answered = signer_key_request_answer(signer, &coming, data, piece, bytes, &error);
        FUZZ_REQUIRE((answered == 0) == (error.text[0] != '\0'));
        if (answered > 0) {
            enum signer_key_request_type type = (enum signer_key_request_type)data[1];
            FUZZ_REQUIRE(signer_key_answer_parse(&frontend, &is_locked, type, bytes, answered) == 0);
            FUZZ_REQUIRE((frontend == SIGNER_NO_FRONTEND) == (coming != NULL));
            if (coming == NULL)
                signer_remove_frontend(signer, frontend);
            else
                check_piece(coming, data, piece);
        }
        data += piece;
        size -= piece;
    }
    bundle_free(coming);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    if (size < 1)
        return 0;
    if (data[0] == PIECES)
        fuzz_pieces(get_signer(), data + 1, size - 1);
    else if (data[0] % 2 == 0)
        fuzz_engine(get_signer(), data + 1, size - 1);
    else
        fuzz_reader(get_signer(), data + 1, size - 1);
    return 0;
}
