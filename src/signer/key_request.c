/* What the reader may ask of the signer: to take a frontend's key, and to forget one. */
#include "signer/key_request.h"

#include <string.h>

#include <sodium.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "signer/bundle_request.h"
#include "signer/request.h"

/* Where the fields are, see key_request.h. */
enum {
    OFFSET_UNLOCKED = 2,
    OFFSET_FRONTEND = 4,
    OFFSET_IDENTITY = 8,
    OFFSET_SCALAR = 40,
    OFFSET_NONCE_PREFIX = 72
};

static void begin(uint8_t *bytes, size_t size, enum signer_key_request_type type, size_t frontend)
{
    memset(bytes, 0, size);
    bytes[0] = SIGNER_VERSION;
    bytes[1] = (uint8_t)type;
    big_endian_write_uint32(bytes + OFFSET_FRONTEND, (uint32_t)frontend);
}

void signer_key_request_add(uint8_t bytes[SIGNER_KEY_REQUEST_SIZE],
                            const struct ed25519_secret_key *secret_key,
                            const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    begin(bytes, SIGNER_KEY_REQUEST_SIZE, SIGNER_KEY_ADD, 0);
    memcpy(bytes + OFFSET_IDENTITY, identity_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(bytes + OFFSET_SCALAR, secret_key->scalar, sizeof(secret_key->scalar));
    memcpy(bytes + OFFSET_NONCE_PREFIX, secret_key->nonce_prefix, sizeof(secret_key->nonce_prefix));
}

void signer_key_request_remove(uint8_t bytes[SIGNER_KEY_REQUEST_SIZE], size_t frontend)
{
    begin(bytes, SIGNER_KEY_REQUEST_SIZE, SIGNER_KEY_REMOVE, frontend);
}

/* Takes a key over. Returns 0, or -1. */
static int add_frontend(struct signer *signer, const uint8_t *bytes, size_t *frontend, struct error *error)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *secret_key = secret_allocate(sizeof(*secret_key));
    memcpy(secret_key->scalar, bytes + OFFSET_SCALAR, sizeof(secret_key->scalar));
    memcpy(secret_key->nonce_prefix, bytes + OFFSET_NONCE_PREFIX, sizeof(secret_key->nonce_prefix));
    ed25519_derive_public_key(identity_key, secret_key);
    if (memcmp(identity_key, bytes + OFFSET_IDENTITY, sizeof(identity_key)) != 0) {
        secret_free(secret_key);
        return error_set(error, "a secret key is not that of the frontend's address");
    }
    *frontend = signer_add_frontend(signer, secret_key, identity_key);
    return 0;
}

/* Does what a request without a bundle asks for. Returns 0, or -1. */
static int do_request(struct signer *signer, enum signer_key_request_type type, const uint8_t *bytes,
                      size_t size, size_t *frontend, struct error *error)
{
    if (size != SIGNER_KEY_REQUEST_SIZE || bytes[0] != SIGNER_VERSION || bytes[2] != 0 || bytes[3] != 0)
        return error_set(error, "the reader's request is none");
    *frontend = big_endian_read_uint32(bytes + OFFSET_FRONTEND);
    if (type == SIGNER_KEY_ADD && *frontend == 0 && signer_frontend_count(signer) < SIGNER_FRONTENDS_MAX)
        return add_frontend(signer, bytes, frontend, error);
    bool has_key = !sodium_is_zero(bytes + OFFSET_IDENTITY, SIGNER_KEY_REQUEST_SIZE - OFFSET_IDENTITY);
    if (type != SIGNER_KEY_REMOVE || has_key || !signer_has_frontend(signer, *frontend))
        return error_set(error, "the reader's request of type %u for frontend %zu can't be met", type,
                         *frontend);
    signer_remove_frontend(signer, *frontend);
    return 0;
}

size_t signer_key_request_answer(struct signer *signer, struct bundle **coming, const uint8_t *bytes,
                                 size_t size, uint8_t answer[SIGNER_KEY_ANSWER_SIZE], struct error *error)
{
    size_t frontend;
    if (size < SIGNER_KEY_ANSWER_SIZE) {
        error_set(error, "the reader's request is none");
        return 0;
    }
    enum signer_key_request_type type = (enum signer_key_request_type)bytes[1];
    bool has_bundle =
        type == SIGNER_KEY_BUNDLE || type == SIGNER_KEY_BUNDLE_PERIOD || type == SIGNER_KEY_BUNDLE_SIGNATURES;
    if (has_bundle && signer_frontend_count(signer) == SIGNER_FRONTENDS_MAX) {
        error_set(error, "the reader hands over more than %d frontends", SIGNER_FRONTENDS_MAX);
        return 0;
    }
    int result = has_bundle ? signer_bundle_request_take(signer, coming, bytes, size, &frontend, error)
                            : do_request(signer, type, bytes, size, &frontend, error);
    if (result != 0)
        return 0;
    begin(answer, SIGNER_KEY_ANSWER_SIZE, type, frontend);
    answer[OFFSET_UNLOCKED] = signer_has_frontend(signer, frontend) && !signer_is_locked(signer, frontend);
    return SIGNER_KEY_ANSWER_SIZE;
}

int signer_key_answer_parse(size_t *frontend, bool *is_locked, enum signer_key_request_type type,
                            const uint8_t *bytes, size_t size)
{
    if (size != SIGNER_KEY_ANSWER_SIZE || bytes[0] != SIGNER_VERSION || bytes[1] != type ||
        bytes[OFFSET_UNLOCKED] > 1 || bytes[3] != 0)
        return -1;
    *is_locked = bytes[OFFSET_UNLOCKED] == 0;
    *frontend = big_endian_read_uint32(bytes + OFFSET_FRONTEND);
    return 0;
}
