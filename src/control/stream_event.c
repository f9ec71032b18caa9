/* The STREAM events of uploads to directories: which stream carries one, and when that stream is over. */
#include "control/stream_event.h"

#include <string.h>

#include "control/event_words.h"

/* Numbers of streams are 64 bits in decimal; a longer word is none. */
#define NUMBER_DIGITS_MAX 19

static int parse_number(struct event_word word, uint64_t *number)
{
    *number = 0;
    if (word.length == 0 || word.length > NUMBER_DIGITS_MAX)
        return -1;
    for (size_t i = 0; i < word.length; i++) {
        if (word.start[i] < '0' || word.start[i] > '9')
            return -1;
        *number = *number * 10 + (uint64_t)(word.start[i] - '0');
    }
    return *number != 0 ? 0 : -1;
}

/* The target of a stream to a relay itself is "<address>.$<fingerprint>.exit:<port>". */
static int parse_target(struct stream_event *event, struct event_word word)
{
    const char *dollar = memchr(word.start, '$', word.length);
    if (dollar == NULL)
        return -1;
    const struct event_word rest = {dollar, word.length - (size_t)(dollar - word.start)};
    return event_word_parse_fingerprint(rest, event->fingerprint);
}

static bool is_purpose(struct event_word word)
{
    static const char keyword[] = "PURPOSE=";
    return word.length >= sizeof(keyword) - 1 && memcmp(word.start, keyword, sizeof(keyword) - 1) == 0;
}

/* STREAM <number> <status> <circuit> <target> [KEYWORD=...] */
int stream_event_parse(struct stream_event *event, const struct control_reply *reply)
{
    memset(event, 0, sizeof(*event));
    struct event_word words[EVENT_WORDS_MAX];
    size_t count = event_words_split(reply->lines[0].text, reply->lines[0].text_length, words);
    if (reply->status != 650 || count < 5 || !event_word_equals(words[0], "STREAM") ||
        parse_number(words[1], &event->stream) != 0)
        return -1;
    if (event_word_equals(words[2], "CLOSED")) {
        event->action = STREAM_ENDS;
        return 0;
    }
    if (!event_word_equals(words[2], "NEW"))
        return -1;
    event->action = STREAM_BEGINS_UPLOAD;
    size_t purpose = 5; /* what a client sent may look like one, further back */
    while (purpose < count && !is_purpose(words[purpose]))
        purpose++;
    if (purpose == count || !event_word_equals(words[purpose], "PURPOSE=DIR_UPLOAD"))
        return -1;
    return parse_target(event, words[4]);
}
