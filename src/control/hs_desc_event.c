/* The HS_DESC and HS_DESC_CONTENT events: what a tor says of descriptors it uploads and fetches. */
#include "control/hs_desc_event.h"

#include <ctype.h>
#include <string.h>

#include <sodium.h>

#include "control/event_words.h"

/* The address is 56 characters, or UNKNOWN. Its checksum is not looked at: it is compared with ones we know.
 */
static int parse_address(struct hs_desc_event *event, struct text word)
{
    if (text_equals(word, "UNKNOWN"))
        return 0;
    if (word.length != ONION_ADDRESS_LENGTH)
        return -1;
    for (size_t i = 0; i < word.length; i++) {
        unsigned char character = (unsigned char)word.start[i];
        if (!isalnum(character))
            return -1;
        event->address[i] = (char)tolower(character);
    }
    event->has_address = true;
    return 0;
}

/* "$FINGERPRINT~nickname", "$FINGERPRINT", or UNKNOWN. */
static int parse_hsdir(struct hs_desc_event *event, struct text word)
{
    if (text_equals(word, "UNKNOWN"))
        return 0;
    const size_t length = 1 + 2 * (size_t)RELAY_FINGERPRINT_SIZE;
    if (event_word_parse_fingerprint(word, event->fingerprint) != 0)
        return -1;
    if (word.length > length && word.start[length] != '~' && word.start[length] != '=')
        return -1;
    event->has_fingerprint = true;
    return 0;
}

static enum hs_desc_reason find_reason(struct text word)
{
    static const struct {
        const char *word;
        enum hs_desc_reason reason;
    } reasons[] = {
        {"BAD_DESC", HS_DESC_BAD_DESC},
        {"NOT_FOUND", HS_DESC_NOT_FOUND},
        {"QUERY_REJECTED", HS_DESC_QUERY_REJECTED},
        {"QUERY_NO_HSDIR", HS_DESC_QUERY_NO_HSDIR},
        {"QUERY_RATE_LIMITED", HS_DESC_QUERY_RATE_LIMITED},
        {"UPLOAD_REJECTED", HS_DESC_UPLOAD_REJECTED},
        {"UNEXPECTED", HS_DESC_UNEXPECTED},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (text_equals(word, reasons[i].word))
            return reasons[i].reason;
    }
    return HS_DESC_REASON_OTHER;
}

/* "REASON=<word>". The word is kept too, cut to what reasons are made of. */
static void parse_reason(struct hs_desc_event *event, struct text word)
{
    static const char keyword[] = "REASON=";
    size_t prefix = sizeof(keyword) - 1;
    if (!text_begins_with(word, keyword) || word.length == prefix)
        return;
    const struct text reason = {word.start + prefix, word.length - prefix};
    event->reason = find_reason(reason);
    size_t length = 0;
    for (size_t i = 0; i < reason.length && length + 1 < sizeof(event->reason_word); i++) {
        unsigned char character = (unsigned char)reason.start[i];
        event->reason_word[length++] = isalnum(character) || character == '_' ? (char)character : '?';
    }
    event->reason_word[length] = '\0';
}

/* The descriptor's id is its blinded key in base64 without padding. */
static void parse_blinded_key(struct hs_desc_event *event, struct text word)
{
    size_t length = 0;
    event->has_blinded_key =
        sodium_base642bin(event->blinded_key, sizeof(event->blinded_key), word.start, word.length, NULL,
                          &length, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
        length == sizeof(event->blinded_key);
}

static enum hs_desc_action parse_action(struct text word)
{
    static const struct {
        const char *word;
        enum hs_desc_action action;
    } actions[] = {
        {"CREATED", HS_DESC_CREATED},
        {"UPLOAD", HS_DESC_UPLOAD},
        {"UPLOADED", HS_DESC_UPLOADED},
        {"FAILED", HS_DESC_FAILED},
    };
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (text_equals(word, actions[i].word))
            return actions[i].action;
    }
    return HS_DESC_OTHER;
}

/* HS_DESC <action> <address> <auth type> <hsdir> [<descriptor id>] [REASON=...] [...] */
static int parse_hs_desc(struct hs_desc_event *event, const struct text *words, size_t count)
{
    if (count < 5)
        return -1;
    event->action = parse_action(words[1]);
    if (event->action == HS_DESC_OTHER)
        return 0; /* ones to come may have other words */
    if (parse_address(event, words[2]) != 0 || parse_hsdir(event, words[4]) != 0)
        return -1;
    if (event->action == HS_DESC_UPLOAD && count > 5)
        parse_blinded_key(event, words[5]);
    for (size_t i = 5; i < count; i++)
        parse_reason(event, words[i]);
    return 0;
}

/* HS_DESC_CONTENT <address> <descriptor id> <hsdir>, then the descriptor as data */
static int parse_content(struct hs_desc_event *event, const struct control_line *line,
                         const struct text *words, size_t count)
{
    if (count < 4 || line->data == NULL)
        return -1;
    if (parse_address(event, words[1]) != 0 || parse_hsdir(event, words[3]) != 0)
        return -1;
    event->action = HS_DESC_CONTENT;
    /* An HSDir that has nothing is told of with one empty line. */
    bool is_empty = line->data_length == 1 && line->data[0] == '\n';
    event->content = line->data;
    event->content_length = is_empty ? 0 : line->data_length;
    return 0;
}

int hs_desc_event_parse(struct hs_desc_event *event, const struct control_reply *reply)
{
    memset(event, 0, sizeof(*event));
    const struct control_line *line = &reply->lines[0];
    struct text words[EVENT_WORDS_MAX];
    size_t count = event_words_split(line->text, line->text_length, words);
    if (reply->status != 650 || count == 0)
        return -1;
    if (text_equals(words[0], "HS_DESC"))
        return parse_hs_desc(event, words, count);
    if (text_equals(words[0], "HS_DESC_CONTENT"))
        return parse_content(event, line, words, count);
    return -1;
}
