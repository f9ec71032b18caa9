/* What an agent says of itself: "650 OBPUB_AGENT ...", which no tor says. */
#include "control/agent_event.h"

#include "control/event_words.h"

enum agent_word agent_event_parse(const struct control_reply *reply)
{
    struct text words[EVENT_WORDS_MAX];
    size_t count = event_words_split(reply->lines[0].text, reply->lines[0].text_length, words);
    if (reply->status != 650 || count < 2 || !text_equals(words[0], "OBPUB_AGENT"))
        return AGENT_SAYS_NOTHING;
    if (text_equals(words[1], "TOR_GONE"))
        return AGENT_TOR_GONE;
    return text_equals(words[1], "LEAVING") ? AGENT_LEAVING : AGENT_SAYS_NOTHING;
}
