/* Tests control ports over Tor in the config file: what opens them, and the SOCKS ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "helper_config.h"
#include "helper_folder.h"

#define INSTANCE(rest) "services:\n- key: frontend0.key\n  instances:\n  - {address: @1, " rest "}\n"
#define AGENT "control: '@2.onion:9151'"
#define SECRET "control-password-file: secret"
#define KEY "descriptor:x25519:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ\n"

static int set_up(void **state)
{
    if (config_setup(state) != 0)
        return -1;
    folder_write_text("secret", "0123456789abcdef0123456789abcdef\n");
    folder_write_text("client.key", KEY);
    return 0;
}

static void test_onion_control(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(
        config_load_text(
            &config, &report,
            INSTANCE(
                AGENT
                ", " SECRET
                ", control-client-key: client.key") "tor-socks: ['unix:/run/tor/socks', '127.0.0.1:9050']\n"),
        0);
    const struct config_backend *backend = &config.frontends[0].backends[0];
    assert_int_equal(backend->control.way, CONTROL_WAY_ONION);
    assert_int_equal(backend->control.port, 9151);
    assert_string_equal(backend->control_client_key, "client.key");
    assert_true(config_has_onion_control(&config));
    assert_int_equal(config.tor_socks_count, 2);
    assert_string_equal(listen_address_path(&config.tor_socks[0]), "/run/tor/socks");
    config_clear(&config);
    config_report_clear(&report);
    config_check_good(INSTANCE(AGENT ", " SECRET) "tor-socks: '[::1]:9050'\n", NULL);
}

/* What opens a control port over Tor is the secret that is shared with an agent, and nothing else. */
static void test_needs_secret(void **state)
{
    (void)state;
    config_check_bad(INSTANCE(AGENT),
                     "config.yaml:4: a control port over Tor needs \"control-password-file\"");
    config_check_bad(INSTANCE(AGENT ", control-cookie-file: secret"), "is an agent's, which has no cookie");
    config_check_bad(INSTANCE("control: '@2x.onion:9151', " SECRET), "\"control\": the onion address");
    config_check_bad(INSTANCE("control: 'x.onion.:9151', " SECRET), "\"control\": the onion address");
    config_check_bad(INSTANCE("control: '@2.onion', " SECRET), "\"control\": ");
}

static void test_client_keys(void **state)
{
    (void)state;
    config_check_bad(INSTANCE("control: 'a:1', " SECRET ", control-client-key: client.key"),
                     "is for the control port of an onion service alone");
    config_check_bad(INSTANCE("control-client-key: client.key"),
                     "is for the control port of an onion service alone");
    config_check_bad(INSTANCE(AGENT ", " SECRET ", control-client-key: none"),
                     "config.yaml:4: client key file none: there is no such file");
    config_check_bad(INSTANCE(AGENT ", " SECRET ", control-client-key: secret"),
                     "client key file secret: is no client's private key");
    assert_int_equal(chmod("client.key", 0644), 0);
    config_check_bad(INSTANCE(AGENT ", " SECRET ", control-client-key: client.key"),
                     "chmod o-rwx client.key");
    assert_int_equal(chmod("client.key", 0640), 0);
    config_check_good(INSTANCE(AGENT ", " SECRET ", control-client-key: client.key"), NULL);
    char *expanded = config_expand("@3:" KEY);
    folder_write_text("client.key", expanded);
    free(expanded);
    config_check_bad(INSTANCE(AGENT ", " SECRET ", control-client-key: client.key"),
                     "which is another onion service");
}

static void test_local_tors(void **state)
{
    (void)state;
    config_check_bad(INSTANCE("weight: 1") "tor-control: '@2.onion:9051'\n", "it can't be one itself");
    config_check_bad(INSTANCE("weight: 1") "tor-socks: 'localhost:9050'\n",
                     "\"tor-socks\": 'localhost' is no IP");
    config_check_bad(INSTANCE("weight: 1") "tor-socks: '@2.onion:9050'\n", "\"tor-socks\": ");
    config_check_bad(INSTANCE("weight: 1") "tor-socks: 9050\n", "\"tor-socks\": ");
}

/* One tor that two services list is asked as the first one says. */
static void test_says_the_same(void **state)
{
    (void)state;
    config_check_good("services:\n"
                      "- {key: frontend0.key, instances: [{address: @1, " AGENT ", " SECRET "}]}\n"
                      "- {key: frontend8.key, instances: [{address: @1, " AGENT ", " SECRET
                      ", control-client-key: client.key}]}\n",
                      "does not count");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_onion_control, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_needs_secret, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_client_keys, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_local_tors, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(test_says_the_same, set_up, folder_teardown),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
