/* Link specifiers: where a relay is, and who it is (tor-spec, "EXTEND and EXTENDED cells"), as tor puts them
 * into an introduction point. */
#ifndef OBPUB_ONION_LINK_SPECIFIERS_H
#define OBPUB_ONION_LINK_SPECIFIERS_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/ed25519.h"
#include "onion/point_fault.h"

#define RELAY_FINGERPRINT_SIZE 20
#define IPV4_SIZE 4
#define IPV6_SIZE 16

/* Longest list that tor makes, in bytes: NSPEC, then each with its type and length. */
#define LINK_SPECIFIERS_SIZE_MAX                                                                             \
    (1 + (2 + IPV4_SIZE + 2) + (2 + RELAY_FINGERPRINT_SIZE) + (2 + ED25519_PUBLIC_KEY_SIZE) +                \
     (2 + IPV6_SIZE + 2))

/* All that tor says of a relay; addresses in network order. */
struct link_specifiers {
    uint8_t ipv4[IPV4_SIZE];
    uint16_t ipv4_port;
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]; /* SHA-1 of the RSA identity key */
    bool has_ed25519_identity;
    uint8_t ed25519_identity[ED25519_PUBLIC_KEY_SIZE];
    bool has_ipv6;
    uint8_t ipv6[IPV6_SIZE];
    uint16_t ipv6_port;
};

/* Reads length bytes: NSPEC and the specifiers, as in an EXTEND2 cell, in any order. Those of types that tor
 * does not know are passed over, as tor does. Returns 0, with the fault that they have, or none; with one,
 * specifiers is filled in part. Returns -1 when the bytes are no link specifiers. */
int link_specifiers_decode(struct link_specifiers *specifiers, enum point_fault *fault, const uint8_t *bytes,
                           size_t length);

/* Writes them in tor's order: IPv4, RSA identity, Ed25519 identity, IPv6. Returns how many bytes. */
size_t link_specifiers_encode(uint8_t bytes[LINK_SPECIFIERS_SIZE_MAX],
                              const struct link_specifiers *specifiers);

/* True when one of the addresses can be no relay's of the public network: private, loopback, link-local,
 * multicast or reserved, or with port 0. */
bool link_specifiers_are_internal(const struct link_specifiers *specifiers);

#endif
