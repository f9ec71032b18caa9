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

static void write_sentence(struct error *error, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void write_sentence(struct error *error, const char *format, va_list arguments)
{
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    make_printable(error->text);
}

int error_set(struct error *error, const char *format, ...)
{
    if (error == NULL)
        return -1;
    va_list arguments;
    va_start(arguments, format);
    write_sentence(error, format, arguments);
    va_end(arguments);
    error->lasts = false;
    return -1;
}

int error_set_lasting(struct error *error, const char *format, ...)
{
    if (error == NULL)
        return -1;
    va_list arguments;
    va_start(arguments, format);
    write_sentence(error, format, arguments);
    va_end(arguments);
    error->lasts = true;
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
    const bool lasts = error->lasts;
    error_set(error, "%s: %s", context, sentence);
    error->lasts = lasts;
    return -1;
}
