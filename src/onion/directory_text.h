/* Lines, words and base64 figures of directory documents, read in place and without allocation: a
 * consensus and its microdescriptors are some eight megabytes every hour. */
#ifndef OBPUB_ONION_DIRECTORY_TEXT_H
#define OBPUB_ONION_DIRECTORY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onion/document.h"

/* What is left to read of a document, and the number of the line that was read last. */
struct directory_reader {
    const char *next, *end;
    size_t line_number;
};

/* Reads the next line, without its newline. Returns false at the end. */
static inline bool directory_next_line(struct directory_reader *reader, struct text *line)
{
    if (reader->next == reader->end)
        return false;
    struct text rest = {reader->next, (size_t)(reader->end - reader->next)};
    text_take_until(&rest, '\n', line);
    reader->next = rest.start;
    reader->line_number++;
    return true;
}

/* Takes the first word off text; words are separated by one or more spaces. Returns false when none is left.
 */
static inline bool directory_next_word(struct text *text, struct text *word)
{
    return text_take_word(text, ' ', ' ', word);
}

/* Decodes base64 without padding, the way tor writes digests and keys: exactly size bytes in the one length
 * and the one spelling they have. Returns 0 or -1. */
int directory_decode_base64(struct text text, uint8_t *bytes, size_t size);

#endif
