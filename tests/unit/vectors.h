/* Reads the files of vectors/ for the tests, and hexadecimal figures. */
#ifndef OBPUB_TESTS_VECTORS_H
#define OBPUB_TESTS_VECTORS_H

#include <stddef.h>
#include <stdint.h>

/* Decodes a string of hexadecimal digits of exactly size bytes; fails the test when it is not. */
void vectors_decode_hex(const char *hex, uint8_t *bytes, size_t size);

/* The whole of vectors/NAME with a NUL behind it, to be released with free(); fails the test when it can't be
 * read. */
char *vectors_read_file(const char *name, size_t *length);

/* Calls row() with the words of every line of vectors/NAME that is neither empty nor a comment (#). Fails the
 * test when a line has not exactly count words or when there is no line at all. */
void vectors_for_each(const char *name, size_t count, void (*row)(char **words));

#endif
