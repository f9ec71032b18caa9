/* Fuzzes what a control port sends: replies, events, PROTOCOLINFO. The first byte says how the rest is cut.
 */
#include <string.h>

#include "control/hs_desc_event.h"
#include "control/protocol_info.h"
#include "control/reply_parser.h"
#include "control/stream_event.h"
#include "fuzz.h"

/* Small, so that the limits are met. */
#define LINE_MAX_LENGTH 512
#define REPLY_MAX_LENGTH 4096

/* What a run over the bytes came to: it may not depend on how they were cut. */
struct outcome {
    uint64_t sum; /* of all replies (FNV-1a) */
    size_t reply_count;
    bool has_failed, is_inside;
};

static void add_to_sum(struct outcome *outcome, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        outcome->sum = (outcome->sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
}

static void check_line(struct outcome *outcome, const struct control_line *line)
{
    FUZZ_REQUIRE(line->status >= 100 && line->status <= 699);
    FUZZ_REQUIRE(strlen(line->text) == line->text_length && line->text_length <= LINE_MAX_LENGTH);
    add_to_sum(outcome, &line->status, sizeof(line->status));
    add_to_sum(outcome, line->text, line->text_length + 1);
    if (line->data == NULL)
        return;
    FUZZ_REQUIRE(line->data[line->data_length] == '\0' && line->data_length <= REPLY_MAX_LENGTH);
    add_to_sum(outcome, line->data, line->data_length + 1);
}

/* Everything that is done with a reply. */
static void check_reply(struct outcome *outcome, const struct control_reply *reply)
{
    FUZZ_REQUIRE(reply->line_count > 0);
    for (size_t i = 0; i < reply->line_count; i++)
        check_line(outcome, &reply->lines[i]);
    outcome->reply_count++;

    struct hs_desc_event event;
    if (hs_desc_event_parse(&event, reply) == 0) {
        FUZZ_REQUIRE(memchr(event.reason, '\0', sizeof(event.reason)) != NULL);
        FUZZ_REQUIRE(!event.has_address || strlen(event.address) == ONION_ADDRESS_LENGTH);
        FUZZ_REQUIRE(event.action != HS_DESC_CONTENT || event.content != NULL);
        add_to_sum(outcome, event.content, event.content_length);
    }
    struct stream_event stream;
    if (stream_event_parse(&stream, reply) == 0) {
        FUZZ_REQUIRE(stream.stream != 0);
        add_to_sum(outcome, stream.fingerprint, sizeof(stream.fingerprint));
    }
    struct protocol_info info;
    struct error error = {.text = ""};
    if (protocol_info_parse(&info, reply, &error) != 0)
        FUZZ_REQUIRE(error.text[0] != '\0');
    const struct control_line *found = control_reply_find(reply, "md/all");
    FUZZ_REQUIRE(found == NULL || strncmp(found->text, "md/all=", 7) == 0);
    FUZZ_REQUIRE(control_reply_is_ok(reply) == (reply->status / 100 == 2));
}

/* Hands the bytes to a parser in pieces. */
static struct outcome run(const uint8_t *data, size_t size, size_t piece)
{
    struct outcome outcome = {.sum = UINT64_C(0xcbf29ce484222325)};
    struct reply_parser *parser = reply_parser_new(LINE_MAX_LENGTH, REPLY_MAX_LENGTH);
    for (size_t taken = 0; taken < size && !outcome.has_failed;) {
        size_t length = size - taken < piece ? size - taken : piece, used;
        const struct control_reply *reply;
        struct error error = {.text = ""};
        enum reply_parser_result result =
            reply_parser_take(parser, data + taken, length, &used, &reply, &error);
        FUZZ_REQUIRE(used <= length);
        FUZZ_REQUIRE(result != REPLY_PARSER_MORE || used == length);
        FUZZ_REQUIRE((result == REPLY_PARSER_COMPLETE) == (reply != NULL));
        taken += used;
        outcome.has_failed = result == REPLY_PARSER_FAILED;
        FUZZ_REQUIRE(outcome.has_failed == (error.text[0] != '\0'));
        if (reply != NULL)
            check_reply(&outcome, reply);
    }
    outcome.is_inside = reply_parser_is_inside_reply(parser);
    reply_parser_free(parser);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    if (size < 1)
        return 0;
    struct outcome whole = run(data + 1, size - 1, size);
    struct outcome cut = run(data + 1, size - 1, 1 + (size_t)data[0] % 32);
    FUZZ_REQUIRE(whole.sum == cut.sum && whole.reply_count == cut.reply_count);
    FUZZ_REQUIRE(whole.has_failed == cut.has_failed);
    FUZZ_REQUIRE(whole.has_failed || whole.is_inside == cut.is_inside);
    return 0;
}
