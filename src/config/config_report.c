/* Collects what is wrong with a config file, or worth saying about it. */
#include "config/config_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/printable.h"

/* Longer than two paths and a sentence. */
#define SENTENCE_SIZE_MAX 12288

/* Appends a sentence to a list of a report, unless it is full. */
static void copy_entry(char ***entries, size_t *count, const char *text, size_t length)
{
    if (*count > CONFIG_REPORT_MAX)
        return;
    *entries = memory_extend(*entries, count, *count + 1, sizeof(**entries));
    (*entries)[*count - 1] = memory_copy_text(text, length);
}

static void add_entry(char ***entries, size_t *count, const char *path, size_t line, const char *format,
                      va_list arguments) __attribute__((format(printf, 5, 0)));

/* Appends a sentence that is made here. */
static void add_entry(char ***entries, size_t *count, const char *path, size_t line, const char *format,
                      va_list arguments)
{
    if (*count > CONFIG_REPORT_MAX)
        return;
    char *text = memory_allocate(SENTENCE_SIZE_MAX, 1);
    int length;
    if (line > 0)
        length = snprintf(text, SENTENCE_SIZE_MAX, "%s:%zu: ", path, line);
    else
        length = snprintf(text, SENTENCE_SIZE_MAX, "%s: ", path);
    if (*count == CONFIG_REPORT_MAX)
        snprintf(text, SENTENCE_SIZE_MAX, "%s: there is more like this, left out here", path);
    else if (length >= 0 && length < SENTENCE_SIZE_MAX)
        vsnprintf(text + length, SENTENCE_SIZE_MAX - (size_t)length, format, arguments);
    text_make_printable(text);
    copy_entry(entries, count, text, strlen(text));
    free(text);
}

void config_report_add_error(struct config_report *report, const char *path, size_t line, const char *format,
                             ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_entry(&report->errors, &report->error_count, path, line, format, arguments);
    va_end(arguments);
}

void config_report_add_warning(struct config_report *report, const char *path, size_t line,
                               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_entry(&report->warnings, &report->warning_count, path, line, format, arguments);
    va_end(arguments);
}

void config_report_copy_error(struct config_report *report, const char *text, size_t length)
{
    copy_entry(&report->errors, &report->error_count, text, length);
}

void config_report_copy_warning(struct config_report *report, const char *text, size_t length)
{
    copy_entry(&report->warnings, &report->warning_count, text, length);
}

void config_report_clear(struct config_report *report)
{
    for (size_t i = 0; i < report->error_count; i++)
        free(report->errors[i]);
    for (size_t i = 0; i < report->warning_count; i++)
        free(report->warnings[i]);
    free(report->errors);
    free(report->warnings);
    *report = (struct config_report){0};
}
