/* Makes a new folder with files in it so that there is the whole of it or nothing. */
#include "files/new_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "files/new_file.h"
#include "files/new_name.h"
#include "files/path.h"

#define FIRST_ROOM 16

static const char is_there[] = "is there already, and is not replaced: name a folder that is not there yet";

static void release(struct new_folder *folder)
{
    for (size_t i = 0; i < folder->made_count; i++)
        free(folder->made[i]);
    free(folder->made);
    free(folder->path);
    free(folder->temporary);
    *folder = (struct new_folder){0};
}

int new_folder_begin(struct new_folder *folder, const char *path, struct error *error)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    *folder = (struct new_folder){.path = memory_copy_text(path, length)};
    folder->temporary = new_name_make_temporary(folder->path);
    int result = 0;
    if (new_name_is_taken(folder->path))
        result = error_set(error, "%s", is_there);
    else if (mkdtemp(folder->temporary) == NULL)
        result = error_set(error, "it can't be made (%s)", strerror(errno));
    if (result != 0)
        release(folder);
    return result;
}

/* Keeps in mind that something was made, whose path is the folder's from now on. */
static void remember(struct new_folder *folder, char *path)
{
    folder->made = memory_make_room(folder->made, &folder->made_room, folder->made_count + 1, FIRST_ROOM,
                                    sizeof(*folder->made));
    folder->made[folder->made_count++] = path;
}

int new_folder_add_folder(struct new_folder *folder, const char *name, struct error *error)
{
    char *path = path_join(folder->temporary, name);
    if (mkdir(path, 0700) == 0) {
        new_name_sync(path);
        remember(folder, path);
        return 0;
    }
    error_set(error, "%s: it can't be made (%s)", path, strerror(errno));
    free(path);
    return -1;
}

int new_folder_add_file(struct new_folder *folder, const char *name, const void *bytes, size_t length,
                        struct error *error)
{
    const struct new_file file = {.bytes = bytes, .length = length};
    bool is_open_to_others;
    char *path = path_join(folder->temporary, name);
    if (new_file_write(path, &file, &is_open_to_others, error) == 0) {
        remember(folder, path);
        return 0;
    }
    error_add_context(error, "%s", path);
    free(path);
    return -1;
}

int new_folder_finish(struct new_folder *folder, struct error *error)
{
    if (new_name_take(folder->temporary, folder->path) != 0) {
        if (errno == EEXIST)
            return error_set(error, "%s", is_there);
        return error_set(error, "it can't be made (%s)", strerror(errno));
    }
    new_name_sync(folder->path);
    release(folder);
    return 0;
}

void new_folder_abandon(struct new_folder *folder)
{
    for (size_t i = folder->made_count; i > 0; i--)
        (void)remove(folder->made[i - 1]);
    (void)rmdir(folder->temporary);
    release(folder);
}
