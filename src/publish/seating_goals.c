/* How many places each source is to have where HSDirs have points of their own. */
#include "publish/seating.h"

#include <stdlib.h>

#include "base/memory.h"
#include "publish/shares.h"

/* What is less than a place by so little is none the less: sums of real numbers are not exact. */
#define ALMOST 1e-9

static int compare_rests(const void *one, const void *other)
{
    const struct seeker *left = *(struct seeker *const *)one, *right = *(struct seeker *const *)other;
    if (left->keeps_more != right->keeps_more)
        return left->keeps_more ? -1 : 1;
    if (left->rest != right->rest)
        return left->rest > right->rest ? -1 : 1;
    return ranked_offers_compare(&left->ranked, &right->ranked);
}

static void put_in_order(struct seating *seating)
{
    for (size_t i = 0; i < seating->seeker_count; i++)
        seating->order[i] = &seating->seekers[i];
    qsort(seating->order, seating->seeker_count, sizeof(struct seeker *), compare_rests);
}

/* Gives one place more to the next one that can have more; false when there is none. */
static bool round_up_one(struct seating *seating)
{
    for (size_t i = 0; i < seating->seeker_count; i++) {
        struct seeker *seeker = seating->order[i];
        if (seeker->is_rounded_up || seeker->has_passed ||
            seeker->goal >= seeker->ranked->count * seating->table_count)
            continue;
        seeker->is_rounded_up = true;
        seeker->goal++;
        seating->goals++;
        return true;
    }
    return false;
}

void seating_pass_on(struct seating *seating, struct seeker *seeker)
{
    if (!seeker->is_rounded_up || !round_up_one(seating))
        return;
    seeker->is_rounded_up = false;
    seeker->has_passed = true;
    seeker->goal--;
    seating->goals--;
}

/* What is left when all wants are rounded down goes to those with the greatest rest, a place each. */
static void round_up(struct seating *seating, double sum)
{
    put_in_order(seating);
    while ((double)seating->goals + 0.5 <= sum && round_up_one(seating))
        ;
}

void seating_set_goals(struct seating *seating, const struct choice_offer *offers, bool begins_turn,
                       double *wanted)
{
    struct share_claim *claims = memory_allocate(seating->seeker_count, sizeof(*claims));
    double sum = ALMOST;
    seating->goals = 0;
    for (size_t i = 0; i < seating->seeker_count; i++)
        claims[i] = ranked_offer_claim(&seating->ranked[i]);
    shares_find(claims, seating->seeker_count, seating->table_count, seating->maximum, wanted);
    for (size_t i = 0; i < seating->seeker_count; i++) {
        struct seeker *seeker = &seating->seekers[i];
        seeker->goal = (size_t)(wanted[i] + ALMOST);
        seeker->is_rounded_up = seeker->has_passed = false;
        seeker->keeps_more = !begins_turn && seeker->ranked->taken > seeker->goal;
        seeker->rest = wanted[i] - (double)seeker->goal + offers[i].owed;
        seating->goals += seeker->goal;
        sum += wanted[i];
    }
    round_up(seating, sum);
    seating->capacity = (seating->goals + seating->table_count - 1) / seating->table_count;
    free(claims);
}
