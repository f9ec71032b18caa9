/* What each HSDir of a descriptor has where each has points of its own. */
#include "publish/distinct.h"

#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "publish/choice.h"
#include "publish/seating.h"

/* What the sources at a table have in common. */
static void merge_features(const struct table *table, struct authorized_clients *clients,
                           struct point_set_features *features)
{
    struct choice_offer offers[INTRODUCTION_POINTS_MAX];
    for (size_t i = 0; i < table->count; i++)
        offers[i] = *table->taken[i]->offer->offer;
    choice_merge_features(features, offers, table->count, clients);
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

static struct point_set *make_set(struct table *table, struct authorized_clients *clients)
{
    struct point_set_entry entries[INTRODUCTION_POINTS_MAX];
    struct point_set_features features;
    if (table->count == 0)
        return NULL;
    merge_features(table, clients, &features);
    order_table(table);
    if (is_as_before(table, &features))
        return point_set_share(table->before);
    for (size_t i = 0; i < table->count; i++)
        entries[i] = (struct point_set_entry){*table->taken[i]->point, table->taken[i]->offer->source};
    return point_set_new(entries, table->count, &features);
}

/* The HSDir with a set of its own that one without has, too. */
static size_t find_model(const struct seating *seating, const uint8_t *fingerprint)
{
    const struct table *model = &seating->tables[0];
    for (size_t i = 1; i < seating->table_count; i++) {
        if (seating_compare_at(fingerprint, seating->tables[i].fingerprint, model->fingerprint) < 0)
            model = &seating->tables[i];
    }
    return model->hsdir;
}

static void make_sets(struct seating *seating, const struct distinct_hsdir *hsdirs, size_t hsdir_count,
                      struct point_set **sets)
{
    bool *have_own = memory_allocate(hsdir_count, sizeof(*have_own));
    for (size_t i = 0; i < seating->table_count; i++) {
        sets[seating->tables[i].hsdir] = make_set(&seating->tables[i], seating->clients);
        have_own[seating->tables[i].hsdir] = true;
    }
    point_sets_equalise_lengths(sets, hsdir_count);
    for (size_t i = 0; i < hsdir_count; i++) {
        if (!have_own[i])
            sets[i] = point_set_share(sets[find_model(seating, hsdirs[i].fingerprint)]);
    }
    free(have_own);
}

/* -- what sets are made from ------------------------------------------------------------------------- */

/* Bytes of an offer in a basis: a point set of all that it offers by its digest; its own number, weight and
 * what it is owed; and when each point was first seen, and whether its relay is known. */
#define CLAIM_SIZE (8 + 8 + 1)
#define OFFER_SIZE                                                                                           \
    (SHA3_256_SIZE + ED25519_PUBLIC_KEY_SIZE + 8 + 8 + 8 + INTRODUCTION_POINTS_MAX * CLAIM_SIZE)
/* And of an HSDir. */
#define HSDIR_SIZE (RELAY_FINGERPRINT_SIZE + 1)

static void write_claim(uint8_t *bytes, const struct point_claim *claim)
{
    big_endian_write_uint64(bytes, (uint64_t)claim->key_since);
    big_endian_write_uint64(bytes + 8, (uint64_t)claim->relay_since);
    bytes[16] = claim->is_of_unknown_relay;
}

static void write_offer(uint8_t *bytes, const struct choice_offer *offer, struct authorized_clients *clients)
{
    struct point_set_entry entries[INTRODUCTION_POINTS_MAX];
    struct point_set_features features;
    size_t count = 0;
    uint8_t *claims = bytes + OFFER_SIZE - INTRODUCTION_POINTS_MAX * CLAIM_SIZE;
    for (size_t i = 0; i < offer->point_count && count < INTRODUCTION_POINTS_MAX; i++) {
        if (offer->points[i].has_legacy_key)
            continue;
        if (offer->claims != NULL)
            write_claim(claims + count * CLAIM_SIZE, &offer->claims[i]);
        entries[count++] = (struct point_set_entry){offer->points[i], offer->source};
    }
    choice_merge_features(&features, offer, 1, clients);
    struct point_set *all = point_set_new(entries, count, &features);
    memcpy(bytes, all->digest, SHA3_256_SIZE);
    point_set_release(all);
    memcpy(bytes + SHA3_256_SIZE, offer->identity_key, ED25519_PUBLIC_KEY_SIZE);
    bytes += SHA3_256_SIZE + ED25519_PUBLIC_KEY_SIZE;
    big_endian_write_uint64(bytes, offer->source);
    big_endian_write_uint64(bytes + 8, offer->weight);
    memcpy(bytes + 16, &offer->owed, sizeof(offer->owed));
}

/* Returns true when it is what the basis was made from. */
static bool renew_basis(uint8_t basis[SHA3_256_SIZE], const struct choice_offer *offers, size_t offer_count,
                        const struct distinct_hsdir *hsdirs, size_t hsdir_count, size_t maximum,
                        struct authorized_clients *clients, const uint8_t seed[CHOICE_SEED_SIZE])
{
    uint8_t before[SHA3_256_SIZE], room[8];
    uint8_t *offer_bytes = memory_allocate(offer_count, OFFER_SIZE);
    uint8_t *hsdir_bytes = memory_allocate(hsdir_count, HSDIR_SIZE);
    for (size_t i = 0; i < offer_count; i++)
        write_offer(offer_bytes + i * OFFER_SIZE, &offers[i], clients);
    for (size_t i = 0; i < hsdir_count; i++) {
        memcpy(hsdir_bytes + i * HSDIR_SIZE, hsdirs[i].fingerprint, RELAY_FINGERPRINT_SIZE);
        hsdir_bytes[i * HSDIR_SIZE + RELAY_FINGERPRINT_SIZE] = hsdirs[i].is_asked;
    }
    big_endian_write_uint64(room, maximum);
    const struct span pieces[] = {{seed, CHOICE_SEED_SIZE},
                                  {room, sizeof(room)},
                                  {hsdir_bytes, hsdir_count * HSDIR_SIZE},
                                  {offer_bytes, offer_count * OFFER_SIZE}};
    memcpy(before, basis, sizeof(before));
    hash_sha3_256(basis, pieces, 4);
    free(hsdir_bytes);
    free(offer_bytes);
    return memcmp(before, basis, sizeof(before)) == 0;
}

/* True when each HSDir has had a set. */
static bool have_sets(const struct distinct_hsdir *hsdirs, size_t hsdir_count)
{
    for (size_t i = 0; i < hsdir_count; i++) {
        if (hsdirs[i].before == NULL)
            return false;
    }
    return true;
}

static void keep_sets(const struct distinct_hsdir *hsdirs, size_t hsdir_count, struct point_set **sets)
{
    for (size_t i = 0; i < hsdir_count; i++)
        sets[i] = point_set_share(hsdirs[i].before);
}

void distinct_make_sets(const struct choice_offer *offers, size_t offer_count,
                        const struct distinct_hsdir *hsdirs, size_t hsdir_count, bool begins_turn,
                        size_t maximum, struct authorized_clients *clients,
                        const uint8_t seed[CHOICE_SEED_SIZE], uint8_t basis[SHA3_256_SIZE],
                        struct point_set **sets, double *wanted)
{
    struct seating seating = {
        .seeker_count = offer_count, .is_anew = begins_turn, .maximum = maximum, .clients = clients};
    memset(sets, 0, hsdir_count * sizeof(struct point_set *));
    memset(wanted, 0, offer_count * sizeof(*wanted));
    bool has_news =
        !renew_basis(basis, offers, offer_count, hsdirs, hsdir_count, maximum, clients, seed) || begins_turn;
    seating.tables = memory_allocate(hsdir_count, sizeof(*seating.tables));
    for (size_t i = 0; i < hsdir_count && seating.table_count < DISTINCT_SETS_MAX; i++) {
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
    bool stays = !has_news && have_sets(hsdirs, hsdir_count);
    if (stays)
        keep_sets(hsdirs, hsdir_count, sets);
    if (seating.table_count > 0 && stays) {
        seating_set_goals(&seating, offers, begins_turn, wanted);
    } else if (seating.table_count > 0) {
        seating_recall(&seating);
        seating_settle(&seating, offers, begins_turn, wanted);
        make_sets(&seating, hsdirs, hsdir_count, sets);
    }
    free(seating.order);
    free(seating.seekers);
    free(seating.ranked);
    free(seating.tables);
}
