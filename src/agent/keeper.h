/* The keeper's process: holds an agent's secret, and answers two requests of a fixed size. */
#ifndef OBPUB_AGENT_KEEPER_H
#define OBPUB_AGENT_KEEPER_H

#include "agent/stranger.h"
#include "base/error.h"

/* Answers the requests that come through the channel until it is closed. The key (secret_proof.h) stays the
 * caller's. Returns 0, or -1 when a request was none. libsodium must have been initialised. */
int keeper_run(int end, const uint8_t key[SECRET_KEY_SIZE], struct error *error);

/* The other end of that channel. */
struct keeper_client {
    int end;
    bool is_lost; /* the keeper has not answered: nobody can be let in any more */
};

/* Ask the keeper, and wait for its answer, which takes microseconds to make: what struct stranger_prover
 * needs, with a struct keeper_client as context. Where the keeper does not answer both fail. */
int keeper_ask_challenge(struct cookie_challenge *challenge, void *context);
int keeper_ask_check(const struct cookie_challenge *challenge, const uint8_t hash[SHA256_SIZE],
                     void *context);

#endif
