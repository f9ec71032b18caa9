/* One human sentence that says why a call failed, carried up to whoever can act on it. */
#ifndef OBPUB_BASE_ERROR_H
#define OBPUB_BASE_ERROR_H

#include <stdbool.h>

#define ERROR_TEXT_SIZE 512

struct error {
    char text[ERROR_TEXT_SIZE]; /* NUL-terminated, no newline, no full stop at its end */
    bool lasts;                 /* no new try mends it: somebody has to change something first */
    bool is_stricter;           /* tor would not have failed here */
};

/* Writes the sentence. Bytes that are not printable ASCII become '?', so that what a stranger sent can be
 * quoted in it. A sentence that is too long is cut. error may be NULL. Always returns -1, so that a function
 * can end with `return error_set(error, ...)`. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, of what no new try mends; error_set() says that one might. */
int error_set_lasting(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same as error_set(), of what tor takes and obpub does not. */
int error_set_stricter(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "<context>: " before the sentence that is already there; all else stays as it was. Always returns -1.
 * error may be NULL. */
int error_add_context(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
