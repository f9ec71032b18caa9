/* Writes the first inputs from what real tors said, recorded in vectors/control_session by
 * tests/net/record_control.py. */
#include <stdarg.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "../unit/vectors.h"
#include "fuzz.h"
#include "obpub/memory.h"
#include "seeds.h"

#define WIDE_LIMITS 0x87 /* the first byte for fuzz_control_reply: no limit is met, pieces of 8 bytes */

/* What fuzz_authentication has to be configured with: the recorded cookie, for a peer on this machine. */
#define RECORDED_COOKIE 0x14

void seeds_write_recorded(void)
{
    static const struct {
        const char *name;
        uint8_t configured; /* for fuzz_authentication; 0 when it is none of its */
    } recordings[] = {
        {"authenticate-safecookie", RECORDED_COOKIE},
        {"authenticate-wrong-cookie", RECORDED_COOKIE},
        {"authenticate-password", 1},
        {"authenticate-none", 4},
        {"backend-questions", 0},
        {"backend-descriptor", 0},
        {"backend-fetch", 0},
        {"local-questions", 0},
        {"local-upload", 0},
        {"local-consensus", 0},
        {"local-microdescriptors", 0},
        {"local-refused-upload", 0},
        {"local-new-consensus", 0},
    };
    for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
        size_t length;
        char *path = text_format("control_session/%s", recordings[i].name);
        char *name = text_format("recorded-%s", recordings[i].name);
        char *content = vectors_read_file(path, &length);
        seeds_write_with_byte("control_reply", name, WIDE_LIMITS, content, length);
        if (recordings[i].configured != 0)
            seeds_write_with_byte("authentication", name, recordings[i].configured, content, length);
        free(content);
        free(name);
        free(path);
    }
}
