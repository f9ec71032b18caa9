/* A stand-in for what may listen where a control port should be: it says what a test wants it to say. It
 * stands in for peers that misbehave, which no real tor can be made to do; test_control_tor.c has the real
 * one. */
#ifndef OBPUB_TESTS_HELPER_CONTROL_PEER_H
#define OBPUB_TESTS_HELPER_CONTROL_PEER_H

#include <event2/event.h>
#include <stddef.h>

/* What the peer does once it has given an answer. */
enum peer_then {
    PEER_GO_ON,
    PEER_CLOSE,   /* closes the connection in an orderly way */
    PEER_RESET,   /* breaks it off */
    PEER_REPEAT,  /* gives the same answer again, for ever */
    PEER_TRICKLE, /* gives the answer one byte every millisecond instead of at once */
};

/* One step of a script: a line that begins with this comes, and gets this answer. */
struct peer_step {
    const char *line; /* "" for any line, NULL for none: the answer is given at once */
    const char *answer;
    enum peer_then then;
};

struct control_peer;

/* Listens on a unix socket, or where socket_path is NULL on a port of 127.0.0.1, and goes through the steps
 * (which have to stay) with the first who connects. */
struct control_peer *control_peer_new(struct event_base *base, const char *socket_path,
                                      const struct peer_step *steps, size_t step_count);

void control_peer_free(struct control_peer *peer);

/* The port it listens on. */
unsigned control_peer_port(const struct control_peer *peer);

/* All that has been sent to it (the first 64 KiB). */
const char *control_peer_received(const struct control_peer *peer);

#endif
