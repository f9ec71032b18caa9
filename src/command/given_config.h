/* Loads the config for a command, and says on standard error what is wrong with it. */
#ifndef OBPUB_COMMAND_GIVEN_CONFIG_H
#define OBPUB_COMMAND_GIVEN_CONFIG_H

#include "command/options.h"
#include "config/config.h"
#include "reader/reader_client.h"

/* Has the config's "log-level" count where neither the command line nor the environment has said any. */
void given_config_find_level(struct options *options);

/* Adds a warning for each of Onionbalance's variables that does nothing here. */
void given_config_warn_of_environment(const struct options *options, struct config_report *report);

/* Has the reader load the config that the options name, and lets the environment override what it may. The
 * report is the caller's to clear in any case; config only on success. Returns 0, or -1. The file is parsed
 * once more here, after the reader: to hand over what the reader has made of it would take a second format,
 * and a parser for that. */
int given_config_receive(struct config *config, struct reader_client *reader, const struct options *options,
                         struct config_report *report);

/* Lets the environment override what it may of a config that was loaded otherwise. */
void given_config_override(struct config *config, const struct options *options);

/* Loads the config in this process, on a machine that has the keys and need not have the other files that the
 * config names, and prints every warning and error. The report is the caller's to clear in any case; config
 * only on success. Returns 0, or -1. */
int given_config_load_keys(struct config *config, const struct options *options,
                           struct config_report *report);

/* Prints every warning and error of a report. */
void given_config_print_report(const struct config_report *report);

#endif
