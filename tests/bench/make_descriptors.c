/* Prints descriptors of services that do not run: make_descriptors COUNT POINTS. For each a line with the
 * address and the length in bytes, then the descriptor. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sodium.h>

#include "service.h"

#define PERIOD_LENGTH 1440

int main(int count, char **arguments)
{
    if (count != 3 || sodium_init() < 0) {
        fprintf(stderr, "usage: make_descriptors COUNT POINTS\n");
        return 1;
    }
    uint64_t wanted = strtoull(arguments[1], NULL, 10);
    int64_t now = time(NULL);
    for (uint64_t i = 0; i < wanted; i++) {
        struct service service;
        service_make(&service, i);
        struct service_descriptor descriptor = {
            .period_number = (uint64_t)now / 60 / PERIOD_LENGTH,
            .period_length = PERIOD_LENGTH,
            .revision_counter = (uint64_t)now,
            .points = i,
            .point_count = strtoull(arguments[2], NULL, 10),
            .now = now,
        };
        size_t length = 0;
        char *text = service_make_descriptor(&service, &descriptor, &length);
        printf("%s %zu\n%s", service.address, length, text);
        free(text);
    }
    return 0;
}
