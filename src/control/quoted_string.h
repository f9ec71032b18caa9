/* Strings in double quotes as tor writes them on a control port (control-spec 2.1.1). */
#ifndef OBPUB_CONTROL_QUOTED_STRING_H
#define OBPUB_CONTROL_QUOTED_STRING_H

#include <stddef.h>

/* Reads the quoted string that text begins with. Writes its content with a NUL behind it to value (size
 * bytes), and where the text goes on behind the closing quote to *end. Returns 0, or -1 when there is none,
 * it is not closed, an octal escape is above \377, it holds a NUL, or it doesn't fit. */
int quoted_string_parse(const char *text, char *value, size_t size, const char **end);

#endif
