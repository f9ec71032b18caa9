/* What the engine may ask of the signer: two requests of one fixed size, and their answers.
 *
 * All numbers are most significant byte first; bytes that a request has no use for are zero.
 *
 *     request, 56 bytes                        answer to CERTIFY, 208 bytes
 *      0   1  version, 1                        0   1  version, 1
 *      1   1  type: 1 CERTIFY, 2 COUNT          1   1  type, 1
 *      2   2  zero                              2   1  1 when the frontend's bundle has nothing for it
 *      4   4  number of the frontend            3   1  1 when the frontend has a bundle
 *      8   8  number of the time period         4  32  blinded public key of the time period
 *     16   4  its length in minutes            36 140  certificate of the descriptor signing key
 *     20   4  CERTIFY: expiration hour        176  32  with a bundle, the seed of that key, which is then
 *     24  32  CERTIFY: descriptor signing               the bundle's and not the one that was asked for
 *             public key
 *     24   8  COUNT: seconds                   answer to COUNT, 12 bytes
 *                                               0   1  version, 1
 *                                               1   1  type, 2
 *                                               2   1  1 when the frontend's bundle has nothing for it
 *                                               3   1  zero
 *                                               4   8  revision counter
 */
#ifndef OBPUB_SIGNER_REQUEST_H
#define OBPUB_SIGNER_REQUEST_H

#include "signer/signer.h"

#define SIGNER_VERSION 1

enum signer_request_type {
    SIGNER_CERTIFY = 1,
    SIGNER_COUNT = 2,
};

#define SIGNER_REQUEST_SIZE 56
#define SIGNER_CERTIFY_ANSWER_SIZE 208
#define SIGNER_COUNT_ANSWER_SIZE 12
#define SIGNER_ANSWER_SIZE_MAX SIGNER_CERTIFY_ANSWER_SIZE

struct signer_request {
    enum signer_request_type type;
    struct signer_period period;
    uint32_t expiration_hour;                     /* SIGNER_CERTIFY: hours since the epoch */
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE]; /* SIGNER_CERTIFY */
    int64_t seconds;                              /* SIGNER_COUNT */
};

/* Secret when is_presigned: to be wiped. */
struct signer_answer {
    bool is_missing;                              /* the bundle has nothing for it; all else is zero */
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE]; /* SIGNER_CERTIFY */
    uint8_t certificate[CERTIFICATE_SIZE];        /* SIGNER_CERTIFY */
    bool is_presigned;                            /* SIGNER_CERTIFY */
    uint8_t signing_seed[ED25519_SEED_SIZE];      /* SIGNER_CERTIFY, when is_presigned */
    uint64_t counter;                             /* SIGNER_COUNT */
};

/* Checks what a request asks for against the clock (wall_now, seconds since the epoch): a time period of 1 to
 * 14400 minutes that tor could be publishing for now or that is next to one, an expiry that is no later than
 * tor's own, a signing key that is one, seconds that can be encrypted. Returns 0, or -1 with what is wrong.
 * The engine calls it too, so that a clock that is wrong costs it an upload and not the conversation. */
int signer_request_check(const struct signer_request *request, int64_t wall_now, struct error *error);

void signer_request_encode(uint8_t bytes[SIGNER_REQUEST_SIZE], const struct signer_request *request);

/* Reads a request of size bytes and checks all of it. Returns 0, or -1 with what is wrong. Whether there is
 * such a frontend is the signer's to know. */
int signer_request_parse(struct signer_request *request, const uint8_t *bytes, size_t size, int64_t wall_now,
                         struct error *error);

/* Parses a request, has the signer do what it asks, and writes the answer. Returns the answer's size; or 0
 * when the request is not one that an honest engine makes, and the conversation has to end. */
size_t signer_request_answer(struct signer *signer, const uint8_t *bytes, size_t size, int64_t wall_now,
                             uint8_t answer[SIGNER_ANSWER_SIZE_MAX], struct error *error);

/* Reads the answer of size bytes to a request of that type. Returns 0, or -1 when it is none. */
int signer_answer_parse(struct signer_answer *answer, enum signer_request_type type, const uint8_t *bytes,
                        size_t size);

#endif
