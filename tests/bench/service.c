/* Onion services that do not run: their keys, and real descriptors of them, made with libobpub. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/big_endian.h"
#include "crypto/blinding.h"
#include "onion/superdescriptor.h"

#define SIZE_MAX_OF_DESCRIPTOR 50000

/* A point at a relay of a network is replaced by one at the relay so many places behind: so far that it is no
 * other backend's of the same frontend. */
#define REPLACED_BY_RELAYS_BEHIND 1009

/* 32 bytes that a label and two numbers determine. */
static void make_bytes(uint8_t bytes[32], const char *label, uint64_t one, uint64_t other)
{
    uint8_t numbers[16];
    big_endian_write_uint64(numbers, one);
    big_endian_write_uint64(numbers + 8, other);
    const struct span pieces[] = {{label, strlen(label)}, {numbers, sizeof(numbers)}};
    hash_sha3_256(bytes, pieces, 2);
}

static void make_key(struct ed25519_secret_key *secret_key, uint8_t public_key[ED25519_PUBLIC_KEY_SIZE],
                     const char *label, uint64_t one, uint64_t other)
{
    uint8_t seed[ED25519_SEED_SIZE];
    make_bytes(seed, label, one, other);
    ed25519_expand_seed(secret_key, seed);
    ed25519_derive_public_key(public_key, secret_key);
}

void service_make(struct service *service, uint64_t number)
{
    make_key(&service->secret_key, service->identity_key, "service", number, 0);
    onion_address_encode(service->address, service->identity_key);
}

/* A relay that only this point is at. */
static struct link_specifiers make_relay(uint64_t points, uint64_t number)
{
    struct link_specifiers relay = {
        .ipv4 = {198, 51, 100, (uint8_t)number}, .ipv4_port = 9001, .has_ed25519_identity = true};
    struct ed25519_secret_key unused;
    uint8_t bytes[32];
    make_bytes(bytes, "relay", points, number);
    memcpy(relay.fingerprint, bytes, sizeof(relay.fingerprint));
    make_key(&unused, relay.ed25519_identity, "relay identity", points, number);
    return relay;
}

/* A relay of the network: another one for each point of the backends of a frontend. */
static struct link_specifiers choose_relay(const struct service_descriptor *wanted, size_t place,
                                           uint64_t replaced)
{
    const uint64_t number =
        wanted->points * wanted->point_count + place + replaced * REPLACED_BY_RELAYS_BEHIND;
    return wanted->network->relays[number % wanted->network->relay_count];
}

static void make_point(struct introduction_point *point, const struct link_specifiers *relay, uint64_t points,
                       uint64_t number)
{
    struct ed25519_secret_key unused, enc_secret_key;
    uint8_t secret[32];
    introduction_point_set_links(point, relay);
    make_bytes(secret, "onion key", points, number);
    crypto_scalarmult_base(point->onion_key, secret);
    make_key(&unused, point->auth_key, "auth key", points, number);
    make_key(&enc_secret_key, point->enc_key_certified, "enc key", points, number);
    point->enc_key_certified[ED25519_PUBLIC_KEY_SIZE - 1] &= 0x7f;
    crypto_scalarmult_base(point->enc_key, enc_secret_key.scalar);
}

static void certify(struct superdescriptor *descriptor, const struct service *service,
                    const struct service_descriptor *wanted)
{
    struct ed25519_secret_key blinded_secret_key;
    blinding_derive_secret_key(&blinded_secret_key, &service->secret_key, service->identity_key,
                               wanted->period_number, wanted->period_length);
    ed25519_derive_public_key(descriptor->blinded_key, &blinded_secret_key);
    struct certificate certificate = {.type = CERTIFICATE_DESCRIPTOR_SIGNING_KEY,
                                      .expiration_hour = descriptor->expiration_hour};
    memcpy(certificate.certified_key, descriptor->signing_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(certificate.signing_key, descriptor->blinded_key, ED25519_PUBLIC_KEY_SIZE);
    if (certificate_make(descriptor->signing_certificate, &certificate, &blinded_secret_key) != 0) {
        fprintf(stderr, "a descriptor's key can't be certified\n");
        exit(1);
    }
}

char *service_make_descriptor(const struct service *service, const struct service_descriptor *wanted,
                              size_t *length)
{
    struct ed25519_secret_key signing_secret_key;
    struct introduction_point points[INTRODUCTION_POINTS_MAX] = {0};
    struct superdescriptor_randomness randomness;
    struct superdescriptor descriptor = {
        .signing_secret_key = &signing_secret_key,
        .revision_counter = wanted->revision_counter,
        .expiration_hour = (uint32_t)(wanted->now / 3600 + CERTIFICATE_LIFETIME_HOURS),
        .point_count = wanted->point_count,
        .flow_control = {.is_present = true, .versions = 6, .sendme_inc = 31},
    };
    memcpy(descriptor.identity_key, service->identity_key, ED25519_PUBLIC_KEY_SIZE);
    make_key(&signing_secret_key, descriptor.signing_key, "signing key", wanted->points,
             wanted->period_number);
    certify(&descriptor, service, wanted);
    for (size_t i = 0; i < wanted->point_count; i++) {
        uint64_t replaced = (wanted->replaced + i) / wanted->point_count; /* of the points in this place */
        const uint64_t number = i + replaced * wanted->point_count;
        const struct link_specifiers relay =
            wanted->network != NULL ? choose_relay(wanted, i, replaced) : make_relay(wanted->points, number);
        make_point(&points[i], &relay, wanted->points, number);
        descriptor.points[i] = &points[i];
    }
    randombytes_buf(&randomness, sizeof(randomness));
    char *text = NULL;
    struct error error;
    if (superdescriptor_encode(&descriptor, &randomness, SIZE_MAX_OF_DESCRIPTOR, &text, length, &error) !=
        0) {
        fprintf(stderr, "a descriptor can't be made: %s\n", error.text);
        exit(1);
    }
    return text;
}
