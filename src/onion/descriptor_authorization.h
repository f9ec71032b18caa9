/* What a restricted descriptor gives its authorised clients: a cookie that its inner layer's keys come from,
 * encrypted for each of them in an auth-client line of its own (rend-spec-v3, section 2.5.1.2).
 *
 * Made once for a set of clients and a blinded key, and used for all descriptors with these, as tor does:
 * lines of clients that stayed the same from one descriptor to the next, among random ones that did not,
 * would show how many clients there are. For another set of clients all of it is made anew, the cookie too,
 * so that who is no longer in the set can do nothing with what he has. (tor goes on with the cookie that he
 * knows until the next time period.)
 */
#ifndef OBPUB_ONION_DESCRIPTOR_AUTHORIZATION_H
#define OBPUB_ONION_DESCRIPTOR_AUTHORIZATION_H

#include "crypto/descriptor_cookie.h"
#include "onion/authorized_clients.h"

/* A descriptor has a multiple of this many auth-client lines; those of no client are random. */
#define AUTH_CLIENT_LINES 16
#define DESCRIPTOR_AUTHORIZATION_SEED_SIZE 32

struct descriptor_authorization {
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];  /* that it is for */
    uint8_t clients_digest[SHA3_256_SIZE];         /* of the set that it is for */
    uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE]; /* desc-auth-ephemeral-key; nobody has its secret half */
    uint8_t *cookie;                               /* DESCRIPTOR_COOKIE_SIZE bytes of secret memory */
    size_t line_count;                             /* a multiple of AUTH_CLIENT_LINES */
    struct auth_client *lines;                     /* in an order that chance has made */
};

/* Makes it for a service's identity key and blinded key, with all chance from a seed: 32 random bytes in the
 * caller's secret memory, never used for anything else. Release it with descriptor_authorization_free(). */
struct descriptor_authorization *
descriptor_authorization_new(const struct authorized_clients *clients,
                             const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                             const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                             const uint8_t seed[DESCRIPTOR_AUTHORIZATION_SEED_SIZE]);

/* Wipes its cookie. NULL is fine. */
void descriptor_authorization_free(struct descriptor_authorization *authorization);

/* True when it is what these clients are to be given under this blinded key. NULL is not. */
bool descriptor_authorization_is_for(const struct descriptor_authorization *authorization,
                                     const struct authorized_clients *clients,
                                     const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE]);

/* How many auth-client lines a descriptor for so many clients has; 0 clients: one for everybody. */
size_t descriptor_authorization_count_lines(size_t client_count);

#endif
