/* Asks a running obpub for its status: what "obpub status" reads. */
#include "report/status_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address/listen_address.h"
#include "base/clock.h"
#include "base/memory.h"

#define READ_SIZE 65536 /* bytes, at first */

static int describe_connect_failure(const char *path, struct error *error)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return error_set(error,
                         "there is no socket %s: is obpub running, and does its config have that "
                         "status-socket-location?",
                         path);
    case ECONNREFUSED:
        return error_set(error, "nobody answers on %s: is obpub running?", path);
    case EACCES:
    case EPERM:
        return error_set(
            error, "this user may not open %s: run this as root, as obpub's user, or in its group", path);
    case EAGAIN:
        return error_set(error, "%s takes no connections just now: is obpub busy?", path);
    default:
        return error_set(error, "%s can't be connected to: %s", path, strerror(errno));
    }
}

/* Connects; returns the descriptor or -1. */
static int open_socket(const char *path, int timeout, struct error *error)
{
    struct listen_address address;
    if (listen_address_set_path(&address, path, error) != 0)
        return -1;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return error_set(error, "a socket can't be made: %s", strerror(errno));
    /* A unix socket makes one wait who comes when its queue is full. */
    const struct timeval time_left = {timeout, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time_left, sizeof(time_left));
    if (connect(descriptor, (const struct sockaddr *)&address.address, address.length) == 0)
        return descriptor;
    describe_connect_failure(path, error);
    close(descriptor);
    return -1;
}

struct received {
    char *bytes;
    size_t length, size;
};

/* Reads what comes next: 1 for something, 0 for the end, -1 for a failure. */
static int read_more(int descriptor, struct received *received, int64_t deadline, size_t size_max,
                     struct error *error)
{
    int64_t left = deadline - clock_milliseconds();
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    int ready = left > 0 ? poll(&wanted, 1, (int)left) : 0;
    if (ready == 0)
        return error_set(error, "the status did not come in time: is obpub busy, or stopped?");
    received->bytes = memory_make_room(received->bytes, &received->size, received->length + 1, READ_SIZE, 1);
    ssize_t length = ready < 0 ? -1
                               : recv(descriptor, received->bytes + received->length,
                                      received->size - received->length, 0);
    if (length < 0)
        return errno == EINTR ? 1 : error_set(error, "the status can't be read: %s", strerror(errno));
    received->length += (size_t)length;
    if (received->length > size_max)
        return error_set(error, "the status is longer than %zu bytes: is it obpub that answers there?",
                         size_max);
    return length > 0;
}

json_t *status_read(const char *path, int timeout, size_t size_max, struct error *error)
{
    int64_t deadline = clock_milliseconds() + (int64_t)timeout * 1000;
    int descriptor = open_socket(path, timeout, error);
    if (descriptor < 0)
        return NULL;
    struct received received = {0};
    int result;
    do
        result = read_more(descriptor, &received, deadline, size_max, error);
    while (result > 0);
    close(descriptor);
    json_t *object = NULL;
    json_error_t fault;
    if (result == 0) {
        object = json_loadb(received.bytes, received.length, JSON_REJECT_DUPLICATES, &fault);
        if (object == NULL)
            error_set(error, "what answers on %s is no JSON object (%s): is it obpub?", path, fault.text);
    }
    free(received.bytes);
    return object;
}
