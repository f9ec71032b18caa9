/* What each HSDir of a descriptor has where each has points of its own. */
#include "publish/distinct.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/hash.h"
#include "publish/choice.h"
#include "publish/seating.h"

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
                                      {table->fingerprint, RELAY_FINGERPRINT_SIZE}};
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
    const struct point_set *before = table->before;
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
        return point_set_share(table->before);
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
            (model == spare || seating_compare_at(hsdirs[spare].fingerprint, hsdirs[i].fingerprint,
                                                  hsdirs[model].fingerprint) < 0))
            model = i;
    }
    return model;
}

static void make_sets(struct seating *seating, const struct distinct_hsdir *hsdirs, size_t hsdir_count,
                      struct point_set **sets)
{
    for (size_t i = 0; i < seating->table_count; i++)
        sets[seating->tables[i].hsdir] = make_set(&seating->tables[i]);
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
    struct seating seating = {.seeker_count = offer_count, .is_anew = begins_turn};
    memset(sets, 0, hsdir_count * sizeof(struct point_set *));
    memset(wanted, 0, offer_count * sizeof(*wanted));
    seating.tables = memory_allocate(hsdir_count, sizeof(*seating.tables));
    for (size_t i = 0; i < hsdir_count; i++) {
        if (!hsdirs[i].is_asked)
            continue;
        seating.tables[seating.table_count++] =
            (struct table){.hsdir = i, .fingerprint = hsdirs[i].fingerprint, .before = hsdirs[i].before};
        seating.is_anew |= hsdirs[i].before == NULL;
    }
    seating.ranked = ranked_offers_make(offers, offer_count, seed);
    seating.seekers = memory_allocate(offer_count, sizeof(*seating.seekers));
    seating.order = memory_allocate(offer_count, sizeof(struct seeker *));
    for (size_t i = 0; i < offer_count; i++)
        seating.seekers[i].ranked = &seating.ranked[i];
    if (seating.table_count > 0) {
        seating_recall(&seating);
        seating_settle(&seating, offers, begins_turn, wanted);
        make_sets(&seating, hsdirs, hsdir_count, sets);
    }
    free(seating.order);
    free(seating.seekers);
    free(seating.ranked);
    free(seating.tables);
}
