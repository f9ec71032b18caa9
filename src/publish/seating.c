/* Who has which place where HSDirs have points of their own. */
#include "publish/seating.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onion/hsdir_ring.h"

/* How often each place may go from one source to another that is at the same relay, more or less. */
#define DRIVES_EACH 8

/* How often all are seated until nobody moves any more. */
#define SETTLE_TRIES 6

static struct seeker *seeker_of(const struct seating *seating, const struct ranked_point *point)
{
    return &seating->seekers[point->offer - seating->ranked];
}

int seating_compare_at(const uint8_t *fingerprint, const uint8_t *one, const uint8_t *other)
{
    for (size_t i = 0; i < RELAY_FINGERPRINT_SIZE; i++) {
        if (one[i] != other[i])
            return (one[i] ^ fingerprint[i]) < (other[i] ^ fingerprint[i]) ? -1 : 1;
    }
    return 0;
}

/* -- at a table -------------------------------------------------------------------------------------- */

static size_t count_of(const struct table *table, const struct ranked_offer *ranked)
{
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++)
        count += table->taken[i]->offer == ranked;
    return count;
}

/* The table at which a source has all of its places; NULL where there are several, or none. */
static struct table *find_table_of_all(const struct seating *seating, const struct ranked_offer *ranked)
{
    for (size_t i = 0; ranked->taken > 0 && i < seating->table_count; i++) {
        size_t own = count_of(&seating->tables[i], ranked);
        if (own > 0)
            return own == ranked->taken ? &seating->tables[i] : NULL;
    }
    return NULL;
}

/* Gives a point the place at an index, which is free or whose point loses it. */
static void give(struct table *table, size_t place, struct ranked_point *point)
{
    table->moves++;
    if (place < table->count) {
        table->taken[place]->offer->taken--;
        table->taken[place]->uses--;
    } else {
        table->count++;
    }
    table->taken[place] = point;
    point->offer->taken++;
    point->uses++;
}

static void clear_place(struct table *table, size_t place)
{
    table->moves++;
    table->taken[place]->offer->taken--;
    table->taken[place]->uses--;
    table->taken[place] = table->taken[--table->count];
}

/* Finds the place that a point could have at a table: the one of another point at its relay, or else
 * table->count. Returns false when it has one there already. */
static bool find_place(const struct table *table, const struct ranked_point *point, size_t *place)
{
    *place = table->count;
    for (size_t i = 0; i < table->count; i++) {
        if (table->taken[i] == point)
            return false;
        if (ranked_points_share_relay(table->taken[i], point))
            *place = i;
    }
    return true;
}

/* -- who sits where ---------------------------------------------------------------------------------- */

static int compare_keys(const void *one, const void *other)
{
    const struct ranked_point *left = *(struct ranked_point *const *)one;
    const struct ranked_point *right = *(struct ranked_point *const *)other;
    return memcmp(left->point->auth_key, right->point->auth_key, sizeof(left->point->auth_key));
}

/* All points by their keys, which are each there once. Release with free(). */
static struct ranked_point **sort_by_key(const struct seating *seating, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < seating->seeker_count; i++)
        *count += seating->ranked[i].count;
    struct ranked_point **sorted = memory_allocate(*count, sizeof(struct ranked_point *));
    size_t filled = 0;
    for (size_t i = 0; i < seating->seeker_count; i++) {
        for (size_t j = 0; j < seating->ranked[i].count; j++)
            sorted[filled++] = &seating->ranked[i].points[j];
    }
    qsort(sorted, *count, sizeof(struct ranked_point *), compare_keys);
    return sorted;
}

void seating_recall(struct seating *seating)
{
    size_t count;
    struct ranked_point **sorted = sort_by_key(seating, &count);
    for (size_t i = 0; i < seating->table_count; i++) {
        struct table *table = &seating->tables[i];
        const struct point_set *before = table->before;
        for (size_t j = 0; before != NULL && j < before->count && table->count < seating->maximum; j++) {
            struct ranked_point wanted = {.point = &before->entries[j].point};
            const struct ranked_point *key = &wanted;
            struct ranked_point *const *found =
                bsearch(&key, sorted, count, sizeof(struct ranked_point *), compare_keys);
            size_t place;
            if (found != NULL && find_place(table, *found, &place) &&
                (place == table->count || ranked_point_was_first_at_relay(*found, table->taken[place])))
                give(table, place, *found);
        }
    }
    free(sorted);
}

/* A place that a source could be given. */
struct option {
    struct table *table;
    struct ranked_point *point;
    size_t place;
    bool drives_away; /* a point of another source at its relay */
    size_t loser;     /* how many places that source has */
    size_t own;       /* how many places the source has at the table */
    bool is_free;
    bool does_harm; /* whose place it is would have all that it has left at one other table */
};

/* True when a source is to have no more than half of the places that its points could have: it can go
 * elsewhere. */
static bool has_elsewhere(const struct seating *seating, const struct seeker *seeker)
{
    return 2 * seeker->goal <= seeker->ranked->count * seating->table_count;
}

/* True when a point may take the place of another one at its relay. Who was first there keeps it from those
 * that came later, or takes it from them. But where there are too few relays for what all are to have, and
 * the one that has it could go elsewhere, none is to have much less than another for that. Every such move
 * makes the places more even, or gives one to a source that can't go elsewhere and was there earlier: so
 * none goes round in circles. */
static bool may_drive_away(const struct seating *seating, const struct ranked_point *point,
                           const struct ranked_point *other)
{
    const struct seeker *winner = seeker_of(seating, point), *loser = seeker_of(seating, other);
    bool was_first = ranked_point_was_first_at_relay(point, other);
    if (winner == loser || !has_elsewhere(seating, loser))
        return was_first && !has_elsewhere(seating, winner);
    if (was_first && !has_elsewhere(seating, winner))
        return true;
    return (loser->ranked->taken - 1) * winner->goal >= (winner->ranked->taken + 1) * loser->goal;
}

/* The one of a source's points that is best for a table: one that drives nobody away, then one at a relay
 * that is known, then the one that is used least. */
static bool find_point(const struct seating *seating, struct ranked_offer *ranked, struct option *option)
{
    const size_t unknown = HSDIR_RESPONSIBLE_MAX, driving = 2 * unknown; /* no point is used so often */
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < ranked->count; i++) {
        struct ranked_point *point = &ranked->points[i];
        size_t place;
        if (!find_place(option->table, point, &place))
            continue;
        bool drives_away = place < option->table->count;
        if (drives_away &&
            (seating->drives_left == 0 || !may_drive_away(seating, point, option->table->taken[place])))
            continue;
        size_t cost =
            point->uses + (point->claim.is_of_unknown_relay ? unknown : 0) + (drives_away ? driving : 0);
        if (cost >= least)
            continue;
        least = cost;
        option->point = point;
        option->place = place;
        option->drives_away = drives_away;
        option->loser = drives_away ? option->table->taken[place]->offer->taken : 0;
    }
    return option->point != NULL;
}

/* True when all places of a source but those at one table are at one other, and are several. */
static bool is_heaped_without(const struct seating *seating, const struct ranked_offer *ranked,
                              const struct table *without)
{
    size_t left = ranked->taken - 1; /* it loses one of those there */
    for (size_t i = 0; i < seating->table_count; i++) {
        if (&seating->tables[i] != without && left > 1 && count_of(&seating->tables[i], ranked) == left)
            return true;
    }
    return false;
}

/* The place at a full table of a source that has more than its goal: the one with most above it, but rather
 * one that is at several tables still. */
static bool find_surplus(const struct seating *seating, struct option *option)
{
    size_t most = 0;
    for (size_t i = 0; i < option->table->count; i++) {
        const struct seeker *seeker = seeker_of(seating, option->table->taken[i]);
        size_t surplus = seeker->ranked->taken > seeker->goal ? seeker->ranked->taken - seeker->goal : 0;
        if (surplus == 0)
            continue;
        bool does_harm = is_heaped_without(seating, seeker->ranked, option->table);
        if (most > 0 && (does_harm != option->does_harm ? does_harm : surplus <= most))
            continue;
        most = surplus;
        option->place = i;
        option->does_harm = does_harm;
    }
    return most > 0;
}

static bool is_better(const struct option *one, const struct option *other, const struct ranked_offer *ranked)
{
    if (one->drives_away != other->drives_away)
        return !one->drives_away;
    if (one->loser != other->loser)
        return one->loser > other->loser;
    if (one->own != other->own)
        return one->own < other->own;
    if (one->does_harm != other->does_harm)
        return !one->does_harm;
    if (one->is_free != other->is_free)
        return one->is_free;
    if (one->table->count != other->table->count)
        return one->table->count < other->table->count;
    return seating_compare_at(ranked->rank, one->table->fingerprint, other->table->fingerprint) < 0;
}

/* Gives a source one more place; may_heap: even where it is at one table alone, and that is there. Returns
 * false when there is none. */
static bool seat_one(struct seating *seating, struct ranked_offer *ranked, bool may_heap)
{
    struct option best = {.table = NULL};
    const struct table *only = may_heap ? NULL : find_table_of_all(seating, ranked);
    for (size_t i = 0; i < seating->table_count; i++) {
        struct option option = {.table = &seating->tables[i]};
        if (option.table == only || !find_point(seating, ranked, &option))
            continue;
        option.is_free = option.table->count < seating->capacity;
        if (!option.drives_away && !option.is_free && !find_surplus(seating, &option))
            continue;
        option.own = count_of(option.table, ranked);
        if (best.table == NULL || is_better(&option, &best, ranked))
            best = option;
    }
    if (best.table == NULL)
        return false;
    seating->drives_left -= best.drives_away;
    give(best.table, best.place, best.point);
    return true;
}

/* The source that lacks most places. */
static struct seeker *find_needy(const struct seating *seating)
{
    struct seeker *needy = NULL;
    size_t most = 0;
    for (size_t i = 0; i < seating->seeker_count; i++) {
        struct seeker *seeker = &seating->seekers[i];
        size_t lack = seeker->goal > seeker->ranked->taken ? seeker->goal - seeker->ranked->taken : 0;
        if (seeker->is_stuck || lack == 0 || lack < most)
            continue;
        if (lack == most && ranked_offers_compare(&seeker->ranked, &needy->ranked) >= 0)
            continue;
        most = lack;
        needy = seeker;
    }
    return needy;
}

/* Takes a place from a source, at the table where it has most. */
static void unseat_one(struct seating *seating, const struct ranked_offer *ranked)
{
    struct table *fullest = NULL;
    size_t most = 0;
    for (size_t i = 0; i < seating->table_count; i++) {
        size_t own = count_of(&seating->tables[i], ranked);
        if (own < most || own == 0 || (own == most && seating->tables[i].count <= fullest->count))
            continue;
        most = own;
        fullest = &seating->tables[i];
    }
    for (size_t i = 0; fullest != NULL && i < fullest->count; i++) {
        if (fullest->taken[i]->offer == ranked) {
            clear_place(fullest, i);
            return;
        }
    }
}

/* Takes from those that have more than their goal what nobody else has claimed, if there are too many places
 * in all. */
static void unseat_surplus(struct seating *seating)
{
    size_t taken = 0;
    for (size_t i = 0; i < seating->seeker_count; i++)
        taken += seating->ranked[i].taken;
    for (size_t i = 0; i < seating->seeker_count; i++) {
        for (; taken > seating->goals && seating->ranked[i].taken > seating->seekers[i].goal; taken--)
            unseat_one(seating, &seating->ranked[i]);
    }
}

/* One source after the other: each takes the emptiest tables, so that these stay equally full, and the last
 * source finds its places at different ones. Returns true when there is one that got a place. */
static bool seat_needy(struct seating *seating, bool may_heap)
{
    struct seeker *needy;
    bool has_seated = false;
    for (size_t i = 0; i < seating->seeker_count; i++)
        seating->seekers[i].is_stuck = false;
    while ((needy = find_needy(seating)) != NULL) {
        while (needy->ranked->taken < needy->goal && !needy->is_stuck) {
            needy->is_stuck = !seat_one(seating, needy->ranked, may_heap);
            has_seated |= !needy->is_stuck;
        }
        if (needy->is_stuck)
            seating_pass_on(seating, needy);
    }
    return has_seated;
}

/* -- not all at one table ---------------------------------------------------------------------------- */

/* Has a source give up its place at a table for one of its points that may sit at another: in the place of a
 * third one's, which gets the first; or where there is room, at a table that is less full. */
static bool move_place(struct seating *seating, struct table *from, size_t place, struct table *to)
{
    struct ranked_offer *ranked = from->taken[place]->offer;
    struct option own = {.table = to};
    if (!find_point(seating, ranked, &own) || own.drives_away)
        return false;
    if (to->count < from->count && to->count < seating->capacity) {
        clear_place(from, place);
        give(to, to->count, own.point);
        return true;
    }
    for (size_t i = 0; i < to->count; i++) {
        struct ranked_offer *other = to->taken[i]->offer;
        struct option others = {.table = from};
        if (count_of(from, other) >= count_of(to, other) || !find_point(seating, other, &others) ||
            others.drives_away)
            continue;
        give(from, place, others.point);
        give(to, i, own.point);
        return true;
    }
    return false;
}

/* A source with several places, all of them at one table, gets one of them at another: else a single HSDir's
 * loss would take it out. */
static void spread(struct seating *seating, const struct ranked_offer *ranked)
{
    struct table *from = find_table_of_all(seating, ranked);
    size_t place = 0;
    if (ranked->taken < 2 || from == NULL)
        return;
    while (from->taken[place]->offer != ranked)
        place++;
    for (size_t i = 0; i < seating->table_count; i++) {
        if (&seating->tables[i] != from && move_place(seating, from, place, &seating->tables[i]))
            return;
    }
}

/* A source that was stuck may not be so any more, when others have moved. */
static void seat_as_many_as_possible(struct seating *seating)
{
    do {
        while (seat_needy(seating, false))
            ;
    } while (seat_needy(seating, true));
}

static void seat_all(struct seating *seating)
{
    seat_as_many_as_possible(seating);
    unseat_surplus(seating);
    if (!seating->is_anew)
        return;
    for (size_t i = 0; i < seating->seeker_count; i++)
        spread(seating, &seating->ranked[i]);
    seat_as_many_as_possible(seating);
}

static size_t count_moves(const struct seating *seating)
{
    size_t count = 0;
    for (size_t i = 0; i < seating->table_count; i++)
        count += seating->tables[i].moves;
    return count;
}

void seating_settle(struct seating *seating, const struct choice_offer *offers, bool begins_turn,
                    double *wanted)
{
    size_t moves;
    for (unsigned tries = 0; tries < SETTLE_TRIES; tries++) {
        moves = count_moves(seating);
        seating_set_goals(seating, offers, begins_turn && tries == 0, wanted);
        seating->drives_left = DRIVES_EACH * seating->goals;
        seat_all(seating);
        seating->is_anew = false;
        if (count_moves(seating) == moves)
            return;
    }
}
