/* Lays a text out for a terminal on which it is shown again and again in the same place. */
#ifndef OBPUB_REPORT_SCREEN_H
#define OBPUB_REPORT_SCREEN_H

#include <stddef.h>

/* Lays out length bytes of text, lines that may have colours (SGR sequences), for a terminal with so many
 * columns and rows, of which the last one is left for the cursor. Long lines go on in further rows, a little
 * to the right, and break between words where they can. What does not fit is left out, and how many lines
 * that are, the last one that begins there included, is said in the last row. Returns what is to be written:
 * from the terminal's top left corner on it overwrites what was there, without clearing it before; release
 * with free(). columns or rows 0: nobody knows how many there are, and nothing is wrapped or left out. */
char *screen_lay_out(const char *text, size_t length, size_t columns, size_t rows);

#endif
