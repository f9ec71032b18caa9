/* Fuzzes strings in quotes. The first byte says how much room there is for what is in them. */
#include <string.h>

#include "base/memory.h"
#include "control/quoted_string.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t room = data[0];
    char *text = fuzz_copy_string(data + 1, size - 1);
    char *value = memory_allocate(room, 1);
    const char *end = NULL;
    if (quoted_string_parse(text, value, room, &end) == 0) {
        FUZZ_REQUIRE(strlen(value) < room);
        FUZZ_REQUIRE(end >= text + 2 && end <= text + strlen(text) && end[-1] == '"');
    }
    free(value);
    free(text);
    return 0;
}
