/* Tests that a point set for others than the config's clients is not even made into a text. The local tor and
 * what makes texts are stood in for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/sender.h"
#include "helper_clients.h"
#include "helper_forge.h"

#define HSDIRS 2

struct control_connection *__wrap_engine_tor_connection(const struct engine *engine, size_t tor);
struct control_connection *__real_engine_tor_connection(const struct engine *engine, size_t tor);
int __wrap_keyring_make_descriptor(struct keyring *keyring, const struct keyring_request *request,
                                   struct command_data **built, bool *is_clock_back, struct error *error);
int __real_keyring_make_descriptor(struct keyring *keyring, const struct keyring_request *request,
                                   struct command_data **built, bool *is_clock_back, struct error *error);

/* The engine that is stood in for, NULL in other tests; and the texts that were asked for. */
static const struct engine *engine_here;
static size_t texts;

/* The tor is there, and is given nothing. */
struct control_connection *__wrap_engine_tor_connection(const struct engine *engine, size_t tor)
{
    static char place;
    return engine == engine_here ? (struct control_connection *)(void *)&place
                                 : __real_engine_tor_connection(engine, tor);
}

int __wrap_keyring_make_descriptor(struct keyring *keyring, const struct keyring_request *request,
                                   struct command_data **built, bool *is_clock_back, struct error *error)
{
    if (engine_here == NULL)
        return __real_keyring_make_descriptor(keyring, request, built, is_clock_back, error);
    texts++;
    return error_set(error, "a text was asked for");
}

/* Has a set for some clients sent, where the config has these. Returns what the engine says of it. */
static char *send_set(struct authorized_clients *clients, struct authorized_clients *configured,
                      bool is_shared)
{
    static const uint8_t fingerprints[HSDIRS][RELAY_FINGERPRINT_SIZE] = {{1}, {2}};
    static const size_t tors[HSDIRS] = {0, 0};
    struct point_set_entry entry = {.source = 0};
    const struct point_set_features features = {.clients = clients};
    struct network network = {.schedule = {.voting_interval = 3600, .period_length = 1440}};
    struct publisher_frontend published = {.is_used = true};
    struct publisher *publisher = memory_allocate(1, sizeof(*publisher));
    publisher->network = &network;
    publisher->frontends = &published;
    publisher->frontend_count = 1;
    const struct config_frontend config = {.clients = configured};
    struct engine_frontend frontend = {.config = &config};
    struct engine *engine = memory_allocate(1, sizeof(*engine));
    engine->publisher = publisher;
    engine->frontends = &frontend;
    engine->frontend_count = 1;
    TAILQ_INIT(&engine->posts);
    struct point_set *set = point_set_new(&entry, 1, &features);
    const struct publisher_action action = {
        .type = PUBLISHER_UPLOAD,
        .set = set,
        .round = 1,
        .fingerprints = fingerprints,
        .tors = tors,
        .is_shared = is_shared,
        .hsdir_count = HSDIRS,
    };
    engine_here = engine;
    texts = 0;
    engine_perform_upload(engine, &action);
    engine_here = NULL;
    assert_int_equal(engine->counters.uploads, 0);
    assert_true(TAILQ_EMPTY(&engine->posts));
    char *said = text_format("%s", engine->last_error);
    point_set_release(set);
    free(engine);
    free(publisher);
    return said;
}

static void assert_sent(struct authorized_clients *clients, struct authorized_clients *configured,
                        bool is_asked)
{
    for (int is_shared = 0; is_shared < 2; is_shared++) {
        char *said = send_set(clients, configured, is_shared == 1);
        assert_string_equal(said, is_asked ? "a text was asked for"
                                           : "it would be for other clients than the config's");
        assert_int_equal(texts, !is_asked ? 0 : is_shared == 1 ? 1 : HSDIRS);
        free(said);
    }
}

static void test_sets_for_others(void **state)
{
    (void)state;
    struct authorized_clients *two = clients_make(0, 2), *same = clients_make(0, 2);
    struct authorized_clients *one = clients_make(0, 1), *three = clients_make(0, 3);
    assert_sent(two, two, true);
    assert_sent(two, same, true);
    assert_sent(NULL, NULL, true);
    assert_sent(NULL, two, false); /* it would be open to everybody */
    assert_sent(two, NULL, false);
    assert_sent(three, two, false);
    assert_sent(one, two, false);
    authorized_clients_release(two);
    authorized_clients_release(same);
    authorized_clients_release(one);
    authorized_clients_release(three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
