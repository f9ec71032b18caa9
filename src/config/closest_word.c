/* Finds the word that was probably meant by a mistyped one. */
#include "config/closest_word.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define WORD_LENGTH_MAX 48

static char normalize_letter(char letter)
{
    return letter == '_' ? '-' : (char)tolower((unsigned char)letter);
}

static bool is_same_letter(char one, char other)
{
    return normalize_letter(one) == normalize_letter(other);
}

bool closest_word_is_same(const char *one, const char *other)
{
    while (*one != '\0' && is_same_letter(*one, *other)) {
        one++;
        other++;
    }
    return *one == *other;
}

static size_t find_smallest(size_t one, size_t two, size_t three)
{
    const size_t smaller = one < two ? one : two;
    return smaller < three ? smaller : three;
}

/* The number of letters to insert, leave out, replace or exchange with the next that makes one word of the
 * other, worked out one row of the table at a time. Both are at most WORD_LENGTH_MAX long. */
static size_t measure_distance(const char *one, const char *other)
{
    size_t rows[3][WORD_LENGTH_MAX + 1];
    size_t length = strlen(other), height = strlen(one);
    for (size_t j = 0; j <= length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= height; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            const size_t change = is_same_letter(one[i - 1], other[j - 1]) ? 0 : 1;
            row[j] = find_smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && is_same_letter(one[i - 1], other[j - 2]) &&
                is_same_letter(one[i - 2], other[j - 1]) && above_that[j - 2] + 1 < row[j])
                row[j] = above_that[j - 2] + 1;
        }
    }
    return rows[height % 3][length];
}

size_t closest_word_find(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strnlen(word, WORD_LENGTH_MAX + 1);
    if (length > WORD_LENGTH_MAX)
        return count;
    /* A guess may be wrong, so a third of the letters may. */
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

bool closest_word_is_mistyped(const char *word, const char *meant)
{
    size_t length = strnlen(word, WORD_LENGTH_MAX + 1);
    if (length > WORD_LENGTH_MAX || strlen(meant) > WORD_LENGTH_MAX)
        return false;
    return measure_distance(word, meant) <= (length < 8 ? 1 : length / 4);
}
