/* A temporary folder for a test's files. */
#include "helper_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

int folder_make(char *path)
{
    const char *parent = getenv("TMPDIR");
    /* A unix socket in it has to have room for its own name. */
    bool is_usable = parent != NULL && strlen(parent) < FOLDER_PATH_SIZE - sizeof("/obpub test-XXXXXX");
    snprintf(path, FOLDER_PATH_SIZE, "%s/obpub test-XXXXXX", is_usable ? parent : "/tmp");
    return mkdtemp(path) != NULL ? 0 : -1;
}

int folder_setup(void **state)
{
    char path[FOLDER_PATH_SIZE];
    if (folder_make(path) != 0 || chdir(path) != 0)
        return -1;
    *state = memory_copy_text(path, strlen(path));
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *position)
{
    (void)status;
    (void)type;
    (void)position;
    return remove(path);
}

int folder_teardown(void **state)
{
    int result = chdir("/");
    if (nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        result = -1;
    free(*state);
    return result;
}

void folder_write(const char *name, const void *bytes, size_t length)
{
    int descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0 || write(descriptor, bytes, length) != (ssize_t)length || close(descriptor) != 0 ||
        chmod(name, 0600) != 0)
        fail_msg("can't write %s", name);
}

void folder_write_text(const char *name, const char *text)
{
    folder_write(name, text, strlen(text));
}
