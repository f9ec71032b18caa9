/* Tests the authorised clients of services in the config file: where they are looked for, and that no mistake
 * makes a service an open one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/tor_clients.h"
#include "helper_clients.h"
#include "helper_config.h"
#include "helper_folder.h"
#include "onion/client_key.h"

#define SERVICE(rest) "services:\n- key: frontend0.key\n  " rest "\n  instances: [{address: @1}]\n"
#define TWIN_KEY "descriptor:x25519:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ\n"

/* Writes the file of a client into a folder. */
static void write_client(const char *folder, size_t number)
{
    uint8_t secret_key[X25519_SECRET_KEY_SIZE], public_key[X25519_PUBLIC_KEY_SIZE];
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE], path[64];
    client_make_keys(secret_key, public_key, number);
    client_key_format_public(line, public_key);
    snprintf(path, sizeof(path), "%s/client%zu.auth", folder, number);
    folder_write_text(path, line);
}

static int set_up(void **state)
{
    if (config_setup(state) != 0 || mkdir("clients", 0700) != 0 || mkdir("empty", 0700) != 0 ||
        mkdir("tor", 0700) != 0 || mkdir("tor/authorized_clients", 0700) != 0)
        return -1;
    for (size_t i = 0; i < 3; i++)
        write_client("clients", i);
    folder_write_text("client.key", TWIN_KEY);
    return rename("frontend8.key", "tor/hs_ed25519_secret_key");
}

/* The clients of the only service. */
static size_t count_clients(const char *text)
{
    struct config config;
    struct config_report report;
    if (config_load_text(&config, &report, text) != 0)
        fail_msg("%s", report.errors[0]);
    const struct authorized_clients *clients = config.frontends[0].clients;
    size_t count = clients != NULL ? clients->count : 0;
    assert_true(count == 0 || config.frontends[0].clients_folder != NULL);
    config_clear(&config);
    config_report_clear(&report);
    return count;
}

/* In the folder that is named, from the config's own folder on. */
static void test_named(void **state)
{
    (void)state;
    assert_int_equal(count_clients(SERVICE("mode: softmap")), 0);
    config_check_good(SERVICE("authorized-clients: clients"), NULL);
    assert_int_equal(count_clients(SERVICE("authorized-clients: clients")), 3);
    config_check_good(SERVICE("authorized-clients: empty"),
                      "empty: has no clients, so that the service is open to everybody");
    assert_int_equal(count_clients(SERVICE("authorized-clients: empty")), 0);
}

/* What one folder says counts for each frontend that names it, and is said once. */
static void test_named_twice(void **state)
{
    (void)state;
    static const char format[] = "services:\n- {key: frontend0.key, authorized-clients: %s, instances: "
                                 "[{address: @1}]}\n- {key: tor, authorized-clients: %s, "
                                 "instances: [{address: @1}]}\n";
    static const char *const folders[] = {"clients", "empty"};
    for (size_t i = 0; i < 2; i++) {
        char text[512];
        struct config config;
        struct config_report report;
        snprintf(text, sizeof(text), format, folders[i], folders[i]);
        assert_int_equal(config_load_text(&config, &report, text), 0);
        assert_string_equal(config.frontends[1].clients_folder, folders[i]);
        assert_ptr_equal(config.frontends[0].clients, config.frontends[1].clients);
        assert_int_equal(config.frontends[1].clients != NULL, i == 0);
        assert_int_equal(report.warning_count, i);
        config_clear(&config);
        config_report_clear(&report);
    }
}

/* No folder that is named and can't be read whole is taken for an empty one. */
static void test_mistakes(void **state)
{
    (void)state;
    config_check_bad(SERVICE("authorized-clients: none"), "none: there is no such folder");
    config_check_bad(SERVICE("authorized-clients: client.key"), "client.key: is no folder");
    config_check_bad(SERVICE("authorized-clients:"), "config.yaml:3: \"authorized-clients\" has no value");
    config_check_bad(SERVICE("authorized-clients: ~"), "config.yaml:3: \"authorized-clients\" has no value");
    config_check_bad(SERVICE("authorized-clients: ''"), "config.yaml:3: \"authorized-clients\"");
    config_check_bad(SERVICE("authorized-clients: []"), "config.yaml:3: \"authorized-clients\"");
    config_check_bad(SERVICE("authorized-clients: credential:none"), "authorized-clients credential:none");
    config_check_bad(SERVICE("authorised-clients: clients"), "authorized-clients");
    folder_write_text("clients/client1.auth", "\n\ndescriptor:x25519:bad\n");
    config_check_bad(SERVICE("authorized-clients: clients"), "clients/client1.auth:3: ");
    assert_int_equal(unlink("clients/client1.auth"), 0);
    assert_int_equal(chmod("clients", 0777), 0);
    config_check_bad(SERVICE("authorized-clients: clients"), "clients: can be changed by others");
}

/* As tor does, beside its key, by whichever path that is named; what is named counts more. */
static void test_beside_the_key(void **state)
{
    (void)state;
    static const char folder[] = "services: [{key: tor, instances: [{address: @1}]}]\n";
    static const char file[] = "services: [{key: tor/hs_ed25519_secret_key, instances: [{address: @1}]}]\n";
    static const char both[] =
        "services: [{key: tor, authorized-clients: clients, instances: [{address: @1}]}]\n";
    config_check_good(folder, NULL); /* each tor makes that folder */
    assert_int_equal(count_clients(folder), 0);
    write_client("tor/authorized_clients", 7);
    assert_int_equal(count_clients(folder), 1);
    assert_int_equal(count_clients(file), 1);
    assert_int_equal(count_clients(both), 3);
    folder_write_text("tor/authorized_clients/client7.auth", "");
    config_check_bad(folder, "tor/authorized_clients/client7.auth: is empty");
    assert_int_equal(unlink("tor/authorized_clients/client7.auth"), 0);
    assert_int_equal(rmdir("tor/authorized_clients"), 0);
    config_check_good(folder, NULL);
    folder_write_text("tor/authorized_clients", "");
    config_check_bad(folder, "tor/authorized_clients: is no folder");
}

/* Whether a config may follow another one, for the clients of its frontends; what is wrong names words. */
static bool may_follow(const char *before, const char *text, const char *words)
{
    struct config configs[2];
    struct config_report reports[2], report = {.error_count = 0};
    if (config_load_text(&configs[0], &reports[0], before) != 0)
        fail_msg("%s", reports[0].errors[0]);
    int result = config_load_text(&configs[1], &reports[1], text);
    if (result != 0)
        fail_msg("%s", reports[1].errors[0]);
    result = tor_clients_check_kept(&configs[0], &configs[1], &report);
    assert_int_equal(report.error_count, result == 0 ? 0 : 1);
    if (result != 0)
        assert_non_null(strstr(report.errors[0], words));
    config_report_clear(&report);
    for (size_t i = 0; i < 2; i++) {
        config_clear(&configs[i]);
        config_report_clear(&reports[i]);
    }
    return result == 0;
}

/* Who has named no folder has not said that it is no more to count. */
static void test_beside_another_key(void **state)
{
    (void)state;
    static const char beside[] = "services: [{key: tor, instances: [{address: @1}]}]\n";
    static const char moved[] = "services: [{key: moved.key, instances: [{address: @1}]}]\n";
    static const char named[] =
        "services: [{key: moved.key, authorized-clients: clients, instances: [{address: @1}]}]\n";
    static const char empty[] =
        "services: [{key: moved.key, authorized-clients: empty, instances: [{address: @1}]}]\n";
    static const char other[] = "services: [{key: frontend0.key, instances: [{address: @1}]}]\n";
    assert_int_equal(link("tor/hs_ed25519_secret_key", "moved.key"), 0);
    assert_true(may_follow(beside, moved, "")); /* it had none */
    write_client("tor/authorized_clients", 7);
    assert_true(may_follow(beside, beside, ""));
    assert_false(may_follow(beside, moved,
                            ".onion would be open to everybody: its authorised clients were "
                            "in tor/authorized_clients"));
    assert_true(may_follow(beside, named, ""));
    assert_true(may_follow(beside, empty, ""));
    assert_true(may_follow(beside, other, ""));
    assert_true(may_follow(named, moved, "")); /* the line was taken away */
}

static void test_most(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONFIG_CLIENTS_MAX; i++)
        write_client("empty", i);
    assert_int_equal(count_clients(SERVICE("authorized-clients: empty")), CONFIG_CLIENTS_MAX);
    write_client("empty", CONFIG_CLIENTS_MAX);
    config_check_bad(
        SERVICE("authorized-clients: empty"),
        "empty: has 113 clients, and a descriptor has room for 112 beside 20 introduction points with the "
        "usual 50,000 bytes: ");
}

/* What tors that have the service's key upload has to be for the same clients. */
static void test_twins(void **state)
{
    (void)state;
    static const char restricted[] = "services:\n- key: frontend0.key\n  mode: hardmap\n"
                                     "  authorized-clients: clients\n  instances:\n  - {name: a%s}\n%s";
    char text[512];
    snprintf(text, sizeof(text), restricted, ", control: 'a:1'", "");
    config_check_good(text, "that everybody can read");
    snprintf(text, sizeof(text), restricted, ", control: 'a:1', client-key: client.key", "");
    config_check_good(text, NULL);
    snprintf(text, sizeof(text), restricted, ", control: 'a:1'", "other-publishers: true\n");
    config_check_good(text, NULL); /* it need not upload */
    snprintf(text, sizeof(text), restricted, "", "other-publishers: true\n");
    config_check_good(text, "that everybody can read"); /* but this one has to */
    config_check_good("services:\n- key: frontend0.key\n  mode: hardmap\n  instances:\n"
                      "  - {name: a, control: 'a:1', client-key: client.key}\n",
                      "everybody can read what obpub publishes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_named, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_named_twice, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_mistakes, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_beside_the_key, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_beside_another_key, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_most, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_twins, set_up, folder_teardown),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
