/* Makes bundles for the tests, the same ones in every run. */
#ifndef OBPUB_TESTS_HELPER_BUNDLE_H
#define OBPUB_TESTS_HELPER_BUNDLE_H

#include "onion/bundle.h"

extern const struct time_schedule schedule_public, schedule_testing;

/* A master key from secret_allocate() and its identity key; the same for the same number. */
struct ed25519_secret_key *make_master_key(uint8_t number, uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]);

/* A bundle of that master key for days from now on, with signing keys that depend on the periods alone. */
struct bundle *make_bundle(uint8_t number, const struct time_schedule *schedule, int64_t now, unsigned days);

/* The same, cut to the first time period and so few hours as that one has. */
struct bundle *make_small_bundle(uint8_t number, const struct time_schedule *schedule, int64_t now,
                                 uint32_t hours);

/* Encodes a bundle and frees it. *length bytes, to be released with secret_free(). */
uint8_t *encode_bundle(struct bundle *bundle, size_t *length);

/* Makes the checksum of an encoded bundle fit whatever else was changed in it. */
void correct_checksum(uint8_t *bytes, size_t length);

#endif
