/* Recorded consensuses and microdescriptors, and changed copies of them, for the tests. */
#include "helper_network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "vectors.h"

char *network_read_document(const char *folder, const char *file)
{
    char name[256];
    snprintf(name, sizeof(name), "%s/%s", folder, file);
    char *text = vectors_read_file(name, NULL);
    char *start = text;
    while (*start == '#') {
        char *newline = strchr(start, '\n');
        start = newline != NULL ? newline + 1 : start + strlen(start);
    }
    if (start == text)
        fail_msg("%s does not say where it comes from", name);
    memmove(text, start, strlen(start) + 1);
    return text;
}

char *network_replace_text(const char *text, const char *from, const char *to)
{
    const char *found = strstr(text, from);
    if (found == NULL)
        fail_msg("there is no %s to be replaced", from);
    size_t before = (size_t)(found - text);
    const char *after = found + strlen(from);
    char *changed = memory_allocate(before + strlen(to) + strlen(after) + 1, 1);
    memcpy(changed, text, before);
    memcpy(changed + before, to, strlen(to));
    memcpy(changed + before + strlen(to), after, strlen(after));
    return changed;
}

char *network_copy_exactly(const char *text, size_t length)
{
    char *copy = memory_resize(NULL, length, 1);
    memcpy(copy, text, length);
    return copy;
}
