/* How much an HSDir is for one of several things that HSDirs are given. */
#include "publish/affinity.h"

#include <string.h>

#include "base/big_endian.h"

struct affinity affinity_find(uint64_t period_number, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                              uint64_t number)
{
    struct affinity affinity;
    uint8_t numbers[2][8];
    big_endian_write_uint64(numbers[0], period_number);
    big_endian_write_uint64(numbers[1], number);
    const struct span pieces[] = {{numbers, sizeof(numbers)}, {fingerprint, RELAY_FINGERPRINT_SIZE}};
    hash_sha3_256(affinity.bytes, pieces, 2);
    return affinity;
}

bool affinity_is_greater(const struct affinity *one, const struct affinity *other)
{
    return memcmp(one->bytes, other->bytes, sizeof(one->bytes)) > 0;
}
