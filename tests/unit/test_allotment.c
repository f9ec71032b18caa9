/* Tests which source each HSDir that clients ask has: even, with as few moves as can be, each in its turn; on
 * thousands of random cases, the small ones against a trial of all allotments that there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "helper_draws.h"
#include "publish/allotment.h"

#define PERIOD 20000
#define HSDIRS_MAX 24
#define SOURCES_MAX 64
#define NOBODY UINT64_MAX

/* What an allotment is made from. */
struct setting {
    uint64_t period_number, turn;
    size_t hsdir_count, source_count;
    uint8_t hsdirs[HSDIRS_MAX][RELAY_FINGERPRINT_SIZE];
    uint64_t sources[SOURCES_MAX];
    uint32_t next_hsdir; /* the number of one that there has not been yet */
    uint64_t next_source;
};

static uint64_t random_state;

static size_t draw(size_t below)
{
    return draws_next(&random_state, below);
}

static void add_hsdir(struct setting *setting)
{
    uint8_t *hsdir = setting->hsdirs[setting->hsdir_count++];
    memset(hsdir, 0, RELAY_FINGERPRINT_SIZE);
    hsdir[0] = (uint8_t)(setting->next_hsdir * 101);
    hsdir[1] = (uint8_t)(setting->next_hsdir >> 8);
    hsdir[2] = (uint8_t)setting->next_hsdir++;
}

static void add_source(struct setting *setting)
{
    setting->sources[setting->source_count++] = setting->next_source++;
}

static void remove_hsdir(struct setting *setting, size_t i)
{
    memcpy(setting->hsdirs[i], setting->hsdirs[--setting->hsdir_count], RELAY_FINGERPRINT_SIZE);
}

static uint64_t remove_source(struct setting *setting, size_t i)
{
    uint64_t source = setting->sources[i];
    setting->sources[i] = setting->sources[--setting->source_count];
    return source;
}

static struct setting make_setting(size_t hsdir_count, size_t source_count)
{
    struct setting setting = {.period_number = PERIOD};
    while (setting.hsdir_count < hsdir_count)
        add_hsdir(&setting);
    while (setting.source_count < source_count)
        add_source(&setting);
    return setting;
}

/* -- what holds of every allotment ---------------------------------------------------------------- */

static uint64_t source_of(const struct allotment *allotment, const uint8_t *hsdir)
{
    uint64_t source = NOBODY;
    return allotment_find(allotment, hsdir, &source) ? source : NOBODY;
}

static size_t count_of(const struct allotment *allotment, uint64_t source)
{
    size_t count = 0;
    for (size_t i = 0; i < allotment->count; i++)
        count += allotment->hsdirs[i].source == source;
    return count;
}

/* Each HSDir has one of the sources, and none of these more than one more than another. */
static void check_even(const struct setting *setting, const struct allotment *allotment)
{
    size_t total = 0;
    double shares = 0;
    assert_int_equal(allotment->count, setting->hsdir_count);
    for (size_t i = 0; i < setting->hsdir_count; i++)
        assert_int_not_equal(source_of(allotment, setting->hsdirs[i]), NOBODY);
    for (size_t i = 0; i < setting->source_count; i++) {
        size_t count = count_of(allotment, setting->sources[i]);
        size_t even = setting->hsdir_count / setting->source_count;
        assert_in_range(count, even, even + (setting->hsdir_count % setting->source_count > 0));
        total += count;
        shares += allotment_find_share(allotment, setting->sources[i]);
    }
    assert_int_equal(total, setting->hsdir_count);
    assert_true(shares > 0.999 && shares < 1.001);
}

static struct allotment *make(const struct setting *setting, const struct allotment *before)
{
    struct allotment *allotment =
        allotment_make(before, setting->period_number, setting->turn,
                       (const uint8_t(*)[RELAY_FINGERPRINT_SIZE])setting->hsdirs, setting->hsdir_count,
                       setting->sources, setting->source_count);
    assert_non_null(allotment);
    check_even(setting, allotment);
    return allotment;
}

/* How many HSDirs that are in both have another source in the second; those that had one source alone, for a
 * source that is not NOBODY. */
static size_t count_moves(const struct allotment *before, const struct allotment *after, uint64_t without)
{
    size_t moves = 0;
    for (size_t i = 0; i < after->count; i++) {
        uint64_t source = source_of(before, after->hsdirs[i].fingerprint);
        moves += source != NOBODY && source != without && source != after->hsdirs[i].source;
    }
    return moves;
}

/* -- against all that there are ------------------------------------------------------------------- */

/* Whether sources, one for each HSDir by their places in the setting, is an even allotment. */
static bool is_even(const struct setting *setting, const size_t *sources)
{
    size_t counts[SOURCES_MAX] = {0}, least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < setting->hsdir_count; i++)
        counts[sources[i]]++;
    for (size_t i = 0; i < setting->source_count; i++) {
        least = counts[i] < least ? counts[i] : least;
        most = counts[i] > most ? counts[i] : most;
    }
    return most - least <= 1;
}

/* The most HSDirs that any even allotment leaves where they were. */
static size_t find_most_kept(const struct setting *setting, const struct allotment *before)
{
    size_t most = 0, sources[HSDIRS_MAX] = {0}, place = 0;
    while (place < setting->hsdir_count) {
        size_t kept = 0;
        for (size_t i = 0; i < setting->hsdir_count; i++)
            kept += source_of(before, setting->hsdirs[i]) == setting->sources[sources[i]];
        if (kept > most && is_even(setting, sources))
            most = kept;
        /* The next one: counts up, the first HSDir's source being the lowest digit. */
        for (place = 0; place < setting->hsdir_count && ++sources[place] == setting->source_count; place++)
            sources[place] = 0;
    }
    return most;
}

/* Any sources at all, even or not, for the HSDirs of a setting, some of which are not there any more. */
static struct allotment *make_anyhow(const struct setting *setting)
{
    struct allotment *allotment = make(setting, NULL);
    for (size_t i = 0; i < allotment->count; i++)
        allotment->hsdirs[i].source = draw(setting->source_count + 2);
    return allotment;
}

static void check_against_all(size_t hsdirs, size_t sources)
{
    struct setting setting = make_setting(hsdirs, sources);
    struct allotment *before = make_anyhow(&setting);
    if (draw(2) == 0) {
        remove_hsdir(&setting, draw(hsdirs));
        add_hsdir(&setting);
    }
    if (draw(2) == 0) {
        remove_source(&setting, draw(sources));
        add_source(&setting);
    }
    struct allotment *after = make(&setting, before);
    size_t kept = 0;
    for (size_t i = 0; i < after->count; i++)
        kept += source_of(before, after->hsdirs[i].fingerprint) == after->hsdirs[i].source;
    assert_int_equal(kept, find_most_kept(&setting, before));
    free(before);
    free(after);
}

static void test_as_few_moves_as_can_be(void **state)
{
    (void)state;
    random_state = 1;
    for (size_t i = 0; i < 3000; i++)
        check_against_all(1 + draw(6), 1 + draw(3));
    for (size_t i = 0; i < 300; i++)
        check_against_all(1 + draw(3), 3 + draw(6)); /* most with more sources than HSDirs */
    for (size_t i = 0; i < 20; i++)
        check_against_all(6, 4 + draw(2));
}

/* -- histories ------------------------------------------------------------------------------------ */

/* Something changes. Returns how many of the HSDirs that stay may move. */
static size_t change(struct setting *setting, uint64_t *dead)
{
    size_t sources = setting->source_count;
    switch (draw(6)) {
    case 0: /* one that dies has its HSDirs given to others, and no others move */
        if (sources > 1)
            *dead = remove_source(setting, draw(sources));
        return 0;
    case 1: /* one that comes takes what is due to all at least */
        if (sources < SOURCES_MAX)
            add_source(setting);
        return setting->source_count > sources ? setting->hsdir_count / setting->source_count : 0;
    case 2:
        if (setting->hsdir_count > 1)
            remove_hsdir(setting, draw(setting->hsdir_count));
        return 1; /* to the source that had it and no other one */
    case 3:
        if (setting->hsdir_count < HSDIRS_MAX)
            add_hsdir(setting);
        return 0;
    case 4: /* as many as come in have others go */
        setting->turn++;
        return sources > setting->hsdir_count ? sources - setting->hsdir_count : 0;
    default:
        return 0; /* nothing has changed */
    }
}

static void test_histories(void **state)
{
    (void)state;
    random_state = 2;
    for (size_t history = 0; history < 200; history++) {
        struct setting setting = make_setting(1 + draw(12), 1 + draw(12));
        setting.turn = draw(100);
        struct allotment *before = make(&setting, NULL);
        for (size_t i = 0; i < 200; i++) {
            uint64_t dead = NOBODY, newest = setting.next_source;
            size_t may_move = change(&setting, &dead);
            struct allotment *after = make(&setting, before);
            size_t moves = count_moves(before, after, dead);
            assert_true(moves <= may_move);
            if (setting.next_source > newest) { /* all that moves goes to the one that has come */
                assert_int_equal(moves, may_move);
                assert_int_equal(count_of(after, newest), may_move);
            }
            free(before);
            before = after;
        }
        free(before);
    }
}

/* Of those that have most one gives one up; the others keep theirs. */
static void test_one_comes_and_goes(void **state)
{
    (void)state;
    for (uint64_t period = 0; period < 100; period++) {
        struct setting setting = make_setting(6, 3);
        setting.period_number = period;
        struct allotment *three = make(&setting, NULL);
        add_source(&setting);
        struct allotment *four = make(&setting, three);
        assert_int_equal(count_of(four, 3), 1);
        assert_int_equal(count_moves(three, four, NOBODY), 1);
        uint64_t dead = remove_source(&setting, draw(3));
        struct allotment *again = make(&setting, four);
        assert_int_equal(count_moves(four, again, dead), 0);
        free(three);
        free(four);
        free(again);
    }
}

/* -- turns ---------------------------------------------------------------------------------------- */

/* Plays turns from any one on, and counts how often each source is in. */
static void play_turns(size_t hsdirs, size_t sources)
{
    struct setting setting = make_setting(hsdirs, sources);
    size_t in[SOURCES_MAX] = {0};
    size_t leaving = sources - hsdirs < hsdirs ? sources - hsdirs : hsdirs;
    struct allotment *before = NULL;
    setting.turn = draw(1000);
    for (size_t i = 1; i <= 2 * sources; i++, setting.turn++) {
        struct allotment *after = make(&setting, before);
        size_t least = SIZE_MAX, most = 0;
        for (size_t j = 0; j < sources; j++) {
            in[j] += count_of(after, j);
            least = in[j] < least ? in[j] : least;
            most = in[j] > most ? in[j] : most;
        }
        assert_true(most - least <= (i % sources != 0));
        /* No more HSDirs move than sources leave. */
        if (before != NULL)
            assert_int_equal(count_moves(before, after, NOBODY), leaving);
        free(before);
        before = after;
    }
    free(before);
}

static void test_each_in_its_turn(void **state)
{
    (void)state;
    random_state = 3;
    for (size_t i = 0; i < 300; i++) {
        size_t hsdirs = 1 + draw(12);
        play_turns(hsdirs, hsdirs + 1 + draw(SOURCES_MAX - hsdirs));
    }
    play_turns(6, SOURCES_MAX);
    play_turns(6, 7);
}

/* With no more sources than HSDirs nobody has to wait, and nothing turns. */
static void test_no_turns_where_all_are_in(void **state)
{
    (void)state;
    struct setting setting = make_setting(6, 4);
    struct allotment *before = make(&setting, NULL);
    for (setting.turn = 1; setting.turn < 20; setting.turn++) {
        struct allotment *after = make(&setting, before), *fresh = make(&setting, NULL);
        assert_int_equal(count_moves(before, after, NOBODY), 0);
        assert_int_equal(count_moves(before, fresh, NOBODY), 0);
        free(after);
        free(fresh);
    }
    free(before);
}

/* -- nobody is favoured --------------------------------------------------------------------------- */

/* How often a source with a number has more HSDirs than the least that one has, in so many time periods; and
 * how often it has the HSDir 0. */
static void count_luck(struct setting setting, size_t periods, size_t *more, size_t *first)
{
    size_t even = setting.hsdir_count / setting.source_count;
    for (size_t i = 0; i < periods; i++, setting.period_number++) {
        struct allotment *allotment = make(&setting, NULL);
        for (size_t j = 0; j < setting.source_count; j++) {
            more[j] += count_of(allotment, setting.sources[j]) > even;
            first[j] += source_of(allotment, setting.hsdirs[0]) == setting.sources[j];
        }
        free(allotment);
    }
}

static void test_nobody_is_favoured(void **state)
{
    (void)state;
    static const struct {
        size_t hsdirs, sources;
        uint64_t first_source;
    } cases[] = {{6, 4, 0}, {6, 4, (uint64_t)7 << 32}, {6, 5, 250}, {6, 10, 0}, {7, 2, 1}, {5, 3, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t more[SOURCES_MAX] = {0}, first[SOURCES_MAX] = {0}, periods = 4000;
        size_t sources = cases[i].sources;
        struct setting setting = make_setting(cases[i].hsdirs, 0);
        setting.next_source = cases[i].first_source;
        while (setting.source_count < sources)
            add_source(&setting);
        count_luck(setting, periods, more, first);
        /* Within five times what chance explains: the square root of a variance of periods / 4 at most. */
        for (size_t j = 0; j < sources; j++) {
            size_t due = periods * (cases[i].hsdirs % sources) / sources;
            assert_in_range(more[j], due - 160, due + 160);
            assert_in_range(first[j], periods / sources - 160, periods / sources + 160);
        }
    }
}

/* -- what it depends on --------------------------------------------------------------------------- */

/* Two that begin with the same, in whichever order, come to the same. */
static void test_order_does_not_matter(void **state)
{
    (void)state;
    random_state = 4;
    for (size_t i = 0; i < 1000; i++) {
        struct setting setting = make_setting(1 + draw(HSDIRS_MAX), 1 + draw(SOURCES_MAX));
        setting.turn = draw(50);
        struct allotment *one = make(&setting, NULL);
        for (size_t j = 0; j < setting.hsdir_count; j++) {
            uint8_t moved[RELAY_FINGERPRINT_SIZE];
            memcpy(moved, setting.hsdirs[0], sizeof(moved));
            remove_hsdir(&setting, 0);
            memcpy(setting.hsdirs[setting.hsdir_count++], moved, sizeof(moved));
        }
        for (size_t j = 0; j < setting.source_count; j++) {
            size_t other = draw(setting.source_count);
            uint64_t source = setting.sources[j];
            setting.sources[j] = setting.sources[other];
            setting.sources[other] = source;
        }
        struct allotment *other = make(&setting, NULL);
        assert_int_equal(count_moves(one, other, NOBODY), 0);
        free(one);
        free(other);
    }
}

/* What was in another time period does not count: each has its own HSDirs and its own luck. */
static void test_time_period_begins_anew(void **state)
{
    (void)state;
    struct setting setting = make_setting(6, 4);
    struct allotment *before = make(&setting, NULL);
    for (setting.period_number++; setting.period_number < PERIOD + 20; setting.period_number++) {
        struct allotment *one = make(&setting, before), *other = make(&setting, NULL);
        assert_int_equal(count_moves(one, other, NOBODY), 0);
        free(one);
        free(other);
    }
    free(before);
}

/* An HSDir that is not given, as one that has become a spare one, has no source, whatever it had. */
static void test_spare_hsdirs_have_none(void **state)
{
    (void)state;
    struct setting setting = make_setting(8, 3);
    struct allotment *before = make(&setting, NULL);
    uint8_t spare[2][RELAY_FINGERPRINT_SIZE];
    memcpy(spare, setting.hsdirs + 6, sizeof(spare));
    setting.hsdir_count = 6;
    struct allotment *after = make(&setting, before);
    uint64_t source = 77;
    for (size_t i = 0; i < 2; i++) {
        assert_true(allotment_find(before, spare[i], &source));
        source = 77;
        assert_false(allotment_find(after, spare[i], &source));
        assert_int_equal(source, 77);
    }
    free(before);
    free(after);
}

static void test_shares(void **state)
{
    (void)state;
    struct setting setting = make_setting(6, 4);
    struct allotment *allotment = make(&setting, NULL);
    size_t thirds = 0, sixths = 0;
    for (uint64_t i = 0; i < 4; i++) {
        double share = allotment_find_share(allotment, i);
        thirds += share > 0.333 && share < 0.334;
        sixths += share > 0.166 && share < 0.167;
    }
    assert_int_equal(thirds, 2);
    assert_int_equal(sixths, 2);
    assert_true(allotment_find_share(allotment, 4) == 0);
    assert_true(allotment_find_share(NULL, 0) == 0);
    free(allotment);
}

static void test_nothing_to_allot(void **state)
{
    (void)state;
    struct setting setting = make_setting(6, 4);
    const uint8_t(*hsdirs)[RELAY_FINGERPRINT_SIZE] = (const uint8_t(*)[RELAY_FINGERPRINT_SIZE])setting.hsdirs;
    uint64_t source;
    assert_null(allotment_make(NULL, PERIOD, 0, hsdirs, 0, setting.sources, 4));
    assert_null(allotment_make(NULL, PERIOD, 0, hsdirs, 6, setting.sources, 0));
    assert_false(allotment_find(NULL, setting.hsdirs[0], &source));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_few_moves_as_can_be),    cmocka_unit_test(test_histories),
        cmocka_unit_test(test_one_comes_and_goes),        cmocka_unit_test(test_each_in_its_turn),
        cmocka_unit_test(test_no_turns_where_all_are_in), cmocka_unit_test(test_nobody_is_favoured),
        cmocka_unit_test(test_order_does_not_matter),     cmocka_unit_test(test_time_period_begins_anew),
        cmocka_unit_test(test_spare_hsdirs_have_none),    cmocka_unit_test(test_shares),
        cmocka_unit_test(test_nothing_to_allot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
