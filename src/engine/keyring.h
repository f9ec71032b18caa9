/* The keys that a frontend's descriptors are made with, and the descriptors made with them.
 *
 * The keys are the engine's own and short-lived: what they may sign is certified by the signer, which has the
 * frontend's key.
 */
#ifndef OBPUB_ENGINE_KEYRING_H
#define OBPUB_ENGINE_KEYRING_H

#include "control/command_data.h"
#include "onion/network.h"
#include "onion/superdescriptor.h"
#include "publish/moment.h"
#include "publish/point_set.h"
#include "signer/signer_client.h"

/* So many counters of a time period are remembered: more than are used in the three hours for which HSDirs
 * keep a descriptor. */
#define KEYRING_COUNTERS_MAX 96
/* And so many signing keys that were drawn anew. */
#define KEYRING_OLD_KEYS_MAX 4
/* Another publisher's revision counter is overtaken when it is at most so many seconds ahead of this
 * machine's clock. What is further ahead is no clock's that is about right, and stays. */
#define KEYRING_AHEAD_MAX 600

/* What was made for a time period. */
struct keyring_history {
    struct {
        uint64_t counter;
        int64_t made_at; /* milliseconds */
    } counters[KEYRING_COUNTERS_MAX];
    size_t counter_count, counter_next;
    uint8_t old_keys[KEYRING_OLD_KEYS_MAX][ED25519_PUBLIC_KEY_SIZE]; /* signing keys of before */
    size_t old_key_count, old_key_next;
};

/* What one of a frontend's descriptors keeps for the whole of its time period, as tor's own do. */
struct keyring_keys {
    bool is_set;
    uint64_t period_number;
    struct ed25519_secret_key *signing_secret_key; /* the keyring's */
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
    struct superdescriptor_randomness randomness;   /* the salts are drawn anew for each descriptor */
    struct descriptor_authorization *authorization; /* what its authorised clients are given, from the first
                                                       one for these clients on; NULL: it was last open */
    uint64_t round;                                 /* the last one */
    int64_t last_seconds;      /* what its revision counter was made from; 0 before the first */
    int64_t clock_seconds;     /* the latest that the clock would have had it made from; 0 before the first */
    uint64_t revision_counter; /* its own */
    /* The certificate of the signing key, and the innermost layer, for as long as they are good. */
    uint32_t certificate_hour; /* when the certificate expires; 0 for none */
    uint8_t certificate[CERTIFICATE_SIZE];
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    char *inner;         /* large, so only kept while descriptors with it are being made; else NULL */
    size_t inner_length; /* bytes */
    uint32_t inner_hour; /* when the certificates in it expire */
    uint8_t inner_set[SHA256_SIZE];     /* the digest of its point set */
    struct point_signatures signatures; /* those of certificates in this round and the last one */
    uint64_t signatures_round;          /* the last one that they are of */
    struct keyring_history history;
};

/* A frontend's keys, by time period. Zeroed at first; release with keyring_clear(). */
struct keyring {
    struct keyring_keys keys[DESCRIPTOR_SLOTS];
    struct ed25519_secret_key *secret_keys; /* secret memory: the signing key of each */
};

void keyring_clear(struct keyring *keyring);

/* Gives the memory back that only the descriptors just made took. */
void keyring_rest(struct keyring *keyring);

/* Draws all descriptor signing keys anew, with certificates to be asked for: the signer has another key or
 * bundle for the frontend. Were a bundle's signing key certified with the master key, that would be good for
 * longer than the bundle's days. */
void keyring_renew(struct keyring *keyring);

/* The last revision counter of a time period, 0 if there is none. */
uint64_t keyring_counter(const struct keyring *keyring, uint64_t period_number);

/* True when a descriptor was made with this keyring; *made_at is set to when, in milliseconds, MOMENT_NONE
 * where that is no longer known. One that another process has made with the same bundle is not. */
bool keyring_has_made(const struct keyring *keyring, const struct descriptor *descriptor, int64_t *made_at);

/* A descriptor that is wanted. */
struct keyring_request {
    const struct network *network;
    struct signer_client *signer;
    size_t signer_frontend;      /* the signer's number of the frontend */
    const uint8_t *identity_key; /* the frontend's, 32 bytes */
    enum descriptor_slot slot;   /* which of its two descriptors */
    const struct point_set *set;
    uint64_t round; /* all descriptors of one round have the same revision counter, those of the next a larger
                       one, */
    int64_t lead;   /* seconds that it is to be ahead of the clock, */
    uint64_t above; /* and above this one of another publisher, if that is near; 0: none */
    int64_t lead_longest; /* seconds that another publisher, or obpub before, may mean to be ahead; lead or
                             more */
    int64_t wall_now;     /* seconds since the epoch */
    int64_t now;          /* milliseconds of the clock that only goes forward */
};

/* The cookie that the last descriptor of a time period was encrypted with: DESCRIPTOR_COOKIE_SIZE bytes of
 * the keyring's secret memory, good until the next one is made; NULL where there is none, or it was open. */
const uint8_t *keyring_cookie(const struct keyring *keyring, uint64_t period_number);

/* Makes the text of a descriptor; as with tor, each time with other bytes. It is open or restricted as its
 * point set is, which names the clients that may read it: the first one for other clients of a time period
 * than the last has a new cookie, and all that goes with it. *built is to be released with
 * command_data_release(). Returns 0, or -1 when the signer does not answer or refuses, or the text gets too
 * large. A clock that was set back does not take revision counters back: they go on from the last one, and
 * *is_clock_back says so. Another publisher's clock may be ahead: the round's counter is the first above its
 * one, unless that would be made from a second more than KEYRING_AHEAD_MAX ahead of the clock and the longest
 * lead; then it is as if there were none. */
int keyring_make_descriptor(struct keyring *keyring, const struct keyring_request *request,
                            struct command_data **built, bool *is_clock_back, struct error *error);

#endif
