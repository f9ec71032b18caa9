/* What stands around a descriptor where a person has kept one. */
#include "onion/descriptor_wrapping.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/* Removes the carriage returns before newlines, unless one is missing. */
static size_t remove_returns(char *text, size_t length)
{
    size_t newlines = 0, pairs = 0, kept = 0;
    for (size_t i = 0; i < length; i++) {
        newlines += text[i] == '\n';
        pairs += text[i] == '\n' && i > 0 && text[i - 1] == '\r';
    }
    if (newlines == 0 || pairs < newlines)
        return length;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\r' || i + 1 == length || text[i + 1] != '\n')
            text[kept++] = text[i];
    }
    return kept;
}

static struct text take_line(struct text *rest)
{
    struct text line;
    text_take_until(rest, '\n', &line);
    return line;
}

/* Whether a line begins a reply's or an event's data. */
static bool begins_data(struct text line)
{
    return text_begins_with(line, "250+") || text_begins_with(line, "650+");
}

/* Finds the data of the first reply or event that has any. Returns its length, having moved it to the front;
 * where there is none, all of it. */
static size_t take_data(char *text, size_t length)
{
    struct text rest = {text, length};
    while (rest.length > 0 && !begins_data(take_line(&rest)))
        ;
    size_t kept = 0;
    while (rest.length > 0) {
        const char *start = rest.start;
        struct text line = take_line(&rest);
        if (text_equals(line, "."))
            break;
        /* A dot is put before each line that begins with one. */
        const bool is_stuffed = text_begins_with(line, ".");
        const size_t size = (size_t)(rest.start - start) - is_stuffed;
        memmove(text + kept, start + is_stuffed, size);
        kept += size;
    }
    return kept > 0 ? kept : length;
}

/* Leaves one newline at the end. */
static size_t trim(const char *text, size_t length)
{
    while (length > 1 && text[length - 1] == '\n' && text[length - 2] == '\n')
        length--;
    return length;
}

size_t descriptor_unwrap(char *text, size_t length)
{
    length = remove_returns(text, length);
    if (!text_begins_with((struct text){text, length}, "hs-descriptor"))
        length = take_data(text, length);
    return trim(text, length);
}
