/* Runs the unit tests of one file: unit_LAYER NAME. CMake lists those of a layer, as UNITS. */
#include <stdio.h>
#include <string.h>

static const struct unit {
    const char *name;
    int (*run)(void); /* the number of tests that failed */
} units[] = {UNITS};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

int main(int argument_count, char **arguments)
{
    for (size_t i = 0; argument_count == 2 && i < UNIT_COUNT; i++) {
        if (strcmp(arguments[1], units[i].name) == 0)
            return units[i].run() == 0 ? 0 : 1;
    }
    fprintf(stderr, "usage: %s NAME, where NAME is one of:\n", arguments[0]);
    for (size_t i = 0; i < UNIT_COUNT; i++)
        fprintf(stderr, "    %s\n", units[i].name);
    return 2;
}
