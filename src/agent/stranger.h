/* The conversation with somebody at an agent's door who has not yet shown that he knows the secret; without
 * any input, output or randomness. */
#ifndef OBPUB_AGENT_STRANGER_H
#define OBPUB_AGENT_STRANGER_H

#include <stdbool.h>
#include <stdint.h>

#include "control/secret_proof.h"

/* Characters of the longest line that a stranger has reason to send, without its line end. */
#define STRANGER_LINE_MAX (sizeof("AUTHCHALLENGE " SECRET_PROOF_METHOD " ") - 1 + 2 * COOKIE_NONCE_SIZE)
/* Room for the longest answer, with a NUL. */
#define STRANGER_ANSWER_SIZE 256
/* Commands in which he has to show that he knows the secret. */
#define STRANGER_COMMANDS_MAX 4

enum stranger_step {
    STRANGER_UNKNOWN,
    STRANGER_CHALLENGED, /* has a nonce, and is to prove that he knows the secret */
};

struct stranger {
    enum stranger_step step;
    unsigned commands; /* that he has sent */
    struct cookie_challenge challenge;
};

/* The one who knows the secret. */
struct stranger_prover {
    /* Adds nonce and hash of the agent to a challenge that has the client's nonce. Returns 0 or -1. */
    int (*challenge)(struct cookie_challenge *challenge, void *context);
    /* Whether the client's hash proves that he knows the secret: 0 or -1. */
    int (*check)(const struct cookie_challenge *challenge, const uint8_t hash[SHA256_SIZE], void *context);
    void *context;
};

enum stranger_verdict {
    STRANGER_ANSWERED, /* he may go on */
    STRANGER_REFUSED,  /* he is to be told so, and the connection closed */
    STRANGER_WRONG,    /* likewise, with STRANGER_WRONG_PROOF, but only after a while: he has guessed */
    STRANGER_LET_IN,   /* what there is to say comes from whoever takes him over: "250 OK" */
};

#define STRANGER_WRONG_PROOF "515 Authentication failed: Wrong proof of the secret.\r\n"

/* Takes a NUL-terminated line without its line end, and writes the answer, with its line end. The version of
 * the tor is not told: no publisher needs it. */
enum stranger_verdict stranger_take_line(struct stranger *stranger, const char *line,
                                         const struct stranger_prover *prover,
                                         char answer[STRANGER_ANSWER_SIZE]);

#endif
