/* Prints a superdescriptor with all points and the pow-params of one descriptor: encode_descriptor ADDRESS
 * PERIOD_NUMBER PERIOD_LENGTH NOW FILE SEED [CLIENT_KEY...]. FILE has the descriptor and ADDRESS is its
 * service's; PERIOD_NUMBER is that of the time period now running, and the superdescriptor is of it; SEED is
 * that of the frontend's key, in hexadecimal. With CLIENT_KEYs, the private keys of clients in hexadecimal,
 * FILE is decoded with the first one's, and the superdescriptor is for all of these clients alone. Before it
 * stands a line with what was read of the pow-params: their seed in hexadecimal, the effort, and the seconds
 * since the epoch when they expire, or "-". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "onion/onion_address.h"
#include "onion/superdescriptor.h"

/* Ends the program when something can't be done, and says why. */
static void require(bool is_done, const char *reason)
{
    if (is_done)
        return;
    fprintf(stderr, "%s\n", reason);
    exit(2);
}

/* Reads just size bytes in hexadecimal. */
static void read_hex(uint8_t *bytes, size_t size, const char *hex)
{
    size_t length = 0;
    require(sodium_hex2bin(bytes, size, hex, strlen(hex), NULL, &length, NULL) == 0 && length == size,
            "a key is not 32 bytes in hexadecimal");
}

static struct descriptor *decode_file(const char *path, const struct descriptor_expectation *expectation)
{
    const size_t size = 1 << 20;
    char *text = memory_allocate(size, 1);
    struct error error = {.text = ""};
    FILE *file = fopen(path, "rb");
    require(file != NULL, "the file can't be read");
    size_t length = fread(text, 1, size, file);
    fclose(file);
    struct descriptor *descriptor = descriptor_decode(text, length, expectation, &error);
    require(descriptor != NULL, error.text);
    free(text);
    return descriptor;
}

static void print_pow_params(const struct pow_params *pow_params)
{
    char hex[2 * POW_SEED_SIZE + 1];
    if (pow_params->is_present)
        printf("%s %" PRIu32 " %" PRId64 "\n",
               sodium_bin2hex(hex, sizeof(hex), pow_params->seed, sizeof(pow_params->seed)),
               pow_params->suggested_effort, pow_params->expires_at);
    else
        puts("-");
}

/* What clients with these private keys, in hexadecimal, are given; NULL if there are none. */
static struct descriptor_authorization *authorise(char **client_keys, size_t count,
                                                  const struct superdescriptor *superdescriptor)
{
    if (count == 0)
        return NULL;
    uint8_t(*keys)[X25519_PUBLIC_KEY_SIZE] = memory_allocate(count, sizeof(*keys));
    uint8_t seed[DESCRIPTOR_AUTHORIZATION_SEED_SIZE];
    struct error error = {.text = ""};
    for (size_t i = 0; i < count; i++) {
        uint8_t secret_key[X25519_SECRET_KEY_SIZE];
        read_hex(secret_key, sizeof(secret_key), client_keys[i]);
        x25519_derive_public_key(keys[i], secret_key);
    }
    struct authorized_clients *clients = authorized_clients_new(keys, count, &error);
    require(clients != NULL, error.text);
    randombytes_buf(seed, sizeof(seed));
    struct descriptor_authorization *authorization = descriptor_authorization_new(
        clients, superdescriptor->identity_key, superdescriptor->blinded_key, seed);
    authorized_clients_release(clients);
    free(keys);
    return authorization;
}

/* Makes the keys and the certificate of a frontend's superdescriptor. */
static void make_keys(struct superdescriptor *superdescriptor, struct ed25519_secret_key *signing_secret_key,
                      const struct ed25519_secret_key *secret_key,
                      const struct descriptor_expectation *expectation)
{
    struct ed25519_secret_key blinded_secret_key;
    uint8_t seed[ED25519_SEED_SIZE];
    randombytes_buf(seed, sizeof(seed));
    ed25519_expand_seed(signing_secret_key, seed);
    ed25519_derive_public_key(superdescriptor->signing_key, signing_secret_key);
    ed25519_derive_public_key(superdescriptor->identity_key, secret_key);
    blinding_derive_secret_key(&blinded_secret_key, secret_key, superdescriptor->identity_key,
                               expectation->period_number, expectation->schedule.period_length);
    ed25519_derive_public_key(superdescriptor->blinded_key, &blinded_secret_key);
    superdescriptor->signing_secret_key = signing_secret_key;
    superdescriptor->expiration_hour = introduction_point_expiration_hour(expectation->wall_now);
    struct certificate certificate = {.type = CERTIFICATE_DESCRIPTOR_SIGNING_KEY,
                                      .expiration_hour = superdescriptor->expiration_hour + 1};
    memcpy(certificate.certified_key, superdescriptor->signing_key, sizeof(certificate.certified_key));
    memcpy(certificate.signing_key, superdescriptor->blinded_key, sizeof(certificate.signing_key));
    require(certificate_make(superdescriptor->signing_certificate, &certificate, &blinded_secret_key) == 0,
            "the key must not sign");
}

static void print_superdescriptor(const struct descriptor *backend,
                                  const struct ed25519_secret_key *secret_key,
                                  const struct descriptor_expectation *expectation, char **client_keys,
                                  size_t client_count)
{
    struct superdescriptor superdescriptor = {.pow_params = backend->pow_params,
                                              .revision_counter = (uint64_t)expectation->wall_now};
    struct superdescriptor_randomness randomness;
    struct ed25519_secret_key signing_secret_key;
    struct error error = {.text = ""};
    uint8_t bytes[32];
    char *text = NULL;
    size_t length;
    superdescriptor_merge_features(&superdescriptor, &backend, 1);
    superdescriptor.point_count = backend->point_count;
    for (size_t i = 0; i < backend->point_count; i++)
        superdescriptor.points[i] = &backend->points[i];
    make_keys(&superdescriptor, &signing_secret_key, secret_key, expectation);
    struct descriptor_authorization *authorization = authorise(client_keys, client_count, &superdescriptor);
    superdescriptor.authorization = authorization;
    randombytes_buf(&randomness, sizeof(randomness));
    randombytes_buf(bytes, sizeof(bytes));
    superdescriptor_make_ephemeral_key(randomness.ephemeral_key, bytes);
    require(superdescriptor_encode(&superdescriptor, &randomness, expectation->size_max, &text, &length,
                                   &error) == 0,
            error.text);
    fputs(text, stdout);
    free(text);
    descriptor_authorization_free(authorization);
}

int main(int argument_count, char **arguments)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], seed[ED25519_SEED_SIZE];
    uint8_t client_key[X25519_SECRET_KEY_SIZE];
    struct error error = {.text = ""};
    require(sodium_init() >= 0 && argument_count >= 7, "six arguments or more, please");
    const size_t client_count = (size_t)argument_count - 7;
    require(onion_address_decode(identity_key, arguments[1], &error) == 0, error.text);
    read_hex(seed, sizeof(seed), arguments[6]);
    if (client_count > 0)
        read_hex(client_key, sizeof(client_key), arguments[7]);
    const struct descriptor_expectation expectation = {
        .identity_key = identity_key,
        .period_number = strtoull(arguments[2], NULL, 10),
        .schedule = {.period_length = (uint32_t)strtoul(arguments[3], NULL, 10)},
        .size_max = DESCRIPTOR_SIZE_MAX_DEFAULT,
        .wall_now = strtoll(arguments[4], NULL, 10),
        .client_key = client_count > 0 ? client_key : NULL,
    };
    struct ed25519_secret_key secret_key;
    ed25519_expand_seed(&secret_key, seed);
    struct descriptor *backend = decode_file(arguments[5], &expectation);
    print_pow_params(&backend->pow_params);
    print_superdescriptor(backend, &secret_key, &expectation, arguments + 7, client_count);
    descriptor_free(backend);
    return 0;
}
