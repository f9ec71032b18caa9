/* Loads the config for a command, and says on standard error what is wrong with it. */
#include "command/given_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command/check_agents.h"
#include "command/weak_passwords.h"
#include "config/yaml_file.h"

void given_config_print_report(const struct config_report *report)
{
    for (size_t i = 0; i < report->warning_count; i++)
        fprintf(stderr, "obpub: warning: %s\n", report->warnings[i]);
    for (size_t i = 0; i < report->error_count; i++)
        fprintf(stderr, "obpub: %s\n", report->errors[i]);
}

void given_config_find_level(struct options *options)
{
    enum log_level level;
    if (options->has_verbosity || !config_find_log_level(&level, options->config_path))
        return;
    options->verbosity = level;
}

void given_config_warn_of_environment(const struct options *options, struct config_report *report)
{
    if (options->has_log_location)
        config_report_add_warning(
            report, "ONIONBALANCE_LOG_LOCATION", 0,
            "this variable does nothing here, as what obpub has to say goes to standard "
            "error: have the journal keep that, or write \"2>>FILE\" where it is started");
}

void given_config_override(struct config *config, const struct options *options)
{
    const char *location = options->environment_status_socket;
    if (location == NULL)
        return;
    free(config->status_socket_location);
    config->status_socket_location = memory_copy_text(location, strlen(location));
}

int given_config_receive(struct config *config, struct reader_client *reader, const struct options *options,
                         struct config_report *report)
{
    if (reader_client_load(reader, config, report) != 0)
        return -1;
    given_config_override(config, options);
    given_config_warn_of_environment(options, report);
    weak_passwords_warn(config, options, report);
    check_agents_warn(config, report);
    return 0;
}

int given_config_load_keys(struct config *config, const struct options *options, struct config_report *report)
{
    struct config_files files;
    config_files_find_keys(&files);
    *config = (struct config){0};
    *report = (struct config_report){0};
    size_t length = 0;
    unsigned char *text = yaml_file_read(options->config_path, &length, report);
    int result = text != NULL ? config_parse(config, options->config_path, text, length, &files, report) : -1;
    free(text);
    given_config_print_report(report);
    return result;
}
