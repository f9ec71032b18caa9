/* Asks the obpub that runs something on one of its sockets. */
#include "report/socket_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address/listen_address.h"
#include "base/clock.h"
#include "base/memory.h"

#define READ_SIZE 65536 /* bytes, at first */

/* Whether something is there that is no socket. */
static bool is_something_else(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISSOCK(status.st_mode);
}

static int describe_connect_failure(const struct socket_question *question, struct error *error)
{
    const char *path = question->path;
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return error_set(error, "there is no socket %s: is obpub running, and does its config have that %s?",
                         path, question->setting);
    case ECONNREFUSED:
        if (is_something_else(path))
            return error_set(error, "%s is no socket: does the config have that %s?", path,
                             question->setting);
        return error_set(error, "nobody answers on %s: is obpub running?", path);
    case EACCES:
    case EPERM:
        return error_set(error, "this user may not open %s: run this as %s", path, question->who);
    case EAGAIN:
        return error_set(error, "%s takes no connections just now: is obpub busy?", path);
    default:
        return error_set(error, "%s can't be connected to: %s", path, strerror(errno));
    }
}

/* Connects; returns the descriptor or -1. */
static int open_socket(const struct socket_question *question, struct error *error)
{
    struct listen_address address;
    if (listen_address_set_path(&address, question->path, error) != 0)
        return -1;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return error_set(error, "a socket can't be made: %s", strerror(errno));
    /* A unix socket makes one wait who comes when its queue is full. */
    const struct timeval time_left = {question->timeout, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time_left, sizeof(time_left));
    if (connect(descriptor, (const struct sockaddr *)&address.address, address.length) == 0)
        return descriptor;
    describe_connect_failure(question, error);
    close(descriptor);
    return -1;
}

/* The connection has ended before there was an answer: so it does for who is not to be served. */
static int describe_no_answer(const struct socket_question *question, struct error *error)
{
    return error_set(error, "the connection to %s ended without an answer: run this as %s", question->path,
                     question->who);
}

/* Sends what is asked, which a socket that has just been made has room for. */
static int send_request(int descriptor, const struct socket_question *question, struct error *error)
{
    if (question->request_length == 0 || send(descriptor, question->request, question->request_length,
                                              MSG_NOSIGNAL) == (ssize_t)question->request_length)
        return 0;
    if (errno == EPIPE || errno == ECONNRESET)
        return describe_no_answer(question, error);
    return error_set(error, "%s can't be written to: %s", question->path, strerror(errno));
}

/* What has come so far. */
struct received {
    char *bytes;
    size_t length, size;
};

/* Reads what comes next: 1 for something, 0 for the end, -1 for a failure. */
static int read_more(int descriptor, struct received *received, int64_t deadline,
                     const struct socket_question *question, struct error *error)
{
    int64_t left = deadline - clock_milliseconds();
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    int ready = left > 0 ? poll(&wanted, 1, (int)left) : 0;
    if (ready == 0)
        return error_set(error, "%s did not come in time: is obpub busy, or stopped?", question->answer);
    received->bytes = memory_make_room(received->bytes, &received->size, received->length + 1, READ_SIZE, 1);
    ssize_t length = ready < 0 ? -1
                               : recv(descriptor, received->bytes + received->length,
                                      received->size - received->length, 0);
    if (length < 0 && errno == ECONNRESET && question->request_length > 0 && received->length == 0)
        return 0; /* it has ended with what was asked unread */
    if (length < 0)
        return errno == EINTR ? 1
                              : error_set(error, "%s can't be read: %s", question->answer, strerror(errno));
    received->length += (size_t)length;
    if (received->length > question->size_max)
        return error_set(error, "%s is longer than %zu bytes: is it obpub that answers there?",
                         question->answer, question->size_max);
    return length > 0;
}

char *socket_client_ask(const struct socket_question *question, size_t *length, struct error *error)
{
    int64_t deadline = clock_milliseconds() + (int64_t)question->timeout * 1000;
    int descriptor = open_socket(question, error);
    if (descriptor < 0)
        return NULL;
    struct received received = {0};
    int result = send_request(descriptor, question, error) == 0 ? 1 : -1;
    while (result > 0)
        result = read_more(descriptor, &received, deadline, question, error);
    close(descriptor);
    if (result == 0 && received.length == 0 && question->request_length > 0)
        result = describe_no_answer(question, error);
    if (result != 0) {
        free(received.bytes);
        return NULL;
    }
    *length = received.length;
    return memory_make_room(received.bytes, &received.size, received.length + 1, READ_SIZE, 1);
}
