/* How the reader hands a presigned bundle to the signer: in pieces, each a request of one fixed size.
 *
 *     BUNDLE, 100 bytes        PERIOD, 112 bytes        SIGNATURES, 1544 bytes
 *      0   1  version, 1        0   1  version, 1        0    1  version, 1
 *      1   1  type, 3           1   1  type, 4           1    1  type, 5
 *      2   6  zero              2   6  zero              2    6  zero
 *      8  92  header            8 104  period record     8 1536  24 signatures, zero behind the last one
 *
 * They come in this order, as in an encoded bundle (obpub/onion/bundle.h). The answer is as to every request
 * of the reader's (key_request.h); the number of the frontend is SIGNER_NO_FRONTEND until the last piece.
 */
#ifndef OBPUB_SIGNER_BUNDLE_REQUEST_H
#define OBPUB_SIGNER_BUNDLE_REQUEST_H

#include "signer/key_request.h"

/* The size of a request of a type; 0 when it is none of these. */
size_t signer_bundle_request_size(enum signer_key_request_type type);

/* Writes the piece with this index, from 0 on; bytes are SIGNER_KEY_REQUEST_SIZE_MAX of the caller's secret
 * memory. Returns its size, or 0 when there are no more. */
size_t signer_bundle_request(uint8_t *bytes, const struct bundle *bundle, size_t index);

/* Checks a piece of size bytes, whose type is one of these, and adds it to *coming, which it makes with the
 * first one. With the last one the signer takes *coming over, which becomes NULL, and *frontend is the
 * number; before that it is SIGNER_NO_FRONTEND. Returns 0, or -1 when it is not what the reader would send
 * now. */
int signer_bundle_request_take(struct signer *signer, struct bundle **coming, const uint8_t *bytes,
                               size_t size, size_t *frontend, struct error *error);

#endif
