/* Loads the config for a command, and says on standard error what is wrong with it. */
#ifndef OBPUB_COMMAND_CONFIG_H
#define OBPUB_COMMAND_CONFIG_H

#include "config/config.h"
#include "config/options.h"

/* Loads the config that the options name and lets the environment override what it may. The report is the
 * caller's to clear in any case; config only on success. Returns 0, or -1. */
int command_read_config(struct config *config, const struct options *options, struct config_report *report);

/* Does the same and prints every warning and error. The report is the caller's to clear in any case; config
 * only on success. Returns 0, or -1. */
int command_load_config(struct config *config, const struct options *options, struct config_report *report);

#endif
