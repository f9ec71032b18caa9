/* Microdescriptors: one entry after the other, its digest and its Ed25519 identity. */
#include "onion/microdescriptor.h"

#include "crypto/hash.h"
#include "directory_text.h"

#define FIRST_KEYWORD "onion-key"

static bool line_begins_entry(struct text line)
{
    return text_begins_with(line, FIRST_KEYWORD);
}

/* Takes the identity of a line "id ed25519 <base64>"; other kinds of identity are not needed. */
static int parse_identity(struct microdescriptor *microdescriptor, struct text arguments, struct error *error)
{
    static const uint8_t zeros[ED25519_PUBLIC_KEY_SIZE];
    struct text kind, base64;
    if (!directory_next_word(&arguments, &kind) || !directory_next_word(&arguments, &base64))
        return error_set(error, "a microdescriptor has an id line without a key");
    if (!text_equals(kind, "ed25519"))
        return 0;
    if (microdescriptor->has_ed25519_identity)
        return error_set(error, "a microdescriptor has two Ed25519 identities");
    if (directory_decode_base64(base64, microdescriptor->ed25519_identity, ED25519_PUBLIC_KEY_SIZE) != 0)
        return error_set(error, "the Ed25519 identity of a microdescriptor is not 43 characters of base64");
    /* tor takes a key of zeros for none. */
    microdescriptor->has_ed25519_identity =
        memcmp(microdescriptor->ed25519_identity, zeros, sizeof(zeros)) != 0;
    return 0;
}

int microdescriptor_take_line(struct microdescriptor_lines *lines, const char *line, size_t length,
                              struct error *error)
{
    const struct text text = {line, length};
    if (!lines->has_begun) {
        lines->has_begun = true;
        return text_equals(text, FIRST_KEYWORD)
                   ? 0
                   : error_set(error, "a microdescriptor does not begin with its onion-key");
    }
    if (length == 0)
        return error_set(error, "a microdescriptor has an empty line");
    if (text_begins_with(text, "-----BEGIN "))
        lines->is_in_object = true;
    else if (text_begins_with(text, "-----END "))
        lines->is_in_object = false;
    else if (!lines->is_in_object && text_begins_with(text, "id "))
        return parse_identity(&lines->microdescriptor, (struct text){line + 3, length - 3}, error);
    return 0;
}

int microdescriptor_end_lines(const struct microdescriptor_lines *lines, struct error *error)
{
    return lines->is_in_object ? error_set(error, "a microdescriptor ends within a key") : 0;
}

bool microdescriptor_line_is_annotation(const char *line, size_t length)
{
    return length > 0 && line[0] == '@';
}

bool microdescriptor_line_begins(const char *line, size_t length)
{
    return line_begins_entry((struct text){line, length}) || microdescriptor_line_is_annotation(line, length);
}

/* Reads the lines behind the first one up to the next entry or annotation. */
static int parse_lines(struct microdescriptor_lines *lines, struct directory_reader *reader,
                       struct error *error)
{
    struct text line;
    const char *line_start = reader->next;
    while (directory_next_line(reader, &line)) {
        if (microdescriptor_line_begins(line.start, line.length)) {
            reader->next = line_start;
            break;
        }
        line_start = reader->next;
        if (microdescriptor_take_line(lines, line.start, line.length, error) != 0)
            return -1;
    }
    return microdescriptor_end_lines(lines, error);
}

int microdescriptor_next(struct microdescriptor *microdescriptor, struct hasher *hasher, const char **text,
                         const char *end, struct error *error)
{
    struct microdescriptor_lines lines = {.has_begun = false};
    /* The newline at the end is under the digest: without it the last entry must have been cut off. */
    if (*text < end && end[-1] != '\n')
        return error_set(error, "the microdescriptors do not end with a whole line");

    struct directory_reader reader = {.next = *text, .end = end};
    struct text line;
    do {
        if (!directory_next_line(&reader, &line)) {
            *text = end;
            return 0;
        }
    } while (microdescriptor_line_is_annotation(line.start, line.length));
    if (microdescriptor_take_line(&lines, line.start, line.length, error) != 0 ||
        parse_lines(&lines, &reader, error) != 0)
        return -1;
    *microdescriptor = lines.microdescriptor;
    hasher_sha256(hasher, microdescriptor->digest, line.start, (size_t)(reader.next - line.start));
    *text = reader.next;
    return 1;
}
