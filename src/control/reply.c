/* A reply or an asynchronous event of tor's control protocol, as the parser hands it on. */
#include "control/reply.h"

#include <string.h>

bool control_reply_is_ok(const struct control_reply *reply)
{
    return reply->status >= 200 && reply->status <= 299;
}

const struct control_line *control_reply_find(const struct control_reply *reply, const char *keyword)
{
    size_t length = strlen(keyword);
    for (size_t i = 0; i < reply->line_count; i++) {
        const struct control_line *line = &reply->lines[i];
        if (line->text_length > length && memcmp(line->text, keyword, length) == 0 &&
            line->text[length] == '=')
            return line;
    }
    return NULL;
}
