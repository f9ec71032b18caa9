/* Fuzzes what a control port sends: replies, events, PROTOCOLINFO. The first byte says how the rest is cut
 * and which limits there are. */
#include <string.h>

#include "control/agent_event.h"
#include "control/hs_desc_event.h"
#include "control/introduction_event.h"
#include "control/protocol_info.h"
#include "control/reply_parser.h"
#include "control/socks_listeners.h"
#include "control/stream_event.h"
#include "fuzz.h"

#define PIECE_MAX 32     /* the first byte's lower bits are the length of a piece */
#define LIMITS_WIDE 0x80 /* in the first byte: as wide as for a tor */

/* Small limits, so that they are met; and wide ones, so that what a real tor says passes. */
static const struct limits {
    size_t line_max, reply_max;
} small_limits = {512, 4096}, wide_limits = {8192, 1024 * 1024};

/* What a run over the bytes came to: it may not depend on how they were cut. */
struct outcome {
    uint64_t sum;      /* of all replies (FNV-1a) */
    uint64_t data_sum; /* of the data of those that are no events, which may have gone to a sink */
    size_t reply_count;
    bool has_failed, is_inside, has_sink;
};

static uint64_t add_bytes(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static void add_to_sum(struct outcome *outcome, const void *bytes, size_t size)
{
    outcome->sum = add_bytes(outcome->sum, bytes, size);
}

/* The sink: gets the data of a reply line by line. */
static void take_data_line(const char *line, size_t length, void *context)
{
    struct outcome *outcome = context;
    FUZZ_REQUIRE(length > 0 && memchr(line, '\n', length) == line + length - 1);
    outcome->data_sum = add_bytes(outcome->data_sum, line, length);
}

static void check_line(struct outcome *outcome, const struct control_line *line, const struct limits *limits)
{
    FUZZ_REQUIRE(line->status >= 100 && line->status <= 699);
    FUZZ_REQUIRE(strlen(line->text) == line->text_length && line->text_length <= limits->line_max);
    add_to_sum(outcome, &line->status, sizeof(line->status));
    add_to_sum(outcome, line->text, line->text_length + 1);
    if (line->data == NULL)
        return;
    FUZZ_REQUIRE(line->data[line->data_length] == '\0' && line->data_length <= limits->reply_max);
    if (line->status >= 600) {
        add_to_sum(outcome, line->data, line->data_length + 1);
    } else {
        FUZZ_REQUIRE(!outcome->has_sink || line->data_length == 0);
        outcome->data_sum = add_bytes(outcome->data_sum, line->data, line->data_length);
    }
}

static void check_socks_listeners(struct outcome *outcome, const struct control_reply *reply)
{
    struct listen_address listener;
    struct error error = {.text = ""};
    int found = socks_listeners_choose(&listener, reply, &error);
    FUZZ_REQUIRE((found < 0) == (error.text[0] != '\0'));
    if (found > 0)
        add_to_sum(outcome, &listener.address, listener.length);
}

/* Everything that is done with a reply. */
static void check_reply(struct outcome *outcome, const struct control_reply *reply,
                        const struct limits *limits)
{
    FUZZ_REQUIRE(reply->line_count > 0);
    for (size_t i = 0; i < reply->line_count; i++)
        check_line(outcome, &reply->lines[i], limits);
    outcome->reply_count++;

    struct hs_desc_event event;
    if (hs_desc_event_parse(&event, reply) == 0) {
        FUZZ_REQUIRE(memchr(event.reason_word, '\0', sizeof(event.reason_word)) != NULL);
        FUZZ_REQUIRE((event.reason == HS_DESC_REASON_NONE) == (event.reason_word[0] == '\0'));
        FUZZ_REQUIRE(!event.has_address || strlen(event.address) == ONION_ADDRESS_LENGTH);
        FUZZ_REQUIRE(event.action != HS_DESC_CONTENT || event.content != NULL);
        add_to_sum(outcome, event.content, event.content_length);
    }
    struct stream_event stream;
    if (stream_event_parse(&stream, reply) == 0) {
        FUZZ_REQUIRE(stream.stream != 0);
        add_to_sum(outcome, stream.fingerprint, sizeof(stream.fingerprint));
    }
    struct introduction_refusal refusal;
    if (introduction_refusal_parse(&refusal, reply) == 0) {
        FUZZ_REQUIRE(strlen(refusal.address) == ONION_ADDRESS_LENGTH && reply->status == 650);
        add_to_sum(outcome, refusal.point, sizeof(refusal.point));
    }
    FUZZ_REQUIRE(agent_event_parse(reply) == AGENT_SAYS_NOTHING || reply->status == 650);
    check_socks_listeners(outcome, reply);
    struct protocol_info info;
    struct error error = {.text = ""};
    if (protocol_info_parse(&info, reply, &error) != 0)
        FUZZ_REQUIRE(error.text[0] != '\0');
    const struct control_line *found = control_reply_find(reply, "md/all");
    FUZZ_REQUIRE(found == NULL || strncmp(found->text, "md/all=", 7) == 0);
    FUZZ_REQUIRE(control_reply_is_ok(reply) == (reply->status / 100 == 2));
}

/* Hands the bytes to a parser in pieces; has_sink: as for the large replies, whose data are not kept. */
static struct outcome run(const uint8_t *data, size_t size, size_t piece, const struct limits *limits,
                          bool has_sink)
{
    struct outcome outcome = {.sum = UINT64_C(0xcbf29ce484222325), .has_sink = has_sink};
    struct reply_parser *parser = reply_parser_new(limits->line_max, limits->reply_max);
    if (has_sink)
        reply_parser_set_sink(parser, take_data_line, &outcome);
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
            check_reply(&outcome, reply, limits);
    }
    outcome.is_inside = reply_parser_is_inside_reply(parser);
    reply_parser_free(parser);
    return outcome;
}

/* Two runs over the same bytes say the same. */
static void compare(const struct outcome *one, const struct outcome *other)
{
    FUZZ_REQUIRE(one->sum == other->sum && one->reply_count == other->reply_count);
    FUZZ_REQUIRE(one->has_failed == other->has_failed);
    if (one->has_failed)
        return;
    FUZZ_REQUIRE(one->is_inside == other->is_inside);
    /* A sink has the data of a reply before it is complete. */
    if (one->has_sink == other->has_sink || !one->is_inside)
        FUZZ_REQUIRE(one->data_sum == other->data_sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    if (size < 1)
        return 0;
    const struct limits *limits = (data[0] & LIMITS_WIDE) != 0 ? &wide_limits : &small_limits;
    size_t piece = 1 + (size_t)data[0] % PIECE_MAX;
    struct outcome whole = run(data + 1, size - 1, size, limits, false);
    struct outcome cut = run(data + 1, size - 1, piece, limits, false);
    struct outcome fed = run(data + 1, size - 1, size, limits, true);
    struct outcome fed_cut = run(data + 1, size - 1, piece, limits, true);
    compare(&whole, &cut);
    compare(&whole, &fed);
    compare(&fed, &fed_cut);
    return 0;
}
