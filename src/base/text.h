/* Text that is compared, split and read in place, without allocation. */
#ifndef OBPUB_BASE_TEXT_H
#define OBPUB_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A piece of a longer text; not NUL-terminated. Directory documents are some eight megabytes every hour: what
 * is done with each of their words is inline, so that the lengths of constants cost nothing. */
struct text {
    const char *start;
    size_t length; /* bytes */
};

/* All of a NUL-terminated string. */
static inline struct text text_from_string(const char *string)
{
    return (struct text){string, strlen(string)};
}

/* True when two NUL-terminated strings are the same, or both NULL. */
static inline bool string_equals(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

/* Moves a cursor in a NUL-terminated string over a prefix. Returns false, with the cursor where it was, when
 * there is something else. */
static inline bool string_skip(const char **cursor, const char *prefix)
{
    size_t length = strlen(prefix);
    if (strncmp(*cursor, prefix, length) != 0)
        return false;
    *cursor += length;
    return true;
}

/* True when text begins with a NUL-terminated string. */
static inline bool text_begins_with(struct text text, const char *string)
{
    size_t length = strlen(string);
    return text.length >= length && memcmp(text.start, string, length) == 0;
}

/* True when text is the same as a NUL-terminated string. */
static inline bool text_equals(struct text text, const char *string)
{
    return text.length == strlen(string) && text_begins_with(text, string);
}

/* Takes off rest what it has before the first separator, and the separator with it. Returns false when there
 * is no separator: part is then all of rest, of which nothing is left. */
static inline bool text_take_until(struct text *rest, char separator, struct text *part)
{
    const char *found = rest->length > 0 ? memchr(rest->start, separator, rest->length) : NULL;
    *part = *rest;
    if (found != NULL)
        part->length = (size_t)(found - rest->start);
    size_t taken = part->length + (found != NULL);
    *rest = (struct text){rest->start + taken, rest->length - taken};
    return found != NULL;
}

/* Takes the first word off rest; words have one or more blanks between them, which are either of two
 * characters. Returns false when there is none. */
static inline bool text_take_word(struct text *rest, char blank, char other_blank, struct text *word)
{
    const char *start = rest->start, *end = rest->start + rest->length;
    while (start < end && (*start == blank || *start == other_blank))
        start++;
    const char *word_end = start;
    while (word_end < end && *word_end != blank && *word_end != other_blank)
        word_end++;
    *word = (struct text){start, (size_t)(word_end - start)};
    *rest = (struct text){word_end, (size_t)(end - word_end)};
    return word->length > 0;
}

/* Parses a decimal number of digits only, without sign or leading zeros, not above maximum. Returns 0 or -1.
 */
int text_parse_uint64(struct text text, uint64_t maximum, uint64_t *number);

#endif
