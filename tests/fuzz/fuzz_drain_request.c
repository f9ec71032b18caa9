/* Fuzzes what comes on the command socket, and what "obpub drain" is answered: the first byte says which of
 * them the rest is. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "report/drain_request.h"

/* What was understood, written out, is understood the same way, and fits into one line. */
static void check_request(const struct drain_request *request)
{
    struct drain_request again;
    struct error error;
    char line[DRAIN_REQUEST_MAX];
    size_t length = drain_request_format(line, request);
    FUZZ_REQUIRE(length < sizeof(line) && memchr(line, '\n', length) == line + length - 1);
    FUZZ_REQUIRE(drain_request_parse(&again, (struct text){line, length - 1}, &error) == 0);
    FUZZ_REQUIRE(again.is_drained == request->is_drained && strcmp(again.name, request->name) == 0);
    FUZZ_REQUIRE(strcmp(again.frontend, request->frontend) == 0 && again.name[0] != '\0');
}

static void check_answer(const struct drain_answer *answer)
{
    struct drain_answer again;
    struct error error;
    char line[DRAIN_ANSWER_MAX];
    size_t length = drain_answer_format(line, answer);
    for (const char *byte = answer->sentence; *byte != '\0'; byte++)
        FUZZ_REQUIRE((unsigned char)*byte >= ' ' && *byte != 0x7f);
    FUZZ_REQUIRE(length < sizeof(line));
    FUZZ_REQUIRE(drain_answer_parse(&again, (struct text){line, length}, &error) == 0);
    FUZZ_REQUIRE(again.result == answer->result && strcmp(again.sentence, answer->sentence) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    /* Of just this size, so that reading on is noticed. */
    char *bytes = memory_copy_text((const char *)data + 1, size - 1);
    struct text text = {bytes, size - 1};
    struct error error = {.text = ""};
    struct drain_request request;
    struct drain_answer answer;
    if (data[0] % 2 == 0) {
        if (drain_request_parse(&request, text, &error) == 0)
            check_request(&request);
        else
            FUZZ_REQUIRE(error.text[0] != '\0');
        if (drain_request_make(&request, true, bytes, NULL, &error) == 0)
            check_request(&request);
    } else if (drain_answer_parse(&answer, text, &error) == 0) {
        check_answer(&answer);
    } else {
        FUZZ_REQUIRE(error.text[0] != '\0');
    }
    free(bytes);
    return 0;
}
