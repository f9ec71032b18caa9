/* What each HSDir of a descriptor has where each has points of its own. */
#include "publish/distinct.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/hash.h"
#include "onion/hsdir_ring.h"
#include "publish/choice.h"
#include "publish/ranked_offers.h"
#include "publish/shares.h"

/* What is less than a place by so little is none the less: sums of real numbers are not exact. */
#define ALMOST 1e-9

/* How often each place may go from one source to another that is at the same relay, more or less. */
#define DRIVES_EACH 8

/* How often all are seated until nobody moves any more. */
#define SETTLE_TRIES 6

/* A source that is given places. */
struct seeker {
    struct ranked_offer *ranked; /* taken: the places that it has */
    double rest;                 /* what it wants above its goal, which is rounded down first; and is owed */
    bool keeps_more;             /* it was rounded up before, and no new turn begins */
    size_t goal;                 /* places */
    bool is_stuck;               /* there is no place that it could be given */
    bool is_rounded_up;          /* its goal is what it wants, rounded up */
    bool has_passed;             /* it was, and could not be given that place */
};

/* A set in the making, for an HSDir that clients ask. */
struct table {
    const struct distinct_hsdir *hsdir;
    struct ranked_point *taken[INTRODUCTION_POINTS_MAX];
    size_t count;
    size_t moves; /* how often a place was given or taken */
};

struct draft {
    struct seeker *seekers; /* one for each offer, in the same order */
    struct seeker **order;  /* all of them, those first that are rounded up first */
    size_t seeker_count;
    struct ranked_offer *ranked;
    struct table *tables;
    size_t table_count;
    size_t capacity;    /* of a table */
    size_t goals;       /* all of them together */
    bool is_anew;       /* a new turn begins, or an HSDir has nothing yet: other sets may change, too */
    size_t drives_left; /* how often a source may still be given the place of another one */
};

static struct seeker *seeker_of(const struct draft *draft, const struct ranked_point *point)
{
    return &draft->seekers[point->offer - draft->ranked];
}

/* Which of two ranks, or HSDirs, an HSDir is nearer to: for each another. */
static int compare_at(const uint8_t *fingerprint, const uint8_t *one, const uint8_t *other)
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
static struct table *find_table_of_all(const struct draft *draft, const struct ranked_offer *ranked)
{
    for (size_t i = 0; ranked->taken > 0 && i < draft->table_count; i++) {
        size_t own = count_of(&draft->tables[i], ranked);
        if (own > 0)
            return own == ranked->taken ? &draft->tables[i] : NULL;
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

/* -- how many places each is to have ----------------------------------------------------------------- */

static int compare_rests(const void *one, const void *other)
{
    const struct seeker *left = *(struct seeker *const *)one, *right = *(struct seeker *const *)other;
    if (left->keeps_more != right->keeps_more)
        return left->keeps_more ? -1 : 1;
    if (left->rest != right->rest)
        return left->rest > right->rest ? -1 : 1;
    return ranked_offers_compare(&left->ranked, &right->ranked);
}

static void put_in_order(struct draft *draft)
{
    for (size_t i = 0; i < draft->seeker_count; i++)
        draft->order[i] = &draft->seekers[i];
    qsort(draft->order, draft->seeker_count, sizeof(struct seeker *), compare_rests);
}

/* Gives one place more to the next one that can have more; false when there is none. */
static bool round_up_one(struct draft *draft)
{
    for (size_t i = 0; i < draft->seeker_count; i++) {
        struct seeker *seeker = draft->order[i];
        if (seeker->is_rounded_up || seeker->has_passed ||
            seeker->goal >= seeker->ranked->count * draft->table_count)
            continue;
        seeker->is_rounded_up = true;
        seeker->goal++;
        draft->goals++;
        return true;
    }
    return false;
}

/* One that is rounded up and finds no place leaves that to the next. */
static void pass_on(struct draft *draft, struct seeker *seeker)
{
    if (!seeker->is_rounded_up || !round_up_one(draft))
        return;
    seeker->is_rounded_up = false;
    seeker->has_passed = true;
    seeker->goal--;
    draft->goals--;
}

/* What is left when all wants are rounded down goes to those with the greatest rest, a place each. */
static void round_up(struct draft *draft, double sum)
{
    put_in_order(draft);
    while ((double)draft->goals + 0.5 <= sum && round_up_one(draft))
        ;
}

/* Has to be called once those from before have their places. */
static void set_goals(struct draft *draft, const struct choice_offer *offers, bool begins_turn,
                      double *wanted)
{
    struct share_claim *claims = memory_allocate(draft->seeker_count, sizeof(*claims));
    double sum = ALMOST;
    draft->goals = 0;
    for (size_t i = 0; i < draft->seeker_count; i++) {
        claims[i].weight = offers[i].weight > 0 ? offers[i].weight : 1;
        claims[i].points = draft->ranked[i].count;
    }
    shares_find(claims, draft->seeker_count, draft->table_count, INTRODUCTION_POINTS_MAX, wanted);
    for (size_t i = 0; i < draft->seeker_count; i++) {
        struct seeker *seeker = &draft->seekers[i];
        seeker->goal = (size_t)(wanted[i] + ALMOST);
        seeker->is_rounded_up = seeker->has_passed = false;
        seeker->keeps_more = !begins_turn && seeker->ranked->taken > seeker->goal;
        seeker->rest = wanted[i] - (double)seeker->goal + offers[i].owed;
        draft->goals += seeker->goal;
        sum += wanted[i];
    }
    round_up(draft, sum);
    draft->capacity = (draft->goals + draft->table_count - 1) / draft->table_count;
    free(claims);
}

/* -- who sits where ---------------------------------------------------------------------------------- */

static int compare_keys(const void *one, const void *other)
{
    const struct ranked_point *left = *(struct ranked_point *const *)one;
    const struct ranked_point *right = *(struct ranked_point *const *)other;
    return memcmp(left->point->auth_key, right->point->auth_key, sizeof(left->point->auth_key));
}

/* All points by their keys, which are each there once. Release with free(). */
static struct ranked_point **sort_by_key(const struct draft *draft, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < draft->seeker_count; i++)
        *count += draft->ranked[i].count;
    struct ranked_point **sorted = memory_allocate(*count, sizeof(struct ranked_point *));
    size_t filled = 0;
    for (size_t i = 0; i < draft->seeker_count; i++) {
        for (size_t j = 0; j < draft->ranked[i].count; j++)
            sorted[filled++] = &draft->ranked[i].points[j];
    }
    qsort(sorted, *count, sizeof(struct ranked_point *), compare_keys);
    return sorted;
}

/* Those points that are offered still have the places that they had. */
static void seat_again(struct draft *draft)
{
    size_t count;
    struct ranked_point **sorted = sort_by_key(draft, &count);
    for (size_t i = 0; i < draft->table_count; i++) {
        struct table *table = &draft->tables[i];
        const struct point_set *before = table->hsdir->before;
        for (size_t j = 0; before != NULL && j < before->count; j++) {
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
static bool has_elsewhere(const struct draft *draft, const struct seeker *seeker)
{
    return 2 * seeker->goal <= seeker->ranked->count * draft->table_count;
}

/* True when a point may take the place of another one at its relay. Who was first there keeps it from those
 * that came later, or takes it from them. But where there are too few relays for what all are to have, and
 * the one that has it could go elsewhere, none is to have much less than another for that. Every such move
 * makes the places more even, or gives one to a source that can't go elsewhere and was there earlier: so
 * none goes round in circles. */
static bool may_drive_away(const struct draft *draft, const struct ranked_point *point,
                           const struct ranked_point *other)
{
    const struct seeker *winner = seeker_of(draft, point), *loser = seeker_of(draft, other);
    bool was_first = ranked_point_was_first_at_relay(point, other);
    if (winner == loser || !has_elsewhere(draft, loser))
        return was_first && !has_elsewhere(draft, winner);
    if (was_first && !has_elsewhere(draft, winner))
        return true;
    return (loser->ranked->taken - 1) * winner->goal >= (winner->ranked->taken + 1) * loser->goal;
}

/* The one of a source's points that is best for a table: one that drives nobody away, then one at a relay
 * that is known, then the one that is used least. */
static bool find_point(const struct draft *draft, struct ranked_offer *ranked, struct option *option)
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
            (draft->drives_left == 0 || !may_drive_away(draft, point, option->table->taken[place])))
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
static bool is_heaped_without(const struct draft *draft, const struct ranked_offer *ranked,
                              const struct table *without)
{
    size_t left = ranked->taken - 1; /* it loses one of those there */
    for (size_t i = 0; i < draft->table_count; i++) {
        if (&draft->tables[i] != without && left > 1 && count_of(&draft->tables[i], ranked) == left)
            return true;
    }
    return false;
}

/* The place at a full table of a source that has more than its goal: the one with most above it, but rather
 * one that is at several tables still. */
static bool find_surplus(const struct draft *draft, struct option *option)
{
    size_t most = 0;
    for (size_t i = 0; i < option->table->count; i++) {
        const struct seeker *seeker = seeker_of(draft, option->table->taken[i]);
        size_t surplus = seeker->ranked->taken > seeker->goal ? seeker->ranked->taken - seeker->goal : 0;
        if (surplus == 0)
            continue;
        bool does_harm = is_heaped_without(draft, seeker->ranked, option->table);
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
    return compare_at(ranked->rank, one->table->hsdir->fingerprint, other->table->hsdir->fingerprint) < 0;
}

/* Gives a source one more place; may_heap: even where it is at one table alone, and that is there. Returns
 * false when there is none. */
static bool seat_one(struct draft *draft, struct ranked_offer *ranked, bool may_heap)
{
    struct option best = {.table = NULL};
    const struct table *only = may_heap ? NULL : find_table_of_all(draft, ranked);
    for (size_t i = 0; i < draft->table_count; i++) {
        struct option option = {.table = &draft->tables[i]};
        if (option.table == only || !find_point(draft, ranked, &option))
            continue;
        option.is_free = option.table->count < draft->capacity;
        if (!option.drives_away && !option.is_free && !find_surplus(draft, &option))
            continue;
        option.own = count_of(option.table, ranked);
        if (best.table == NULL || is_better(&option, &best, ranked))
            best = option;
    }
    if (best.table == NULL)
        return false;
    draft->drives_left -= best.drives_away;
    give(best.table, best.place, best.point);
    return true;
}

/* The source that lacks most places. */
static struct seeker *find_needy(const struct draft *draft)
{
    struct seeker *needy = NULL;
    size_t most = 0;
    for (size_t i = 0; i < draft->seeker_count; i++) {
        struct seeker *seeker = &draft->seekers[i];
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
static void unseat_one(struct draft *draft, const struct ranked_offer *ranked)
{
    struct table *fullest = NULL;
    size_t most = 0;
    for (size_t i = 0; i < draft->table_count; i++) {
        size_t own = count_of(&draft->tables[i], ranked);
        if (own < most || own == 0 || (own == most && draft->tables[i].count <= fullest->count))
            continue;
        most = own;
        fullest = &draft->tables[i];
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
static void unseat_surplus(struct draft *draft)
{
    size_t taken = 0;
    for (size_t i = 0; i < draft->seeker_count; i++)
        taken += draft->ranked[i].taken;
    for (size_t i = 0; i < draft->seeker_count; i++) {
        for (; taken > draft->goals && draft->ranked[i].taken > draft->seekers[i].goal; taken--)
            unseat_one(draft, &draft->ranked[i]);
    }
}

/* One source after the other: each takes the emptiest tables, so that these stay equally full, and the last
 * source finds its places at different ones. Returns true when there is one that got a place. */
static bool seat_needy(struct draft *draft, bool may_heap)
{
    struct seeker *needy;
    bool has_seated = false;
    for (size_t i = 0; i < draft->seeker_count; i++)
        draft->seekers[i].is_stuck = false;
    while ((needy = find_needy(draft)) != NULL) {
        while (needy->ranked->taken < needy->goal && !needy->is_stuck) {
            needy->is_stuck = !seat_one(draft, needy->ranked, may_heap);
            has_seated |= !needy->is_stuck;
        }
        if (needy->is_stuck)
            pass_on(draft, needy);
    }
    return has_seated;
}

/* -- not all at one table ---------------------------------------------------------------------------- */

/* Has a source give up its place at a table for one of its points that may sit at another: in the place of a
 * third one's, which gets the first; or where there is room, at a table that is less full. */
static bool move_place(struct draft *draft, struct table *from, size_t place, struct table *to)
{
    struct ranked_offer *ranked = from->taken[place]->offer;
    struct option own = {.table = to};
    if (!find_point(draft, ranked, &own) || own.drives_away)
        return false;
    if (to->count < from->count && to->count < draft->capacity) {
        clear_place(from, place);
        give(to, to->count, own.point);
        return true;
    }
    for (size_t i = 0; i < to->count; i++) {
        struct ranked_offer *other = to->taken[i]->offer;
        struct option others = {.table = from};
        if (count_of(from, other) >= count_of(to, other) || !find_point(draft, other, &others) ||
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
static void spread(struct draft *draft, const struct ranked_offer *ranked)
{
    struct table *from = find_table_of_all(draft, ranked);
    size_t place = 0;
    if (ranked->taken < 2 || from == NULL)
        return;
    while (from->taken[place]->offer != ranked)
        place++;
    for (size_t i = 0; i < draft->table_count; i++) {
        if (&draft->tables[i] != from && move_place(draft, from, place, &draft->tables[i]))
            return;
    }
}

/* A source that was stuck may not be so any more, when others have moved. */
static void seat_as_many_as_possible(struct draft *draft)
{
    do {
        while (seat_needy(draft, false))
            ;
    } while (seat_needy(draft, true));
}

static void seat_all(struct draft *draft)
{
    seat_as_many_as_possible(draft);
    unseat_surplus(draft);
    if (!draft->is_anew)
        return;
    for (size_t i = 0; i < draft->seeker_count; i++)
        spread(draft, &draft->ranked[i]);
    seat_as_many_as_possible(draft);
}

static size_t count_moves(const struct draft *draft)
{
    size_t count = 0;
    for (size_t i = 0; i < draft->table_count; i++)
        count += draft->tables[i].moves;
    return count;
}

/* Seats all until nobody moves any more, so that the sets stay what they are until something changes: what
 * one source could not be given goes to others, as far as it takes a few tries. */
static void settle(struct draft *draft, const struct choice_offer *offers, bool begins_turn, double *wanted)
{
    size_t moves;
    for (unsigned tries = 0; tries < SETTLE_TRIES; tries++) {
        moves = count_moves(draft);
        set_goals(draft, offers, begins_turn && tries == 0, wanted);
        draft->drives_left = DRIVES_EACH * draft->goals;
        seat_all(draft);
        draft->is_anew = false;
        if (count_moves(draft) == moves)
            return;
    }
}

/* -- the sets ---------------------------------------------------------------------------------------- */

/* What the sources at a table have in common. */
static void merge_features(const struct table *table, struct point_set_features *features)
{
    struct choice_offer offers[INTRODUCTION_POINTS_MAX];
    for (size_t i = 0; i < table->count; i++)
        offers[i] = *table->taken[i]->offer->offer;
    choice_merge_features(features, offers, table->count);
}

/* A point, and where it stands in the set of an HSDir. */
struct standing {
    uint8_t rank[SHA3_256_SIZE];
    struct ranked_point *point;
};

static int compare_standings(const void *one, const void *other)
{
    const struct standing *left = one, *right = other;
    return memcmp(left->rank, right->rank, sizeof(left->rank));
}

/* Puts the points into an order that no other HSDir has. */
static void order_table(struct table *table)
{
    struct standing standings[INTRODUCTION_POINTS_MAX];
    for (size_t i = 0; i < table->count; i++) {
        const struct span pieces[] = {{table->taken[i]->rank, SHA3_256_SIZE},
                                      {table->hsdir->fingerprint, RELAY_FINGERPRINT_SIZE}};
        standings[i].point = table->taken[i];
        hash_sha3_256(standings[i].rank, pieces, 2);
    }
    qsort(standings, table->count, sizeof(standings[0]), compare_standings);
    for (size_t i = 0; i < table->count; i++)
        table->taken[i] = standings[i].point;
}

/* True when an HSDir's set has just these points in this order, from the same sources, and says the same of
 * the service. */
static bool is_as_before(const struct table *table, const struct point_set_features *features)
{
    const struct point_set *before = table->hsdir->before;
    if (before == NULL || before->count != table->count || !point_set_has_features(before, features))
        return false;
    for (size_t i = 0; i < table->count; i++) {
        const struct point_set_entry *entry = &before->entries[i];
        if (entry->source != table->taken[i]->offer->source ||
            !introduction_point_is_unchanged(table->taken[i]->point, &entry->point))
            return false;
    }
    return true;
}

static struct point_set *make_set(struct table *table)
{
    struct point_set_entry entries[INTRODUCTION_POINTS_MAX];
    struct point_set_features features;
    if (table->count == 0)
        return NULL;
    merge_features(table, &features);
    order_table(table);
    if (is_as_before(table, &features))
        return point_set_share(table->hsdir->before);
    for (size_t i = 0; i < table->count; i++)
        entries[i] = (struct point_set_entry){*table->taken[i]->point, table->taken[i]->offer->source};
    return point_set_new(entries, table->count, &features);
}

/* The asked HSDir whose set a spare one has. */
static size_t find_model(const struct distinct_hsdir *hsdirs, size_t hsdir_count, size_t spare)
{
    size_t model = spare;
    for (size_t i = 0; i < hsdir_count; i++) {
        if (hsdirs[i].is_asked &&
            (model == spare ||
             compare_at(hsdirs[spare].fingerprint, hsdirs[i].fingerprint, hsdirs[model].fingerprint) < 0))
            model = i;
    }
    return model;
}

static void make_sets(struct draft *draft, const struct distinct_hsdir *hsdirs, size_t hsdir_count,
                      struct point_set **sets)
{
    for (size_t i = 0; i < draft->table_count; i++)
        sets[draft->tables[i].hsdir - hsdirs] = make_set(&draft->tables[i]);
    point_sets_equalise_lengths(sets, hsdir_count);
    for (size_t i = 0; i < hsdir_count; i++) {
        if (!hsdirs[i].is_asked)
            sets[i] = point_set_share(sets[find_model(hsdirs, hsdir_count, i)]);
    }
}

void distinct_make_sets(const struct choice_offer *offers, size_t offer_count,
                        const struct distinct_hsdir *hsdirs, size_t hsdir_count, bool begins_turn,
                        const uint8_t seed[CHOICE_SEED_SIZE], struct point_set **sets, double *wanted)
{
    struct draft draft = {.seeker_count = offer_count, .is_anew = begins_turn};
    memset(sets, 0, hsdir_count * sizeof(struct point_set *));
    memset(wanted, 0, offer_count * sizeof(*wanted));
    draft.tables = memory_allocate(hsdir_count, sizeof(*draft.tables));
    for (size_t i = 0; i < hsdir_count; i++) {
        if (!hsdirs[i].is_asked)
            continue;
        draft.tables[draft.table_count++].hsdir = &hsdirs[i];
        draft.is_anew |= hsdirs[i].before == NULL;
    }
    draft.ranked = ranked_offers_make(offers, offer_count, seed);
    draft.seekers = memory_allocate(offer_count, sizeof(*draft.seekers));
    draft.order = memory_allocate(offer_count, sizeof(struct seeker *));
    for (size_t i = 0; i < offer_count; i++)
        draft.seekers[i].ranked = &draft.ranked[i];
    if (draft.table_count > 0) {
        seat_again(&draft);
        settle(&draft, offers, begins_turn, wanted);
        make_sets(&draft, hsdirs, hsdir_count, sets);
    }
    free(draft.order);
    free(draft.seekers);
    free(draft.ranked);
    free(draft.tables);
}
