/* What commands print on standard output: JSON, and the end of it all. */
#ifndef OBPUB_COMMAND_OUTPUT_H
#define OBPUB_COMMAND_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* Prints an object and a newline, in ASCII alone so that nothing in the object steers a terminal; is_line: on
 * one line. */
void output_print_json(const json_t *object, bool is_line, FILE *file);

/* Writes out what is still in the buffer of standard output. Returns false, after saying so on standard
 * error, when not all of what was printed could be written (a full disk, say). */
bool output_flush(void);

/* The same at the end of a command. Returns exit_code; or EXIT_CODE_BAD_INPUT when the output could not be
 * written and exit_code was EXIT_CODE_COMPLETE. */
int output_finish(int exit_code);

/* True when standard output is a terminal that can have colours, and its user has not asked for none
 * (https://no-color.org). */
bool output_wants_colours(void);

#endif
