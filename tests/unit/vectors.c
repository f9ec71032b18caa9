/* Reads the files of vectors/ for the tests, and hexadecimal figures. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/memory.h"

#define WORDS_MAX 32

void vectors_decode_hex(const char *hex, uint8_t *bytes, size_t size)
{
    size_t length = 0;
    if (sodium_hex2bin(bytes, size, hex, strlen(hex), NULL, &length, NULL) != 0 || length != size)
        fail_msg("not %zu bytes in hexadecimal: %s", size, hex);
}

char *vectors_read_file(const char *name, size_t *length)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", OBPUB_VECTORS, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("can't open %s", path);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = memory_allocate((size_t)size + 1, 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size)
        fail_msg("can't read %s", path);
    fclose(file);
    if (length != NULL)
        *length = (size_t)size;
    return text;
}

void vectors_for_each(const char *name, size_t count, void (*row)(char **words))
{
    char *text = vectors_read_file(name, NULL);
    size_t rows = 0;
    char *rest = text;
    for (char *line = strtok_r(rest, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] == '#')
            continue;
        char *words[WORDS_MAX + 1] = {NULL};
        size_t found = 0;
        char *tail = line;
        for (char *word = strtok_r(tail, " ", &tail); word != NULL && found <= WORDS_MAX;
             word = strtok_r(NULL, " ", &tail))
            words[found++] = word;
        if (found != count)
            fail_msg("%s: a line has %zu words, not %zu", name, found, count);
        row(words);
        rows++;
    }
    if (rows == 0)
        fail_msg("%s has no vectors", name);
    free(text);
}
