/* What the benchmarks have in common: inputs, time of the processor, and lines for the collector. */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <sodium.h>

#include "base/memory.h"

/* Processor seconds after which a measurement has enough calls. */
#define MEASURED_SECONDS 0.3

void bench_require(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "benchmark: %s\n", what);
    exit(1);
}

static void input_path(char *path, size_t size, const char *name, const char *suffix)
{
    const char *folder = getenv("BENCH_INPUT");
    bench_require(folder != NULL, "BENCH_INPUT is not set; sh tests/bench.sh does that");
    snprintf(path, size, "%s/%s%s", folder, name, suffix);
}

char *bench_read(const char *name, size_t *length)
{
    char path[4096];
    input_path(path, sizeof(path), name, "");
    FILE *file = fopen(path, "rb");
    bench_require(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
    long size = ftell(file);
    bench_require(size >= 0, path);
    rewind(file);
    char *text = memory_allocate((size_t)size + 1, 1);
    bench_require(fread(text, 1, (size_t)size, file) == (size_t)size, path);
    fclose(file);
    if (length != NULL)
        *length = (size_t)size;
    return text;
}

/* The string at a key; release with free(). */
static char *read_figure(const char *name, const char *key)
{
    char path[4096];
    input_path(path, sizeof(path), name, ".json");
    json_t *figures = json_load_file(path, 0, NULL);
    const char *figure = json_string_value(json_object_get(figures, key));
    bench_require(figure != NULL, path);
    char *copy = memory_copy_text(figure, strlen(figure));
    json_decref(figures);
    return copy;
}

uint64_t bench_read_number(const char *name, const char *key)
{
    char *figure = read_figure(name, key);
    uint64_t number = strtoull(figure, NULL, 10);
    free(figure);
    return number;
}

void bench_read_bytes(const char *name, const char *key, uint8_t *bytes, size_t size)
{
    char *figure = read_figure(name, key);
    size_t length = 0;
    bench_require(
        sodium_hex2bin(bytes, size, figure, strlen(figure), NULL, &length, NULL) == 0 && length == size, key);
    free(figure);
}

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double bench_seconds(void (*operation)(void *context), void *context)
{
    operation(context); /* so that memory and caches are warm */
    if (getenv("BENCH_COUNT") != NULL)
        return 0;
    double start = processor_seconds(), passed = 0;
    size_t calls = 0;
    do {
        operation(context);
        calls++;
        passed = processor_seconds() - start;
    } while (passed < MEASURED_SECONDS);
    return passed / (double)calls;
}

void bench_print(const char *row, const char *side, double value)
{
    printf("{\"row\": \"%s\", \"side\": \"%s\", \"value\": %.9g}\n", row, side, value);
}

void bench_note(const char *row, const char *format, ...)
{
    char note[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof(note), format, arguments);
    va_end(arguments);
    printf("{\"row\": \"%s\", \"note\": \"%s\"}\n", row, note);
}
