/* Loads the config for a command, and says on standard error what is wrong with it. */
#include "command_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obpub/memory.h"

void command_print_report(const struct config_report *report)
{
    for (size_t i = 0; i < report->warning_count; i++)
        fprintf(stderr, "obpub: warning: %s\n", report->warnings[i]);
    for (size_t i = 0; i < report->error_count; i++)
        fprintf(stderr, "obpub: %s\n", report->errors[i]);
}

static void override(struct config *config, const struct options *options)
{
    const char *location = options->environment_status_socket;
    if (location == NULL)
        return;
    free(config->status_socket_location);
    config->status_socket_location = memory_copy_text(location, strlen(location));
}

int command_receive_config(struct config *config, struct reader_client *reader, const struct options *options,
                           struct config_report *report)
{
    if (reader_client_load(reader, config, report) != 0)
        return -1;
    override(config, options);
    return 0;
}

int command_load_config(struct config *config, const struct options *options, struct config_report *report)
{
    int result = config_load(config, options->config_path, report);
    if (result == 0)
        override(config, options);
    command_print_report(report);
    return result;
}
