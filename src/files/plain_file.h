/* Opens a file of which nothing is known but its path, safely, and reads it. */
#ifndef OBPUB_FILES_PLAIN_FILE_H
#define OBPUB_FILES_PLAIN_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* What keeps a file from being used. */
enum plain_file_fault {
    PLAIN_FILE_GOOD,
    PLAIN_FILE_MISSING,   /* there is none */
    PLAIN_FILE_FORBIDDEN, /* this user may not open it */
    PLAIN_FILE_FAILED,    /* the system can't open it, for another reason */
    PLAIN_FILE_FOLDER,    /* it is a folder */
    PLAIN_FILE_NOT_PLAIN, /* it is a device, a FIFO or something else that is no file with bytes in it */
    PLAIN_FILE_FOREIGN,   /* it belongs to somebody whom the policy does not trust */
    PLAIN_FILE_EXPOSED,   /* its mode lets in whom the policy does not */
};

/* Whose a file has to be, and whom its mode may let in. Zeroed it says nothing. */
struct plain_file_policy {
    bool is_private; /* it belongs to root or to this user, */
    bool has_owner;  /* or to a third one, who is trusted as well: */
    uid_t owner;
    mode_t forbidden_mode;          /* bits that it may not have */
    mode_t forbidden_mode_of_roots; /* the same for one of root and root's group */
    bool takes_groups; /* one of root's is good, too, that a group of this process can read and nobody else */
};

/* An open file, or what is known of one that could not be used. */
struct plain_file {
    int descriptor;     /* -1: none */
    struct stat status; /* from PLAIN_FILE_FOLDER on, and when it is good */
    int error_number;   /* errno, for those before that */
};

/* Opens the file at path for reading. Whatever the path turns out to be, this does not wait, and nothing but
 * a plain file is opened, since opening a device may do something. Links are followed, as those who hand over
 * files by links (/etc/resolv.conf is mostly one) expect; that is why all is judged by what was opened.
 * policy may be NULL. With PLAIN_FILE_GOOD the file is to be closed. */
enum plain_file_fault plain_file_open(struct plain_file *file, const char *path,
                                      const struct plain_file_policy *policy);

/* True for a file of root's that a group of this process can read, and nobody else but root. */
bool plain_file_is_groups(const struct stat *status);

/* Reads the next bytes until there are size of them or the file ends, without a buffer that would keep a
 * copy. Returns how many, or -1 with errno. */
ssize_t plain_file_read(const struct plain_file *file, void *bytes, size_t size);

void plain_file_close(struct plain_file *file);

#endif
