/* The STREAM events of uploads to directories: which stream carries one, when that has reached the
 * directory, and when it is over. */
#include "control/stream_event.h"

#include <string.h>

#include "control/event_words.h"

/* Numbers of streams are 64 bits; none has more than 19 digits. */
#define NUMBER_MAX UINT64_C(9999999999999999999)

static int parse_number(struct text word, uint64_t *number)
{
    if (text_parse_uint64(word, NUMBER_MAX, number) != 0)
        return -1;
    return *number != 0 ? 0 : -1;
}

/* The target of a stream to a relay itself is "<address>.$<fingerprint>.exit:<port>". */
static int parse_target(struct stream_event *event, struct text word)
{
    const char *dollar = memchr(word.start, '$', word.length);
    if (dollar == NULL)
        return -1;
    const struct text rest = {dollar, word.length - (size_t)(dollar - word.start)};
    return event_word_parse_fingerprint(rest, event->fingerprint);
}

/* STREAM <number> <status> <circuit> <target> [KEYWORD=...] */
int stream_event_parse(struct stream_event *event, const struct control_reply *reply)
{
    memset(event, 0, sizeof(*event));
    struct text words[EVENT_WORDS_MAX];
    size_t count = event_words_split(reply->lines[0].text, reply->lines[0].text_length, words);
    if (reply->status != 650 || count < 5 || !text_equals(words[0], "STREAM") ||
        parse_number(words[1], &event->stream) != 0)
        return -1;
    if (text_equals(words[2], "CLOSED") || text_equals(words[2], "SUCCEEDED")) {
        event->action = text_equals(words[2], "CLOSED") ? STREAM_ENDS : STREAM_IS_CONNECTED;
        return 0;
    }
    if (!text_equals(words[2], "NEW"))
        return -1;
    event->action = STREAM_BEGINS_UPLOAD;
    size_t purpose = 5; /* what a client sent may look like one, further back */
    while (purpose < count && !text_begins_with(words[purpose], "PURPOSE="))
        purpose++;
    if (purpose == count || !text_equals(words[purpose], "PURPOSE=DIR_UPLOAD"))
        return -1;
    return parse_target(event, words[4]);
}
