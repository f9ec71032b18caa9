/* Tests the signer's process with whoever has taken the engine over, and sets the clock as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "helper_signer.h"
#include "process/channel.h"
#include "signer/clock_limit.h"
#include "signer/key_request.h"
#include "signer/signer_process.h"

#define YEAR (365 * INT64_C(86400))

/* The linker puts this in the place of the clock: see tests/CMakeLists.txt. */
int64_t __wrap_clock_wall_seconds(void);

static _Atomic int64_t clock_shift; /* seconds by which it is false */

int64_t __wrap_clock_wall_seconds(void)
{
    return (int64_t)time(NULL) + clock_shift;
}

/* The process, as a thread; ends [0] are those of who asks. */
static struct {
    int engine[2], reader[2];
    pthread_t thread;
    int result;
    struct error error;
} process;

static void *run(void *context)
{
    process.result = signer_process_run(process.engine[1], process.reader[1], &process.error);
    close(process.engine[1]);
    close(process.reader[1]);
    return context;
}

/* Starts it, and hands it a key. */
static int start(void **state)
{
    (void)state;
    uint8_t bytes[SIGNER_KEY_REQUEST_SIZE], identity_key[ED25519_PUBLIC_KEY_SIZE];
    memset(&process, 0, sizeof(process));
    clock_shift = 0;
    signal(SIGPIPE, SIG_IGN);
    if (sodium_init() < 0 || channel_open(process.engine, NULL) != 0 ||
        channel_open(process.reader, NULL) != 0 || pthread_create(&process.thread, NULL, run, NULL) != 0)
        return -1;
    struct ed25519_secret_key *key = signer_make_key(1, identity_key);
    signer_key_request_add(bytes, key, identity_key);
    secret_free(key);
    return channel_send(process.reader[0], bytes, sizeof(bytes)) == 0 &&
                   channel_receive(process.reader[0], bytes, sizeof(bytes)) == SIGNER_KEY_ANSWER_SIZE
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    close(process.engine[0]);
    close(process.reader[0]);
    return pthread_join(process.thread, NULL);
}

/* Asks for a certificate as good as there is at the time that the clock shows. Returns whether it came. */
static bool is_certified(void)
{
    uint8_t bytes[SIGNER_REQUEST_SIZE], answer[SIGNER_ANSWER_SIZE_MAX];
    struct signer_request request = signer_certify_request();
    request.period.number = signer_public_period(clock_wall_seconds());
    request.expiration_hour = signer_expiration_hour(clock_wall_seconds());
    signer_request_encode(bytes, &request);
    return channel_send(process.engine[0], bytes, sizeof(bytes)) == 0 &&
           channel_receive(process.engine[0], answer, sizeof(answer)) == SIGNER_CERTIFY_ANSWER_SIZE;
}

static void test_true_clock(void **state)
{
    (void)state;
    assert_true(is_certified());
    clock_shift = CLOCK_LIMIT_AHEAD - 5;
    assert_true(is_certified());
    clock_shift = -YEAR;
    assert_true(is_certified());
}

/* Nothing for next year, and nothing more at all. */
static void test_false_clock(void **state)
{
    (void)state;
    assert_true(is_certified());
    clock_shift = YEAR;
    assert_false(is_certified());
    clock_shift = 0;
    assert_false(is_certified());
    assert_int_equal(process.result, -1);
    assert_non_null(strstr(process.error.text, "was set forward by 8760 hours"));
}

/* A clock that was false at first, and set right, can't be false again. */
static void test_clock_that_was_false(void **state)
{
    (void)state;
    clock_shift = YEAR;
    assert_true(is_certified());
    clock_shift = 0;
    assert_true(is_certified());
    clock_shift = YEAR;
    assert_false(is_certified());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_true_clock, start, end),
        cmocka_unit_test_setup_teardown(test_false_clock, start, end),
        cmocka_unit_test_setup_teardown(test_clock_that_was_false, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
