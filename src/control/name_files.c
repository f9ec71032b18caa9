/* The files that say which addresses a host name has, or who knows: /etc/hosts and /etc/resolv.conf. */
#include "control/name_files.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "files/plain_file.h"

#define BLANKS " \t\r\n"

/* Opens a file for reading by lines, if it is a plain one: nothing else ends. */
static FILE *open_lines(const char *path)
{
    struct plain_file file;
    if (plain_file_open(&file, path, NULL) != PLAIN_FILE_GOOD)
        return NULL;
    FILE *lines = fdopen(file.descriptor, "r");
    if (lines == NULL)
        plain_file_close(&file);
    return lines;
}

/* Writes another line, if it fits whole. */
static void add_line(char *text, const char *line)
{
    size_t used = strlen(text);
    size_t length = strcspn(line, "\n");
    if (length + 1 >= NAME_FILES_TEXT_SIZE - used)
        return;
    memcpy(text + used, line, length);
    memcpy(text + used + length, "\n", 2);
}

/* Whether a line of hosts(5), of which the address has been taken, has the name. */
static bool has_name(char *rest, const char *name)
{
    char *saved = NULL;
    for (char *word = strtok_r(rest, BLANKS, &saved); word != NULL; word = strtok_r(NULL, BLANKS, &saved)) {
        if (strcasecmp(word, name) == 0)
            return true;
    }
    return false;
}

void name_files_find_host(const char *path, const char *name, char *addresses)
{
    FILE *file = open_lines(path);
    char *line = NULL;
    size_t size = 0;
    addresses[0] = '\0';
    while (file != NULL && getline(&line, &size, file) >= 0) {
        char *saved = NULL;
        line[strcspn(line, "#")] = '\0';
        const char *address = strtok_r(line, BLANKS, &saved);
        if (address != NULL && has_name(saved, name))
            add_line(addresses, address);
    }
    free(line);
    if (file != NULL)
        fclose(file);
    if (addresses[0] == '\0' && strcasecmp(name, "localhost") == 0)
        strcpy(addresses, "127.0.0.1\n::1\n");
}

void name_files_read_resolver(const char *path, char *text)
{
    FILE *file = open_lines(path);
    char *line = NULL;
    size_t size = 0;
    text[0] = '\0';
    while (file != NULL && getline(&line, &size, file) >= 0)
        add_line(text, line);
    free(line);
    if (file != NULL)
        fclose(file);
}
