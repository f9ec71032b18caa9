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

static int set_sentence(struct error *error, bool lasts, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static int set_sentence(struct error *error, bool lasts, const char *format, va_list arguments)
{
    if (error == NULL)
        return -1;
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    make_printable(error->text);
    error->lasts = lasts;
    return -1;
}

int error_set(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int result = set_sentence(error, false, format, arguments);
    va_end(arguments);
    return result;
}

int error_set_lasting(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int result = set_sentence(error, true, format, arguments);
    va_end(arguments);
    return result;
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
    const bool lasts = error->lasts;
    error_set(error, "%s: %s", context, sentence);
    error->lasts = lasts;
    return -1;
}
