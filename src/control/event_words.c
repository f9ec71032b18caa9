/* The words of an event's line. */
#include "control/event_words.h"

#include <sodium.h>

size_t event_words_split(const char *text, size_t length, struct text words[EVENT_WORDS_MAX])
{
    size_t count = 0;
    struct text rest = {text, length};
    while (rest.length > 0 && count < EVENT_WORDS_MAX)
        text_take_until(&rest, ' ', &words[count++]);
    return count;
}

int event_word_parse_fingerprint(struct text word, uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    const size_t digits = 2 * (size_t)RELAY_FINGERPRINT_SIZE;
    size_t length = 0;
    if (word.length < digits + 1 || word.start[0] != '$' ||
        sodium_hex2bin(fingerprint, RELAY_FINGERPRINT_SIZE, word.start + 1, digits, NULL, &length, NULL) != 0)
        return -1;
    return length == RELAY_FINGERPRINT_SIZE ? 0 : -1;
}
