/* The end of a connection whose last commands have to reach the tor. */
#include "control/farewell.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/clock.h"

static bool is_passing(int number)
{
    return number == EAGAIN || number == EINTR;
}

/* Reads what is there. Returns false at the end. */
static bool discard(int socket)
{
    uint8_t bytes[4096];
    const ssize_t length = read(socket, bytes, sizeof(bytes));
    return length > 0 || (length < 0 && is_passing(errno));
}

void farewell_wait(int socket, struct evbuffer *output, int64_t milliseconds)
{
    const int64_t until = clock_milliseconds() + milliseconds;
    int64_t left;
    while ((left = until - clock_milliseconds()) > 0) {
        const short wanted = evbuffer_get_length(output) > 0 ? POLLIN | POLLOUT : POLLIN;
        struct pollfd peer = {.fd = socket, .events = wanted};
        const int ready = poll(&peer, 1, (int)left);
        if (ready == 0 || (ready < 0 && errno != EINTR))
            return;
        if (ready < 0)
            continue;
        if ((peer.revents & POLLOUT) != 0 && evbuffer_write(output, socket) < 0 && !is_passing(errno))
            return;
        if ((peer.revents & ~POLLOUT) != 0 && !discard(socket))
            return;
    }
}
