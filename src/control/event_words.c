/* The words of an event's line. */
#include "control/event_words.h"

#include <string.h>

#include <sodium.h>

size_t event_words_split(const char *text, size_t length, struct text words[EVENT_WORDS_MAX])
{
    size_t count = 0;
    const char *end = text + length;
    while (text < end && count < EVENT_WORDS_MAX) {
        const char *space = memchr(text, ' ', (size_t)(end - text));
        const char *stop = space != NULL ? space : end;
        words[count].start = text;
        words[count].length = (size_t)(stop - text);
        count++;
        text = stop < end ? stop + 1 : end;
    }
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
