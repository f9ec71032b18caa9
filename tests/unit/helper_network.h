/* Recorded consensuses and microdescriptors, and changed copies of them, for the tests. */
#ifndef OBPUB_TESTS_HELPER_NETWORK_H
#define OBPUB_TESTS_HELPER_NETWORK_H

#include <stddef.h>

/* The text of vectors/FOLDER/FILE without the comment lines (#) before it; release with free(). Fails the
 * test when it can't be read. */
char *network_read_document(const char *folder, const char *file);

/* A copy of text with the first occurrence of from replaced by to; release with free(). Fails the test when
 * there is none. */
char *network_replace_text(const char *text, const char *from, const char *to);

/* Copies the first length bytes of text into memory that ends right behind them, so that the sanitizer sees
 * whoever reads on; release with free(). */
char *network_copy_exactly(const char *text, size_t length);

#endif
