/* A signer's keys and clock for tests, the same each time. */
#ifndef OBPUB_TESTS_HELPER_SIGNER_H
#define OBPUB_TESTS_HELPER_SIGNER_H

#include "signer/request.h"

#define SIGNER_NOW 1790000000     /* 2026-09-21 14:13:20 UTC */
#define SIGNER_PERIOD_LENGTH 1440 /* minutes */

/* The secret key made from a number, to be released with secret_free(), and its public key. */
struct ed25519_secret_key *signer_make_key(uint8_t number, uint8_t public_key[ED25519_PUBLIC_KEY_SIZE]);

/* The time period that the public network is in at a moment, in seconds since the epoch. */
uint64_t signer_public_period(int64_t now);

/* Requests for frontend 0 and the period of SIGNER_NOW that are answered. */
struct signer_request signer_certify_request(void);
struct signer_request signer_count_request(void);

#endif
