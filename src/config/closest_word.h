/* Finds the word that was probably meant by a mistyped one. */
#ifndef OBPUB_CONFIG_CLOSEST_WORD_H
#define OBPUB_CONFIG_CLOSEST_WORD_H

#include <stdbool.h>
#include <stddef.h>

/* True when both are the same word, letters of either case and '-' and '_' being the same. */
bool closest_word_is_same(const char *one, const char *other);

/* Compares word with the candidates, taking letters of either case and '-' and '_' as the same. Returns the
 * index of the closest one, or count when none is close enough to be worth proposing. */
size_t closest_word_find(const char *word, const char *const *candidates, size_t count);

/* Whether a word is so near another one that nobody writes it but by mistake: one letter is wrong, or
 * exchanged with the next, or in a longer word one of four. "zone" is not mistyped for "mode". */
bool closest_word_is_mistyped(const char *word, const char *meant);

#endif
