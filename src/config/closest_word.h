/* Finds the word that was probably meant by a mistyped one. */
#ifndef OBPUB_CONFIG_CLOSEST_WORD_H
#define OBPUB_CONFIG_CLOSEST_WORD_H

#include <stddef.h>

/* Compares word with the candidates, taking letters of either case and '-' and '_' as the same. Returns the
 * index of the closest one, or count when none is close enough to be worth proposing. */
size_t closest_word_find(const char *word, const char *const *candidates, size_t count);

#endif
