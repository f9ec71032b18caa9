/* Finds the word that was probably meant by a mistyped one. */
#include "config/closest_word.h"

#include <ctype.h>
#include <string.h>

#define WORD_LENGTH_MAX 48

static char normalize_letter(char letter)
{
    return letter == '_' ? '-' : (char)tolower((unsigned char)letter);
}

/* The number of letters to insert, leave out or replace that makes one word of the other (Levenshtein),
 * worked out one row of the table at a time. Both are at most WORD_LENGTH_MAX long. */
static size_t measure_distance(const char *one, const char *other)
{
    size_t row[WORD_LENGTH_MAX + 1];
    size_t length = strlen(other);
    for (size_t i = 0; i <= length; i++)
        row[i] = i;
    for (size_t i = 0; one[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t best = diagonal + (normalize_letter(one[i]) != normalize_letter(other[j]) ? 1 : 0);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j + 1] + 1 < best)
                best = row[j + 1] + 1;
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    return row[length];
}

size_t closest_word_find(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strnlen(word, WORD_LENGTH_MAX + 1);
    if (length > WORD_LENGTH_MAX)
        return count;
    /* So many letters may be wrong that two may have changed places even in a short word, but not more than
     * that. */
    size_t best_distance = length / 3 + 2;
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > WORD_LENGTH_MAX)
            continue;
        size_t distance = measure_distance(word, candidates[i]);
        if (distance < best_distance) {
            best_distance = distance;
            best = i;
        }
    }
    return best;
}
