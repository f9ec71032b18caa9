/* A channel between two of obpub's processes: a pair of sockets that carry whole messages, in order. */
#include "process/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

int channel_open(int ends[2], struct error *error)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set(error, "no sockets between obpub's processes can be had (%s)", strerror(errno));
    return 0;
}

int channel_send(int end, const void *message, size_t size)
{
    ssize_t sent;
    do
        sent = write(end, message, size);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? 0 : -1;
}

ssize_t channel_receive(int end, void *message, size_t size)
{
    ssize_t length;
    do
        length = recv(end, message, size, MSG_TRUNC); /* the length as sent, also when it is too long */
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return errno == ECONNRESET ? 0 : -1; /* it was closed with messages of ours unread */
    return (size_t)length <= size ? length : -1;
}

bool channel_is_closed(int end)
{
    uint8_t byte;
    ssize_t length;
    do
        length = recv(end, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
    while (length < 0 && errno == EINTR);
    return length == 0 || (length < 0 && errno != EAGAIN);
}

int channel_wait(int end, int64_t milliseconds)
{
    int64_t deadline = clock_milliseconds() + milliseconds;
    for (;;) {
        struct pollfd one = {.fd = end, .events = POLLIN};
        int64_t left = deadline - clock_milliseconds();
        int result = poll(&one, 1, left > 0 ? (int)left : 0);
        if (result >= 0)
            return result;
        if (errno != EINTR)
            return -1;
    }
}
