/* Prints what obpub makes of descriptors: judge_descriptor ADDRESS PERIOD_NUMBER PERIOD_LENGTH NOW FILE... A
 * line for each file: "good", with the number of its introduction points, or "bad" and why. Each is judged by
 * itself and by what is remembered of those before it, as the engine does; it is said when that makes a
 * difference. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "onion/descriptor.h"
#include "onion/onion_address.h"

/* Reads a file of less than size bytes; ends the program when it can't. */
static size_t read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t length = file != NULL ? fread(text, 1, size, file) : size;
    if (length == size) {
        fprintf(stderr, "%s can't be read, or is too long\n", path);
        exit(2);
    }
    fclose(file);
    return length;
}

/* What was found: "good", with the number of introduction points, or "bad" and why. */
struct verdict {
    char text[sizeof(struct error) + 32];
};

static struct verdict decode(const char *text, size_t length,
                             const struct descriptor_expectation *expectation)
{
    struct error error = {.text = ""};
    struct verdict verdict;
    struct descriptor *descriptor = descriptor_decode(text, length, expectation, &error);
    if (descriptor != NULL)
        snprintf(verdict.text, sizeof(verdict.text), "good %zu", descriptor->point_count);
    else
        snprintf(verdict.text, sizeof(verdict.text), "bad %s", error.text);
    descriptor_free(descriptor);
    return verdict;
}

static void judge(const char *path, const struct descriptor_expectation *expectation,
                  const struct descriptor_expectation *remembering)
{
    const size_t size = 1 << 20;
    char *text = memory_allocate(size, 1);
    size_t length = read_file(path, text, size);
    struct verdict alone = decode(text, length, expectation), later = decode(text, length, remembering);
    if (strcmp(alone.text, later.text) == 0)
        printf("%s\n", alone.text);
    else
        printf("%s; but %s with what is remembered of the descriptors before\n", alone.text, later.text);
    free(text);
}

int main(int argument_count, char **arguments)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct error error = {.text = ""};
    if (sodium_init() < 0 || argument_count < 6)
        return 2;
    if (onion_address_decode(identity_key, arguments[1], &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    struct descriptor_expectation expectation = {
        .identity_key = identity_key,
        .period_number = strtoull(arguments[2], NULL, 10),
        .schedule = {.period_length = (uint32_t)strtoul(arguments[3], NULL, 10)},
        .size_max = DESCRIPTOR_SIZE_MAX_DEFAULT,
        .wall_now = strtoll(arguments[4], NULL, 10),
    };
    struct known_blinded_keys known_keys = {0};
    struct verified_signatures verified = {0};
    struct descriptor_expectation remembering = expectation;
    remembering.known_keys = &known_keys;
    remembering.verified = &verified;
    for (int i = 5; i < argument_count; i++)
        judge(arguments[i], &expectation, &remembering);
    verified_signatures_clear(&verified);
    return 0;
}
