/* How long a frontend's descriptors get, by the config alone. */
#include "command/check_length.h"

#include <stdio.h>
#include <string.h>

#include "onion/superdescriptor.h"
#include "publish/shares.h"
#include "report/vanguards.h"

/* Link specifiers of a relay that has an IPv6 address, too: the longest that tor makes. */
#define LINK_SPECIFIERS_LONGEST (1 + 8 + 20 + 22 + 34)

/* How many bytes one with so many points is long at the most. */
static size_t find_length(const struct config_frontend *frontend, size_t point_count)
{
    static const struct introduction_point point = {.link_specifiers_length = LINK_SPECIFIERS_LONGEST};
    struct superdescriptor longest = {
        .flow_control = {.is_present = true, .versions = 3 << 1, .sendme_inc = 100},
        .pow_params = {.is_present =
                           frontend->mode == CONFIG_MODE_HARDMAP && !frontend->has_proof_of_work_off,
                       .suggested_effort = UINT32_MAX},
        .point_count = point_count,
    };
    for (size_t i = 0; i < point_count; i++)
        longest.points[i] = &point;
    return superdescriptor_find_length(&longest, frontend->clients != NULL ? frontend->clients->count : 0);
}

/* The most introduction points with which vanguards lets one through; 0: it never does. */
static size_t find_most(const struct config_frontend *frontend)
{
    size_t most = 0;
    while (most < INTRODUCTION_POINTS_MAX && vanguards_lets_through(find_length(frontend, most + 1)))
        most++;
    return most;
}

size_t check_length_find(const struct config_frontend *frontend)
{
    return find_length(frontend, frontend->points_max);
}

void check_length_print(const struct config_frontend *frontend)
{
    const size_t most = find_most(frontend);
    if (frontend->points_max == INTRODUCTION_POINTS_MAX &&
        frontend->backend_count * SHARES_DEFAULT_POINTS <= most)
        return;
    printf("    at most %u introduction point%s in a descriptor of up to %zu bytes", frontend->points_max,
           frontend->points_max == 1 ? "" : "s", check_length_find(frontend));
    if (frontend->points_max <= most)
        puts(", which vanguards lets visitors fetch, too");
    else if (most > 0)
        printf("; one with more than %zu is too long for visitors with vanguards\n", most);
    else
        puts(", which with so many authorised clients is always too long for visitors with vanguards");
}
