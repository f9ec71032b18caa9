/* The one holder of master keys: it certifies descriptor signing keys and makes revision counters, nothing
 * else. */
#ifndef OBPUB_SIGNER_SIGNER_H
#define OBPUB_SIGNER_SIGNER_H

#include <stddef.h>

#include "crypto/certificate.h"
#include "onion/bundle.h"

struct signer;

struct signer *signer_new(void);

/* Wipes every key. NULL is fine. */
void signer_free(struct signer *signer);

/* Hands a frontend's master key over: secret_key is memory from secret_allocate(), and is wiped and released.
 * Returns the frontend's number, counted from 0. */
size_t signer_add_frontend(struct signer *signer, struct ed25519_secret_key *secret_key,
                           const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]);

/* Hands over a whole bundle that was presigned with a frontend's master key; it is the signer's from now on.
 * Returns the frontend's number, likewise. */
size_t signer_add_bundle(struct signer *signer, struct bundle *bundle);

/* Frontends that a signer may be handed by other processes: those of two configs, one replacing the other. */
#define SIGNER_FRONTENDS_MAX 2000

bool signer_has_frontend(const struct signer *signer, size_t frontend);

/* True for a frontend that has a bundle in the place of a key. */
bool signer_is_presigned(const struct signer *signer, size_t frontend);

/* Whether all secrets of a frontend are in memory that is never written to the swap. It must be there. */
bool signer_is_locked(const struct signer *signer, size_t frontend);

/* How many frontends it has. */
size_t signer_frontend_count(const struct signer *signer);

/* Wipes a frontend's keys. Its number is given again. The frontend must be there. */
void signer_remove_frontend(struct signer *signer, size_t frontend);

/* A time period of a frontend. */
struct signer_period {
    size_t frontend;
    uint64_t number;
    uint32_t length; /* minutes */
};

/* The hour (since the epoch) at which tor would have a certificate for a descriptor signing key expire that
 * it made at wall_now (seconds since the epoch): the end of the hour in which its lifetime ends. */
uint32_t signer_expiration_hour(int64_t wall_now);

/* Certifies a descriptor signing key (rend-spec-v3 [DESC-OUTER], descriptor-signing-key-cert): writes the
 * period's blinded public key and the certificate for signing_key, which is good until expiration_hour (hours
 * since the epoch). wall_now is in seconds since the epoch. Returns 0, or -1 when the frontend is unknown or
 * has a bundle, or the expiry is later than signer_expiration_hour(). */
int signer_certify(struct signer *signer, const struct signer_period *period,
                   const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE], uint32_t expiration_hour,
                   int64_t wall_now, uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                   uint8_t certificate[CERTIFICATE_SIZE], struct error *error);

/* The same for a frontend with a bundle, where the descriptor signing key is in the bundle: writes its seed,
 * too. The certificate is good until expiration_hour or, if that is sooner, until the bundle's days end.
 * Returns 0; 1 when the bundle does not have the time period or no good certificate for it; or -1 as above.
 */
int signer_certify_presigned(struct signer *signer, const struct signer_period *period,
                             uint32_t expiration_hour, int64_t wall_now,
                             uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                             uint8_t certificate[CERTIFICATE_SIZE], uint8_t signing_seed[ED25519_SEED_SIZE],
                             struct error *error);

/* The revision counter for seconds, see revision_counter_encrypt(). Returns 0; 1 when the frontend's bundle
 * does not have the time period; or -1. */
int signer_count(struct signer *signer, const struct signer_period *period, int64_t seconds,
                 uint64_t *counter, struct error *error);

#endif
