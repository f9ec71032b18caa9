/* Seeds of the SOCKS client: what servers answer, well and badly. */
#include "seeds.h"

/* All answers of a server in a row: to the greeting, the user name and the request. */
static const uint8_t good[] = {5, 2, 1, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0x23, 0xBF};
static const uint8_t good_ipv6[] = {5, 2, 1, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0,
                                    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1};
static const uint8_t unreachable[] = {5, 2, 1, 0, 5, 4, 0, 1, 0, 0, 0, 0, 0, 0};
static const uint8_t introduction[] = {5, 2, 1, 0, 5, 0xF2, 0, 1, 0, 0, 0, 0, 0, 0};
static const uint8_t unknown[] = {5, 2, 1, 0, 5, 0x99, 0, 1, 0, 0, 0, 0, 0, 0};
static const uint8_t named[] = {5, 2, 1, 0, 5, 0, 0, 3, 1, 'x', 0, 80};
static const uint8_t not_socks5[] = {0, 90, 0, 0, 0, 0, 0, 0};
static const uint8_t no_user[] = {5, 0xFF};
static const uint8_t user_refused[] = {5, 2, 1, 1};
static const uint8_t reserved[] = {5, 2, 1, 0, 5, 0, 9, 1, 0, 0, 0, 0, 0, 0};

void seeds_write_socks(void)
{
    static const struct {
        const char *name;
        const uint8_t *bytes;
        size_t size;
    } seeds[] = {
        {"good", good, sizeof(good)},
        {"good-ipv6", good_ipv6, sizeof(good_ipv6)},
        {"unreachable", unreachable, sizeof(unreachable)},
        {"introduction", introduction, sizeof(introduction)},
        {"unknown", unknown, sizeof(unknown)},
        {"named", named, sizeof(named)},
        {"not-socks5", not_socks5, sizeof(not_socks5)},
        {"no-user", no_user, sizeof(no_user)},
        {"user-refused", user_refused, sizeof(user_refused)},
        {"reserved", reserved, sizeof(reserved)},
        {"cut", good, 9},
    };
    for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        seeds_write("socks", seeds[i].name, seeds[i].bytes, seeds[i].size);
}
