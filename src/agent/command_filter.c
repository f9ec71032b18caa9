/* What a publisher may ask of a tor through an agent: a short list. */
#include "agent/command_filter.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "control/event_words.h"

#define DESCRIPTOR_KEY "hs/service/desc/id/"
#define SERVER_KEY "SERVER="

bool served_addresses_have(const struct served_addresses *served, const char *address, size_t length)
{
    for (size_t i = 0; length == ONION_ADDRESS_LENGTH && i < served->count; i++) {
        if (memcmp(served->addresses[i], address, length) == 0)
            return true;
    }
    return false;
}

/* Takes what stands before the next space, or all of it; nothing where two spaces follow one another. */
static struct text take_word(struct text *rest)
{
    struct text word;
    bool has_more = text_take_until(rest, ' ', &word);
    if (has_more && rest->length == 0)
        word.length = 0; /* a space at the end */
    return word;
}

/* Writes a command that has nothing of the line in it but what this source file spells out. */
static enum filter_verdict pass(struct filtered_command *command, const char *text)
{
    snprintf(command->text, sizeof(command->text), "%s", text);
    return FILTER_PASSED;
}

static enum filter_verdict judge_getinfo(struct filtered_command *command, struct text arguments,
                                         const struct served_addresses *served)
{
    const size_t prefix = strlen(DESCRIPTOR_KEY);
    if (text_equals(arguments, "uptime"))
        return pass(command, "GETINFO uptime");
    if (!text_begins_with(arguments, DESCRIPTOR_KEY) ||
        !served_addresses_have(served, arguments.start + prefix, arguments.length - prefix))
        return FILTER_REFUSED;
    snprintf(command->text, sizeof(command->text), "GETINFO " DESCRIPTOR_KEY "%.*s", ONION_ADDRESS_LENGTH,
             arguments.start + prefix);
    return FILTER_PASSED;
}

static enum filter_verdict judge_getconf(struct filtered_command *command, struct text arguments)
{
    if (!text_equals(arguments, "PublishHidServDescriptors"))
        return FILTER_REFUSED;
    return pass(command, "GETCONF PublishHidServDescriptors");
}

/* Reads "SERVER=$" and a fingerprint. Returns 0 or -1. */
static int parse_server(struct text word, uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    const size_t prefix = strlen(SERVER_KEY);
    if (word.length != prefix + 1 + 2 * (size_t)RELAY_FINGERPRINT_SIZE || !text_begins_with(word, SERVER_KEY))
        return -1;
    return event_word_parse_fingerprint((struct text){word.start + prefix, word.length - prefix},
                                        fingerprint);
}

static enum filter_verdict judge_hsfetch(struct filtered_command *command, struct text arguments,
                                         const struct served_addresses *served)
{
    struct text address = take_word(&arguments);
    if (!served_addresses_have(served, address.start, address.length))
        return FILTER_REFUSED;
    size_t length = (size_t)snprintf(command->text, sizeof(command->text), "HSFETCH %.*s",
                                     ONION_ADDRESS_LENGTH, address.start);
    for (size_t i = 0; arguments.length > 0; i++) {
        uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
        char hex[HEX_TEXT_SIZE(RELAY_FINGERPRINT_SIZE)];
        if (i == FILTER_HSDIRS_MAX || parse_server(take_word(&arguments), fingerprint) != 0)
            return FILTER_REFUSED;
        hex_encode_upper(hex, fingerprint, sizeof(fingerprint));
        length += (size_t)snprintf(command->text + length, sizeof(command->text) - length,
                                   " " SERVER_KEY "$%s", hex);
    }
    return FILTER_PASSED;
}

static enum filter_verdict judge_setevents(struct filtered_command *command, struct text arguments)
{
    while (arguments.length > 0) {
        struct text word = take_word(&arguments);
        bool *wanted = text_equals(word, "HS_DESC")           ? &command->wants_hs_desc
                       : text_equals(word, "HS_DESC_CONTENT") ? &command->wants_content
                                                              : NULL;
        if (wanted == NULL || *wanted)
            return FILTER_REFUSED;
        *wanted = true;
    }
    return FILTER_EVENTS;
}

/* Judges by the first word; has_arguments says whether a space followed it. */
static enum filter_verdict judge(struct filtered_command *command, struct text word, bool has_arguments,
                                 struct text arguments, const struct served_addresses *served)
{
    if (has_arguments && arguments.length == 0)
        return FILTER_REFUSED;
    if (text_equals(word, "GETINFO"))
        return judge_getinfo(command, arguments, served);
    if (text_equals(word, "GETCONF"))
        return judge_getconf(command, arguments);
    if (text_equals(word, "HSFETCH"))
        return judge_hsfetch(command, arguments, served);
    if (text_equals(word, "SETEVENTS"))
        return judge_setevents(command, arguments);
    return text_equals(word, "QUIT") && !has_arguments ? FILTER_QUIT : FILTER_REFUSED;
}

void command_filter_judge(struct filtered_command *command, const char *line, size_t length,
                          const struct served_addresses *served)
{
    struct text rest = {line, length}, word;
    memset(command, 0, sizeof(*command));
    bool has_arguments = text_take_until(&rest, ' ', &word);
    command->verdict = judge(command, word, has_arguments, rest, served);
    /* Of what is refused half may have been understood. */
    if (command->verdict == FILTER_REFUSED)
        memset(command, 0, sizeof(*command));
}
