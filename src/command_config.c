/* Loads the config for a command, and says on standard error what is wrong with it. */
#include "command_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obpub/memory.h"

static void print_report(const struct config_report *report)
{
    for (size_t i = 0; i < report->warning_count; i++)
        fprintf(stderr, "obpub: warning: %s\n", report->warnings[i]);
    for (size_t i = 0; i < report->error_count; i++)
        fprintf(stderr, "obpub: %s\n", report->errors[i]);
}

int command_read_config(struct config *config, const struct options *options, struct config_report *report)
{
    int result = config_load(config, options->config_path, report);
    if (result == 0 && options->environment_status_socket != NULL) {
        free(config->status_socket_location);
        config->status_socket_location =
            memory_copy_text(options->environment_status_socket, strlen(options->environment_status_socket));
    }
    return result;
}

int command_load_config(struct config *config, const struct options *options, struct config_report *report)
{
    int result = command_read_config(config, options, report);
    print_report(report);
    return result;
}
