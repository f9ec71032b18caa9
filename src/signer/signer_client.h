/* The engine's side of the signer: asks, and waits for the answer. */
#ifndef OBPUB_SIGNER_SIGNER_CLIENT_H
#define OBPUB_SIGNER_SIGNER_CLIENT_H

#include "signer/request.h"

struct signer_client;

/* end is the engine's end of the channel to the signer, which stays the caller's. */
struct signer_client *signer_client_new(int end);
void signer_client_free(struct signer_client *client);

/* Asks the signer for what signer_certify() does, waiting for the answer, for ten seconds at most. What the
 * signer would not take is not asked. The answer is to be wiped, as it has the seed of the signing key in it
 * when the frontend has a bundle: that is the key that was certified then. Returns 0, or -1. */
int signer_client_certify(struct signer_client *client, const struct signer_period *period,
                          const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE], uint32_t expiration_hour,
                          struct signer_answer *answer, struct error *error);

/* Asks for what signer_count() does, likewise. */
int signer_client_count(struct signer_client *client, const struct signer_period *period, int64_t seconds,
                        uint64_t *counter, struct error *error);

/* Whether the clock is such that the signer would still answer. Returns 0, or -1 with what is wrong and what
 * to do: it was set forward by more than CLOCK_LIMIT_AHEAD since the signer was first asked, and does not
 * come back by itself. */
int signer_client_check_clock(const struct signer_client *client, struct error *error);

/* Takes answers that came too late for their requests. */
void signer_client_take_late(struct signer_client *client);

#endif
