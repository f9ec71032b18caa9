/* One side of a channel that asks, and waits for each answer only so long. */
#include "process/conversation.h"

#include "base/memory.h"
#include "process/channel.h"

/* Milliseconds that a message of an answer that was given up on may still take. */
#define PATIENCE_LATE 100

void conversation_init(struct conversation *conversation, const struct conversation_peer *peer, int end)
{
    *conversation = (struct conversation){
        .peer = peer,
        .end = end,
        .message = secret_allocate(peer->message_size_max),
    };
}

void conversation_clear(struct conversation *conversation)
{
    secret_free(conversation->message);
    *conversation = (struct conversation){.end = -1};
}

void conversation_wipe(struct conversation *conversation)
{
    secret_wipe(conversation->message, conversation->peer->message_size_max);
}

ssize_t conversation_take(struct conversation *conversation, int64_t patience, struct error *error)
{
    const struct conversation_peer *peer = conversation->peer;
    int result = channel_wait(conversation->end, patience);
    if (result == 0) {
        /* Who is late now was given up on after the usual time before. */
        int64_t waited = patience > CONVERSATION_PATIENCE ? patience : CONVERSATION_PATIENCE;
        return error_set(error, "%s %d seconds%s", peer->is_late, (int)(waited / 1000), peer->advice);
    }
    ssize_t size =
        result > 0 ? channel_receive(conversation->end, conversation->message, peer->message_size_max) : -1;
    if (size <= 0)
        return error_set(error, "%s does not answer any more", peer->name);
    conversation->owed -= peer->ends_answer(conversation->message, (size_t)size);
    return size;
}

/* Takes a message that nobody waits for any more. Returns 0 or -1. */
static int throw_away(struct conversation *conversation, int64_t patience, struct error *error)
{
    if (conversation_take(conversation, patience, error) < 0)
        return -1;
    conversation_wipe(conversation);
    return 0;
}

void conversation_take_late(struct conversation *conversation)
{
    while (conversation->owed > 0 && channel_wait(conversation->end, 0) > 0) {
        if (throw_away(conversation, 0, NULL) != 0)
            return;
    }
}

int conversation_ask(struct conversation *conversation, const void *request, size_t size, struct error *error)
{
    return conversation_ask_with(conversation, request, size, -1, error);
}

int conversation_ask_with(struct conversation *conversation, const void *request, size_t size, int descriptor,
                          struct error *error)
{
    while (conversation->owed > 0) {
        if (throw_away(conversation, PATIENCE_LATE, error) != 0)
            return -1;
    }
    if (channel_send_descriptor(conversation->end, request, size, descriptor) != 0)
        return error_set(error, "%s does not listen any more", conversation->peer->name);
    conversation->owed++;
    return 0;
}
