/* The words of an event's line. */
#ifndef OBPUB_CONTROL_EVENT_WORDS_H
#define OBPUB_CONTROL_EVENT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "onion/consensus.h"

#define EVENT_WORDS_MAX 16

/* Splits text of that many bytes at single spaces. Words beyond the maximum are left out: newer tors may add
 * some. Returns how many there are. */
size_t event_words_split(const char *text, size_t length, struct text words[EVENT_WORDS_MAX]);

/* Reads "$" and a fingerprint in hexadecimal at the beginning of a word, whatever follows it. Returns 0, or
 * -1 when there is none. */
int event_word_parse_fingerprint(struct text word, uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

#endif
