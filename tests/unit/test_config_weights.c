/* Tests the weights of instances in the config file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper_config.h"
#include "helper_folder.h"

static void test_weights(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report,
                                      "services:\n"
                                      "- key: frontend0.key\n"
                                      "  instances:\n"
                                      "  - {address: @1, weight: 0}\n"
                                      "  - {address: @2, weight: 100}\n"
                                      "  - {address: @3}\n"
                                      "  - {address: @4, weight: ~}\n"
                                      "- key: frontend8.key\n"
                                      "  mode: hardmap\n"
                                      "  instances:\n"
                                      "  - {name: a, control: 'a:1', weight: 7}\n"
                                      "  - {name: b, control: 'a:2', weight: 0}\n"),
                     0);
    assert_int_equal(report.warning_count, 0);
    const struct config_backend *backends = config.frontends[0].backends;
    assert_int_equal(backends[0].weight, 0);
    assert_int_equal(backends[1].weight, 100);
    assert_int_equal(backends[2].weight, 10);
    assert_int_equal(backends[3].weight, 10);
    assert_int_equal(config.frontends[1].backends[0].weight, 7);
    assert_int_equal(config.frontends[1].backends[1].weight, 0);
    config_clear(&config);
    config_report_clear(&report);
}

/* The same backend may have another weight in each service. */
static void test_weights_of_one_backend(void **state)
{
    (void)state;
    config_check_good("services:\n"
                      "- {key: frontend0.key, instances: [{address: @1, weight: 5}]}\n"
                      "- {key: frontend8.key, instances: [{address: @1, weight: 50}]}\n",
                      NULL);
}

#define INSTANCES(list) "services:\n- key: frontend0.key\n  instances:\n" list

static void test_bad_weights(void **state)
{
    (void)state;
    config_check_bad(INSTANCES("  - {address: @1, weight: 101}\n"),
                     "config.yaml:4: \"weight\": \"101\" is no number from 0 to 100");
    config_check_bad(INSTANCES("  - {address: @1, weight: -1}\n"), "\"weight\": \"-1\" is no number from 0");
    config_check_bad(INSTANCES("  - {address: @1, weight: 1.5}\n"), "\"weight\": \"1.5\" is no number");
    config_check_bad(INSTANCES("  - {address: @1, weight: 4294967306}\n"),
                     "\"weight\": \"4294967306\" is no");
    config_check_bad(INSTANCES("  - {address: @1, weight: heavy}\n"), "\"weight\": \"heavy\" is no number");
    config_check_bad(INSTANCES("  - {address: @1, weight: [1]}\n"), "\"weight\" has to be one text");
    config_check_bad(INSTANCES("  - {address: @1, wieght: 1}\n"), "write \"weight\" if that is meant");
}

/* Nobody would get the visitors. */
static void test_all_weights_zero(void **state)
{
    (void)state;
    config_check_bad(INSTANCES("  - {address: @1, weight: 0}\n  - {address: @2, weight: 0}\n"),
                     "config.yaml:4: all instances of this service have the weight 0");
    config_check_good(INSTANCES("  - {address: @1, weight: 0}\n  - {address: @2, weight: 1}\n"), NULL);
}

/* An instance that is left out because of an error of its own may be the one with a weight. */
static void test_error_beside_weight_zero(void **state)
{
    (void)state;
    config_check_bad(INSTANCES("  - {address: nonsense}\n  - {address: @2, weight: 0}\n"),
                     "config.yaml:4: \"address\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(test_weights),
        CONFIG_TEST(test_weights_of_one_backend),
        CONFIG_TEST(test_bad_weights),
        CONFIG_TEST(test_all_weights_zero),
        CONFIG_TEST(test_error_beside_weight_zero),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
