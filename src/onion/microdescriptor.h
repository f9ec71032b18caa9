/* Microdescriptors: all that the hash ring needs of them is their digest and the relay's Ed25519 identity
 * (dir-spec, "computing microdescriptors"). */
#ifndef OBPUB_ONION_MICRODESCRIPTOR_H
#define OBPUB_ONION_MICRODESCRIPTOR_H

#include "crypto/ed25519.h"
#include "onion/consensus.h"

struct microdescriptor {
    uint8_t digest[MICRODESCRIPTOR_DIGEST_SIZE]; /* SHA-256 of the whole entry */
    bool has_ed25519_identity;
    uint8_t ed25519_identity[ED25519_PUBLIC_KEY_SIZE];
};

/* True when this line ends the entry before it: one that begins an entry, or an annotation of tor's cache
 * files. */
bool microdescriptor_line_begins(const char *line, size_t length);

/* An entry whose lines are being read; zeroed before the first one. The digest is not made. */
struct microdescriptor_lines {
    struct microdescriptor microdescriptor;
    bool has_begun, is_in_object;
};

/* Takes the next line of an entry, length bytes without the newline; an annotation is none. Returns 0, or -1
 * when it is malformed. */
int microdescriptor_take_line(struct microdescriptor_lines *lines, const char *line, size_t length,
                              struct error *error);

/* Checks that an entry is whole, behind its last line. Returns 0 or -1. */
int microdescriptor_end_lines(const struct microdescriptor_lines *lines, struct error *error);

/* True for an annotation, as in tor's cache files: it stands before an entry and is not part of it. */
bool microdescriptor_line_is_annotation(const char *line, size_t length);

/* Reads the entry that *text points to, of concatenated entries as GETINFO md/all gives them, and moves *text
 * behind it; end is the end of all of them. hasher makes the digest. Returns 1 when microdescriptor is
 * filled, 0 at the end, -1 on malformed text. */
int microdescriptor_next(struct microdescriptor *microdescriptor, struct hasher *hasher, const char **text,
                         const char *end, struct error *error);

#endif
