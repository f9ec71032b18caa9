/* One human sentence that says why a call failed, carried up to whoever can act on it. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Replaces what could confuse a terminal or a log; what strangers sent may be quoted in the sentence. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

int error_set(struct error *error, const char *format, ...)
{
    if (error == NULL)
        return -1;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    make_printable(error->text);
    return -1;
}

int error_add_context(struct error *error, const char *format, ...)
{
    if (error == NULL)
        return -1;
    char context[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context, sizeof(context), format, arguments);
    va_end(arguments);
    char sentence[ERROR_TEXT_SIZE];
    memcpy(sentence, error->text, sizeof(sentence));
    return error_set(error, "%s: %s", context, sentence);
}
