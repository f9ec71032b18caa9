/* Builds a frontend's superdescriptor and hands it to the local tor (HSPOST). */
#ifndef OBPUB_ENGINE_UPLOAD_H
#define OBPUB_ENGINE_UPLOAD_H

#include "control/connection.h"
#include "publish/publisher.h"
#include "signer/signer.h"

/* What one of a frontend's descriptors keeps for the whole of its time period, as tor's own do. */
struct upload_keys {
    bool is_set;
    uint64_t period_number;
    struct ed25519_secret_key *signing_secret_key; /* secret memory */
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
    struct superdescriptor_randomness randomness; /* the salts are drawn anew for each build */
};

/* A frontend's keys for its descriptors, by time period. Zeroed at first; release with
 * upload_keyring_clear(). */
struct upload_keyring {
    struct upload_keys keys[DESCRIPTOR_SLOTS];
};

void upload_keyring_clear(struct upload_keyring *keyring);

struct upload_request {
    const struct publisher *publisher;
    struct signer *signer;
    struct upload_keyring *keyring;
    const struct publisher_action *action; /* of type PUBLISHER_UPLOAD */
    int64_t now;                           /* seconds since the epoch */
};

/* Builds what an upload action asks for. *text is to be released with free(). Returns 0 or -1. */
int upload_build(const struct upload_request *request, char **text, size_t *length, struct error *error);

/* Hands it to tor for the action's HSDir. callback gets tor's reply to HSPOST: 250 means that the upload
 * has begun, the HSDir's answer comes as an event; it gets NULL when the connection ends before. */
void upload_post(struct control_connection *connection, const struct publisher_action *action,
                 const char *address, const char *text, size_t length, control_reply_callback callback,
                 void *context);

#endif
