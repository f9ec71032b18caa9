/* The STREAM events of uploads to directories: which stream carries one, when that has reached the directory,
 * and when it is over
 * (control-spec 4.1.2). */
#ifndef OBPUB_CONTROL_STREAM_EVENT_H
#define OBPUB_CONTROL_STREAM_EVENT_H

#include <stdint.h>

#include "control/reply.h"
#include "onion/consensus.h"

enum stream_action {
    STREAM_BEGINS_UPLOAD, /* a new stream that carries an upload to a directory */
    STREAM_IS_CONNECTED,  /* any stream: the other end has been reached */
    STREAM_ENDS,          /* any stream */
};

struct stream_event {
    enum stream_action action;
    uint64_t stream;                             /* its number at this tor, never 0 */
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]; /* of the directory, where an upload begins */
};

/* Reads an event. Returns 0, or -1 when it is another kind of event, of no interest here, or malformed. */
int stream_event_parse(struct stream_event *event, const struct control_reply *reply);

#endif
