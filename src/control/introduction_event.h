/* The CIRC_MINOR event by which a tor tells that an introduction point has refused to introduce it. */
#ifndef OBPUB_CONTROL_INTRODUCTION_EVENT_H
#define OBPUB_CONTROL_INTRODUCTION_EVENT_H

#include <stdint.h>

#include "control/reply.h"
#include "onion/consensus.h"
#include "onion/onion_address.h"

/* An introduction point that has answered that it does not know the service (any more): its circuit from
 * there is gone. */
struct introduction_refusal {
    char address[ONION_ADDRESS_SIZE];      /* the service's */
    uint8_t point[RELAY_FINGERPRINT_SIZE]; /* the relay */
};

/* Reads an event (control-spec 4.1.21): a circuit on which an introduction was asked for is connecting again,
 * as tor has it when that was answered with no. Returns 0, or -1 when it is any other event, or malformed. */
int introduction_refusal_parse(struct introduction_refusal *refusal, const struct control_reply *reply);

#endif
