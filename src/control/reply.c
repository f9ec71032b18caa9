/* A reply or an asynchronous event of tor's control protocol, as the parser hands it on. */
#include "control/reply.h"

#include <string.h>

#include "base/text.h"

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

int control_reply_read_number(const struct control_reply *reply, const char *keyword, uint64_t maximum,
                              uint64_t *number)
{
    const struct control_line *line = control_reply_is_ok(reply) ? control_reply_find(reply, keyword) : NULL;
    if (line == NULL)
        return -1;
    size_t taken = strlen(keyword) + 1;
    return text_parse_uint64((struct text){line->text + taken, line->text_length - taken}, maximum, number);
}
