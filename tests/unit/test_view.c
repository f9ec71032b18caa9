/* Tests of what status and metrics work out of a view: whose name a backend has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/view.h"

/* A frontend's config with two backends at one address, and a third one. */
static char first[] = "first", second[] = "second", third[] = "third";
static struct config_backend backends[] = {
    {.name = first, .identity_key = {1}},
    {.name = second, .identity_key = {1}},
    {.name = third, .identity_key = {2}},
};
static const struct config_frontend config = {.backends = backends, .backend_count = 3};
static const uint8_t one_key[ED25519_PUBLIC_KEY_SIZE] = {1};
static const uint8_t other_key[ED25519_PUBLIC_KEY_SIZE] = {2};

static void test_backend_names(void **state)
{
    (void)state;
    assert_ptr_equal(report_view_name_backend(&config, 0, one_key), first);
    assert_ptr_equal(report_view_name_backend(&config, 1, one_key), second);
    assert_ptr_equal(report_view_name_backend(&config, 2, other_key), third);
}

/* A name is a position's: no member has that of another one. */
static void test_backends_without_name(void **state)
{
    (void)state;
    assert_null(report_view_name_backend(&config, 2, one_key));
    assert_null(report_view_name_backend(&config, 0, other_key));
    assert_null(report_view_name_backend(&config, 3, one_key));
    assert_null(report_view_name_backend(NULL, 0, one_key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backend_names),
        cmocka_unit_test(test_backends_without_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
