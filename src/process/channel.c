/* A channel between two of obpub's processes: a pair of sockets that carry whole messages, in order. */
#include "process/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"

int channel_open(int ends[2], struct error *error)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0)
        return 0;
    if (errno == EMFILE)
        return error_set_lasting(error, "obpub may have too few open files for the sockets between its "
                                        "processes: allow it more (LimitNOFILE=, or ulimit -n)");
    return error_set(error, "no sockets between obpub's processes can be had (%s)", strerror(errno));
}

int channel_send(int end, const void *message, size_t size)
{
    ssize_t sent;
    do
        sent = write(end, message, size);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? 0 : -1;
}

/* Room for the one descriptor that comes with a message: for a second one there is none, and the kernel
 * closes that. */
union descriptor_room {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int channel_send_descriptor(int end, const void *message, size_t size, int descriptor)
{
    union descriptor_room room = {.bytes = {0}};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)message, .iov_len = size};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    if (descriptor >= 0) {
        header.msg_control = room.bytes;
        header.msg_controllen = sizeof(room.bytes);
        room.header = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
        memcpy(CMSG_DATA(&room.header), &descriptor, sizeof(descriptor));
    }
    ssize_t sent;
    do
        sent = sendmsg(end, &header, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? 0 : -1;
}

/* What receiving a message has come to. */
static ssize_t judge_length(ssize_t length, size_t size)
{
    if (length < 0)
        return errno == ECONNRESET ? 0 : -1; /* it was closed with messages of ours unread */
    return (size_t)length <= size ? length : -1;
}

ssize_t channel_receive(int end, void *message, size_t size)
{
    ssize_t length;
    do
        length = recv(end, message, size, MSG_TRUNC); /* the length as sent, also when it is too long */
    while (length < 0 && errno == EINTR);
    return judge_length(length, size);
}

ssize_t channel_receive_descriptor(int end, void *message, size_t size, int *descriptor)
{
    union descriptor_room room;
    struct iovec piece = {.iov_base = message, .iov_len = size};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = room.bytes};
    ssize_t length;
    *descriptor = -1;
    do {
        header.msg_controllen = CMSG_LEN(sizeof(int));
        length = recvmsg(end, &header, MSG_TRUNC | MSG_CMSG_CLOEXEC);
    } while (length < 0 && errno == EINTR);
    const struct cmsghdr *control = length >= 0 ? CMSG_FIRSTHDR(&header) : NULL;
    if (control != NULL && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS &&
        control->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(descriptor, CMSG_DATA(control), sizeof(*descriptor));
    return judge_length(length, size);
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
