/* Lists what is in a folder of which nothing is known but its path. */
#ifndef OBPUB_FILES_FOLDER_H
#define OBPUB_FILES_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

/* The names in a folder, in the order of their bytes. */
struct folder_names {
    char **names; /* each NUL-terminated */
    size_t count;
    uid_t owner; /* of the folder */
};

/* Lists all but "." and "..", count_max at most. The folder has to belong to root or to this user, or with
 * for_owner to anybody; no others than its owner may write in it. Returns 0 with names to be released with
 * folder_names_clear(), or -1 with nothing to release and a sentence that begins where the path would end. */
int folder_list(struct folder_names *names, const char *path, bool for_owner, size_t count_max,
                struct error *error);
void folder_names_clear(struct folder_names *names);

/* The same whoever can write in it, and however many there are: for who asks only whether something is there.
 */
int folder_list_all(struct folder_names *names, const char *path, struct error *error);

/* Keeps every other caller of this function away from a folder until the descriptor is closed, so that what
 * one has seen in it is still so when it changes it; where the file system can't do that, nothing is kept
 * away. Waits for up to FOLDER_LOCK_PATIENCE milliseconds. Returns a descriptor; or -1 with a sentence that
 * begins where the path would end. */
#define FOLDER_LOCK_PATIENCE 5000
int folder_lock(const char *path, struct error *error);

/* True when there is something at path, or nobody can tell. */
bool folder_is_there(const char *path);

/* What a folder is known by, and when a name in it came or went last. */
struct folder_stamp {
    dev_t device;
    ino_t number;
    struct timespec changed;
};

/* Takes it; zeroed when there is no folder. The file system's clock may stand still for
 * FOLDER_CLOCK_MILLISECONDS: what changes so soon after a stamp was taken may leave it as it is. */
#define FOLDER_CLOCK_MILLISECONDS 25
void folder_take_stamp(struct folder_stamp *stamp, const char *path);
bool folder_stamps_are_equal(const struct folder_stamp *one, const struct folder_stamp *other);

/* True when what was changed last is so long ago that any change after the stamp was taken makes another one,
 * though the file system is another machine's, whose clock is not quite right. */
bool folder_stamp_is_old(const struct folder_stamp *stamp);

#endif
