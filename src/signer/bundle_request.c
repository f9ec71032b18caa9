/* How the reader hands a presigned bundle to the signer: in pieces, each a request of one fixed size. */
#include "signer/bundle_request.h"

#include <string.h>

#include <sodium.h>

#include "signer/request.h"

#define HEAD_SIZE 8
#define SIGNATURES 24 /* of one piece */
#define SIGNATURES_SIZE (SIGNATURES * ED25519_SIGNATURE_SIZE)

_Static_assert(HEAD_SIZE + SIGNATURES_SIZE == SIGNER_KEY_REQUEST_SIZE_MAX, "it is the largest request");

static size_t fewer(size_t one, size_t other)
{
    return one < other ? one : other;
}

size_t signer_bundle_request_size(enum signer_key_request_type type)
{
    switch (type) {
    case SIGNER_KEY_BUNDLE:
        return HEAD_SIZE + BUNDLE_HEADER_SIZE;
    case SIGNER_KEY_BUNDLE_PERIOD:
        return HEAD_SIZE + BUNDLE_PERIOD_SIZE;
    case SIGNER_KEY_BUNDLE_SIGNATURES:
        return HEAD_SIZE + SIGNATURES_SIZE;
    default:
        return 0;
    }
}

/* -- the reader's side ---------------------------------------------------------------------------- */

static size_t begin(uint8_t *bytes, enum signer_key_request_type type)
{
    size_t size = signer_bundle_request_size(type);
    memset(bytes, 0, size);
    bytes[0] = SIGNER_VERSION;
    bytes[1] = (uint8_t)type;
    return size;
}

size_t signer_bundle_request(uint8_t *bytes, const struct bundle *bundle, size_t index)
{
    const struct bundle_plan *plan = &bundle->plan;
    size_t size;
    if (index == 0) {
        size = begin(bytes, SIGNER_KEY_BUNDLE);
        bundle_encode_header(plan, bundle->identity_key, bytes + HEAD_SIZE);
        return size;
    }
    if (--index < plan->period_count) {
        size = begin(bytes, SIGNER_KEY_BUNDLE_PERIOD);
        bundle_encode_period(bundle, &bundle->periods[index], bytes + HEAD_SIZE);
        return size;
    }
    size_t first = (index - plan->period_count) * SIGNATURES;
    if (first >= plan->certificate_count)
        return 0;
    size = begin(bytes, SIGNER_KEY_BUNDLE_SIGNATURES);
    memcpy(bytes + HEAD_SIZE, bundle->signatures[first],
           fewer(plan->certificate_count - first, SIGNATURES) * ED25519_SIGNATURE_SIZE);
    return size;
}

/* -- the signer's side ---------------------------------------------------------------------------- */

static int take_signatures(struct bundle *bundle, const uint8_t *bytes, struct error *error)
{
    size_t count = fewer(bundle->plan.certificate_count - bundle->signatures_added, SIGNATURES);
    for (size_t i = 0; i < count; i++, bytes += ED25519_SIGNATURE_SIZE)
        bundle_add_signature(bundle, bytes);
    if (count == 0 || !sodium_is_zero(bytes, (SIGNATURES - count) * ED25519_SIGNATURE_SIZE))
        return error_set(error, "a bundle has more signatures than it says");
    return 0;
}

static int take_piece(struct bundle **coming, enum signer_key_request_type type, const uint8_t *body,
                      struct error *error)
{
    if (type == SIGNER_KEY_BUNDLE) {
        bundle_free(*coming);
        *coming = bundle_begin(body, error);
        return *coming != NULL ? 0 : -1;
    }
    if (*coming == NULL)
        return error_set(error, "a piece of a bundle came without its beginning");
    if (type == SIGNER_KEY_BUNDLE_PERIOD)
        return bundle_add_period(*coming, body, error);
    if ((*coming)->periods_added < (*coming)->plan.period_count)
        return error_set(error, "a bundle's signatures came before its time periods");
    return take_signatures(*coming, body, error);
}

int signer_bundle_request_take(struct signer *signer, struct bundle **coming, const uint8_t *bytes,
                               size_t size, size_t *frontend, struct error *error)
{
    enum signer_key_request_type type = (enum signer_key_request_type)bytes[1];
    if (size != signer_bundle_request_size(type) || bytes[0] != SIGNER_VERSION ||
        !sodium_is_zero(bytes + 2, HEAD_SIZE - 2))
        return error_set(error, "the reader's request is none");
    if (take_piece(coming, type, bytes + HEAD_SIZE, error) != 0)
        return -1;
    *frontend = SIGNER_NO_FRONTEND;
    if (bundle_is_whole(*coming)) {
        *frontend = signer_add_bundle(signer, *coming);
        *coming = NULL;
    }
    return 0;
}
