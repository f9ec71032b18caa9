/* Starts the signer and the reader in a folder with keys and a config, for the tests of them. */
#include "helper_children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "command/processes.h"
#include "helper_folder.h"
#include "process/channel.h"
#include "reader/reader_message.h"
#include "vectors.h"

#define KEYS 24

static uint8_t keys[KEYS][512];
static size_t key_lengths[KEYS];
static char addresses[KEYS][ONION_ADDRESS_SIZE];
static size_t key_count;

const struct options children_options = {.config_path = "config.yaml"};
struct confine_plan children_plan;
struct processes children;

static void remember_vector(char **words)
{
    assert_true(key_count < KEYS);
    key_lengths[key_count] = strlen(words[1]) / 2;
    vectors_decode_hex(words[1], keys[key_count], key_lengths[key_count]);
    snprintf(addresses[key_count], sizeof(addresses[key_count]), "%s", words[2]);
    key_count++;
}

const char *children_address(int number)
{
    return addresses[number];
}

int children_prepare(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    vectors_for_each("key_files.txt", 3, remember_vector);
    return 0;
}

void children_write_config(const char *other, const int *frontends, size_t count)
{
    char text[4096];
    int length = snprintf(text, sizeof(text), "%sservices:\n", other);
    for (size_t i = 0; i < count; i++)
        length +=
            snprintf(text + length, sizeof(text) - (size_t)length,
                     "  - key: frontend%d.key\n    instances: [{address: %s}]\n", frontends[i], addresses[3]);
    folder_write_text("config.yaml", text);
}

int children_set_up(void **state)
{
    struct error error;
    if (folder_setup(state) != 0)
        return -1;
    folder_write("frontend0.key", keys[0], key_lengths[0]);
    folder_write("frontend8.key", keys[8], key_lengths[8]);
    children_write_config("", (const int[]){0, 8}, 2);
    /* Who runs the tests goes on as it is. */
    if (confine_plan_make(&children_plan, geteuid() == 0 ? "root" : NULL, false, &error) != 0)
        return -1;
    return processes_start(&children, &children_options, &children_plan, NULL, &error);
}

int children_tear_down(void **state)
{
    processes_end(&children);
    return folder_teardown(state);
}

void children_load(struct config *config)
{
    struct config_report report;
    assert_int_equal(reader_client_load(children.reader, config, &report), 0);
    assert_int_equal(report.error_count, 0);
    config_report_clear(&report);
}

void children_take_config(struct config *config)
{
    struct error error;
    children_load(config);
    assert_int_equal(reader_client_keep(children.reader, &error), 0);
}

int children_certify(size_t frontend)
{
    uint8_t seed[ED25519_SEED_SIZE] = {1}, signing_key[ED25519_PUBLIC_KEY_SIZE];
    struct signer_answer answer;
    struct ed25519_secret_key secret_key;
    struct certificate certificate;
    struct error error;
    int64_t now = time(NULL);
    const struct signer_period period = {frontend, (uint64_t)now / 60 / CHILDREN_PERIOD_LENGTH,
                                         CHILDREN_PERIOD_LENGTH};
    ed25519_expand_seed(&secret_key, seed);
    ed25519_derive_public_key(signing_key, &secret_key);
    if (signer_client_certify(children.signer, &period, signing_key, signer_expiration_hour(now), &answer,
                              &error) != 0)
        return -1;
    assert_false(answer.is_presigned);
    assert_int_equal(certificate_verify(&certificate, answer.certificate, sizeof(answer.certificate),
                                        CERTIFICATE_DESCRIPTOR_SIGNING_KEY, answer.blinded_key, now, &error),
                     0);
    assert_memory_equal(certificate.certified_key, signing_key, sizeof(signing_key));
    return 0;
}

void children_check_both_end(void)
{
    for (int process = 0; process < PROCESSES; process++) {
        assert_int_equal(channel_wait(children.ends[process], 20000), 1);
        while (!channel_is_closed(children.ends[process])) {
            uint8_t late[READER_MESSAGE_SIZE_MAX];
            assert_true(channel_receive(children.ends[process], late, sizeof(late)) > 0);
        }
    }
}
