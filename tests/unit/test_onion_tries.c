/* The tries to reach an agent over Tor: what shows that its tor has ended, and how long each may take. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "engine/onion_tries.h"

static const uint8_t first[RELAY_FINGERPRINT_SIZE] = {1}, second[RELAY_FINGERPRINT_SIZE] = {2},
                     third[RELAY_FINGERPRINT_SIZE] = {3};

/* One whose connection was lost, and whose service's descriptor has been fetched since. */
static struct onion_tries lost_with_descriptor(void)
{
    struct onion_tries tries = {.turn = 0};
    onion_tries_note_success(&tries);
    onion_tries_note_loss(&tries, 1000);
    onion_tries_note_descriptor(&tries, 0);
    return tries;
}

static void shows_an_end_by_refusals(void **state)
{
    (void)state;
    struct onion_tries tries = lost_with_descriptor();
    assert_false(onion_tries_show_end(&tries, CONTROL_FAILURE_UNREACHABLE));
    assert_false(onion_tries_show_end(&tries, CONTROL_FAILURE_NOT_REACHED));
    assert_true(onion_tries_show_end(&tries, CONTROL_FAILURE_NOT_KNOWN));
    assert_false(onion_tries_note_refusal(&tries, 0, first));
    assert_false(onion_tries_show_end(&tries, CONTROL_FAILURE_UNREACHABLE));
    assert_true(onion_tries_show_end(&tries, CONTROL_FAILURE_NOT_REACHED));
    assert_false(onion_tries_note_refusal(&tries, 0, first)); /* the same once more is no other */
    assert_false(onion_tries_show_end(&tries, CONTROL_FAILURE_UNREACHABLE));
    assert_true(onion_tries_note_refusal(&tries, 0, second));
    assert_false(onion_tries_note_refusal(&tries, 0, third)); /* enough is said once */
    assert_true(onion_tries_show_end(&tries, CONTROL_FAILURE_UNREACHABLE));
}

/* That a circuit broke, an agent is gone or a SOCKS port can't be used shows nothing of the tor, whatever
 * points have said. */
static void shows_nothing_by_other_ends(void **state)
{
    (void)state;
    static const enum control_failure failures[] = {
        CONTROL_FAILURE_REFUSED,  CONTROL_FAILURE_CLOSED,     CONTROL_FAILURE_TIMEOUT,
        CONTROL_FAILURE_PROTOCOL, CONTROL_FAILURE_PERMISSION, CONTROL_FAILURE_AUTHENTICATION,
        CONTROL_FAILURE_PROXY,
    };
    struct onion_tries tries = lost_with_descriptor();
    onion_tries_note_refusal(&tries, 0, first);
    onion_tries_note_refusal(&tries, 0, second);
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        assert_false(onion_tries_show_end(&tries, failures[i]));
}

/* Points of an old descriptor may refuse because the service has replaced them. */
static void waits_for_the_descriptor(void **state)
{
    (void)state;
    struct onion_tries tries = {.turn = 0};
    onion_tries_note_success(&tries);
    onion_tries_note_loss(&tries, 1000);
    assert_false(onion_tries_note_refusal(&tries, 0, first));
    assert_false(onion_tries_note_refusal(&tries, 0, second));
    assert_false(onion_tries_show_end(&tries, CONTROL_FAILURE_UNREACHABLE));
    assert_false(onion_tries_show_end(&tries, CONTROL_FAILURE_NOT_KNOWN));
    onion_tries_note_descriptor(&tries, 0);
    assert_false(onion_tries_show_end(&tries, CONTROL_FAILURE_UNREACHABLE));
    assert_false(onion_tries_note_refusal(&tries, 0, first));
    assert_true(onion_tries_note_refusal(&tries, 0, second));
    assert_true(onion_tries_show_end(&tries, CONTROL_FAILURE_UNREACHABLE));
}

/* Each local tor has a descriptor of its own. */
static void believes_the_tor_that_has_it(void **state)
{
    (void)state;
    struct onion_tries tries = {.turn = 0};
    onion_tries_note_success(&tries);
    onion_tries_note_loss(&tries, 1000);
    assert_true(onion_tries_note_descriptor(&tries, 3));
    assert_false(onion_tries_note_descriptor(&tries, 3));
    assert_false(onion_tries_note_refusal(&tries, 0, first));
    assert_false(onion_tries_note_refusal(&tries, 0, second));
    assert_false(onion_tries_show_end(&tries, CONTROL_FAILURE_UNREACHABLE));
    assert_false(onion_tries_note_descriptor(&tries, 0)); /* not the first one */
    assert_false(onion_tries_note_refusal(&tries, 0, first));
    assert_true(onion_tries_note_refusal(&tries, 3, second));
}

static void forgets_what_was_before_it_was_up(void **state)
{
    (void)state;
    struct onion_tries tries = lost_with_descriptor();
    onion_tries_note_refusal(&tries, 0, first);
    onion_tries_note_failure(&tries, CONTROL_FAILURE_UNREACHABLE);
    onion_tries_note_success(&tries);
    onion_tries_note_loss(&tries, 2000);
    assert_int_equal(tries.lost_at, 2000);
    assert_int_equal(tries.timeouts, 0);
    onion_tries_note_descriptor(&tries, 0);
    assert_false(onion_tries_note_refusal(&tries, 0, second));
}

static void takes_its_time(void **state)
{
    (void)state;
    struct onion_tries tries = lost_with_descriptor();
    const double beginning = onion_tries_patience(&tries, true);
    assert_false(onion_tries_are_short(&tries));
    double last = beginning;
    unsigned shorts = 0;
    for (unsigned i = 0; i < 20; i++) {
        onion_tries_note_failure(&tries, CONTROL_FAILURE_UNREACHABLE);
        const double patience = onion_tries_patience(&tries, true);
        shorts += onion_tries_are_short(&tries);
        assert_true(onion_tries_are_short(&tries) ? patience == beginning : patience >= last);
        last = patience;
    }
    assert_true(shorts > 0 && shorts < 20);
    assert_true(last >= 120 && last <= 130); /* longer than tor itself tries, and no longer */
    assert_true(onion_tries_patience(&(struct onion_tries){.turn = 0}, false) > beginning);
}

/* Another SOCKS port where this one is of no use, other circuits where nothing came of waiting. */
static void tries_another_way(void **state)
{
    (void)state;
    struct onion_tries tries = lost_with_descriptor();
    onion_tries_note_failure(&tries, CONTROL_FAILURE_PROXY);
    assert_int_equal(tries.turn, 1);
    assert_int_equal(tries.circuits, 0);
    onion_tries_note_failure(&tries, CONTROL_FAILURE_TIMEOUT);
    onion_tries_note_failure(&tries, CONTROL_FAILURE_UNREACHABLE);
    assert_int_equal(tries.turn, 1);
    assert_int_equal(tries.circuits, 2);
    onion_tries_note_failure(&tries, CONTROL_FAILURE_REFUSED);
    assert_int_equal(tries.circuits, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_an_end_by_refusals), cmocka_unit_test(shows_nothing_by_other_ends),
        cmocka_unit_test(waits_for_the_descriptor), cmocka_unit_test(forgets_what_was_before_it_was_up),
        cmocka_unit_test(takes_its_time),           cmocka_unit_test(believes_the_tor_that_has_it),
        cmocka_unit_test(tries_another_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
