/* The CIRC_MINOR event by which a tor tells that an introduction point has refused to introduce it. */
#include "control/introduction_event.h"

#include <string.h>

#include "base/text.h"
#include "control/event_words.h"

/* A line's part before the first quotation mark and that behind the last one: between them stands what a
 * user of the SOCKS port has sent, which may look like anything. */
static void split_at_quotes(const struct control_line *line, struct text *before, struct text *behind)
{
    const char *end = line->text + line->text_length;
    const char *first = memchr(line->text, '"', line->text_length);
    *before = *behind = (struct text){line->text, line->text_length};
    if (first == NULL)
        return;
    const char *last = end - 1;
    while (*last != '"')
        last--;
    before->length = (size_t)(first - line->text);
    *behind = (struct text){last + 1, (size_t)(end - last - 1)};
}

/* True when one of the words of text is this. */
static bool has_word(struct text text, const char *wanted)
{
    struct text word;
    while (text.length > 0) {
        text_take_until(&text, ' ', &word);
        if (text_equals(word, wanted))
            return true;
    }
    return false;
}

/* Finds the word that begins with prefix, and cuts that off. */
static bool find_value(struct text text, const char *prefix, struct text *value)
{
    while (text.length > 0) {
        text_take_until(&text, ' ', value);
        if (text_begins_with(*value, prefix)) {
            *value = (struct text){value->start + strlen(prefix), value->length - strlen(prefix)};
            return true;
        }
    }
    return false;
}

/* Reads the last relay of a path: "$<fingerprint>~<nickname>,..." */
static int parse_last_relay(struct text path, uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    struct text relay;
    while (text_take_until(&path, ',', &relay))
        continue;
    return event_word_parse_fingerprint(relay, fingerprint);
}

static int parse_address(struct text word, char address[ONION_ADDRESS_SIZE])
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (word.length != ONION_ADDRESS_LENGTH)
        return -1;
    memcpy(address, word.start, word.length);
    address[word.length] = '\0';
    if (onion_address_decode_unchecked(identity_key, address, NULL) != 0)
        return -1;
    onion_address_encode(address, identity_key);
    return 0;
}

/* CIRC_MINOR <number> PURPOSE_CHANGED <path> [KEYWORD=...] */
int introduction_refusal_parse(struct introduction_refusal *refusal, const struct control_reply *reply)
{
    memset(refusal, 0, sizeof(*refusal));
    const struct control_line *line = &reply->lines[0];
    struct text words[EVENT_WORDS_MAX], before, behind, address;
    size_t count = event_words_split(line->text, line->text_length, words);
    if (reply->status != 650 || count < 4 || !text_equals(words[0], "CIRC_MINOR") ||
        !text_equals(words[2], "PURPOSE_CHANGED"))
        return -1;
    split_at_quotes(line, &before, &behind);
    if (!has_word(before, "PURPOSE=HS_CLIENT_INTRO") || !has_word(before, "HS_STATE=HSCI_CONNECTING") ||
        !has_word(behind, "OLD_PURPOSE=HS_CLIENT_INTRO") ||
        !has_word(behind, "OLD_HS_STATE=HSCI_INTRO_SENT") || !find_value(before, "REND_QUERY=", &address))
        return -1;
    if (parse_address(address, refusal->address) != 0 || parse_last_relay(words[3], refusal->point) != 0) {
        memset(refusal, 0, sizeof(*refusal));
        return -1;
    }
    return 0;
}
