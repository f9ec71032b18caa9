/* What a restricted descriptor gives its authorised clients: a cookie, encrypted for each of them. */
#include "onion/descriptor_authorization.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"

/* What the seed is stretched to: first what nobody may ever see, */
struct drawn_secrets {
    uint8_t cookie[DESCRIPTOR_COOKIE_SIZE];
    uint8_t ephemeral_secret_key[X25519_SECRET_KEY_SIZE];
};
/* and then for each line what is published of it, or decides where it stands. */
struct drawn_line {
    struct auth_client line;
    uint64_t place;
};

static void stretch_seed(void *bytes, size_t size, const char *purpose,
                         const uint8_t seed[DESCRIPTOR_AUTHORIZATION_SEED_SIZE])
{
    const struct span pieces[] = {{purpose, strlen(purpose)}, {seed, DESCRIPTOR_AUTHORIZATION_SEED_SIZE}};
    hash_shake256(bytes, size, pieces, 2);
}

/* Gives the lines an order that says nothing of which are whose (Fisher and Yates). */
static void shuffle_lines(struct auth_client *lines, const struct drawn_line *drawn, size_t count)
{
    for (size_t i = count; i-- > 1;) {
        size_t place = (size_t)(drawn[i].place % (i + 1));
        struct auth_client line = lines[i];
        lines[i] = lines[place];
        lines[place] = line;
    }
}

/* Draws random lines, and makes as many as there are clients theirs. */
static void make_lines(struct descriptor_authorization *authorization,
                       const struct authorized_clients *clients,
                       const uint8_t subcredential[SUBCREDENTIAL_SIZE], const struct drawn_secrets *secrets,
                       const uint8_t seed[DESCRIPTOR_AUTHORIZATION_SEED_SIZE])
{
    const size_t count = authorization->line_count;
    struct drawn_line *drawn = memory_allocate(count, sizeof(*drawn));
    stretch_seed(drawn, count * sizeof(*drawn), "auth-client lines", seed);
    for (size_t i = 0; i < count; i++) {
        authorization->lines[i] = drawn[i].line;
        /* A key of low order is in no set of clients: then the line would stay a random one. */
        if (i < clients->count)
            (void)!descriptor_cookie_seal(&authorization->lines[i], subcredential, clients->keys[i],
                                          secrets->ephemeral_secret_key, secrets->cookie);
    }
    shuffle_lines(authorization->lines, drawn, count);
    /* What was drawn for the lines of clients would tell them from the others. */
    secret_wipe(drawn, count * sizeof(*drawn));
    free(drawn);
}

struct descriptor_authorization *
descriptor_authorization_new(const struct authorized_clients *clients,
                             const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                             const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                             const uint8_t seed[DESCRIPTOR_AUTHORIZATION_SEED_SIZE])
{
    uint8_t subcredential[SUBCREDENTIAL_SIZE];
    struct descriptor_authorization *authorization = memory_allocate(1, sizeof(*authorization));
    struct drawn_secrets *secrets = secret_allocate(sizeof(*secrets));
    stretch_seed(secrets, sizeof(*secrets), "cookie and ephemeral key", seed);
    memcpy(authorization->blinded_key, blinded_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(authorization->clients_digest, clients->digest, SHA3_256_SIZE);
    x25519_derive_public_key(authorization->ephemeral_key, secrets->ephemeral_secret_key);
    authorization->cookie = secret_allocate(DESCRIPTOR_COOKIE_SIZE);
    memcpy(authorization->cookie, secrets->cookie, DESCRIPTOR_COOKIE_SIZE);
    authorization->line_count = descriptor_authorization_count_lines(clients->count);
    authorization->lines = memory_allocate(authorization->line_count, sizeof(*authorization->lines));
    blinding_derive_subcredential(subcredential, identity_key, blinded_key);
    make_lines(authorization, clients, subcredential, secrets, seed);
    secret_free(secrets);
    return authorization;
}

void descriptor_authorization_free(struct descriptor_authorization *authorization)
{
    if (authorization == NULL)
        return;
    secret_free(authorization->cookie);
    free(authorization->lines);
    free(authorization);
}

bool descriptor_authorization_is_for(const struct descriptor_authorization *authorization,
                                     const struct authorized_clients *clients,
                                     const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE])
{
    return authorization != NULL && clients != NULL &&
           memcmp(authorization->clients_digest, clients->digest, SHA3_256_SIZE) == 0 &&
           memcmp(authorization->blinded_key, blinded_key, ED25519_PUBLIC_KEY_SIZE) == 0;
}

size_t descriptor_authorization_count_lines(size_t client_count)
{
    const size_t groups = (client_count + AUTH_CLIENT_LINES - 1) / AUTH_CLIENT_LINES;
    return (groups > 0 ? groups : 1) * AUTH_CLIENT_LINES;
}
