/* Strings in double quotes as tor writes them on a control port (control-spec 2.1.1). */
#include "control/quoted_string.h"

#include <stdbool.h>

static bool is_octal(char character)
{
    return character >= '0' && character <= '7';
}

/* Reads one to three octal digits. Returns the byte, or -1 when it is above \377. */
static int parse_octal(const char **cursor)
{
    int value = 0;
    for (int digits = 0; digits < 3 && is_octal(**cursor); digits++, (*cursor)++)
        value = value * 8 + (**cursor - '0');
    return value <= 0377 ? value : -1;
}

/* Reads what stands behind a backslash. Returns the byte, or -1. tor writes C's escapes where the spec once
 * meant a backslash to stand for the next character; the spec's rules for reading both are these. */
static int parse_escape(const char **cursor)
{
    if (is_octal(**cursor))
        return parse_octal(cursor);
    char character = *(*cursor)++;
    switch (character) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    default:
        return (unsigned char)character;
    }
}

int quoted_string_parse(const char *text, char *value, size_t size, const char **end)
{
    const char *cursor = text;
    size_t length = 0;
    if (*cursor++ != '"')
        return -1;
    while (*cursor != '"') {
        if (*cursor == '\0')
            return -1;
        int byte = (unsigned char)*cursor++;
        if (byte == '\\')
            byte = parse_escape(&cursor);
        if (byte <= 0 || length + 1 >= size)
            return -1;
        value[length++] = (char)byte;
    }
    if (size == 0)
        return -1;
    value[length] = '\0';
    *end = cursor + 1;
    return 0;
}
