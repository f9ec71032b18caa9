/* What a tor says, for the publisher who asked through an agent. */
#include "agent/relay.h"

#include <string.h>

#include "base/text.h"
#include "control/hs_desc_event.h"

/* Appends data, whose lines end in LF, and the line that ends them. */
static void write_data(struct evbuffer *output, const struct control_line *line)
{
    struct text rest = {line->data, line->data_length}, part;
    while (rest.length > 0) {
        text_take_until(&rest, '\n', &part);
        if (part.length > 0 && part.start[0] == '.')
            evbuffer_add(output, ".", 1);
        evbuffer_add(output, part.start, part.length);
        evbuffer_add(output, "\r\n", 2);
    }
    evbuffer_add(output, ".\r\n", 3);
}

void relay_write(struct evbuffer *output, const struct control_reply *reply)
{
    for (size_t i = 0; i < reply->line_count; i++) {
        const struct control_line *line = &reply->lines[i];
        bool is_last = i + 1 == reply->line_count;
        char separator = is_last ? ' ' : line->data != NULL ? '+' : '-';
        evbuffer_add_printf(output, "%03d%c", line->status, separator);
        evbuffer_add(output, line->text, line->text_length);
        evbuffer_add(output, "\r\n", 2);
        if (separator == '+')
            write_data(output, line);
    }
}

enum relay_event relay_judge_event(const struct control_reply *event, const struct served_addresses *served)
{
    struct hs_desc_event hs_desc;
    if (hs_desc_event_parse(&hs_desc, event) != 0 || !hs_desc.has_address ||
        !served_addresses_have(served, hs_desc.address, strlen(hs_desc.address)))
        return RELAY_NOTHING;
    return hs_desc.action == HS_DESC_CONTENT ? RELAY_CONTENT : RELAY_HS_DESC;
}
