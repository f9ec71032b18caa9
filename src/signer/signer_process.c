/* The signer's process: waits for requests of the engine and of the reader, and answers them.
 *
 * Whoever wants to know whether the keys are safe in here reads this loop, then request.c (all that the
 * engine can say), key_request.c and bundle_request.c (all that the reader can say), and signer.c (what is
 * done with the keys). Where there are bundles, the pieces of one are decoded by the second half of
 * onion/bundle_encoding.c. */
#include "signer/signer_process.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "process/channel.h"
#include "signer/clock_limit.h"
#include "signer/key_request.h"
#include "signer/request.h"

#define REQUEST_SIZE_MAX SIGNER_KEY_REQUEST_SIZE_MAX

_Static_assert(SIGNER_REQUEST_SIZE <= REQUEST_SIZE_MAX, "every request fits into the buffer");
_Static_assert(SIGNER_KEY_ANSWER_SIZE <= SIGNER_ANSWER_SIZE_MAX, "every answer fits into the buffer");

enum { ENGINE, READER, PEERS };

/* Answers what the engine asks. Returns the answer's size, or 0 when the conversation has to end: also when
 * the clock is too far ahead, since whoever has taken the engine over and can set the clock would have
 * certificates for any time to come. */
static size_t answer_engine(struct signer *signer, struct clock_limit *limit, const uint8_t *bytes,
                            size_t size, uint8_t answer[SIGNER_ANSWER_SIZE_MAX], struct error *error)
{
    int64_t wall_now = clock_wall_seconds(), passed_now = clock_passed_seconds();
    clock_limit_note(limit, wall_now, passed_now);
    if (clock_limit_check(limit, wall_now, passed_now, CLOCK_LIMIT_AHEAD, error) != 0)
        return 0;
    return signer_request_answer(signer, bytes, size, wall_now, answer, error);
}

/* Takes one request of a peer and answers it. Returns 1; 0 when the peer has ended, or -1. */
static int serve(struct signer *signer, struct clock_limit *limit, struct bundle **coming, int peer, int end,
                 uint8_t *bytes, struct error *error)
{
    uint8_t answer[SIGNER_ANSWER_SIZE_MAX];
    ssize_t size = channel_receive(end, bytes, REQUEST_SIZE_MAX);
    if (size <= 0)
        return size == 0 ? 0 : error_set(error, "a request is too long");
    size_t answer_size = peer == ENGINE
                             ? answer_engine(signer, limit, bytes, (size_t)size, answer, error)
                             : signer_key_request_answer(signer, coming, bytes, (size_t)size, answer, error);
    secret_wipe(bytes, REQUEST_SIZE_MAX);
    if (answer_size == 0)
        return -1;
    int sent = channel_send(end, answer, answer_size);
    secret_wipe(answer, sizeof(answer));
    return sent == 0 ? 1 : 0;
}

int signer_process_run(int engine, int reader, struct error *error)
{
    struct signer *signer = signer_new();
    struct clock_limit limit = {0};
    struct bundle *coming = NULL; /* in pieces, from the reader */
    uint8_t *bytes = secret_allocate(REQUEST_SIZE_MAX);
    struct pollfd peers[PEERS] = {
        [ENGINE] = {.fd = engine, .events = POLLIN},
        [READER] = {.fd = reader, .events = POLLIN},
    };
    int result = 1;
    while (result > 0) {
        if (poll(peers, PEERS, -1) < 0) {
            result = errno == EINTR ? 1 : error_set(error, "poll() fails (%s)", strerror(errno));
            continue;
        }
        for (int peer = 0; peer < PEERS && result > 0; peer++) {
            if (peers[peer].revents != 0)
                result = serve(signer, &limit, &coming, peer, peers[peer].fd, bytes, error);
        }
    }
    secret_free(bytes);
    bundle_free(coming);
    signer_free(signer);
    return result;
}
