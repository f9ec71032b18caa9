/* Gives every file of the named folders, or every named file, to a fuzz target: the corpora as a test. */
#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static size_t replayed_count;

/* The bytes of a file, in memory that ends where they end, so that a sanitizer sees what reads on. */
static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        fprintf(stderr, "%s can't be opened\n", path);
        exit(1);
    }
    uint8_t *bytes = malloc((size_t)status.st_size + (status.st_size == 0 ? 1 : 0));
    *size = bytes != NULL ? fread(bytes, 1, (size_t)status.st_size, file) : 0;
    if (bytes == NULL || *size != (size_t)status.st_size) {
        fprintf(stderr, "%s can't be read\n", path);
        exit(1);
    }
    fclose(file);
    return bytes;
}

static void replay_file(const char *path)
{
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    fprintf(stderr, "%s\n", path); /* the last one before a crash is the one that did it */
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    replayed_count++;
}

static void replay(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        replay_file(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char file[PATH_MAX + NAME_MAX + 2];
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            replay_file(file);
    }
    closedir(folder);
}

int main(int argument_count, char **arguments)
{
    char path[PATH_MAX];
    for (int i = 1; i < argument_count; i++) {
        /* A target may change the current folder, so that only whole paths go on being right. */
        if (arguments[i][0] == '/')
            replay(arguments[i]);
        else if (i == 1 && argument_count == 2 && realpath(arguments[i], path) != NULL)
            replay(path);
        else
            fprintf(stderr, "%s: several paths have to begin with '/'\n", arguments[i]);
    }
    printf("%zu inputs replayed\n", replayed_count);
    return replayed_count > 0 ? 0 : 1;
}
