/* A set of introduction points as a value: the points of one superdescriptor, what it says of the service as
 * a whole, and which source each point is from. */
#include "publish/point_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "onion/superdescriptor.h"

/* Pieces of one point, and of the features, that make the digest. */
#define POINT_PIECES 6
#define FEATURES_SIZE (1 + 1 + 8 + 1 + 1 + POW_SEED_SIZE + 8 + 8 + 8 + 8 + 1 + SHA3_256_SIZE)

/* The features as bytes; what is absent is zeros. */
static void encode_features(uint8_t bytes[FEATURES_SIZE], const struct point_set_features *features)
{
    const struct flow_control *flow_control = &features->flow_control;
    const struct pow_params *pow_params = &features->pow_params;
    memset(bytes, 0, FEATURES_SIZE);
    bytes[0] = features->is_single_onion_service;
    if (flow_control->is_present) {
        bytes[1] = 1;
        big_endian_write_uint64(bytes + 2, flow_control->versions);
        bytes[10] = flow_control->sendme_inc;
    }
    if (pow_params->is_present) {
        bytes[11] = 1;
        memcpy(bytes + 12, pow_params->seed, POW_SEED_SIZE);
        big_endian_write_uint64(bytes + 12 + POW_SEED_SIZE, pow_params->suggested_effort);
        big_endian_write_uint64(bytes + 20 + POW_SEED_SIZE, (uint64_t)pow_params->expires_at);
        big_endian_write_uint64(bytes + 28 + POW_SEED_SIZE, (uint64_t)features->pow_lifetime);
    }
    big_endian_write_uint64(bytes + 36 + POW_SEED_SIZE, features->middle_length);
    if (features->clients != NULL) {
        bytes[44 + POW_SEED_SIZE] = 1;
        memcpy(bytes + 45 + POW_SEED_SIZE, features->clients->digest, SHA3_256_SIZE);
    }
}

/* The link specifiers are the only piece of a point that has no fixed size: their lengths are hashed too, so
 * that no two lists of points make the same bytes. */
static void name_content(struct point_set *set)
{
    struct span pieces[1 + POINT_PIECES * INTRODUCTION_POINTS_MAX];
    uint8_t features[FEATURES_SIZE], lengths[INTRODUCTION_POINTS_MAX][8];
    size_t count = 0;
    encode_features(features, &set->features);
    pieces[count++] = (struct span){features, sizeof(features)};
    for (size_t i = 0; i < set->count; i++) {
        const struct introduction_point *point = &set->entries[i].point;
        big_endian_write_uint64(lengths[i], point->link_specifiers_length);
        pieces[count++] = (struct span){lengths[i], sizeof(lengths[i])};
        pieces[count++] = (struct span){point->link_specifiers, point->link_specifiers_length};
        pieces[count++] = (struct span){point->onion_key, sizeof(point->onion_key)};
        pieces[count++] = (struct span){point->auth_key, sizeof(point->auth_key)};
        pieces[count++] = (struct span){point->enc_key, sizeof(point->enc_key)};
        pieces[count++] = (struct span){point->enc_key_certified, sizeof(point->enc_key_certified)};
    }
    hash_sha256(set->digest, pieces, count);
}

struct point_set *point_set_new(const struct point_set_entry *entries, size_t count,
                                const struct point_set_features *features)
{
    struct point_set *set = memory_allocate(1, sizeof(*set) + count * sizeof(*entries));
    set->holders = 1;
    set->features = *features;
    authorized_clients_share(set->features.clients);
    set->count = count;
    memcpy(set->entries, entries, count * sizeof(*entries));
    name_content(set);
    return set;
}

struct point_set *point_set_share(struct point_set *set)
{
    if (set != NULL)
        set->holders++;
    return set;
}

void point_set_release(struct point_set *set)
{
    if (set == NULL || --set->holders > 0)
        return;
    authorized_clients_release(set->features.clients);
    free(set);
}

void point_set_replace(struct point_set **held, struct point_set *set)
{
    struct point_set *old = *held;
    *held = point_set_share(set);
    point_set_release(old);
}

static size_t find_middle_length(const struct point_set *set)
{
    struct superdescriptor content = {
        .is_single_onion_service = set->features.is_single_onion_service,
        .flow_control = set->features.flow_control,
        .pow_params = set->features.pow_params,
        .point_count = set->count,
    };
    for (size_t i = 0; i < set->count; i++)
        content.points[i] = &set->entries[i].point;
    return superdescriptor_find_middle_length(
        &content, set->features.clients != NULL ? set->features.clients->count : 0);
}

void point_sets_equalise_lengths(struct point_set **sets, size_t count)
{
    size_t *lengths = memory_allocate(count, sizeof(*lengths)), longest = 0;
    for (size_t i = 0; i < count; i++) {
        lengths[i] = sets[i] != NULL ? find_middle_length(sets[i]) : 0;
        longest = lengths[i] > longest ? lengths[i] : longest;
    }
    for (size_t i = 0; i < count; i++) {
        if (sets[i] == NULL || lengths[i] == longest || sets[i]->features.middle_length == longest)
            continue;
        struct point_set_features features = sets[i]->features;
        features.middle_length = longest;
        struct point_set *padded = point_set_new(sets[i]->entries, sets[i]->count, &features);
        point_set_release(sets[i]);
        sets[i] = padded;
    }
    free(lengths);
}

bool point_set_equals(const struct point_set *one, const struct point_set *other)
{
    if (one == other)
        return true;
    return one != NULL && other != NULL && memcmp(one->digest, other->digest, sizeof(one->digest)) == 0;
}

bool point_set_has_features(const struct point_set *set, const struct point_set_features *features)
{
    uint8_t one[FEATURES_SIZE], other[FEATURES_SIZE];
    encode_features(one, &set->features);
    encode_features(other, features);
    return memcmp(one, other, FEATURES_SIZE) == 0;
}

bool point_set_has_point(const struct point_set *set, const struct introduction_point *point)
{
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        if (introduction_point_equals(&set->entries[i].point, point))
            return true;
    }
    return false;
}

size_t point_set_count_of(const struct point_set *set, uint64_t source)
{
    size_t count = 0;
    for (size_t i = 0; set != NULL && i < set->count; i++)
        count += set->entries[i].source == source;
    return count;
}
