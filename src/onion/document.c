/* Tokens of Tor's document meta-format: keyword lines with arguments and objects. */
#include "onion/document.h"

#include <string.h>

/* Characters of a stranger's line that an error sentence quotes. */
#define QUOTED_LENGTH 60
/* Bytes that are looked at together. */
#define CONTROL_BLOCK 32

void document_reader_init(struct document_reader *reader, const char *text, size_t length)
{
    reader->next = text;
    reader->end = text + length;
}

/* Fails with a sentence that quotes the beginning of a line. */
static int fail_at(struct error *error, struct text line, const char *reason)
{
    int quoted = line.length < QUOTED_LENGTH ? (int)line.length : QUOTED_LENGTH;
    return error_set(error, "%s, in the line \"%.*s\"", reason, quoted, line.start);
}

/* The same, where tor reads on. */
static int fail_stricter_at(struct error *error, struct text line, const char *reason)
{
    fail_at(error, line, reason);
    if (error != NULL)
        error->is_stricter = true;
    return -1;
}

/* Takes the next line off the reader; it comes without its newline. */
static struct text take_line(struct document_reader *reader)
{
    struct text line, rest = {reader->next, (size_t)(reader->end - reader->next)};
    text_take_until(&rest, '\n', &line);
    reader->next = rest.start;
    return line;
}

/* 1 for a control character other than the one that may be there, or 0; without a branch. */
static uint8_t is_control(uint8_t byte, uint8_t allowed)
{
    return (uint8_t)(((byte < ' ') & (byte != allowed)) | (byte == 0x7f));
}

/* True when text has no control character but the one that may be in it. Looks at every byte, in blocks of a
 * fixed size, because compilers make that many times as fast. */
static bool has_no_control(struct text text, char allowed)
{
    uint8_t found = 0;
    size_t start = 0;
    for (; text.length - start >= CONTROL_BLOCK; start += CONTROL_BLOCK) {
        for (size_t i = 0; i < CONTROL_BLOCK; i++)
            found |= is_control((uint8_t)text.start[start + i], (uint8_t)allowed);
    }
    for (; start < text.length; start++)
        found |= is_control((uint8_t)text.start[start], (uint8_t)allowed);
    return found == 0;
}

static bool is_alphanumeric(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9');
}

static bool take_word(struct text *rest, struct text *word)
{
    return text_take_word(rest, ' ', '\t', word);
}

/* A keyword does not begin with "-": that is how objects begin. */
static bool is_keyword(struct text word)
{
    if (word.length == 0 || !is_alphanumeric(word.start[0]))
        return false;
    for (size_t i = 1; i < word.length; i++) {
        if (!is_alphanumeric(word.start[i]) && word.start[i] != '-')
            return false;
    }
    return true;
}

/* Takes a keyword line apart. */
static int parse_keyword_line(struct document_item *item, struct error *error)
{
    if (item->line.length == 0)
        return error_set_stricter(error, "an empty line");
    if (!has_no_control(item->line, '\t'))
        return fail_stricter_at(error, item->line, "a control character");
    struct text rest = item->line;
    bool is_indented = rest.start[0] == ' ' || rest.start[0] == '\t';
    if (!take_word(&rest, &item->keyword) || is_indented || !is_keyword(item->keyword))
        return item->line.start[0] == '@' ? fail_at(error, item->line, "an annotation")
                                          : fail_stricter_at(error, item->line, "not a keyword");
    item->argument_count = 0;
    while (item->argument_count < DOCUMENT_ARGUMENTS_MAX &&
           take_word(&rest, &item->arguments[item->argument_count]))
        item->argument_count++;
    return 0;
}

/* Reads the label of a "-----BEGIN label-----" or "-----END label-----" line that starts with opening. */
static bool parse_label(struct text line, const char *opening, struct text *label)
{
    static const char closing[] = "-----";
    size_t opening_length = strlen(opening), closing_length = sizeof(closing) - 1;
    if (!text_begins_with(line, opening) || line.length <= opening_length + closing_length)
        return false;
    *label = (struct text){line.start + opening_length, line.length - opening_length - closing_length};
    if (memcmp(label->start + label->length, closing, closing_length) != 0)
        return false;
    for (size_t i = 0; i < label->length; i++) {
        if (!is_alphanumeric(label->start[i]) && label->start[i] != ' ')
            return false;
    }
    return true;
}

/* Reads the object that begins at the reader. */
static int read_object(struct document_item *item, struct document_reader *reader, struct error *error)
{
    struct text line = take_line(reader);
    if (!parse_label(line, "-----BEGIN ", &item->object_label))
        return fail_at(error, line, "a malformed beginning of an object");
    /* No "-" is in base64: the first one has to begin the END line. */
    item->object = (struct text){reader->next, (size_t)(reader->end - reader->next)};
    const char *dash = memchr(reader->next, '-', item->object.length);
    if (dash == NULL || dash[-1] != '\n')
        return fail_at(error, line, "an object without end");
    item->object.length = (size_t)(dash - reader->next);
    if (!has_no_control(item->object, '\n'))
        return fail_at(error, line, "a control character in an object");
    reader->next = dash;
    struct text label;
    if (!parse_label(take_line(reader), "-----END ", &label))
        return fail_at(error, line, "an object without end");
    if (label.length != item->object_label.length ||
        memcmp(label.start, item->object_label.start, label.length) != 0)
        return fail_at(error, line, "an object that ends under another label");
    item->has_object = true;
    return 0;
}

int document_reader_next(struct document_reader *reader, struct document_item *item, struct error *error)
{
    if (reader->next == reader->end)
        return 0;
    item->line = take_line(reader);
    item->has_object = false;
    item->object_label = (struct text){NULL, 0};
    item->object = (struct text){NULL, 0};
    if (parse_keyword_line(item, error) != 0)
        return -1;
    struct text rest = {reader->next, (size_t)(reader->end - reader->next)};
    if (text_begins_with(rest, "-----") && read_object(item, reader, error) != 0)
        return -1;
    return 1;
}
