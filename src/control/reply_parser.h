/* Cuts the bytes that come from a control port into replies and events (control-spec 2.3); does no I/O. */
#ifndef OBPUB_CONTROL_REPLY_PARSER_H
#define OBPUB_CONTROL_REPLY_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "control/reply.h"

/* Lines of one reply, so that the list of them is bounded too: a line of six bytes takes some forty in it,
 * and there may be very many backends. tor's own replies have a few hundred at most: what is long comes as
 * data. */
#define REPLY_PARSER_LINES_MAX 4096

struct reply_parser;

enum reply_parser_result {
    REPLY_PARSER_MORE,     /* all bytes are taken, no reply is complete yet */
    REPLY_PARSER_COMPLETE, /* one reply is complete; bytes may be left */
    REPLY_PARSER_FAILED,   /* the bytes are not tor's control protocol, or pass a limit; nothing more is taken
                            */
};

/* A parser of its own for one connection. line_max: bytes of a line outside data, without its line end.
 * reply_max: bytes of a whole reply or event as it came. Release with reply_parser_free(). */
struct reply_parser *reply_parser_new(size_t line_max, size_t reply_max);

/* Releases the parser and the reply it handed out last. NULL is fine. */
void reply_parser_free(struct reply_parser *parser);

/* Takes bytes up to the end of the next reply. *used is how many of the length bytes were taken: go on with
 * the others in the next call. When complete, *reply is the reply; it is the parser's, and good until the
 * next call of any function here. On failure the error says what is wrong, and every later call fails
 * likewise. */
enum reply_parser_result reply_parser_take(struct reply_parser *parser, const void *bytes, size_t length,
                                           size_t *used, const struct control_reply **reply,
                                           struct error *error);

/* Has the data of replies, though not of events, handed to sink line by line instead of being kept: in the
 * reply their length is 0 then. To be set between replies; NULL for none. */
void reply_parser_set_sink(struct reply_parser *parser, control_data_callback sink, void *context);

/* Gives back the memory of the reply handed out last. Not needed, but a large reply would otherwise be kept
 * until the next one comes. */
void reply_parser_forget(struct reply_parser *parser);

/* Whether part of a reply has come, but not its end. */
bool reply_parser_is_inside_reply(const struct reply_parser *parser);

#endif
