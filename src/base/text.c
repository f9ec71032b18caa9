/* Text that is compared, split and read in place, without allocation. */
#include "base/text.h"

int text_parse_uint64(struct text text, uint64_t maximum, uint64_t *number)
{
    if (text.length == 0 || (text.length > 1 && text.start[0] == '0'))
        return -1;
    uint64_t value = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] < '0' || text.start[i] > '9')
            return -1;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text.start[i] - '0'), &value) || value > maximum)
            return -1;
    }
    *number = value;
    return 0;
}
