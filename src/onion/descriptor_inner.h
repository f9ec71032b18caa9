/* The plaintext of a descriptor's innermost layer (rend-spec-v3 [HS-DESC-ENC]): what descriptor_decode()
 * takes from it. */
#ifndef OBPUB_ONION_DESCRIPTOR_INNER_H
#define OBPUB_ONION_DESCRIPTOR_INNER_H

#include "onion/descriptor.h"

/* Longest unknown line that is kept, in bytes. */
#define UNKNOWN_LINE_LENGTH_MAX 1024

struct descriptor_examination;

/* Reads the innermost layer, of length bytes without padding, into descriptor, whose signing_key is set
 * already. verified is as for introduction_point_decode(). Returns 0, or -1 with the descriptor filled in
 * part. With an examination (else NULL) all checks and points go into that. */
int descriptor_decode_inner(struct descriptor *descriptor, const char *text, size_t length, int64_t wall_now,
                            struct verified_signatures *verified, struct descriptor_examination *examination,
                            struct error *error);

#endif
