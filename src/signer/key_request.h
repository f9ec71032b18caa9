/* What the reader may ask of the signer: to take a frontend's key, or the bundle that stands in its place
 * (bundle_request.h), and to forget one.
 *
 *     request, 104 bytes                       answer, 8 bytes
 *      0   1  version, 1                        0   1  version, 1
 *      1   1  type: 1 ADD, 2 REMOVE             1   1  the request's type
 *      2   2  zero                              2   1  1 when its secrets are not locked into memory
 *                                               3   1  zero
 *      4   4  REMOVE: number of the frontend    4   4  number of the frontend
 *      8  32  ADD: identity key
 *     40  64  ADD: secret key, scalar and nonce prefix
 */
#ifndef OBPUB_SIGNER_KEY_REQUEST_H
#define OBPUB_SIGNER_KEY_REQUEST_H

#include "signer/signer.h"

enum signer_key_request_type {
    SIGNER_KEY_ADD = 1,
    SIGNER_KEY_REMOVE = 2,
    SIGNER_KEY_BUNDLE = 3, /* these three are in bundle_request.h */
    SIGNER_KEY_BUNDLE_PERIOD = 4,
    SIGNER_KEY_BUNDLE_SIGNATURES = 5,
};

#define SIGNER_KEY_REQUEST_SIZE 104
#define SIGNER_KEY_REQUEST_SIZE_MAX 1544 /* of those with a bundle */
#define SIGNER_KEY_ANSWER_SIZE 8

/* The number in the answer to a piece of a bundle that is not the last. */
#define SIGNER_NO_FRONTEND UINT32_MAX

/* Write the requests; bytes are secret memory of the caller's. */
void signer_key_request_add(uint8_t bytes[SIGNER_KEY_REQUEST_SIZE],
                            const struct ed25519_secret_key *secret_key,
                            const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]);
void signer_key_request_remove(uint8_t bytes[SIGNER_KEY_REQUEST_SIZE], size_t frontend);

/* Checks a request of size bytes, has the signer do what it asks, and writes the answer. Returns the answer's
 * size; or 0 when it is not one that the reader makes: another size or type, a secret key that is not the
 * identity key's, a frontend that is not there, or too many. *coming is the bundle of which not all pieces
 * are there yet, NULL at first; to be released with bundle_free() in the end. */
size_t signer_key_request_answer(struct signer *signer, struct bundle **coming, const uint8_t *bytes,
                                 size_t size, uint8_t answer[SIGNER_KEY_ANSWER_SIZE], struct error *error);

/* Reads the answer of size bytes to a request of that type: the frontend's number, and whether all its
 * secrets are locked into memory. Returns 0, or -1 when it is none. */
int signer_key_answer_parse(size_t *frontend, bool *is_locked, enum signer_key_request_type type,
                            const uint8_t *bytes, size_t size);

#endif
