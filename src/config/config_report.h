/* Collects what is wrong with a config file, or worth saying about it. */
#ifndef OBPUB_CONFIG_CONFIG_REPORT_H
#define OBPUB_CONFIG_CONFIG_REPORT_H

#include "config/config.h"

/* Most errors, and most warnings, that a report keeps; one more says that there were others. */
#define CONFIG_REPORT_MAX 100

/* Adds "<path>:<line>: <sentence>", or "<path>: <sentence>" for line 0. What can't be shown safely on a
 * terminal becomes '?'. */
void config_report_add_error(struct config_report *report, const char *path, size_t line, const char *format,
                             ...) __attribute__((format(printf, 4, 5)));
void config_report_add_warning(struct config_report *report, const char *path, size_t line,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Add a whole sentence that another report has, of length bytes. */
void config_report_copy_error(struct config_report *report, const char *text, size_t length);
void config_report_copy_warning(struct config_report *report, const char *text, size_t length);

#endif
