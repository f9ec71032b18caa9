/* Text from a file, made safe to show on a terminal. */
#ifndef OBPUB_BASE_PRINTABLE_H
#define OBPUB_BASE_PRINTABLE_H

#include <stdbool.h>

/* Replaces with '?', in place, every byte that could steer a terminal or is not valid UTF-8: control
 * characters (also those of U+0080 to U+009F), line separators and marks that turn the writing direction.
 * Other UTF-8 stays. Returns true when something was replaced. */
bool text_make_printable(char *text);

#endif
