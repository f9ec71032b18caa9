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

static int set_sentence(struct error *error, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static int set_sentence(struct error *error, const char *format, va_list arguments)
{
    if (error == NULL)
        return -1;
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    make_printable(error->text);
    error->lasts = error->is_stricter = false;
    return -1;
}

int error_set(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int result = set_sentence(error, format, arguments);
    va_end(arguments);
    return result;
}

int error_set_lasting(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int result = set_sentence(error, format, arguments);
    va_end(arguments);
    if (error != NULL)
        error->lasts = true;
    return result;
}

int error_set_stricter(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int result = set_sentence(error, format, arguments);
    va_end(arguments);
    if (error != NULL)
        error->is_stricter = true;
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
    const struct error before = *error;
    error_set(error, "%s: %s", context, before.text);
    error->lasts = before.lasts;
    error->is_stricter = before.is_stricter;
    return -1;
}
