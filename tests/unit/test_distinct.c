/* Tests the sets of a descriptor whose HSDirs have points of their own: even, spread, in turns, and changed
 * no more than what comes and goes is worth; on thousands of random stories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "helper_draws.h"
#include "publish/distinct.h"

#define SOURCES_MAX 240
#define HSDIRS 8
#define ASKED 6
#define NOBODY SOURCES_MAX

static const struct descriptor descriptor;

/* Sources and HSDirs as they are now, and the sets that these had last. */
struct story {
    uint64_t random_state;
    uint8_t seed[CHOICE_SEED_SIZE];
    size_t relays;  /* so many that points can be at */
    size_t maximum; /* points in a set */
    bool is_used[SOURCES_MAX];
    uint8_t identity_keys[SOURCES_MAX][32];
    struct introduction_point points[SOURCES_MAX][INTRODUCTION_POINTS_MAX];
    struct point_claim claims[SOURCES_MAX][INTRODUCTION_POINTS_MAX];
    size_t counts[SOURCES_MAX];
    unsigned weights[SOURCES_MAX];
    double owed[SOURCES_MAX], wanted[SOURCES_MAX];
    uint8_t fingerprints[HSDIRS][RELAY_FINGERPRINT_SIZE];
    struct distinct_hsdir hsdirs[HSDIRS];
    struct point_set *sets[HSDIRS];
    uint8_t basis[SHA3_256_SIZE]; /* what these were made from */
    uint32_t next_key;
    int64_t now;
    struct authorized_clients *clients;
};

static size_t draw(struct story *story, size_t below)
{
    return draws_next(&story->random_state, below);
}

static void set_relay(struct introduction_point *point, size_t relay)
{
    struct link_specifiers links = {
        .ipv4 = {192, 0, 2, 1},
        .ipv4_port = 9001,
        .fingerprint = {(uint8_t)(relay * 37), (uint8_t)(relay >> 8), (uint8_t)relay}};
    introduction_point_set_links(point, &links);
}

static void renew_point(struct story *story, size_t source, size_t number)
{
    struct introduction_point *point = &story->points[source][number];
    uint32_t key = story->next_key++;
    memset(point, 0, sizeof(*point));
    for (size_t i = 0; i < 4; i++)
        point->auth_key[i] = (uint8_t)(key >> 8 * i);
    set_relay(point, story->relays > 0 ? draw(story, story->relays) : key % 60000);
    story->claims[source][number] = (struct point_claim){story->now, story->now, false};
}

static void come(struct story *story, size_t source, size_t count, unsigned weight)
{
    story->is_used[source] = true;
    story->counts[source] = count;
    story->weights[source] = weight;
    story->owed[source] = 0;
    for (size_t i = 0; i < count; i++)
        renew_point(story, source, i);
}

static void begin(struct story *story, uint64_t random_state, size_t relays)
{
    memset(story, 0, sizeof(*story));
    story->random_state = random_state * 0x9e3779b97f4a7c15;
    story->relays = relays;
    story->maximum = INTRODUCTION_POINTS_MAX;
    story->now = 1;
    for (size_t i = 0; i < CHOICE_SEED_SIZE; i++)
        story->seed[i] = (uint8_t)draw(story, 256);
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        story->identity_keys[i][0] = (uint8_t)i;
        story->identity_keys[i][1] = (uint8_t)(i >> 8);
    }
    for (size_t i = 0; i < HSDIRS; i++) {
        for (size_t j = 0; j < RELAY_FINGERPRINT_SIZE; j++)
            story->fingerprints[i][j] = (uint8_t)draw(story, 256);
        story->hsdirs[i] = (struct distinct_hsdir){story->fingerprints[i], i < ASKED, NULL};
    }
}

static void end(struct story *story)
{
    for (size_t i = 0; i < HSDIRS; i++)
        point_set_release(story->sets[i]);
}

/* -- what holds of all sets -------------------------------------------------------------------------- */

static size_t count_at(const struct point_set *set, uint64_t source)
{
    size_t count = 0;
    for (size_t i = 0; set != NULL && i < set->count; i++)
        count += set->entries[i].source == source;
    return count;
}

static size_t count_all(const struct story *story, uint64_t source)
{
    size_t count = 0;
    for (size_t i = 0; i < ASKED; i++)
        count += count_at(story->sets[i], source);
    return count;
}

static const struct introduction_point *find_point(const struct story *story,
                                                   const struct point_set_entry *entry)
{
    for (size_t i = 0; i < story->counts[entry->source]; i++) {
        if (introduction_point_equals(&story->points[entry->source][i], &entry->point))
            return &story->points[entry->source][i];
    }
    return NULL;
}

static void check_set(const struct story *story, const struct point_set *set)
{
    uint8_t relays[INTRODUCTION_POINTS_MAX][RELAY_FINGERPRINT_SIZE];
    assert_true(set->count <= story->maximum);
    for (size_t i = 0; i < set->count; i++) {
        assert_true(story->is_used[set->entries[i].source]);
        assert_non_null(find_point(story, &set->entries[i]));
        assert_true(introduction_point_fingerprint(&set->entries[i].point, relays[i]));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(relays[i], relays[j], RELAY_FINGERPRINT_SIZE);
    }
}

/* Each has what it wants, rounded; and that at as many HSDirs as there can be, with all its points. */
static void check_source(const struct story *story, size_t source)
{
    size_t least = SIZE_MAX, most = 0, least_used = SIZE_MAX, most_used = 0;
    size_t count = count_all(story, source);
    assert_true((double)count > story->wanted[source] - 1 - 1e-6 &&
                (double)count < story->wanted[source] + 1 + 1e-6);
    for (size_t i = 0; i < ASKED; i++) {
        size_t own = count_at(story->sets[i], source);
        least = own < least ? own : least;
        most = own > most ? own : most;
    }
    assert_true(most <= least + 1);
    for (size_t j = 0; j < story->counts[source]; j++) {
        size_t uses = 0;
        for (size_t i = 0; i < ASKED; i++)
            uses += point_set_has_point(story->sets[i], &story->points[source][j]);
        least_used = uses < least_used ? uses : least_used;
        most_used = uses > most_used ? uses : most_used;
    }
    assert_true(most_used <= least_used + 2);
}

/* What can be said where relays are plenty and nothing was there before. */
static void check_fresh(const struct story *story)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < ASKED; i++) {
        size_t count = story->sets[i] != NULL ? story->sets[i]->count : 0;
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    assert_true(most <= least + 1);
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        if (story->is_used[i])
            check_source(story, i);
    }
}

/* Makes the sets anew. */
static void turn(struct story *story, bool begins_turn)
{
    struct choice_offer offers[SOURCES_MAX];
    double wanted[SOURCES_MAX];
    struct point_set *sets[HSDIRS];
    size_t count = 0;
    for (size_t i = 0; i < SOURCES_MAX; i++) {
        if (begins_turn && story->is_used[i])
            story->owed[i] += story->wanted[i] - (double)count_all(story, i);
        if (story->is_used[i])
            offers[count++] = (struct choice_offer){.identity_key = story->identity_keys[i],
                                                    .points = story->points[i],
                                                    .claims = story->claims[i],
                                                    .point_count = story->counts[i],
                                                    .source = i,
                                                    .descriptor = &descriptor,
                                                    .weight = story->weights[i],
                                                    .owed = story->owed[i]};
    }
    for (size_t i = 0; i < HSDIRS; i++)
        story->hsdirs[i].before = story->sets[i];
    distinct_make_sets(offers, count, story->hsdirs, HSDIRS, begins_turn, story->maximum, story->clients,
                       story->seed, story->basis, sets, wanted);
    for (size_t i = 0; i < HSDIRS; i++) {
        point_set_release(story->sets[i]);
        story->sets[i] = sets[i];
        if (sets[i] != NULL)
            check_set(story, sets[i]);
    }
    memset(story->wanted, 0, sizeof(story->wanted));
    for (size_t i = 0; i < count; i++)
        story->wanted[offers[i].source] = wanted[i];
}

static void come_many(struct story *story, size_t count, size_t points)
{
    for (size_t i = 0; i < count; i++)
        come(story, i, points, 10);
}

/* -- stories ----------------------------------------------------------------------------------------- */

static void test_thirty_have_four_places_each(void **state)
{
    (void)state;
    struct story story;
    begin(&story, 1, 0);
    come_many(&story, 30, 3);
    turn(&story, false);
    check_fresh(&story);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(count_all(&story, i), 4);
    end(&story);
}

static void test_few_are_everywhere_in_another_order(void **state)
{
    (void)state;
    struct story story;
    size_t alike = 0;
    begin(&story, 2, 0);
    come_many(&story, 3, 3);
    turn(&story, false);
    check_fresh(&story);
    for (size_t i = 0; i < ASKED; i++) {
        assert_int_equal(story.sets[i]->count, 9);
        for (size_t j = 0; j < i; j++)
            alike += point_set_equals(story.sets[i], story.sets[j]);
    }
    assert_int_equal(alike, 0);
    end(&story);
}

static void test_spare_hsdirs_have_what_others_have(void **state)
{
    (void)state;
    struct story story;
    begin(&story, 3, 0);
    come_many(&story, 30, 3);
    turn(&story, false);
    for (size_t i = ASKED; i < HSDIRS; i++) {
        bool is_anothers = false;
        for (size_t j = 0; j < ASKED; j++)
            is_anothers |= story.sets[i] == story.sets[j];
        assert_true(is_anothers);
    }
    end(&story);
}

static void test_nothing_gives_nothing(void **state)
{
    (void)state;
    struct story story;
    begin(&story, 4, 0);
    turn(&story, false);
    assert_null(story.sets[0]);
    come(&story, 0, 0, 10);
    turn(&story, false);
    assert_null(story.sets[0]);
    come(&story, 0, 3, 10);
    for (size_t i = 0; i < HSDIRS; i++)
        story.hsdirs[i].is_asked = false;
    turn(&story, false);
    assert_null(story.sets[0]);
    end(&story);
}

/* Sets in which a source is not, before or after, are as they were. */
static void check_others(const struct story *story, struct point_set *const *before, size_t source)
{
    for (size_t i = 0; i < ASKED; i++) {
        if (count_at(before[i], source) == 0 && count_at(story->sets[i], source) == 0)
            assert_true(point_set_equals(before[i], story->sets[i]));
    }
}

static void hold(const struct story *story, struct point_set **before)
{
    for (size_t i = 0; i < HSDIRS; i++)
        before[i] = point_set_share(story->sets[i]);
}

static void let_go(struct point_set **before)
{
    for (size_t i = 0; i < HSDIRS; i++)
        point_set_release(before[i]);
}

/* Where nothing has changed the sets are as they were. */
static void check_rest(struct story *story)
{
    struct point_set *before[HSDIRS];
    hold(story, before);
    turn(story, false);
    for (size_t i = 0; i < HSDIRS; i++)
        assert_true(point_set_equals(before[i], story->sets[i]));
    let_go(before);
}

/* Sources come, go and have other points, a hundred times. */
static void play_changes(uint64_t random_state, size_t sources, size_t weights)
{
    struct story story;
    struct point_set *before[HSDIRS];
    begin(&story, random_state, 0);
    for (size_t i = 0; i < sources; i++)
        come(&story, i, 3 + draw(&story, 3), (unsigned)(1 + draw(&story, weights)));
    turn(&story, false);
    check_fresh(&story);
    for (size_t i = 0; i < 100; i++) {
        size_t source = draw(&story, sources);
        story.now++;
        hold(&story, before);
        if (!story.is_used[source])
            come(&story, source, 3 + draw(&story, 3), (unsigned)(1 + draw(&story, weights)));
        else if (draw(&story, 2) == 0)
            story.is_used[source] = false;
        else
            renew_point(&story, source, draw(&story, 3));
        turn(&story, false);
        if (weights == 1)
            check_others(&story, before, source);
        let_go(before);
        check_rest(&story);
    }
    end(&story);
}

/* From one turn to the next a set may have fewer points, or more again. */
static void test_other_maximum(void **state)
{
    (void)state;
    static const size_t maximums[] = {20, 8, 1, 3, 20, 19};
    for (size_t relays = 0; relays <= 25; relays += 25) {
        struct story story;
        begin(&story, 11, relays);
        come_many(&story, 30, 3);
        for (size_t i = 0; i < sizeof(maximums) / sizeof(maximums[0]); i++) {
            story.maximum = maximums[i];
            turn(&story, false);
            check_rest(&story);
            turn(&story, true);
            for (size_t j = 0; relays == 0 && j < ASKED; j++)
                assert_int_equal(story.sets[j]->count, story.maximum);
        }
        end(&story);
    }
}

static void test_changes_stay_where_they_are(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 40; i++)
        play_changes(i, 11 + (size_t)i * 4, 1);
}

static bool is_heaped(const struct story *story, size_t source)
{
    size_t hsdirs = 0;
    for (size_t i = 0; i < ASKED; i++)
        hsdirs += count_at(story->sets[i], source) > 0;
    return hsdirs == 1 && count_all(story, source) > 1;
}

static void replace_hsdir(struct story *story, size_t i)
{
    for (size_t j = 0; j < RELAY_FINGERPRINT_SIZE; j++)
        story->fingerprints[i][j] = (uint8_t)draw(story, 256);
    point_set_replace(&story->sets[i], NULL);
}

/* Whatever came and went: once a turn begins, or an HSDir is new, none has all that it has at one HSDir. */
static void test_none_is_at_one_hsdir_alone(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 40; i++) {
        struct story story;
        begin(&story, i, 500);
        for (size_t j = 0; j < 200; j++) {
            size_t source = draw(&story, 40 + 2 * i);
            size_t what = draw(&story, 8);
            story.now++;
            if (!story.is_used[source])
                come(&story, source, 3, 10);
            else
                story.is_used[source] = false;
            if (what == 0)
                replace_hsdir(&story, draw(&story, ASKED));
            turn(&story, what == 1);
            for (size_t k = 0; what < 2 && k < SOURCES_MAX; k++)
                assert_false(is_heaped(&story, k));
            check_rest(&story);
        }
        end(&story);
    }
}

static void test_changes_with_weights(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 40; i++)
        play_changes(i, 11 + (size_t)i * 4, 20);
}

/* A source's share of what clients ask. */
static double share_of(const struct story *story, size_t source)
{
    double share = 0;
    for (size_t i = 0; i < ASKED; i++)
        share += (double)count_at(story->sets[i], source) / (double)story->sets[i]->count / ASKED;
    return share;
}

/* After many turns each source has had its part, also where there are more of them than places. */
static void play_turns(size_t sources, const unsigned *weights, size_t weight_count)
{
    struct story story;
    double shares[SOURCES_MAX] = {0}, all = 0;
    const unsigned turns = 60;
    begin(&story, sources, 0);
    for (size_t i = 0; i < sources; i++) {
        come(&story, i, 3, weights[i % weight_count]);
        all += weights[i % weight_count];
    }
    for (unsigned i = 0; i < turns; i++) {
        turn(&story, i > 0);
        for (size_t j = 0; j < sources; j++)
            shares[j] += share_of(&story, j) / turns;
    }
    for (size_t i = 0; i < sources; i++) {
        double wanted = story.weights[i] / all;
        if (fabs(shares[i] - wanted) > 0.05 * wanted)
            fail_msg("%zu sources: source %zu had %g, not %g", sources, i, shares[i], wanted);
    }
    end(&story);
}

static void test_turns_make_it_even(void **state)
{
    (void)state;
    static const unsigned same[] = {10}, other[] = {10, 20, 15, 10};
    for (size_t sources = 20; sources <= SOURCES_MAX; sources += 20)
        play_turns(sources, same, 1);
    for (size_t sources = 60; sources <= SOURCES_MAX; sources += 60)
        play_turns(sources, other, 4);
}

/* What is owed is made good when a turn begins, and changes nothing before. */
static void test_what_is_owed_waits_for_a_turn(void **state)
{
    (void)state;
    struct story story;
    size_t places[13];
    begin(&story, 7, 0);
    come_many(&story, 13, 3);
    turn(&story, false);
    for (size_t i = 0; i < 13; i++) {
        places[i] = count_all(&story, i);
        story.owed[i] = places[i] == 9 ? 2 : -2;
    }
    check_rest(&story);
    turn(&story, true);
    for (size_t i = 0; i < 13; i++)
        assert_true(places[i] == 9 || count_all(&story, i) == 9);
    end(&story);
}

static void test_weights_are_followed(void **state)
{
    (void)state;
    struct story story;
    begin(&story, 5, 0);
    for (size_t i = 0; i < 30; i++)
        come(&story, i, 6, i < 10 ? 20 : 10);
    turn(&story, false);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(count_all(&story, i), i < 10 ? 6 : 3);
    end(&story);
}

/* Where a consensus says that clients ask very many HSDirs, each has a set, but not each its own: that would
 * take too long. */
static void test_not_too_many_sets(void **state)
{
    (void)state;
    enum { MANY = 4 * DISTINCT_SETS_MAX };
    static struct distinct_hsdir hsdirs[MANY];
    static uint8_t fingerprints[MANY][RELAY_FINGERPRINT_SIZE];
    struct point_set *sets[MANY];
    struct choice_offer offers[3];
    double wanted[3];
    uint8_t basis[SHA3_256_SIZE] = {0};
    struct story story;
    size_t different = 0;
    begin(&story, 9, 0);
    come_many(&story, 3, 3);
    for (size_t i = 0; i < 3; i++)
        offers[i] = (struct choice_offer){.identity_key = story.identity_keys[i],
                                          .points = story.points[i],
                                          .point_count = 3,
                                          .source = i,
                                          .descriptor = &descriptor};
    for (size_t i = 0; i < MANY; i++) {
        for (size_t j = 0; j < RELAY_FINGERPRINT_SIZE; j++)
            fingerprints[i][j] = (uint8_t)draw(&story, 256);
        hsdirs[i] = (struct distinct_hsdir){fingerprints[i], true, NULL};
    }
    distinct_make_sets(offers, 3, hsdirs, MANY, false, INTRODUCTION_POINTS_MAX, NULL, story.seed, basis, sets,
                       wanted);
    for (size_t i = 0; i < MANY; i++) {
        bool is_new = true;
        assert_non_null(sets[i]);
        for (size_t j = 0; j < i; j++)
            is_new &= sets[i] != sets[j];
        different += is_new;
    }
    assert_int_equal(different, DISTINCT_SETS_MAX);
    for (size_t i = 0; i < MANY; i++)
        point_set_release(sets[i]);
}

/* A source that names the relays of another one, or its very points, drives it away nowhere. */
static void test_copies_drive_nobody_away(void **state)
{
    (void)state;
    struct story story;
    struct point_set *before[HSDIRS];
    begin(&story, 6, 0);
    come_many(&story, 20, 3);
    turn(&story, false);
    hold(&story, before);
    story.now++;
    come(&story, 20, 20, 10);
    for (size_t i = 0; i < 20; i++) {
        const struct introduction_point *honest = &story.points[i][0];
        if (i % 2 == 0)
            story.points[20][i] = *honest;
        else
            introduction_point_set_links(&story.points[20][i], &(struct link_specifiers){.ipv4_port = 1});
    }
    for (size_t i = 1; i < 20; i += 2) {
        uint8_t relay[RELAY_FINGERPRINT_SIZE];
        struct link_specifiers links = {.ipv4 = {192, 0, 2, 1}, .ipv4_port = 9001};
        assert_true(introduction_point_fingerprint(&story.points[i][0], relay));
        memcpy(links.fingerprint, relay, sizeof(relay));
        introduction_point_set_links(&story.points[20][i], &links);
    }
    turn(&story, false);
    for (size_t i = 0; i < 20; i++)
        assert_true(count_all(&story, i) >= 5);
    let_go(before);
    end(&story);
}

/* On a network of few relays much can't be had; what holds of every set holds. */
static void test_few_relays(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 200; i++) {
        struct story story;
        begin(&story, i, 12);
        for (size_t j = 0; j < 40; j++) {
            size_t source = draw(&story, 12);
            story.now += (int64_t)draw(&story, 2);
            if (story.is_used[source])
                story.is_used[source] = false;
            else
                come(&story, source, 1 + draw(&story, 6), 10);
            turn(&story, draw(&story, 2) == 0);
            check_rest(&story);
        }
        end(&story);
    }
}

/* A source comes, some of whose points are at relays that the consensus lacks, or are another's. */
static void come_with_anything(struct story *story, size_t source, size_t sources, unsigned weight)
{
    static const size_t counts[] = {1, 1, 2, 3, 3, 3, 6, 10, 20};
    size_t count = counts[draw(story, sizeof(counts) / sizeof(counts[0]))];
    come(story, source, count, weight);
    for (size_t i = 0; i < count; i++) {
        size_t other = draw(story, sources);
        story->claims[source][i].is_of_unknown_relay = draw(story, 8) == 0;
        if (draw(story, 10) == 0 && story->is_used[other] && other != source)
            story->points[source][i] = story->points[other][draw(story, story->counts[other])];
    }
}

/* Something happens to a source, or to an HSDir. */
static void let_happen(struct story *story, size_t source, unsigned weights)
{
    switch (draw(story, 5)) {
    case 0:
        story->is_used[source] = false;
        break;
    case 1:
        story->weights[source] = 1 + (unsigned)draw(story, weights);
        break;
    case 2:
        renew_point(story, source, draw(story, story->counts[source]));
        break;
    case 3:
        replace_hsdir(story, draw(story, ASKED));
        break;
    default:
        for (size_t i = 0; i < story->counts[source]; i++)
            set_relay(&story->points[source][i], draw(story, story->relays));
    }
}

/* Sources of all weights, and with one point to twenty, crowd at so few relays that they drive one another
 * away; where nothing more happens nobody moves any more all the same. */
static void test_crowds_come_to_rest(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 100; i++) {
        struct story story;
        begin(&story, i, 2 + i % 7);
        size_t sources = 4 + draw(&story, 36);
        unsigned weights = i % 2 == 0 ? 1 : 100;
        for (size_t j = 0; j < 40; j++) {
            size_t source = draw(&story, sources);
            story.now += (int64_t)draw(&story, 2);
            if (story.is_used[source])
                let_happen(&story, source, weights);
            else
                come_with_anything(&story, source, sources, 1 + (unsigned)draw(&story, weights));
            turn(&story, draw(&story, 4) == 0);
            check_rest(&story);
        }
        end(&story);
    }
}

/* A source with three points at three of the network's relays. */
static void come_at_three_relays(struct story *story, size_t source)
{
    size_t first = draw(story, story->relays), step = 1 + draw(story, story->relays / 2 - 1);
    come(story, source, 3, 10);
    for (size_t i = 0; i < 3; i++)
        set_relay(&story->points[source][i], (first + i * step) % story->relays);
}

/* Where sources want more than there are relays for none has much less than the others, whoever came first:
 * of 72 places each has two at least. And no place goes to and fro. */
static void test_few_relays_are_shared(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 200; i++) {
        struct story story;
        struct point_set *before[HSDIRS];
        begin(&story, i, 12);
        for (size_t j = 0; j < 30; j++) {
            story.now += (int64_t)draw(&story, 2);
            come_at_three_relays(&story, j);
            if (draw(&story, 4) == 0)
                turn(&story, false);
        }
        turn(&story, false);
        for (size_t j = 0; j < 30; j++)
            assert_true(count_all(&story, j) >= 2);
        hold(&story, before);
        turn(&story, false);
        for (size_t j = 0; j < HSDIRS; j++)
            assert_ptr_equal(story.sets[j], before[j]);
        let_go(before);
        end(&story);
    }
}

/* Where all of a source's points are to be everywhere, those that came later drive them away nowhere. */
static void test_first_ones_keep_their_relays(void **state)
{
    (void)state;
    struct story story;
    begin(&story, 7, 0);
    come_many(&story, 2, 3);
    for (size_t i = 0; i < 3; i++)
        set_relay(&story.points[0][i], i);
    turn(&story, false);
    story.now++;
    come(&story, 2, 3, 10);
    for (size_t i = 0; i < 3; i++)
        set_relay(&story.points[2][i], i);
    turn(&story, false);
    assert_int_equal(count_all(&story, 0), 3 * ASKED);
    assert_int_equal(count_all(&story, 2), 0);
    end(&story);
}

/* How many places the first of so many sources has when eight more come, some of which are at its relays. */
static size_t count_beside(size_t sources, size_t hostile)
{
    struct story story;
    begin(&story, 8, 0);
    come_many(&story, sources, 3);
    for (size_t i = 0; i < 3; i++)
        set_relay(&story.points[0][i], i + 1);
    for (size_t i = sources; i < sources + 8; i++) {
        story.now++;
        come(&story, i, 3, 10);
        for (size_t j = 0; j < 3 && i < sources + hostile; j++)
            set_relay(&story.points[i][j], j + 1);
        turn(&story, false);
    }
    size_t count = count_all(&story, 0);
    end(&story);
    return count;
}

/* Hostile sources have to be many to take places from the one at whose relays they are, and share with it. */
static void test_some_at_its_relays_take_nothing(void **state)
{
    (void)state;
    assert_int_equal(count_beside(22, 1), 4);
    assert_int_equal(count_beside(22, 3), 4);
    assert_true(count_beside(22, 8) >= 2);
    assert_in_range(count_beside(6, 1), 8, 9);
    assert_in_range(count_beside(6, 2), 6, 7); /* a third of the 18 places at its relays */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thirty_have_four_places_each),
        cmocka_unit_test(test_few_are_everywhere_in_another_order),
        cmocka_unit_test(test_spare_hsdirs_have_what_others_have),
        cmocka_unit_test(test_nothing_gives_nothing),
        cmocka_unit_test(test_other_maximum),
        cmocka_unit_test(test_changes_stay_where_they_are),
        cmocka_unit_test(test_none_is_at_one_hsdir_alone),
        cmocka_unit_test(test_changes_with_weights),
        cmocka_unit_test(test_turns_make_it_even),
        cmocka_unit_test(test_what_is_owed_waits_for_a_turn),
        cmocka_unit_test(test_weights_are_followed),
        cmocka_unit_test(test_not_too_many_sets),
        cmocka_unit_test(test_copies_drive_nobody_away),
        cmocka_unit_test(test_few_relays),
        cmocka_unit_test(test_few_relays_are_shared),
        cmocka_unit_test(test_crowds_come_to_rest),
        cmocka_unit_test(test_first_ones_keep_their_relays),
        cmocka_unit_test(test_some_at_its_relays_take_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
