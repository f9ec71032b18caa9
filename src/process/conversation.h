/* One side of a channel that asks, and waits for each answer only so long. Answers come in the order of the
 * requests: the rest of one that was given up on is thrown away when it comes, before the next request. */
#ifndef OBPUB_PROCESS_CONVERSATION_H
#define OBPUB_PROCESS_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Milliseconds that an answer may take where nothing else is said. */
#define CONVERSATION_PATIENCE 10000

/* The one that answers. */
struct conversation_peer {
    const char *name;    /* for sentences: "the signer" */
    const char *is_late; /* "the signer has not answered for" (seconds) */
    const char *advice;  /* what stands behind the seconds */
    bool (*ends_answer)(const uint8_t *message, size_t size); /* whether a message is the last of an answer */
    size_t message_size_max;
};

struct conversation {
    const struct conversation_peer *peer;
    int end;
    uint8_t *message; /* the one that was taken last, in secret memory */
    size_t owed;      /* answers of which the end has not been taken */
};

/* end is the asking end of the channel, which stays the caller's. */
void conversation_init(struct conversation *conversation, const struct conversation_peer *peer, int end);
void conversation_clear(struct conversation *conversation);

/* Sends a request of 1 or more bytes. What is left of earlier answers is thrown away first; for each message
 * of theirs there is only a moment, so that a peer that hangs does not hold up who asks it again and again.
 * Returns 0, or -1 when one of them does not come, or the peer is gone. */
int conversation_ask(struct conversation *conversation, const void *request, size_t size,
                     struct error *error);

/* The same with a copy of a file descriptor; -1 for none. */
int conversation_ask_with(struct conversation *conversation, const void *request, size_t size, int descriptor,
                          struct error *error);

/* Takes the next message of the answer, which is at conversation->message until the next call. Returns its
 * size, or -1 when it has not come within patience milliseconds, or the peer is gone. */
ssize_t conversation_take(struct conversation *conversation, int64_t patience, struct error *error);

/* Throws away what has come of answers that were given up on. Does not wait. */
void conversation_take_late(struct conversation *conversation);

/* Wipes the message that was taken last. */
void conversation_wipe(struct conversation *conversation);

#endif
