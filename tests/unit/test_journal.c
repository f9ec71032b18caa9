/* What the log says of backends' introduction points: what is left out, and who has none; each once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_report.h"
#include "publish/source_life.h"
#include "report/journal.h"

struct scene {
    struct report_fixture fixture;
    FILE *file;
    struct log log;
    struct journal *journal;
};

static void begin(struct scene *scene)
{
    report_fixture_make(&scene->fixture);
    scene->file = tmpfile();
    assert_non_null(scene->file);
    log_open(&scene->log, fileno(scene->file), LOG_LEVEL_DEBUG);
    scene->journal = journal_new(&scene->log);
    journal_update(scene->journal, &scene->fixture.view);
}

static void end(struct scene *scene)
{
    journal_free(scene->journal);
    fclose(scene->file);
    report_fixture_clear(&scene->fixture);
}

/* Has the journal look, and counts the lines of the whole log with these words. */
static size_t count_lines(struct scene *scene, const char *words)
{
    char line[LOG_MESSAGE_SIZE_MAX];
    size_t count = 0;
    journal_update(scene->journal, &scene->fixture.view);
    rewind(scene->file);
    while (fgets(line, sizeof(line), scene->file) != NULL)
        count += strstr(line, words) != NULL;
    return count;
}

static void give_faulty(struct scene *scene, enum point_fault fault)
{
    report_fixture_give_faulty(scene->fixture.publisher, 0, 2, 0x61, fault, REPORT_NOW);
}

static void test_left_out(void **state)
{
    (void)state;
    static const char two_rsa[] =
        "backend one offers introduction points that no tor makes, and are left out: two RSA identities\n";
    struct scene scene;
    begin(&scene);
    assert_int_equal(count_lines(&scene, "left out"), 0);
    for (size_t i = 0; i < 3; i++) {
        give_faulty(&scene, POINT_FAULT_TWO_RSA);
        assert_int_equal(count_lines(&scene, two_rsa), 1);
        give_faulty(&scene, POINT_FAULT_NONE);
        assert_int_equal(count_lines(&scene, "left out"), 1);
    }
    give_faulty(&scene, POINT_FAULT_NO_IPV4);
    assert_int_equal(count_lines(&scene, "left out"), 2);
    assert_int_equal(count_lines(&scene, "left out: no IPv4 address\n"), 1);
    end(&scene);
}

static void test_lacks(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(count_lines(&scene, "has no introduction point"), 0);
    report_fixture_give_points(scene.fixture.publisher, 1, 1, 0x31, REPORT_NOW);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            count_lines(&scene, "backend two \"2\" is live and has no introduction point published: other "
                                "backends were first at its relays\n"),
            1);
    assert_int_equal(count_lines(&scene, "each live backend has introduction points"), 0);
    report_fixture_give_points(scene.fixture.publisher, 1, 1, 0x41, REPORT_NOW);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_lines(&scene, "each live backend has introduction points published\n"), 1);
    end(&scene);
}

/* Backends of which many have no place are not all named, and not again each time the journal looks. */
static void test_many_lack(void **state)
{
    (void)state;
    enum { COUNT = 12 };
    struct scene scene;
    struct config_backend backends[COUNT];
    uint64_t sources[COUNT] = {0};
    char names[COUNT][8];
    begin(&scene);
    struct publisher *publisher = scene.fixture.publisher;
    memset(backends, 0, sizeof(backends));
    backends[0] = scene.fixture.backends[0];
    for (size_t i = 1; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "like%zu", i);
        backends[i].name = names[i];
        memset(backends[i].identity_key, (int)i, sizeof(backends[i].identity_key));
        sources[i] =
            publisher_add_source(publisher, backends[i].identity_key, SOURCE_BACKEND_ON_HSDIRS, REPORT_NOW);
    }
    scene.fixture.configs[0].backends = backends;
    scene.fixture.configs[0].backend_count = COUNT;
    publisher_set_members(publisher, 0, sources, COUNT, REPORT_NOW);
    for (size_t i = 1; i < COUNT; i++)
        report_fixture_give_points(publisher, (size_t)sources[i], 1, 0x31, REPORT_NOW + 1);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_lines(&scene, "is live and has no introduction point") +
                             count_lines(&scene,
                                         "many live backends have no introduction point published: other "
                                         "backends were first at their relays"),
                         1);
    scene.fixture.configs[0].backends = scene.fixture.backends;
    scene.fixture.configs[0].backend_count = 3;
    end(&scene);
}

/* A backend's proof of work does nothing for visitors of the frontend, nor any harm: no warning. */
static void test_proof_of_work(void **state)
{
    (void)state;
    static const char words[] = " info: backend two \"2\" has proof of work on, and serves visitors of the "
                                "frontend as effort 0: ";
    struct scene scene;
    begin(&scene);
    assert_int_equal(count_lines(&scene, "proof of work"), 0);
    report_fixture_give_work(scene.fixture.publisher, 1, 2, 0x41, REPORT_NOW);
    assert_int_equal(count_lines(&scene, words), 1);
    assert_int_equal(count_lines(&scene, words), 1);
    end(&scene);
}

/* A config that is read again may have none but new backends: what has not been heard of yet may live. */
static void test_none_but_new_backends(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    struct publisher *publisher = scene.fixture.publisher;
    uint64_t source = publisher_add_source(publisher, scene.fixture.backends[1].identity_key,
                                           SOURCE_BACKEND_ON_HSDIRS, REPORT_NOW);
    publisher_set_members(publisher, 0, &source, 1, REPORT_NOW);
    assert_int_equal(count_lines(&scene, "NO BACKEND IS LIVE"), 0);
    source_life_end(publisher_find_source(publisher, source), "it is dead", false, REPORT_NOW);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_lines(&scene, "NO BACKEND IS LIVE; what was published before stays until "
                                             "HSDirs forget it\n"),
                         1);
    end(&scene);
}

/* A client key that nobody needs is spoken of once, whichever service has it; without one nothing is said. */
static void test_needless_client_key(void **state)
{
    (void)state;
    static const uint8_t key[X25519_SECRET_KEY_SIZE] = {8};
    struct scene scene;
    begin(&scene);
    struct source *source = &scene.fixture.publisher->sources[0];
    assert_int_equal(count_lines(&scene, "restricted"), 0);
    scene.fixture.backends[0].client_secret = key;
    assert_int_equal(count_lines(&scene, "backend one is not restricted, though"), 1);
    assert_int_equal(count_lines(&scene, "restricted"), 1);
    source->descriptor->is_restricted = true;
    assert_int_equal(count_lines(&scene, "backend one is restricted now"), 1);
    source->descriptor->is_restricted = false;
    assert_int_equal(count_lines(&scene, "backend one is not restricted, though"), 2);
    assert_int_equal(count_lines(&scene, "restricted"), 3);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needless_client_key),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_lacks),
        cmocka_unit_test(test_many_lack),
        cmocka_unit_test(test_proof_of_work),
        cmocka_unit_test(test_none_but_new_backends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
