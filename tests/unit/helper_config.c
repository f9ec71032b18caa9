/* Config files for tests, with the keys of the vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "helper_config.h"
#include "helper_folder.h"
#include "vectors.h"

char config_addresses[CONFIG_KEYS][ONION_ADDRESS_SIZE];
uint8_t config_keys[CONFIG_KEYS][512];
size_t config_key_lengths[CONFIG_KEYS];
static size_t key_count;

static void remember_vector(char **words)
{
    assert_true(key_count < CONFIG_KEYS);
    config_key_lengths[key_count] = strlen(words[1]) / 2;
    vectors_decode_hex(words[1], config_keys[key_count], config_key_lengths[key_count]);
    snprintf(config_addresses[key_count], sizeof(config_addresses[key_count]), "%s", words[2]);
    key_count++;
}

int config_prepare(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    vectors_for_each("key_files.txt", 3, remember_vector);
    return 0;
}

int config_setup(void **state)
{
    if (folder_setup(state) != 0)
        return -1;
    folder_write("frontend0.key", config_keys[0], config_key_lengths[0]);
    folder_write("frontend8.key", config_keys[8], config_key_lengths[8]);
    return 0;
}

char *config_expand(const char *text)
{
    size_t length = 0;
    char *expanded = memory_allocate(strlen(text) * 30 + 1, 1);
    for (const char *c = text; *c != '\0'; c++) {
        if (c[0] == '@' && c[1] >= '0' && c[1] < '0' + CONFIG_KEYS) {
            memcpy(expanded + length, config_addresses[c[1] - '0'], ONION_ADDRESS_LENGTH);
            length += ONION_ADDRESS_LENGTH;
            c++;
        } else {
            expanded[length++] = *c;
        }
    }
    return expanded;
}

int config_load_text(struct config *config, struct config_report *report, const char *text)
{
    char *expanded = config_expand(text);
    folder_write_text("config.yaml", expanded);
    free(expanded);
    return config_load(config, "config.yaml", report);
}

void config_check_good(const char *text, const char *warning)
{
    struct config config;
    struct config_report report;
    if (config_load_text(&config, &report, text) != 0)
        fail_msg("%s", report.errors[0]);
    assert_int_equal(report.error_count, 0);
    assert_int_equal(report.warning_count, warning != NULL ? 1 : 0);
    if (warning != NULL && strstr(report.warnings[0], warning) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", report.warnings[0], warning);
    config_clear(&config);
    config_report_clear(&report);
}

void config_check_bad(const char *text, const char *error)
{
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report, text), -1);
    const struct config nothing = {0};
    assert_memory_equal(&config, &nothing, sizeof(config));
    if (report.error_count != 1)
        fail_msg("%zu errors, the last one: %s", report.error_count, report.errors[report.error_count - 1]);
    if (strstr(report.errors[0], error) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", report.errors[0], error);
    config_report_clear(&report);
}
