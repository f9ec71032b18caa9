/* The files that say which addresses a host name has, or who knows: /etc/hosts and /etc/resolv.conf. */
#ifndef OBPUB_CONTROL_NAME_FILES_H
#define OBPUB_CONTROL_NAME_FILES_H

#include <stddef.h>

#define NAME_FILES_HOSTS "/etc/hosts"
#define NAME_FILES_RESOLVER "/etc/resolv.conf"

/* Bytes of what is read from one of them, with a NUL. */
#define NAME_FILES_TEXT_SIZE 4096

/* Finds the addresses of a name, compared without regard to case, in a file of the form of hosts(5). Writes
 * them as text to addresses (NAME_FILES_TEXT_SIZE bytes), each with a newline behind it, in the order of the
 * file, as many as fit. "localhost" is 127.0.0.1 and ::1 when the file does not have it or can't be read. */
void name_files_find_host(const char *path, const char *name, char *addresses);

/* Reads a file of the form of resolv.conf(5) into text (NAME_FILES_TEXT_SIZE bytes), as many whole lines as
 * fit; a file that can't be read has none. */
void name_files_read_resolver(const char *path, char *text);

#endif
