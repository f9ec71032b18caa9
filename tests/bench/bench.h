/* What the benchmarks have in common: inputs, time of the processor, and lines for the collector. */
#ifndef OBPUB_TESTS_BENCH_H
#define OBPUB_TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* Ends the program with a sentence on standard error unless good. */
void bench_require(int good, const char *what);

/* The text of $BENCH_INPUT/NAME, NUL-terminated; release with free(). length may be NULL. */
char *bench_read(const char *name, size_t *length);

/* A number of $BENCH_INPUT/NAME.json, and bytes that are there in hexadecimal. */
uint64_t bench_read_number(const char *name, const char *key);
void bench_read_bytes(const char *name, const char *key, uint8_t *bytes, size_t size);

/* Processor seconds that one call of operation takes, of as many as fit into some tenths of a second. With
 * BENCH_COUNT in the environment it is called only once, for test_instructions.py. */
double bench_seconds(void (*operation)(void *context), void *context);

/* Prints a sample, or a note, of a row. side is "obpub", "peer" or "bare". */
void bench_print(const char *row, const char *side, double value);
void bench_note(const char *row, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
