/* Fuzzes the tokens of Tor's documents: items, numbers, base64, ranges of versions. */
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "fuzz.h"
#include "onion/flow_control.h"
#include "onion/version_ranges.h"

static void require_inside(struct text text, const char *start, const char *end)
{
    FUZZ_REQUIRE(text.start >= start && text.start <= end && text.length <= (size_t)(end - text.start));
}

/* True when all bytes are ASCII. libsodium 1.0.18 takes any other for the value of '/'. */
static bool is_ascii(struct text text)
{
    unsigned int found = 0;
    for (size_t i = 0; i < text.length; i++)
        found |= (unsigned char)text.start[i];
    return found < 0x80;
}

/* Compares with libsodium's decoder, which takes either padding or none, but only what it is told. */
static void check_base64(struct text text)
{
    size_t room = text.length, length = 0;
    uint8_t *ours = memory_allocate(room, 1), *theirs = memory_allocate(room, 1);
    ptrdiff_t result = text_decode_base64(text, ours, room);
    static const int variants[] = {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING};
    bool is_base64 = false;
    for (size_t i = 0; i < 2 && !is_base64 && is_ascii(text); i++) {
        const char *end;
        is_base64 =
            sodium_base642bin(theirs, room, text.start, text.length, "\n", &length, &end, variants[i]) == 0 &&
            end == text.start + text.length;
    }
    FUZZ_REQUIRE(is_base64 == (result >= 0));
    FUZZ_REQUIRE(!is_base64 || ((size_t)result == length && memcmp(ours, theirs, length) == 0));
    if (result > 0) {
        FUZZ_REQUIRE(text_decode_base64(text, ours, (size_t)result - 1) == -1);
        FUZZ_REQUIRE(text_decode_base64_exact(text, ours, (size_t)result) == 0);
    }
    free(ours);
    free(theirs);
}

static void check_number(struct text text)
{
    static const uint64_t maxima[] = {0, 9, 63, 255, UINT64_MAX - 1, UINT64_MAX};
    uint64_t number;
    for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
        if (text_parse_uint64(text, maxima[i], &number) != 0)
            continue;
        char written[32];
        int length = snprintf(written, sizeof(written), "%llu", (unsigned long long)number);
        FUZZ_REQUIRE(number <= maxima[i] && (size_t)length == text.length);
        FUZZ_REQUIRE(memcmp(written, text.start, text.length) == 0);
    }
}

static void check_versions(struct text versions, struct text increment)
{
    struct flow_control flow_control = {0}, again = {0};
    struct error error = {.text = ""};
    if (flow_control_parse(&flow_control, versions, increment, &error) != 0)
        return;
    char written[VERSION_RANGES_SIZE];
    version_ranges_format(written, flow_control.versions);
    FUZZ_REQUIRE(flow_control_parse(&again, (struct text){written, strlen(written)}, increment, &error) == 0);
    FUZZ_REQUIRE(again.versions == flow_control.versions && again.sendme_inc == flow_control.sendme_inc);
    flow_control_intersect(&again, &flow_control);
    FUZZ_REQUIRE(again.is_present && again.versions == flow_control.versions);
    again.versions = ~flow_control.versions;
    flow_control_intersect(&again, &flow_control);
    FUZZ_REQUIRE(!again.is_present);
}

static void check_item(const struct document_item *item, const char *start, const char *end)
{
    require_inside(item->keyword, start, end);
    require_inside(item->line, start, end);
    FUZZ_REQUIRE(item->keyword.length > 0 && item->argument_count <= DOCUMENT_ARGUMENTS_MAX);
    for (size_t i = 0; i < item->argument_count; i++) {
        require_inside(item->arguments[i], start, end);
        FUZZ_REQUIRE(item->arguments[i].length > 0);
        check_base64(item->arguments[i]);
        check_number(item->arguments[i]);
        if (i > 0)
            check_versions(item->arguments[i - 1], item->arguments[i]);
    }
    if (!item->has_object)
        return;
    require_inside(item->object_label, start, end);
    require_inside(item->object, start, end);
    check_base64(item->object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    const char *start = size > 0 ? (const char *)data : "";
    struct document_reader reader;
    struct document_item item;
    struct error error = {.text = ""};
    int result;
    document_reader_init(&reader, start, size);
    while ((result = document_reader_next(&reader, &item, &error)) == 1)
        check_item(&item, start, start + size);
    FUZZ_REQUIRE((result < 0) == (error.text[0] != '\0'));
    FUZZ_REQUIRE(result < 0 || reader.next == start + size);
    return 0;
}
