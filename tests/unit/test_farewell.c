/* The end of a connection whose last commands have to reach the tor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "control/farewell.h"

#define LENGTH 1000000 /* more than a socket takes at once */
#define EVER 60000     /* milliseconds */

/* What is at the other end, and how much it has read. */
struct peer {
    int socket;
    size_t read;
    bool is_talking; /* says something before it reads */
    bool is_mute;    /* neither reads nor closes */
};

static void *run_peer(void *context)
{
    struct peer *peer = context;
    static char bytes[4096];
    ssize_t length;
    if (peer->is_talking)
        assert_int_equal(send(peer->socket, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
    while (!peer->is_mute && peer->read < LENGTH && (length = read(peer->socket, bytes, sizeof(bytes))) > 0)
        peer->read += (size_t)length;
    if (!peer->is_mute)
        close(peer->socket);
    return NULL;
}

/* Says farewell to a peer; returns how much of it has come there. */
static size_t say(struct peer *peer, size_t length, int64_t milliseconds)
{
    int ends[2];
    pthread_t thread;
    struct evbuffer *output = evbuffer_new();
    char *bytes = memory_allocate(length, 1);
    evbuffer_add(output, bytes, length);
    free(bytes);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    peer->socket = ends[1];
    assert_int_equal(pthread_create(&thread, NULL, run_peer, peer), 0);
    farewell_wait(ends[0], output, milliseconds);
    close(ends[0]);
    pthread_join(thread, NULL);
    if (peer->is_mute)
        close(ends[1]);
    evbuffer_free(output);
    return peer->read;
}

/* All of it comes, also where the peer has something to say, and the end is when the peer closes. */
static void test_all_comes(void **state)
{
    (void)state;
    struct peer silent = {.read = 0}, talking = {.is_talking = true};
    assert_int_equal(say(&silent, LENGTH, EVER), LENGTH);
    assert_int_equal(say(&talking, LENGTH, EVER), LENGTH);
}

/* Who takes nothing, or does not close, is waited for no longer than that. */
static void test_ends(void **state)
{
    (void)state;
    struct peer mute = {.is_mute = true}, talking = {.is_mute = true, .is_talking = true};
    assert_int_equal(say(&mute, LENGTH, 20), 0);
    assert_int_equal(say(&talking, 10, 20), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_comes), cmocka_unit_test(test_ends)};
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
