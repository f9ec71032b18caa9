/* Config files for tests, with the keys of the vectors. */
#ifndef OBPUB_HELPER_CONFIG_H
#define OBPUB_HELPER_CONFIG_H

#include "config/config.h"

#define CONFIG_KEYS 9

/* One good service. */
#define GOOD_SERVICES "services: [{key: frontend0.key, instances: [{address: @1}]}]\n"

/* The key files of the vectors, and their addresses. All are good addresses for backends too. */
extern char config_addresses[CONFIG_KEYS][ONION_ADDRESS_SIZE];
extern uint8_t config_keys[CONFIG_KEYS][512];
extern size_t config_key_lengths[CONFIG_KEYS];

/* Reads the vectors, once for all tests. */
int config_prepare(void **state);

/* Makes a folder with two of the keys, frontend0.key and frontend8.key, and goes there. */
int config_setup(void **state);

#define CONFIG_TEST(function) cmocka_unit_test_setup_teardown(function, config_setup, folder_teardown)

/* The text with the fourth address for each "@3" in it, and so on; release with free(). */
char *config_expand(const char *text);

/* Writes config.yaml, a text that is expanded, and loads it. */
int config_load_text(struct config *config, struct config_report *report, const char *text);

/* A config that is good; warning may be NULL, or the text that its only warning has in it. */
void config_check_good(const char *text, const char *warning);

/* A config with exactly one error, which has the text in it, and nothing in config. */
void config_check_bad(const char *text, const char *error);

#endif
