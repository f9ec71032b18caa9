/* The keys that the signer has, as the reader knows them: which it hands over, and which the signer is to
 * forget.
 */
#ifndef OBPUB_READER_HELD_KEYS_H
#define OBPUB_READER_HELD_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

/* A key that the signer has, or a bundle. */
struct held_key {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    bool is_bundle;
    uint8_t checksum[BUNDLE_CHECKSUM_SIZE]; /* of the bundle */
    size_t frontend;                        /* the signer's number */
    bool is_locked;                         /* into memory, at the signer's */
    bool is_kept;                           /* the config that the engine goes by has it */
    bool is_loaded;                         /* the config that was read last has it */
};

struct held_keys {
    int signer;     /* the end of the channel to it */
    uint8_t *bytes; /* secret memory for one message, of READER_MESSAGE_SIZE_MAX bytes */
    struct held_key *keys;
    size_t count;
};

/* Hands a frontend's key to the signer, unless it has it, and wipes it here. Returns 0, or -1 when the signer
 * is gone. */
int held_keys_hand_over(struct held_keys *keys, struct config_frontend *frontend);

/* Has the signer forget the keys that no config has any more. Returns 0, or -1 when it is gone. */
int held_keys_forget_unused(struct held_keys *keys);

/* Takes the config that was read last back, or says that the engine goes by it. As above. */
int held_keys_drop_loaded(struct held_keys *keys);
int held_keys_keep_loaded(struct held_keys *keys);

/* How many of the keys of the config that was read last are not locked into memory at the signer's. */
size_t held_keys_count_unlocked(const struct held_keys *keys);

#endif
