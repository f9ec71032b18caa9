/* Tests which sources of a new config are taken for which of those that are served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "engine/source_match.h"

#define BACKENDS_MAX 4

/* What a config says of a backend: the first byte of its key, its name, its control port's ("" for none). One
 * whose name has a capital letter first is a twin: a tor that has the frontend's key. */
struct described {
    uint8_t key;
    const char *name, *place;
};

struct row {
    const char *what;
    struct described served[BACKENDS_MAX], wanted[BACKENDS_MAX]; /* up to the first without a name */
    size_t matches[BACKENDS_MAX];
};

#define NEW SOURCE_MATCH_NONE

static const struct row rows[] = {
    {"all as it was", {{1, "a", "p"}, {2, "b", ""}}, {{1, "a", "p"}, {2, "b", ""}}, {0, 1}},
    {"in another order", {{1, "a", "p"}, {2, "b", ""}}, {{2, "b", ""}, {1, "a", "p"}}, {1, 0}},
    {"one is new", {{1, "a", "p"}}, {{2, "a", "p"}, {1, "a", "p"}}, {NEW, 0}},
    {"renamed", {{1, "a", "p"}}, {{1, "z", "p"}}, {0}},
    {"moved", {{1, "a", "p"}}, {{1, "a", "q"}}, {0}},
    {"moved and renamed", {{1, "a", "p"}}, {{1, "z", "q"}}, {0}},
    {"its control port is known now", {{1, "a", ""}}, {{1, "a", "p"}}, {0}},
    {"another address in its place", {{1, "a", "p"}}, {{2, "a", "p"}}, {NEW}},
    {"nothing was served", {{0}}, {{1, "a", "p"}}, {NEW}},
    {"nothing is wanted", {{1, "a", "p"}}, {{0}}, {0}},
    /* several at one address */
    {"by both", {{1, "a", "p"}, {1, "b", "q"}}, {{1, "b", "q"}, {1, "a", "p"}}, {1, 0}},
    {"places swapped names", {{1, "a", "p"}, {1, "b", "q"}}, {{1, "b", "p"}, {1, "a", "q"}}, {0, 1}},
    {"one moved", {{1, "a", "p"}, {1, "b", "q"}}, {{1, "b", "r"}, {1, "a", "p"}}, {1, 0}},
    {"a place goes before a name", {{1, "a", "p"}, {1, "b", "q"}}, {{1, "b", "p"}, {1, "c", "q"}}, {0, 1}},
    {"one more", {{1, "a", "p"}}, {{1, "c", "r"}, {1, "a", "p"}}, {NEW, 0}},
    {"one less", {{1, "a", "p"}, {1, "b", "q"}}, {{1, "b", "q"}}, {1}},
    {"the one that is left over", {{1, "a", "p"}, {1, "b", "q"}}, {{1, "x", "y"}, {1, "a", "p"}}, {1, 0}},
    /* twins, which always are at one address */
    {"twins in another order", {{1, "A", "p"}, {1, "B", "q"}}, {{1, "B", "q"}, {1, "A", "p"}}, {1, 0}},
    {"a twin renamed", {{1, "A", "p"}, {1, "B", "q"}}, {{1, "A", "p"}, {1, "C", "q"}}, {0, 1}},
    {"a twin moved", {{1, "A", "p"}, {1, "B", "q"}}, {{1, "B", "r"}, {1, "A", "p"}}, {1, 0}},
    {"twins swapped places", {{1, "A", "p"}, {1, "B", "q"}}, {{1, "A", "q"}, {1, "B", "p"}}, {1, 0}},
    {"a twin took another's name", {{1, "A", "p"}, {1, "B", "q"}}, {{1, "B", "p"}, {1, "C", "q"}}, {0, 1}},
    {"a twin took another's place", {{1, "A", "p"}, {1, "B", "q"}}, {{1, "C", "p"}, {1, "A", "r"}}, {0, NEW}},
    {"one twin more", {{1, "A", "p"}}, {{1, "C", "r"}, {1, "A", "p"}}, {NEW, 0}},
    {"one twin less", {{1, "A", "p"}, {1, "B", "q"}}, {{1, "B", "q"}}, {1}},
    {"another twin for one that is gone",
     {{1, "A", "p"}, {1, "B", "q"}},
     {{1, "C", "r"}, {1, "A", "p"}},
     {NEW, 0}},
    {"a tor with the keys of two frontends",
     {{1, "A", "p"}, {2, "A", "p"}},
     {{2, "A", "p"}, {1, "A", "p"}},
     {1, 0}},
    /* from one mode to the other: the tors get other keys */
    {"to hardmap", {{1, "a", "p"}, {2, "b", "q"}}, {{3, "A", "p"}, {3, "B", "q"}}, {NEW, NEW}},
    {"to softmap", {{3, "A", "p"}, {3, "B", "q"}}, {{1, "a", "p"}, {2, "b", "q"}}, {NEW, NEW}},
    {"to hardmap, at the address that another service has as a backend's",
     {{3, "a", "p"}, {1, "b", "q"}},
     {{3, "A", "p"}, {3, "a", "p"}},
     {NEW, 0}},
    {"to softmap, likewise", {{3, "A", "p"}, {3, "a", "p"}}, {{3, "a", "p"}, {1, "b", "q"}}, {1, NEW}},
    {"a frontend's own address becomes a twin's only", {{3, "a", "p"}}, {{3, "A", "p"}}, {NEW}},
};

static size_t make(struct config_backend backends[BACKENDS_MAX],
                   const struct config_backend *list[BACKENDS_MAX], const struct described *described)
{
    size_t count = 0;
    for (; count < BACKENDS_MAX && described[count].name != NULL; count++) {
        struct config_backend *backend = &backends[count];
        memset(backend, 0, sizeof(*backend));
        backend->name = (char *)described[count].name;
        backend->identity_key[0] = described[count].key;
        backend->is_twin = described[count].name[0] >= 'A' && described[count].name[0] <= 'Z';
        backend->has_control = described[count].place[0] != '\0';
        backend->control.socket_path = backend->has_control ? (char *)described[count].place : NULL;
        list[count] = backend;
    }
    return count;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config_backend served[BACKENDS_MAX], wanted[BACKENDS_MAX];
        const struct config_backend *served_list[BACKENDS_MAX], *wanted_list[BACKENDS_MAX];
        size_t matches[BACKENDS_MAX];
        size_t served_count = make(served, served_list, rows[i].served);
        size_t wanted_count = make(wanted, wanted_list, rows[i].wanted);
        source_match(served_list, served_count, wanted_list, wanted_count, matches);
        for (size_t j = 0; j < wanted_count; j++) {
            if (matches[j] != rows[i].matches[j])
                fail_msg("%s: the %zu. is taken for %zu", rows[i].what, j, matches[j]);
        }
    }
}

/* Rows that are free are no sources. */
static void test_free_rows(void **state)
{
    (void)state;
    struct config_backend backend = {.name = "a", .identity_key = {1}};
    const struct config_backend *served[] = {NULL, &backend, NULL}, *wanted[] = {&backend};
    size_t match = 0;
    source_match(served, 3, wanted, 1, &match);
    assert_int_equal(match, 1);
    source_match(served, 1, wanted, 1, &match);
    assert_int_equal(match, SOURCE_MATCH_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_free_rows),
    };
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
