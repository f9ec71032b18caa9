/* The introduction points that a source has to offer. */
#include "publish/source_points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onion/point_relay.h"

void source_points_clear(struct source_points *points)
{
    free(points->points);
    free(points->claims);
    memset(points, 0, sizeof(*points));
}

/* A point keeps its key's claim if the same key was offered before, and its relay's if any point there was.
 */
static void set_claim(struct point_claim *claim, const struct introduction_point *point,
                      const struct source_points *before, int64_t since)
{
    uint8_t relay[RELAY_FINGERPRINT_SIZE], other[RELAY_FINGERPRINT_SIZE];
    bool has_relay = introduction_point_fingerprint(point, relay);
    claim->key_since = claim->relay_since = since;
    for (size_t i = 0; i < before->count; i++) {
        if (introduction_point_equals(point, &before->points[i]))
            claim->key_since = before->claims[i].key_since;
        if (has_relay && introduction_point_fingerprint(&before->points[i], other) &&
            memcmp(relay, other, sizeof(relay)) == 0)
            claim->relay_since = before->claims[i].relay_since;
    }
}

/* True when both have the same points, in whatever order, and know the same relays. */
static bool offer_the_same(const struct source_points *one, const struct source_points *other)
{
    if (one->count != other->count || memcmp(one->left_out, other->left_out, sizeof(one->left_out)) != 0)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < other->count && !is_there; j++)
            is_there = introduction_point_is_unchanged(&one->points[i], &other->points[j]) &&
                       one->claims[i].is_of_unknown_relay == other->claims[j].is_of_unknown_relay;
        if (!is_there)
            return false;
    }
    return true;
}

bool source_points_update(struct source_points *points, const struct descriptor *descriptor,
                          const struct network *network, int64_t since)
{
    static const struct network unknown = {.is_testing_network = true}; /* nothing can be said of addresses */
    size_t offered = descriptor != NULL ? descriptor->point_count : 0;
    struct source_points now = {
        .points = memory_allocate(offered, sizeof(*now.points)),
        .claims = memory_allocate(offered, sizeof(*now.claims)),
    };
    for (size_t i = 0; i < offered; i++) {
        struct introduction_point *point = &now.points[now.count];
        bool is_known;
        *point = descriptor->points[i];
        enum point_fault fault = point_relay_match(point, network != NULL ? network : &unknown, &is_known);
        if (fault != POINT_FAULT_NONE) {
            now.left_out[fault]++;
            continue;
        }
        set_claim(&now.claims[now.count], point, points, since);
        now.claims[now.count++].is_of_unknown_relay = !is_known;
    }
    bool has_changed = !offer_the_same(points, &now);
    source_points_clear(points);
    *points = now;
    return has_changed;
}

bool source_points_has(const struct source_points *points, const struct introduction_point *point)
{
    for (size_t i = 0; i < points->count; i++) {
        if (introduction_point_equals(&points->points[i], point))
            return true;
    }
    return false;
}

size_t source_points_count_left_out(const struct source_points *points)
{
    size_t count = 0;
    for (size_t fault = 0; fault < POINT_FAULTS; fault++)
        count += points->left_out[fault];
    return count;
}

bool source_points_are_false(const struct source_points *points)
{
    for (enum point_fault fault = POINT_FAULT_NONE; fault < POINT_FAULTS; fault++) {
        if (points->left_out[fault] > 0 && point_fault_is_lie(fault))
            return true;
    }
    return false;
}

void source_points_describe(char text[SOURCE_POINTS_TEXT_SIZE], const struct source_points *points)
{
    bool are_false = source_points_are_false(points), is_first = true;
    text[0] = '\0';
    for (enum point_fault fault = POINT_FAULT_NONE; fault < POINT_FAULTS; fault++) {
        if (points->left_out[fault] == 0 || point_fault_is_lie(fault) != are_false)
            continue;
        size_t length = strlen(text);
        const char *beginning = !is_first   ? ", "
                                : are_false ? "offers points that no tor makes: "
                                            : "offers points that can't be used: ";
        snprintf(text + length, SOURCE_POINTS_TEXT_SIZE - length, "%s%s (%zu)", beginning,
                 point_fault_describe(fault), points->left_out[fault]);
        is_first = false;
    }
}
