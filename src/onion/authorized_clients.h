/* The clients that may read a restricted service's descriptors, as a value: a set of their public keys.
 *
 * It never changes once it is made, and is counted: whoever keeps one shares it, and releases it in the end.
 * A service that is open to everybody has none: NULL, which no set is the same as.
 */
#ifndef OBPUB_ONION_AUTHORIZED_CLIENTS_H
#define OBPUB_ONION_AUTHORIZED_CLIENTS_H

#include "base/error.h"
#include "crypto/x25519.h"

/* More than any descriptor has room for that the public network allows: see
 * superdescriptor_find_client_limit(). */
#define AUTHORIZED_CLIENTS_MAX 2000

struct authorized_clients {
    unsigned holders;
    uint8_t digest[SHA3_256_SIZE]; /* names the content: two sets of the same clients have the same */
    size_t count;                  /* 1 to AUTHORIZED_CLIENTS_MAX */
    uint8_t keys[][X25519_PUBLIC_KEY_SIZE]; /* in ascending order */
};

/* Checks a client's public key. Returns 0, or -1 with a sentence that begins behind what the key is called
 * ("is all zeros: ..."). */
int authorized_clients_check_key(const uint8_t key[X25519_PUBLIC_KEY_SIZE], struct error *error);

/* Makes a set with one holder of count public keys in any order, which are copied; release it with
 * authorized_clients_release(). Returns NULL with a sentence when there is none or more than
 * AUTHORIZED_CLIENTS_MAX, when authorized_clients_check_key() refuses one, or when one is there twice. */
struct authorized_clients *authorized_clients_new(const uint8_t (*keys)[X25519_PUBLIC_KEY_SIZE], size_t count,
                                                  struct error *error);

/* Holds a set once more, and returns it; NULL for NULL. */
struct authorized_clients *authorized_clients_share(struct authorized_clients *clients);

/* Has one holder less; the last one frees the set. NULL is fine. */
void authorized_clients_release(struct authorized_clients *clients);

/* True when both are of the same clients, or both are NULL. */
bool authorized_clients_equal(const struct authorized_clients *one, const struct authorized_clients *other);

/* True when one has a client that other has not. NULL is everybody. */
bool authorized_clients_exceed(const struct authorized_clients *one, const struct authorized_clients *other);

#endif
