/* Addresses and ports as directory documents write them. */
#ifndef OBPUB_ONION_DIRECTORY_ADDRESS_H
#define OBPUB_ONION_DIRECTORY_ADDRESS_H

#include "base/text.h"
#include "onion/link_specifiers.h"

/* Each of these returns 0, or -1 when the text is something else. Addresses come in network order. */

/* Four numbers from 0 to 255 with dots between them, and no zero before a number. */
int directory_parse_ipv4(struct text text, uint8_t address[IPV4_SIZE]);

/* A number from 0 to 65535. */
int directory_parse_port(struct text text, uint16_t *port);

/* "[address]:port", the address of IPv6 in hexadecimal groups, of which "::" may leave some out (RFC 4291
 * section 2.2). The form that ends in dots is none that a relay's address has. */
int directory_parse_ipv6_port(struct text text, uint8_t address[IPV6_SIZE], uint16_t *port);

#endif
