/* Which part of a frontend's visitors each of its backends has, by the config alone. */
#include "command/check_shares.h"

#include <stdlib.h>

#include "base/memory.h"
#include "onion/introduction_point.h"
#include "publish/apportionment.h"

/* HSDirs that clients ask for a descriptor, on the public network. */
#define HSDIRS_ASKED 6

/* True when one set for all HSDirs does. */
static bool is_enough(const struct config_frontend *frontend, const size_t *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (frontend->descriptors == CONFIG_DESCRIPTORS_AUTO && places[i] < 2)
            return false;
    }
    return frontend->descriptors != CONFIG_DESCRIPTORS_DISTINCT;
}

/* How many places each has, on average. */
static void find_places(const struct config_frontend *frontend, const struct share_claim *claims,
                        size_t count, double *places)
{
    size_t *whole = memory_allocate(count, sizeof(*whole));
    bool differ = shares_differ(claims, count);
    apportionment_find(claims, count, frontend->points_max, whole);
    bool has_one_set = is_enough(frontend, whole, count);
    shares_find(claims, count, has_one_set ? 1 : HSDIRS_ASKED, frontend->points_max, places);
    for (size_t i = 0; has_one_set && differ && i < count; i++)
        places[i] = (double)whole[i];
    free(whole);
}

void check_shares_find(struct check_shares *shares, const struct config_frontend *frontend)
{
    size_t count = frontend->backend_count, offering = 0;
    double weights = 0, sum = 0;
    struct share_claim *claims = memory_allocate(count, sizeof(*claims));
    double *places = memory_allocate(count, sizeof(*places));
    *shares = (struct check_shares){.wanted = memory_allocate(count, sizeof(double)),
                                    .given = memory_allocate(count, sizeof(double))};
    for (size_t i = 0; i < count; i++) {
        unsigned weight = frontend->backends[i].weight;
        shares->differ |= weight != frontend->backends[0].weight;
        weights += weight;
        if (weight > 0)
            claims[offering++] = (struct share_claim){weight, SHARES_DEFAULT_POINTS};
    }
    find_places(frontend, claims, offering, places);
    for (size_t i = 0; i < offering; i++)
        sum += places[i];
    for (size_t i = 0, next = 0; i < count; i++) {
        unsigned weight = frontend->backends[i].weight;
        shares->wanted[i] = weight / weights;
        shares->given[i] = weight > 0 ? places[next++] / sum : 0;
    }
    free(places);
    free(claims);
}

void check_shares_clear(struct check_shares *shares)
{
    free(shares->wanted);
    free(shares->given);
}
