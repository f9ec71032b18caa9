/* What commands print on standard output: JSON, and the end of it all. */
#ifndef OBPUB_COMMAND_OUTPUT_H
#define OBPUB_COMMAND_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* Prints an object and a newline, in ASCII alone so that nothing in the object steers a terminal; is_line: on
 * one line. */
void output_print_json(const json_t *object, bool is_line, FILE *file);

/* Writes out what is still in the buffer. Returns exit_code, or EXIT_CODE_BAD_INPUT after saying on standard
 * error that not all of it could be written (a full disk, say), if exit_code was EXIT_CODE_COMPLETE. */
int output_finish(int exit_code);

#endif
