/* Tokens of Tor's document meta-format: keyword lines with arguments and objects (dir-spec, "document
 * meta-format"). */
#ifndef OBPUB_ONION_DOCUMENT_H
#define OBPUB_ONION_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define DOCUMENT_ARGUMENTS_MAX 16

/* One keyword line with the object that follows it. All of it points into the document. */
struct document_item {
    struct text keyword;
    struct text line;                              /* the keyword line without its newline */
    struct text arguments[DOCUMENT_ARGUMENTS_MAX]; /* those beyond the maximum are in line only */
    size_t argument_count;
    bool has_object;
    struct text object_label; /* "ED25519 CERT" */
    struct text object;       /* the base64 lines between BEGIN and END, newlines and all */
};

struct document_reader {
    const char *next, *end;
};

/* Starts reading length bytes. The last line may lack its newline. */
void document_reader_init(struct document_reader *reader, const char *text, size_t length);

/* Reads the next item. Returns 1 when item is filled, 0 at the end, -1 on text that is no item: a NUL, a
 * carriage return or a control character, an empty line, a keyword with other characters than [A-Za-z0-9-],
 * an object that does not end or ends under another label. */
int document_reader_next(struct document_reader *reader, struct document_item *item, struct error *error);

/* Decodes base64, padded or not, newlines ignored, nothing else; the length must be exactly size bytes.
 * Returns 0 or -1. */
int text_decode_base64_exact(struct text text, uint8_t *bytes, size_t size);

/* Decodes base64 likewise into at most size bytes. Returns the number of bytes, or -1. */
ptrdiff_t text_decode_base64(struct text text, uint8_t *bytes, size_t size);

#endif
