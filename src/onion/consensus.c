/* The microdesc-flavoured consensus, read line by line in one pass: its preamble, its relays, its footer. */
#include "onion/consensus.h"

#include <stdlib.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "consensus_relay.h"
#include "directory_text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define SHARED_RANDOM_BASE64_LENGTH 44 /* padded, unlike every other figure of a consensus */
#define RELAYS_AT_FIRST 1024           /* room that is made for relays, doubled when it is full */

enum phase {
    PHASE_PREAMBLE,
    PHASE_RELAYS,
    PHASE_FOOTER,
};

struct consensus_parser {
    enum phase phase;
    size_t
        expected; /* in the preamble: the position in preamble_lines of the first line that may still come */
    bool is_in_object;
    struct text line; /* the current one */
    size_t line_number;
    struct consensus consensus;
    size_t relay_capacity;
    bool has_entry;           /* a relay's lines are being read */
    struct relay_entry entry; /* what they have said */
    struct error *error;      /* of the call that runs */
};

/* Says what is wrong with the line that was read last. */
static int fail(const struct consensus_parser *parser, const char *what)
{
    return error_set(parser->error, "line %zu of the consensus: %s", parser->line_number, what);
}

static int parse_version(struct consensus_parser *parser, struct text arguments)
{
    if (!text_equals(arguments, "3 microdesc"))
        return fail(parser, "this is no consensus of version 3 in the microdesc flavour");
    return 0;
}

static int parse_vote_status(struct consensus_parser *parser, struct text arguments)
{
    return text_equals(arguments, "consensus") ? 0 : fail(parser, "this is a vote, not a consensus");
}

static int parse_valid_after(struct consensus_parser *parser, struct text arguments)
{
    if (calendar_parse_second(arguments, &parser->consensus.valid_after) != 0)
        return fail(parser, "valid-after is no time");
    return 0;
}

static int parse_fresh_until(struct consensus_parser *parser, struct text arguments)
{
    if (calendar_parse_second(arguments, &parser->consensus.fresh_until) != 0)
        return fail(parser, "fresh-until is no time");
    if (parser->consensus.fresh_until <= parser->consensus.valid_after)
        return fail(parser, "fresh-until is not after valid-after");
    return 0;
}

static int parse_valid_until(struct consensus_parser *parser, struct text arguments)
{
    if (calendar_parse_second(arguments, &parser->consensus.valid_until) != 0)
        return fail(parser, "valid-until is no time");
    if (parser->consensus.valid_until < parser->consensus.fresh_until)
        return fail(parser, "valid-until is before fresh-until");
    return 0;
}

/* A parameter that is kept: tor's default and the range tor forces it into. */
struct parameter {
    const char *name;
    size_t offset; /* of its int32_t in struct consensus */
    int32_t initial, min, max;
};

/* rend-spec-v3 [TIME-PERIODS] and [WHERE-HSDESC]; where tor and the specs differ, as tor does. */
static const struct parameter parameters[] = {
    {"HSV3MaxDescriptorSize", offsetof(struct consensus, descriptor_size_max), 50000, 1, INT32_MAX},
    {"cc_sendme_inc", offsetof(struct consensus, sendme_increment), 31, 1, 254},
    {"hsdir_interval", offsetof(struct consensus, hsdir_interval), 1440, 5, 14400},
    {"hsdir_n_replicas", offsetof(struct consensus, hsdir_n_replicas), 2, 1, 16},
    {"hsdir_spread_fetch", offsetof(struct consensus, hsdir_spread_fetch), 3, 1, 128},
    {"hsdir_spread_store", offsetof(struct consensus, hsdir_spread_store), 4, 1, 128},
};

static void set_parameter(struct consensus *consensus, const struct parameter *parameter, int32_t value)
{
    value = value < parameter->min ? parameter->min : value;
    value = value > parameter->max ? parameter->max : value;
    memcpy((char *)consensus + parameter->offset, &value, sizeof(value));
}

static void set_default_parameters(struct consensus *consensus)
{
    for (size_t i = 0; i < COUNT_OF(parameters); i++)
        set_parameter(consensus, &parameters[i], parameters[i].initial);
}

/* Parses a decimal number with or without a minus sign. Returns 0 or -1. */
static int parse_int32(struct text text, int32_t *number)
{
    bool is_negative = text.length > 0 && text.start[0] == '-';
    if (is_negative)
        text = (struct text){text.start + 1, text.length - 1};
    uint64_t magnitude;
    if (text_parse_uint64(text, is_negative ? UINT64_C(0x80000000) : INT32_MAX, &magnitude) != 0)
        return -1;
    *number = (int32_t)(is_negative ? -(int64_t)magnitude : (int64_t)magnitude);
    return 0;
}

/* Compares two texts as strcmp() does. */
static int compare_texts(struct text a, struct text b)
{
    int order = memcmp(a.start, b.start, a.length < b.length ? a.length : b.length);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int parse_params(struct consensus_parser *parser, struct text arguments)
{
    struct text word, last_word = {"", 0}, last_name = {"", 0};
    while (directory_next_word(&arguments, &word)) {
        struct text name, digits = word;
        int32_t value;
        if (!text_take_until(&digits, '=', &name))
            return fail(parser, "a parameter has no value");
        if (parse_int32(digits, &value) != 0)
            return fail(parser, "the value of a parameter is no 32-bit number");
        if (compare_texts(last_word, word) >= 0 || compare_texts(last_name, name) == 0)
            return fail(parser, "the parameters are not in order, or one is there twice");
        for (size_t i = 0; i < COUNT_OF(parameters); i++) {
            if (text_equals(name, parameters[i].name))
                set_parameter(&parser->consensus, &parameters[i], value);
        }
        last_word = word;
        last_name = name;
    }
    return 0;
}

/* Parses "<number of reveals> <base64>" of a shared-rand line (srv-spec [SRCONSENSUS]). */
static int parse_shared_random(struct consensus_parser *parser, struct text arguments, uint8_t *value)
{
    struct text reveals, base64, surplus;
    uint64_t reveal_count;
    if (!directory_next_word(&arguments, &reveals) || !directory_next_word(&arguments, &base64) ||
        directory_next_word(&arguments, &surplus) ||
        text_parse_uint64(reveals, UINT64_MAX, &reveal_count) != 0)
        return fail(parser, "this is no shared random value");
    if (base64.length != SHARED_RANDOM_BASE64_LENGTH || base64.start[base64.length - 1] != '=')
        return fail(parser, "the shared random value is not 44 characters of base64");
    base64.length--;
    if (directory_decode_base64(base64, value, SHARED_RANDOM_VALUE_SIZE) != 0)
        return fail(parser, "the shared random value is no base64");
    return 0;
}

static int parse_previous_shared_random(struct consensus_parser *parser, struct text arguments)
{
    parser->consensus.has_previous_shared_random = true;
    return parse_shared_random(parser, arguments, parser->consensus.previous_shared_random);
}

static int parse_current_shared_random(struct consensus_parser *parser, struct text arguments)
{
    parser->consensus.has_current_shared_random = true;
    return parse_shared_random(parser, arguments, parser->consensus.current_shared_random);
}

/* The lines of the preamble that are read, in the order of dir-spec. Others may stand between them. */
static const struct preamble_line {
    const char *keyword;
    bool is_required;
    int (*parse)(struct consensus_parser *parser, struct text arguments);
} preamble_lines[] = {
    {"network-status-version", true, parse_version},
    {"vote-status", true, parse_vote_status},
    {"valid-after", true, parse_valid_after},
    {"fresh-until", true, parse_fresh_until},
    {"valid-until", true, parse_valid_until},
    {"params", false, parse_params},
    {"shared-rand-previous-value", false, parse_previous_shared_random},
    {"shared-rand-current-value", false, parse_current_shared_random},
};

/* Refuses to go from one position of preamble_lines to another when a required line lies between. */
static int check_none_missing(struct consensus_parser *parser, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (preamble_lines[i].is_required)
            return error_set(parser->error, "line %zu of the consensus: there should be a line %s before it",
                             parser->line_number, preamble_lines[i].keyword);
    }
    return 0;
}

/* Parses the current line if it is one that is read. */
static int parse_preamble_line(struct consensus_parser *parser)
{
    struct text keyword, arguments = parser->line;
    text_take_until(&arguments, ' ', &keyword);
    for (size_t i = 0; i < COUNT_OF(preamble_lines); i++) {
        if (!text_equals(keyword, preamble_lines[i].keyword))
            continue;
        if (i < parser->expected)
            return fail(parser, "it is there twice, or too late");
        if (check_none_missing(parser, parser->expected, i) != 0)
            return -1;
        parser->expected = i + 1;
        return preamble_lines[i].parse(parser, arguments);
    }
    /* Whatever it is, it has to begin with its version. */
    return check_none_missing(parser, parser->expected, 1);
}

static bool line_begins_relay(const struct consensus_parser *parser)
{
    return text_begins_with(parser->line, "r ");
}

static bool line_begins_footer(const struct consensus_parser *parser)
{
    return text_equals(parser->line, "directory-footer");
}

/* Keeps the relay whose lines have all been read. */
static int finish_relay(struct consensus_parser *parser)
{
    struct consensus *consensus = &parser->consensus;
    if (!parser->has_entry)
        return 0;
    const char *wrong = relay_entry_finish(&parser->entry);
    if (wrong != NULL)
        return fail(parser, wrong);
    consensus->relays =
        memory_make_room(consensus->relays, &parser->relay_capacity, consensus->relay_count + 1,
                         RELAYS_AT_FIRST, sizeof(*consensus->relays));
    consensus->relays[consensus->relay_count++] = parser->entry.relay;
    consensus->hsdir_count += parser->entry.relay.is_hsdir;
    return 0;
}

/* Begins a relay with the current line. */
static int begin_relay(struct consensus_parser *parser)
{
    struct text arguments = {parser->line.start + 2, parser->line.length - 2};
    const struct consensus *consensus = &parser->consensus;
    const char *wrong = relay_entry_begin(&parser->entry, arguments);
    if (wrong != NULL)
        return fail(parser, wrong);
    parser->has_entry = true;
    if (consensus->relay_count > 0 &&
        memcmp(consensus->relays[consensus->relay_count - 1].links.fingerprint,
               parser->entry.relay.links.fingerprint, RELAY_FINGERPRINT_SIZE) >= 0)
        return fail(parser, "the relays are not in the order of their identities, or one is there twice");
    return 0;
}

/* Parses the current line among the relays, where the footer's first line may come. */
static int parse_relay_line(struct consensus_parser *parser)
{
    if (line_begins_footer(parser)) {
        parser->phase = PHASE_FOOTER;
        return finish_relay(parser);
    }
    if (line_begins_relay(parser))
        return finish_relay(parser) != 0 ? -1 : begin_relay(parser);
    const char *wrong = relay_entry_add_line(&parser->entry, parser->line);
    return wrong != NULL ? fail(parser, wrong) : 0;
}

/* Looks at the current line behind the footer's first one: bandwidth weights and signatures, which nothing
 * here needs, but which must not be cut off nor hold relays. */
static int parse_footer_line(struct consensus_parser *parser)
{
    if (text_begins_with(parser->line, "-----BEGIN "))
        parser->is_in_object = true;
    else if (text_begins_with(parser->line, "-----END "))
        parser->is_in_object = false;
    else if (line_begins_relay(parser) || line_begins_footer(parser) ||
             text_begins_with(parser->line, "network-status-version "))
        return fail(parser, "it does not belong into the footer");
    return 0;
}

struct consensus_parser *consensus_parser_new(void)
{
    struct consensus_parser *parser = memory_allocate(1, sizeof(*parser));
    set_default_parameters(&parser->consensus);
    return parser;
}

void consensus_parser_free(struct consensus_parser *parser)
{
    if (parser == NULL)
        return;
    consensus_clear(&parser->consensus);
    free(parser);
}

int consensus_parser_take_line(struct consensus_parser *parser, const char *line, size_t length,
                               struct error *error)
{
    parser->error = error;
    parser->line = (struct text){line, length};
    parser->line_number++;
    if (length == 0)
        return fail(parser, "it is empty");
    if (parser->phase == PHASE_PREAMBLE && (line_begins_relay(parser) || line_begins_footer(parser))) {
        if (check_none_missing(parser, parser->expected, COUNT_OF(preamble_lines)) != 0)
            return -1;
        parser->phase = PHASE_RELAYS;
    }
    switch (parser->phase) {
    case PHASE_PREAMBLE:
        return parse_preamble_line(parser);
    case PHASE_RELAYS:
        return parse_relay_line(parser);
    case PHASE_FOOTER:
        return parse_footer_line(parser);
    }
    return -1;
}

int consensus_parser_finish(struct consensus_parser *parser, struct consensus *consensus, struct error *error)
{
    parser->error = error;
    if (parser->phase == PHASE_PREAMBLE)
        return fail(parser, "the consensus ends before its relays");
    if (parser->phase == PHASE_RELAYS)
        return fail(parser, "the consensus ends without its footer, it must have been cut off");
    if (parser->is_in_object)
        return fail(parser, "the consensus ends within a signature, it must have been cut off");
    *consensus = parser->consensus;
    parser->consensus = (struct consensus){.relays = NULL};
    return 0;
}

int consensus_parse(struct consensus *consensus, const char *text, size_t length, struct error *error)
{
    struct directory_reader reader = {.next = text, .end = length > 0 ? text + length : text};
    struct consensus_parser *parser = consensus_parser_new();
    struct text line;
    int result = 0;
    *consensus = (struct consensus){.relays = NULL};
    while (result == 0 && directory_next_line(&reader, &line))
        result = consensus_parser_take_line(parser, line.start, line.length, error);
    if (result == 0)
        result = consensus_parser_finish(parser, consensus, error);
    consensus_parser_free(parser);
    return result;
}

void consensus_clear(struct consensus *consensus)
{
    free(consensus->relays);
    *consensus = (struct consensus){.relays = NULL};
}
