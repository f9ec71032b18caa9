/* Lines, words, base64 figures and times of directory documents, read in place and without allocation: a
 * consensus and its microdescriptors are some eight megabytes every hour. */
#ifndef OBPUB_ONION_DIRECTORY_TEXT_H
#define OBPUB_ONION_DIRECTORY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
    const char *newline = memchr(reader->next, '\n', (size_t)(reader->end - reader->next));
    const char *line_end = newline != NULL ? newline : reader->end;
    line->start = reader->next;
    line->length = (size_t)(line_end - reader->next);
    reader->next = newline != NULL ? newline + 1 : reader->end;
    reader->line_number++;
    return true;
}

/* Takes the first word off text; words are separated by one or more spaces. Returns false when none is left.
 */
static inline bool directory_next_word(struct text *text, struct text *word)
{
    const char *start = text->start, *end = text->start + text->length;
    while (start < end && *start == ' ')
        start++;
    const char *word_end = start;
    while (word_end < end && *word_end != ' ')
        word_end++;
    *word = (struct text){start, (size_t)(word_end - start)};
    *text = (struct text){word_end, (size_t)(end - word_end)};
    return word->length > 0;
}

/* True when text begins with the first length characters of prefix. */
static inline bool directory_text_begins(struct text text, const char *prefix, size_t length)
{
    return text.length >= length && memcmp(text.start, prefix, length) == 0;
}

/* Decodes base64 without padding, the way tor writes digests and keys: exactly size bytes in the one length
 * and the one spelling they have. Returns 0 or -1. */
int directory_decode_base64(struct text text, uint8_t *bytes, size_t size);

/* Parses "YYYY-MM-DD HH:MM:SS" (UTC, 1970 to 9999) to seconds since the epoch. Returns 0 or -1. */
int directory_parse_time(struct text text, int64_t *seconds);

#endif
