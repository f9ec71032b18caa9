/* Makes the clock of a program false while it runs, as whoever forges the answers of time servers can: a
 * library for LD_PRELOAD. The first eight bytes of the file that SHIFT_CLOCK names say by how many seconds.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift;

/* A mapping, as the program may open no file later. */
__attribute__((constructor)) static void map_shift(void)
{
    const char *path = getenv("SHIFT_CLOCK");
    int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapping = file >= 0 ? mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
    if (file >= 0)
        close(file);
    if (mapping != MAP_FAILED)
        shift = mapping;
}

int clock_gettime(clockid_t clock, struct timespec *moment)
{
    int result = (int)syscall(SYS_clock_gettime, clock, moment);
    if (result == 0 && clock == CLOCK_REALTIME && shift != NULL)
        moment->tv_sec += (time_t)*shift;
    return result;
}

time_t time(time_t *copy)
{
    struct timespec moment = {0};
    clock_gettime(CLOCK_REALTIME, &moment);
    if (copy != NULL)
        *copy = moment.tv_sec;
    return moment.tv_sec;
}
