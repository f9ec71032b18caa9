/* Lines of Prometheus' text format. */
#include "report/metrics_text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static void __attribute__((format(printf, 2, 3))) add(struct metrics_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (evbuffer_add_vprintf(text->buffer, format, arguments) < 0)
        text->has_failed = true;
    va_end(arguments);
}

void metrics_text_begin(struct metrics_text *text, const char *name, const char *type, const char *help)
{
    add(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value, with what the format wants escaped. */
static void add_value(struct metrics_text *text, const char *value)
{
    while (*value != '\0') {
        size_t plain = strcspn(value, "\\\"\n");
        add(text, "%.*s", (int)plain, value);
        value += plain;
        if (*value != '\0')
            add(text, "\\%c", *value == '\n' ? 'n' : *value);
        value += *value != '\0';
    }
}

void metrics_text_add(struct metrics_text *text, const char *name, const char *suffix,
                      const struct metrics_label *labels, size_t label_count, double value)
{
    if (isnan(value))
        return;
    add(text, "%s%s", name, suffix);
    char separator = '{';
    for (size_t i = 0; i < label_count; i++) {
        if (labels[i].value == NULL)
            continue;
        add(text, "%c%s=\"", separator, labels[i].name);
        add_value(text, labels[i].value);
        add(text, "\"");
        separator = ',';
    }
    if (separator == ',')
        add(text, "}");
    bool is_whole = value == floor(value);
    add(text, " %.*f\n", is_whole ? 0 : 3, value);
}
