/* Fuzzes a web server's answer to a health check: the first byte says how it comes in pieces. */
#include <string.h>

#include "engine/http_answer.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer whole = {0}, pieces = {0};
    char request[HTTP_REQUEST_SIZE];
    FUZZ_REQUIRE(http_request_write(request, "/", "a.example", (unsigned)size) == strlen(request));
    if (size == 0)
        return 0;
    size_t step = 1 + data[0] % 64;
    data++;
    size--;
    http_answer_take(&whole, data, size);
    for (size_t i = 0; i < size; i += step)
        http_answer_take(&pieces, data + i, size - i < step ? size - i : step);
    FUZZ_REQUIRE(whole.state == pieces.state && whole.status == pieces.status && whole.bytes == pieces.bytes);
    FUZZ_REQUIRE(whole.bytes <= HTTP_ANSWER_BYTES_MAX + 1 && whole.bytes <= size);
    FUZZ_REQUIRE(whole.headers <= HTTP_ANSWER_HEADERS_MAX + 1);
    FUZZ_REQUIRE((whole.state == HTTP_ANSWER_BAD) == (whole.fault != NULL));
    if (whole.state == HTTP_ANSWER_WHOLE) {
        FUZZ_REQUIRE(whole.status >= 100 && whole.status <= 999);
        FUZZ_REQUIRE(memcmp(data, "HTTP/1.", 7) == 0);
        FUZZ_REQUIRE(whole.bytes >= 4 && memcmp(data + whole.bytes - 4, "\r\n\r\n", 4) == 0);
    }
    return 0;
}
