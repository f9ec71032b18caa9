/* The nickname in what a tor says of a relay. */
#include "control/relay_nickname.h"

static bool is_alphanumeric(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9');
}

static bool is_nickname(struct text word)
{
    for (size_t i = 0; i < word.length; i++) {
        if (!is_alphanumeric(word.start[i]))
            return false;
    }
    return word.length < RELAY_NICKNAME_SIZE;
}

int relay_nickname_parse(char nickname[RELAY_NICKNAME_SIZE], struct text lines)
{
    struct text line, word;
    nickname[0] = '\0';
    text_take_until(&lines, '\n', &line);
    if (!text_take_word(&line, ' ', ' ', &word) || !text_equals(word, "r") ||
        !text_take_word(&line, ' ', ' ', &word) || !is_nickname(word))
        return -1;
    memcpy(nickname, word.start, word.length);
    nickname[word.length] = '\0';
    return 0;
}
