/* Builds a frontend's superdescriptor and hands it to the local tor (HSPOST). */
#ifndef OBPUB_ENGINE_UPLOAD_H
#define OBPUB_ENGINE_UPLOAD_H

#include "control/command_data.h"
#include "control/connection.h"
#include "publish/publisher.h"
#include "signer/signer_client.h"

/* What one of a frontend's descriptors keeps for the whole of its time period, as tor's own do. */
struct upload_keys {
    bool is_set;
    uint64_t period_number;
    struct ed25519_secret_key *signing_secret_key; /* the keyring's */
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
    struct superdescriptor_randomness randomness; /* the salts are drawn anew for each build */
    int64_t last_seconds;      /* what the last revision counter was made from; 0 before the first */
    int64_t last_built;        /* milliseconds */
    uint64_t revision_counter; /* the last one */
    /* The certificate of the signing key, and the innermost layer, for as long as they are good. */
    uint32_t certificate_hour; /* when it expires; 0 for none */
    uint8_t certificate[CERTIFICATE_SIZE];
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    uint32_t inner_hour; /* likewise of the certificates in it */
    uint64_t inner_set;  /* the publisher's name for its points */
    char *inner;         /* only kept while it is being uploaded, as it is large */
    size_t inner_length;
    struct point_signatures signatures; /* those in it */
};

/* A frontend's keys for its descriptors, by time period. Zeroed at first; release with
 * upload_keyring_clear(). */
struct upload_keyring {
    struct upload_keys keys[DESCRIPTOR_SLOTS];
    struct ed25519_secret_key *secret_keys; /* secret memory: the signing key of each */
};

void upload_keyring_clear(struct upload_keyring *keyring);

/* Gives the memory back that only the upload just made took. */
void upload_keyring_rest(struct upload_keyring *keyring);

/* Draws all descriptor signing keys anew, with certificates to be asked for: the signer has another key or
 * bundle for the frontend. Were a bundle's signing key certified with the master key, that would be good for
 * longer than the bundle's days. */
void upload_keyring_renew(struct upload_keyring *keyring);

struct upload_request {
    const struct publisher *publisher;
    struct signer_client *signer;
    size_t signer_frontend; /* the signer's number of the frontend */
    struct upload_keyring *keyring;
    const struct publisher_action *action; /* of type PUBLISHER_UPLOAD */
    int64_t now;                           /* seconds since the epoch */
    int64_t moment;                        /* milliseconds of the clock that only goes forward */
};

/* Builds what an upload action asks for; as with tor, each time with other bytes. *built is to be released
 * with command_data_release(). Returns 0 or -1. A clock that was set back does not take revision counters
 * back: they go on from the last one, and *is_clock_back says so. */
int upload_build(const struct upload_request *request, struct command_data **built, bool *is_clock_back,
                 struct error *error);

/* The last revision counter of a time period, 0 if there is none. */
uint64_t upload_keyring_counter(const struct upload_keyring *keyring, uint64_t period_number);

/* Hands it to tor for one HSDir; it stays the caller's. callback gets tor's reply to HSPOST: 250 means that
 * the upload has begun, the HSDir's answer comes as an event; it gets NULL when the connection ends before.
 */
void upload_post(struct control_connection *connection, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                 const char *address, struct command_data *built, control_reply_callback callback,
                 void *context);

#endif
