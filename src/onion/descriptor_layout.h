/* What reading and writing a descriptor have in common (rend-spec-v3 [HS-DESC]). */
#ifndef OBPUB_ONION_DESCRIPTOR_LAYOUT_H
#define OBPUB_ONION_DESCRIPTOR_LAYOUT_H

/* Stands before the text that a descriptor's signature is made of. */
#define DESCRIPTOR_SIGNATURE_PREFIX "Tor onion service descriptor sig v3"

/* Longest certificate that is read, in bytes: longer than any that tor makes, so that unknown extensions have
 * room in it. */
#define CERTIFICATE_SIZE_MAX 512

#endif
