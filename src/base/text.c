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
        uint64_t digit = (uint64_t)(text.start[i] - '0');
        if (digit > maximum || value > (maximum - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    *number = value;
    return 0;
}
