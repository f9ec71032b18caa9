/* What stands around a descriptor where a person has kept one. */
#ifndef OBPUB_ONION_DESCRIPTOR_WRAPPING_H
#define OBPUB_ONION_DESCRIPTOR_WRAPPING_H

#include <stddef.h>

/* Takes away what does not belong to a descriptor and may be around it in a file: the reply or the event of a
 * control port that it has come in ("250+...=", "650+...", up to a line "."), carriage returns where all
 * lines end with one, and empty lines behind it. Changes the text, length bytes, in place, and returns its
 * new length, which is no longer. A text that has nothing of that stays as it is. */
size_t descriptor_unwrap(char *text, size_t length);

#endif
