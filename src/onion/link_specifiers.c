/* Link specifiers, read from whoever makes them and written as tor does. */
#include "onion/link_specifiers.h"

#include <string.h>

/* Types with their lengths. */
enum link_specifier_type {
    LINK_SPECIFIER_IPV4 = 0,
    LINK_SPECIFIER_IPV6 = 1,
    LINK_SPECIFIER_FINGERPRINT = 2,
    LINK_SPECIFIER_ED25519 = 3,
    LINK_SPECIFIER_KNOWN_TYPES,
};

static const uint8_t link_specifier_lengths[LINK_SPECIFIER_KNOWN_TYPES] = {
    [LINK_SPECIFIER_IPV4] = IPV4_SIZE + 2,
    [LINK_SPECIFIER_IPV6] = IPV6_SIZE + 2,
    [LINK_SPECIFIER_FINGERPRINT] = RELAY_FINGERPRINT_SIZE,
    [LINK_SPECIFIER_ED25519] = ED25519_PUBLIC_KEY_SIZE,
};

static uint16_t read_port(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* Takes over one specifier of a known type. */
static void take_specifier(struct link_specifiers *specifiers, enum link_specifier_type type,
                           const uint8_t *content)
{
    switch (type) {
    case LINK_SPECIFIER_IPV4:
        memcpy(specifiers->ipv4, content, IPV4_SIZE);
        specifiers->ipv4_port = read_port(content + IPV4_SIZE);
        break;
    case LINK_SPECIFIER_IPV6:
        specifiers->has_ipv6 = true;
        memcpy(specifiers->ipv6, content, IPV6_SIZE);
        specifiers->ipv6_port = read_port(content + IPV6_SIZE);
        break;
    case LINK_SPECIFIER_FINGERPRINT:
        memcpy(specifiers->fingerprint, content, RELAY_FINGERPRINT_SIZE);
        break;
    case LINK_SPECIFIER_ED25519:
        specifiers->has_ed25519_identity = true;
        memcpy(specifiers->ed25519_identity, content, ED25519_PUBLIC_KEY_SIZE);
        break;
    case LINK_SPECIFIER_KNOWN_TYPES:
        break;
    }
}

/* What is wrong with so many specifiers of each type; the gravest is told. */
static enum point_fault find_fault(const unsigned int counts[LINK_SPECIFIER_KNOWN_TYPES])
{
    if (counts[LINK_SPECIFIER_FINGERPRINT] != 1)
        return counts[LINK_SPECIFIER_FINGERPRINT] == 0 ? POINT_FAULT_NO_RSA : POINT_FAULT_TWO_RSA;
    if (counts[LINK_SPECIFIER_IPV4] != 1)
        return counts[LINK_SPECIFIER_IPV4] == 0 ? POINT_FAULT_NO_IPV4 : POINT_FAULT_TWO_IPV4;
    if (counts[LINK_SPECIFIER_ED25519] > 1)
        return POINT_FAULT_TWO_ED25519;
    return counts[LINK_SPECIFIER_IPV6] > 1 ? POINT_FAULT_TWO_IPV6 : POINT_FAULT_NONE;
}

int link_specifiers_decode(struct link_specifiers *specifiers, enum point_fault *fault, const uint8_t *bytes,
                           size_t length)
{
    unsigned int counts[LINK_SPECIFIER_KNOWN_TYPES] = {0};
    memset(specifiers, 0, sizeof(*specifiers));
    if (length == 0 || bytes[0] == 0)
        return -1;
    size_t next = 1;
    for (unsigned int count = bytes[0]; count > 0; count--) {
        if (length - next < 2 || length - next - 2 < bytes[next + 1])
            return -1;
        uint8_t type = bytes[next];
        if (type < LINK_SPECIFIER_KNOWN_TYPES) {
            if (bytes[next + 1] != link_specifier_lengths[type])
                return -1;
            counts[type]++;
            take_specifier(specifiers, (enum link_specifier_type)type, bytes + next + 2);
        }
        next += 2 + (size_t)bytes[next + 1];
    }
    *fault = find_fault(counts);
    return next == length ? 0 : -1;
}

/* Appends a specifier to a list, whose NSPEC counts it; port is NULL for those without one. */
static size_t append(uint8_t *bytes, size_t length, enum link_specifier_type type, const uint8_t *content,
                     size_t content_length, const uint16_t *port)
{
    bytes[0]++;
    bytes[length++] = (uint8_t)type;
    bytes[length++] = link_specifier_lengths[type];
    memcpy(bytes + length, content, content_length);
    length += content_length;
    if (port != NULL) {
        bytes[length++] = (uint8_t)(*port >> 8);
        bytes[length++] = (uint8_t)*port;
    }
    return length;
}

size_t link_specifiers_encode(uint8_t bytes[LINK_SPECIFIERS_SIZE_MAX],
                              const struct link_specifiers *specifiers)
{
    size_t length = 1;
    bytes[0] = 0;
    length = append(bytes, length, LINK_SPECIFIER_IPV4, specifiers->ipv4, IPV4_SIZE, &specifiers->ipv4_port);
    length = append(bytes, length, LINK_SPECIFIER_FINGERPRINT, specifiers->fingerprint,
                    RELAY_FINGERPRINT_SIZE, NULL);
    if (specifiers->has_ed25519_identity)
        length = append(bytes, length, LINK_SPECIFIER_ED25519, specifiers->ed25519_identity,
                        ED25519_PUBLIC_KEY_SIZE, NULL);
    if (specifiers->has_ipv6)
        length =
            append(bytes, length, LINK_SPECIFIER_IPV6, specifiers->ipv6, IPV6_SIZE, &specifiers->ipv6_port);
    return length;
}

/* A network by the first bits that all its addresses have. */
struct prefix {
    uint8_t bytes[IPV6_SIZE];
    unsigned int bits;
};

static bool has_prefix(const uint8_t *address, const struct prefix *prefix)
{
    size_t whole = prefix->bits / 8;
    uint8_t mask = (uint8_t)(0xff00u >> prefix->bits % 8);
    return memcmp(address, prefix->bytes, whole) == 0 &&
           (prefix->bits % 8 == 0 || ((address[whole] ^ prefix->bytes[whole]) & mask) == 0);
}

/* Those that tor takes for internal (tor_addr_is_internal()), and those of no host: multicast and reserved
 * ones. The ones for documentation are not among them, for tor either. */
static const struct prefix internal_ipv4[] = {
    {{0}, 8},        {{10}, 8},        {{100, 64}, 10}, {{127}, 8}, {{169, 254}, 16},
    {{172, 16}, 12}, {{192, 168}, 16}, {{224}, 4},      {{240}, 4},
};
/* The first has the unspecified address, loopback, and IPv4 addresses written as IPv6 ones. */
static const struct prefix internal_ipv6[] = {
    {{0}, 80}, {{0xfc}, 7}, {{0xfe, 0x80}, 10}, {{0xfe, 0xc0}, 10}, {{0xff}, 8},
};

static bool has_any_prefix(const uint8_t *address, const struct prefix *prefixes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (has_prefix(address, &prefixes[i]))
            return true;
    }
    return false;
}

bool link_specifiers_are_internal(const struct link_specifiers *specifiers)
{
    if (specifiers->ipv4_port == 0 ||
        has_any_prefix(specifiers->ipv4, internal_ipv4, sizeof(internal_ipv4) / sizeof(internal_ipv4[0])))
        return true;
    return specifiers->has_ipv6 &&
           (specifiers->ipv6_port == 0 || has_any_prefix(specifiers->ipv6, internal_ipv6,
                                                         sizeof(internal_ipv6) / sizeof(internal_ipv6[0])));
}
