/* The HS_DESC and HS_DESC_CONTENT events: what a tor says of descriptors it uploads and fetches
 * (control-spec 4.1.25 and 4.1.26). */
#ifndef OBPUB_CONTROL_HS_DESC_EVENT_H
#define OBPUB_CONTROL_HS_DESC_EVENT_H

#include <stdint.h>

#include "control/reply.h"
#include "onion/consensus.h"
#include "onion/onion_address.h"

enum hs_desc_action {
    HS_DESC_OTHER, /* REQUESTED, RECEIVED, IGNORE and what may come yet */
    HS_DESC_CREATED,
    HS_DESC_UPLOAD,
    HS_DESC_UPLOADED,
    HS_DESC_FAILED,
    HS_DESC_CONTENT,
};

/* Why an upload or a fetch failed: all that control-spec and tor know. */
enum hs_desc_reason {
    HS_DESC_REASON_NONE, /* none is given */
    HS_DESC_BAD_DESC,
    HS_DESC_NOT_FOUND,
    HS_DESC_QUERY_REJECTED,
    HS_DESC_QUERY_NO_HSDIR,
    HS_DESC_QUERY_RATE_LIMITED,
    HS_DESC_UPLOAD_REJECTED,
    HS_DESC_UNEXPECTED,
    HS_DESC_REASON_OTHER, /* one that may come yet */
};

#define HS_DESC_REASON_WORD_SIZE 40

struct hs_desc_event {
    enum hs_desc_action action;
    bool has_address;
    char address[ONION_ADDRESS_SIZE]; /* older tors say UNKNOWN for an upload */
    bool has_fingerprint;
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]; /* of the HSDir */
    bool has_blinded_key;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE]; /* of an UPLOAD, where tor names it */
    enum hs_desc_reason reason;                   /* REASON= */
    char reason_word[HS_DESC_REASON_WORD_SIZE];   /* the same as tor says it, only to be shown; "" for none */
    const char *content;                          /* of HS_DESC_CONTENT; empty when the HSDir has nothing */
    size_t content_length;                        /* bytes */
};

/* Reads an event. Returns 0, or -1 when it is another kind of event or malformed. content points into the
 * reply. */
int hs_desc_event_parse(struct hs_desc_event *event, const struct control_reply *reply);

#endif
