/* Tests point sets as values: what makes two the same, who gave what, and that the last holder frees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "helper_clients.h"
#include "publish/point_set.h"

#define COUNT 3

static void make_entries(struct point_set_entry entries[COUNT])
{
    memset(entries, 0, COUNT * sizeof(*entries));
    for (size_t i = 0; i < COUNT; i++) {
        struct introduction_point *point = &entries[i].point;
        entries[i].source = 10 + i;
        memset(point->auth_key, 0x10 + (int)i, sizeof(point->auth_key));
        memset(point->enc_key, 0x20 + (int)i, sizeof(point->enc_key));
        memset(point->link_specifiers, 0x30 + (int)i, 23);
        point->link_specifiers_length = 23;
    }
}

static const struct point_set_features no_features;

/* Two sets of the same content are the same; every other content is another set. */
static void test_content_is_identity(void **state)
{
    (void)state;
    struct point_set_entry entries[COUNT], others[COUNT];
    make_entries(entries);
    struct point_set *set = point_set_new(entries, COUNT, &no_features);
    for (size_t change = 0; change < 9; change++) {
        make_entries(others);
        struct introduction_point *point = &others[1].point;
        size_t count = COUNT;
        if (change == 1)
            point->auth_key[31] ^= 1;
        else if (change == 2)
            point->enc_key[0] ^= 1;
        else if (change == 3)
            point->enc_key_certified[0] ^= 1;
        else if (change == 4)
            point->onion_key[0] ^= 1;
        else if (change == 5)
            point->link_specifiers[22] ^= 1;
        else if (change == 6)
            point->link_specifiers_length--;
        else if (change == 7)
            count--;
        else if (change == 8)
            others[0] = entries[1], others[1] = entries[0]; /* another order */
        struct point_set *other = point_set_new(others, count, &no_features);
        assert_int_equal(point_set_equals(set, other), change == 0);
        assert_int_equal(point_set_equals(other, set), change == 0);
        point_set_release(other);
    }
    point_set_release(set);
}

/* Bytes that move from one point's link specifiers to the next one's make another set, though all bytes are
 * the same. */
static void test_lengths_are_content(void **state)
{
    (void)state;
    struct point_set_entry entries[COUNT];
    memset(entries, 0, sizeof(entries));
    entries[0].point.link_specifiers_length = 40;
    entries[1].point.link_specifiers_length = 8;
    struct point_set *set = point_set_new(entries, 2, &no_features);
    entries[0].point.link_specifiers_length = 8;
    entries[1].point.link_specifiers_length = 40;
    struct point_set *other = point_set_new(entries, 2, &no_features);
    assert_false(point_set_equals(set, other));
    point_set_release(set);
    point_set_release(other);
}

/* Who may read it is content: other clients, more, fewer, or everybody make another set. */
static void test_clients_are_content(void **state)
{
    (void)state;
    struct point_set_entry entries[COUNT];
    make_entries(entries);
    struct authorized_clients *sets[] = {clients_make(0, 2), clients_make(0, 2), clients_make(0, 3),
                                         clients_make(1, 2), clients_make(0, 1), NULL};
    struct point_set_features features = {.clients = sets[0]};
    struct point_set *set = point_set_new(entries, COUNT, &features);
    assert_int_equal(sets[0]->holders, 2);
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        features.clients = sets[i];
        struct point_set *other = point_set_new(entries, COUNT, &features);
        assert_int_equal(point_set_equals(set, other), i < 2);
        assert_int_equal(point_set_has_features(set, &features), i < 2);
        point_set_release(other);
    }
    point_set_release(set);
    assert_int_equal(sets[0]->holders, 1);
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        authorized_clients_release(sets[i]);
}

/* Lines of many clients take room, and sets of one length have that, too. */
static void test_lengths_with_clients(void **state)
{
    (void)state;
    struct point_set_entry entries[INTRODUCTION_POINTS_MAX];
    memset(entries, 0, sizeof(entries));
    for (size_t i = 0; i < INTRODUCTION_POINTS_MAX; i++)
        entries[i].point.link_specifiers_length = 23;
    struct authorized_clients *clients = clients_make(0, 120);
    struct point_set_features features = {.clients = clients};
    struct point_set *sets[] = {point_set_new(entries, 1, &features), point_set_new(entries, 20, &features)};
    struct point_set *open[] = {point_set_new(entries, 1, &no_features),
                                point_set_new(entries, 20, &no_features)};
    point_sets_equalise_lengths(sets, 2);
    point_sets_equalise_lengths(open, 2);
    assert_true(sets[0]->features.middle_length > open[0]->features.middle_length);
    assert_true(open[0]->features.middle_length > 0);
    assert_true(authorized_clients_equal(sets[0]->features.clients, clients));
    for (size_t i = 0; i < 2; i++) {
        point_set_release(sets[i]);
        point_set_release(open[i]);
    }
    assert_int_equal(clients->holders, 1);
    authorized_clients_release(clients);
}

static void test_features_are_content(void **state)
{
    (void)state;
    struct point_set_entry entries[COUNT];
    make_entries(entries);
    struct point_set_features features = {
        .flow_control = {.is_present = true, .versions = 6, .sendme_inc = 31},
        .pow_params = {.is_present = true, .suggested_effort = 5, .expires_at = 1000},
    };
    struct point_set *set = point_set_new(entries, COUNT, &features);
    for (size_t change = 0; change < 9; change++) {
        struct point_set_features other_features = features;
        if (change == 1)
            other_features.is_single_onion_service = true;
        else if (change == 2)
            other_features.flow_control.versions = 2;
        else if (change == 3)
            other_features.flow_control.sendme_inc = 32;
        else if (change == 4)
            other_features.flow_control.is_present = false;
        else if (change == 5)
            other_features.pow_params.seed[31] = 1;
        else if (change == 6)
            other_features.pow_params.suggested_effort = 6;
        else if (change == 7)
            other_features.pow_params.expires_at = 1001;
        else if (change == 8)
            other_features.pow_params.is_present = false;
        struct point_set *other = point_set_new(entries, COUNT, &other_features);
        assert_int_equal(point_set_equals(set, other), change == 0);
        point_set_release(other);
    }
    point_set_release(set);
    /* What is absent has no value that could differ. */
    features.pow_params.is_present = features.flow_control.is_present = false;
    set = point_set_new(entries, COUNT, &features);
    struct point_set *other = point_set_new(entries, COUNT, &no_features);
    assert_true(point_set_equals(set, other));
    point_set_release(set);
    point_set_release(other);
}

/* How many of the points are from a source. */
static size_t count_from(const struct point_set *set, uint64_t source)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += set->entries[i].source == source;
    return count;
}

/* Who gave which point is told, and makes no other set of it. */
static void test_sources(void **state)
{
    (void)state;
    struct point_set_entry entries[COUNT];
    make_entries(entries);
    entries[2].source = 10;
    struct point_set *set = point_set_new(entries, COUNT, &no_features);
    assert_int_equal(count_from(set, 10), 2);
    assert_int_equal(count_from(set, 11), 1);
    assert_int_equal(count_from(set, 12), 0);
    assert_true(point_set_has_point(set, &entries[1].point));
    assert_false(point_set_has_point(NULL, &entries[1].point));
    entries[0].source = UINT64_MAX;
    struct point_set *other = point_set_new(entries, COUNT, &no_features);
    assert_true(point_set_equals(set, other));
    assert_int_equal(count_from(other, UINT64_MAX), 1);
    entries[1].point.auth_key[0] ^= 1;
    assert_false(point_set_has_point(set, &entries[1].point));
    point_set_release(set);
    point_set_release(other);
}

/* A set lasts as long as somebody holds it (that it is freed then is for the sanitizers to see). */
static void test_holders(void **state)
{
    (void)state;
    struct point_set_entry entries[COUNT];
    make_entries(entries);
    struct point_set *set = point_set_new(entries, COUNT, &no_features);
    struct point_set *held = NULL;
    point_set_replace(&held, set);
    assert_ptr_equal(held, set);
    point_set_release(set);
    assert_int_equal(held->count, COUNT);
    point_set_replace(&held, held);
    assert_int_equal(held->holders, 1);
    assert_ptr_equal(point_set_share(held), set);
    assert_int_equal(held->holders, 2);
    point_set_release(held);
    point_set_replace(&held, NULL);
    assert_null(held);
    assert_null(point_set_share(NULL));
    point_set_release(NULL);
    assert_true(point_set_equals(NULL, NULL));
}

static void test_none_is_not_a_set(void **state)
{
    (void)state;
    struct point_set_entry entries[COUNT];
    make_entries(entries);
    struct point_set *set = point_set_new(entries, 1, &no_features);
    assert_false(point_set_equals(set, NULL));
    assert_false(point_set_equals(NULL, set));
    point_set_release(set);
}

/* Of sets whose descriptors are of different lengths the shorter ones are padded; others stay what they are.
 */
static void test_lengths_are_equalised(void **state)
{
    (void)state;
    struct point_set_entry entries[INTRODUCTION_POINTS_MAX];
    for (size_t i = 0; i < INTRODUCTION_POINTS_MAX; i += COUNT)
        make_entries(entries + (i + COUNT <= INTRODUCTION_POINTS_MAX ? i : INTRODUCTION_POINTS_MAX - COUNT));
    struct point_set *sets[] = {point_set_new(entries, 1, &no_features), NULL,
                                point_set_new(entries, INTRODUCTION_POINTS_MAX, &no_features),
                                point_set_new(entries, COUNT, &no_features)};
    struct point_set *longest = sets[2];
    point_sets_equalise_lengths(sets, 4);
    assert_null(sets[1]);
    assert_ptr_equal(sets[2], longest);
    assert_int_equal(longest->features.middle_length, 0);
    assert_true(sets[0]->features.middle_length > 0);
    assert_int_equal(sets[0]->features.middle_length, sets[3]->features.middle_length);
    assert_int_equal(sets[0]->count, 1);
    struct point_set *padded = sets[0], *plain = point_set_new(entries, 1, &no_features);
    assert_false(point_set_equals(padded, plain));
    point_set_release(plain);
    point_sets_equalise_lengths(sets, 4);
    assert_ptr_equal(sets[0], padded);
    for (size_t i = 0; i < 4; i++)
        point_set_release(sets[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_is_identity),
        cmocka_unit_test(test_lengths_are_content),
        cmocka_unit_test(test_features_are_content),
        cmocka_unit_test(test_clients_are_content),
        cmocka_unit_test(test_lengths_with_clients),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_holders),
        cmocka_unit_test(test_none_is_not_a_set),
        cmocka_unit_test(test_lengths_are_equalised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
