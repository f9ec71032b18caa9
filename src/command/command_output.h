/* The end of what a command prints on standard output. */
#ifndef OBPUB_COMMAND_OUTPUT_H
#define OBPUB_COMMAND_OUTPUT_H

/* Writes out what is still in the buffer. Returns exit_code, or EXIT_CODE_BAD_INPUT after saying on standard
 * error that not all of it could be written (a full disk, say), if exit_code was EXIT_CODE_COMPLETE. */
int command_finish_output(int exit_code);

#endif
