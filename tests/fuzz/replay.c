/* Replays corpora as tests: replay TARGET PATH... gives every file of the folders named, or every file named,
 * to a fuzz target. CMake lists these, as TARGETS. */
#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static const struct target {
    const char *name;
    int (*run)(const uint8_t *data, size_t size);
} targets[] = {TARGETS};

#define TARGET_COUNT (sizeof(targets) / sizeof(targets[0]))

static const struct target *target; /* the one that was asked for */
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
    target->run(bytes, size);
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

static const struct target *find_target(const char *name)
{
    for (size_t i = 0; i < TARGET_COUNT; i++) {
        if (strcmp(name, targets[i].name) == 0)
            return &targets[i];
    }
    return NULL;
}

int main(int argument_count, char **arguments)
{
    char path[PATH_MAX];
    target = argument_count > 2 ? find_target(arguments[1]) : NULL;
    if (target == NULL) {
        fprintf(stderr, "usage: %s TARGET PATH..., where TARGET is one of:\n", arguments[0]);
        for (size_t i = 0; i < TARGET_COUNT; i++)
            fprintf(stderr, "    %s\n", targets[i].name);
        return 2;
    }
    for (int i = 2; i < argument_count; i++) {
        /* A target may change the current folder, so that only whole paths go on being right. */
        if (arguments[i][0] == '/')
            replay(arguments[i]);
        else if (i == 2 && argument_count == 3 && realpath(arguments[i], path) != NULL)
            replay(path);
        else
            fprintf(stderr, "%s: several paths have to begin with '/'\n", arguments[i]);
    }
    printf("%zu inputs replayed\n", replayed_count);
    return replayed_count > 0 ? 0 : 1;
}
