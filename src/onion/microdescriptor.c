/* Microdescriptors: one entry after the other, its digest and its Ed25519 identity. */
#include "onion/microdescriptor.h"

#include "crypto/hash.h"
#include "directory_text.h"

#define FIRST_KEYWORD "onion-key"

/* Annotations, as in tor's cache files, stand before an entry and are not part of it. */
static bool line_is_annotation(struct text line)
{
    return line.length > 0 && line.start[0] == '@';
}

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

/* Reads the lines behind the first one up to the next entry or annotation. */
static int parse_lines(struct microdescriptor *microdescriptor, struct directory_reader *reader,
                       struct error *error)
{
    bool is_in_object = false;
    struct text line;
    const char *line_start = reader->next;
    while (directory_next_line(reader, &line)) {
        if (line_begins_entry(line) || line_is_annotation(line)) {
            reader->next = line_start;
            break;
        }
        line_start = reader->next;
        if (line.length == 0)
            return error_set(error, "a microdescriptor has an empty line");
        if (text_begins_with(line, "-----BEGIN "))
            is_in_object = true;
        else if (text_begins_with(line, "-----END "))
            is_in_object = false;
        else if (!is_in_object && text_begins_with(line, "id ") &&
                 parse_identity(microdescriptor, (struct text){line.start + 3, line.length - 3}, error) != 0)
            return -1;
    }
    return is_in_object ? error_set(error, "a microdescriptor ends within a key") : 0;
}

bool microdescriptor_line_begins(const char *line, size_t length)
{
    const struct text text = {line, length};
    return line_begins_entry(text) || line_is_annotation(text);
}

int microdescriptor_next(struct microdescriptor *microdescriptor, struct hasher *hasher, const char **text,
                         const char *end, struct error *error)
{
    *microdescriptor = (struct microdescriptor){.has_ed25519_identity = false};
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
    } while (line_is_annotation(line));
    if (!text_equals(line, FIRST_KEYWORD))
        return error_set(error, "a microdescriptor does not begin with its onion-key");
    if (parse_lines(microdescriptor, &reader, error) != 0)
        return -1;
    hasher_sha256(hasher, microdescriptor->digest, line.start, (size_t)(reader.next - line.start));
    *text = reader.next;
    return 1;
}
