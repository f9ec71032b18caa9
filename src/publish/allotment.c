/* Which source each HSDir of a descriptor that clients ask has, where each has the points of one alone. */
#include "publish/allotment.h"

#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "publish/affinity.h"

#define NO_PART SIZE_MAX

/* A source's part of the HSDirs. */
struct part {
    uint64_t source;
    uint8_t order[SHA3_256_SIZE]; /* the lowest one comes first */
    size_t had;                   /* of these HSDirs, before */
    size_t due;                   /* how many it is to have */
    size_t given;                 /* how many it has so far */
};

/* -- lists ------------------------------------------------------------------------------------------ */

static int compare_hsdirs(const void *a, const void *b)
{
    const struct allotted_hsdir *first = a, *second = b;
    return memcmp(first->fingerprint, second->fingerprint, RELAY_FINGERPRINT_SIZE);
}

static int compare_parts(const void *a, const void *b)
{
    const struct part *first = a, *second = b;
    return memcmp(first->order, second->order, sizeof(first->order));
}

/* Lists the HSDirs by their fingerprints, none of which has a source yet. */
static struct allotment *list_hsdirs(uint64_t period_number, uint64_t turn,
                                     const uint8_t (*hsdirs)[RELAY_FINGERPRINT_SIZE], size_t count)
{
    struct allotment *allotment =
        memory_allocate(1, sizeof(*allotment) + count * sizeof(struct allotted_hsdir));
    allotment->period_number = period_number;
    allotment->turn = turn;
    allotment->count = count;
    for (size_t i = 0; i < count; i++)
        memcpy(allotment->hsdirs[i].fingerprint, hsdirs[i], RELAY_FINGERPRINT_SIZE);
    qsort(allotment->hsdirs, count, sizeof(*allotment->hsdirs), compare_hsdirs);
    return allotment;
}

/* Lists the sources in an order that is as good as random, another one in each time period; release with
 * free(). */
static struct part *list_parts(uint64_t period_number, const uint64_t *sources, size_t count)
{
    struct part *parts = memory_allocate(count, sizeof(*parts));
    for (size_t i = 0; i < count; i++) {
        uint8_t numbers[2][8];
        big_endian_write_uint64(numbers[0], period_number);
        big_endian_write_uint64(numbers[1], sources[i]);
        const struct span piece = {numbers, sizeof(numbers)};
        parts[i].source = sources[i];
        hash_sha3_256(parts[i].order, &piece, 1);
    }
    qsort(parts, count, sizeof(*parts), compare_parts);
    return parts;
}

/* -- what was there before ---------------------------------------------------------------------------- */

static size_t find_part(const struct part *parts, size_t count, uint64_t source)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].source == source)
            return i;
    }
    return NO_PART;
}

/* Finds for each HSDir the part that it was in before, NO_PART for none, and how many each part had. Release
 * with free(). */
static size_t *find_owners(const struct allotment *allotment, const struct allotment *before,
                           struct part *parts, size_t part_count)
{
    size_t *owners = memory_allocate(allotment->count, sizeof(*owners));
    bool is_known = before != NULL && before->period_number == allotment->period_number;
    for (size_t i = 0; i < allotment->count; i++) {
        uint64_t source;
        owners[i] = NO_PART;
        if (is_known && allotment_find(before, allotment->hsdirs[i].fingerprint, &source))
            owners[i] = find_part(parts, part_count, source);
        if (owners[i] != NO_PART)
            parts[owners[i]].had++;
    }
    return owners;
}

/* -- how many each is to have ------------------------------------------------------------------------- */

/* Has each part be due its even share, and those parts one more that have so many, then those that come first
 * from a place in their order on, until all HSDirs are. */
static void set_due(struct part *parts, size_t part_count, size_t hsdir_count, size_t first,
                    bool may_keep_more)
{
    size_t even = hsdir_count / part_count, more = hsdir_count % part_count;
    for (size_t i = 0; i < part_count; i++) {
        bool keeps_more = may_keep_more && more > 0 && parts[i].had > even;
        parts[i].due = even + keeps_more;
        more -= keeps_more;
    }
    for (size_t i = first; more > 0; i = (i + 1) % part_count) {
        bool has_more = parts[i].due > even;
        parts[i].due += !has_more;
        more -= !has_more;
    }
}

/* The parts take turns in having an HSDir at all where there are more parts than HSDirs: each turn begins
 * where the one before has ended. Who has one keeps it within a turn. */
static void find_due(struct part *parts, size_t part_count, const struct allotment *allotment,
                     const struct allotment *before)
{
    bool is_in_turns = part_count > allotment->count;
    bool is_same_turn = before != NULL && before->turn == allotment->turn;
    size_t first = (size_t)(allotment->turn % part_count) * allotment->count % part_count;
    set_due(parts, part_count, allotment->count, is_in_turns ? first : 0, !is_in_turns || is_same_turn);
}

/* -- who has which ------------------------------------------------------------------------------------ */

/* Of the parts that are not complete yet, the one for which an HSDir is most. */
static size_t find_best(const struct part *parts, size_t count, uint64_t period_number,
                        const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    struct affinity best = {{0}};
    size_t found = NO_PART;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].given == parts[i].due)
            continue;
        const struct affinity affinity = affinity_find(period_number, fingerprint, parts[i].source);
        if (found != NO_PART && !affinity_is_greater(&affinity, &best))
            continue;
        best = affinity;
        found = i;
    }
    return found;
}

/* First each part keeps as many of its HSDirs as it is due, then the others are given out. */
static void give_out(struct allotment *allotment, size_t *owners, struct part *parts, size_t part_count)
{
    for (size_t i = 0; i < allotment->count; i++) {
        if (owners[i] != NO_PART && parts[owners[i]].given == parts[owners[i]].due)
            owners[i] = NO_PART;
        if (owners[i] != NO_PART)
            parts[owners[i]].given++;
    }
    for (size_t i = 0; i < allotment->count; i++) {
        struct allotted_hsdir *hsdir = &allotment->hsdirs[i];
        if (owners[i] == NO_PART) {
            owners[i] = find_best(parts, part_count, allotment->period_number, hsdir->fingerprint);
            parts[owners[i]].given++;
        }
        hsdir->source = parts[owners[i]].source;
    }
}

struct allotment *allotment_make(const struct allotment *before, uint64_t period_number, uint64_t turn,
                                 const uint8_t (*hsdirs)[RELAY_FINGERPRINT_SIZE], size_t hsdir_count,
                                 const uint64_t *sources, size_t source_count)
{
    if (hsdir_count == 0 || source_count == 0)
        return NULL;
    struct allotment *allotment = list_hsdirs(period_number, turn, hsdirs, hsdir_count);
    struct part *parts = list_parts(period_number, sources, source_count);
    size_t *owners = find_owners(allotment, before, parts, source_count);
    find_due(parts, source_count, allotment, before);
    give_out(allotment, owners, parts, source_count);
    free(owners);
    free(parts);
    return allotment;
}

/* -- what it says ------------------------------------------------------------------------------------- */

bool allotment_find(const struct allotment *allotment, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                    uint64_t *source)
{
    for (size_t i = 0; allotment != NULL && i < allotment->count; i++) {
        if (memcmp(allotment->hsdirs[i].fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) != 0)
            continue;
        *source = allotment->hsdirs[i].source;
        return true;
    }
    return false;
}

double allotment_find_share(const struct allotment *allotment, uint64_t source)
{
    size_t count = 0;
    for (size_t i = 0; allotment != NULL && i < allotment->count; i++)
        count += allotment->hsdirs[i].source == source;
    return count > 0 ? (double)count / (double)allotment->count : 0;
}
