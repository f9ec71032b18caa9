/* What "obpub drain" and "obpub undrain" ask of the obpub that runs, and what it answers: a line of text
 * each.
 *
 *     drain|undrain TAB name of an instance [TAB onion address of a frontend]
 *     done|refused|unknown TAB sentence
 */
#ifndef OBPUB_REPORT_DRAIN_REQUEST_H
#define OBPUB_REPORT_DRAIN_REQUEST_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "onion/onion_address.h"

/* Most bytes of a name: an instance's of the config, or an onion address. */
#define DRAIN_NAME_MAX 128
/* Most bytes of a request and of an answer, with the end of the line. */
#define DRAIN_REQUEST_MAX 256
#define DRAIN_ANSWER_MAX 2048

struct drain_request {
    bool is_drained;                   /* it is to be, or not to be any more */
    char name[DRAIN_NAME_MAX + 1];     /* of the instance, or its onion address */
    char frontend[ONION_ADDRESS_SIZE]; /* the one that is meant; "": any */
};

/* What became of it. */
enum drain_result {
    DRAIN_DONE,    /* it is so now, or was before */
    DRAIN_REFUSED, /* it is not to be */
    DRAIN_UNKNOWN, /* there is no such instance, or there are several */
};

struct drain_answer {
    enum drain_result result;
    char sentence[DRAIN_ANSWER_MAX - 16]; /* no newline, no full stop at its end */
};

/* Checks the name and address that somebody has given, and makes a request of them; frontend may be NULL.
 * Returns 0, or -1 with a sentence. */
int drain_request_make(struct drain_request *request, bool is_drained, const char *name, const char *frontend,
                       struct error *error);

/* Writes a request with the end of its line. Returns its length. */
size_t drain_request_format(char text[DRAIN_REQUEST_MAX], const struct drain_request *request);

/* Reads a request, a line without its end. Returns 0, or -1 with a sentence. */
int drain_request_parse(struct drain_request *request, struct text line, struct error *error);

/* Sets the sentence of an answer; one that is too long is cut, and what is no printable text becomes '?'. */
void drain_answer_set(struct drain_answer *answer, enum drain_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes an answer with the end of its line. Returns its length. */
size_t drain_answer_format(char text[DRAIN_ANSWER_MAX], const struct drain_answer *answer);

/* Reads an answer, with the end of its line and nothing behind it, and makes its sentence fit to be shown.
 * Returns 0, or -1 with a sentence. */
int drain_answer_parse(struct drain_answer *answer, struct text text, struct error *error);

#endif
