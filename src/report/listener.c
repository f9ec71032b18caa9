/* A listening socket of our own: made safely, also where an old socket file lies, and quiet when there are no
 * file descriptors left. */
#include "report/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* Connections that may wait to be accepted: fewer than are served at the same time, as all are accepted at
 * once and none of them is to be dropped for the others before it was looked at. */
#define BACKLOG 32
/* How long nobody is let in after accept() failed, for want of file descriptors mostly. */
#define PAUSE_SECONDS 1

/* -- errors */

/* Whether only somebody who changes something mends it. Who listens there may end, an address may come, and a
 * folder may be made by whom it belongs to. */
static bool is_lasting(int number)
{
    static const int lasting[] = {EACCES, EPERM, EROFS, ENOTDIR, ELOOP, ENAMETOOLONG, EAFNOSUPPORT, EINVAL};
    for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++) {
        if (lasting[i] == number)
            return true;
    }
    return false;
}

/* Sets whether an error lasts by its number. Returns -1. */
static int judge(struct error *error, int number)
{
    if (error != NULL)
        error->lasts = is_lasting(number);
    return -1;
}

/* -- the socket file */

/* Whether somebody listens on the socket: 1 or 0, or -1 with errno set when it can't be told. */
static int is_listened_on(const struct listen_address *address)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return -1;
    int result = connect(probe, (const struct sockaddr *)&address->address, address->length);
    int number = result == 0 ? 0 : errno;
    close(probe);
    errno = number;
    if (number == 0 || number == EAGAIN)
        return 1;
    return number == ECONNREFUSED ? 0 : -1;
}

/* Takes away a socket that a process left behind when it was killed. */
static int remove_stale(const struct listen_address *address, const struct listener_remover *remover,
                        struct error *error)
{
    const char *path = listen_address_path(address);
    struct stat status;
    if (lstat(path, &status) != 0) {
        int number = errno;
        if (number == ENOENT)
            return 0;
        error_set(error, "%s can't be made: %s", path, strerror(number));
        return judge(error, number);
    }
    if (!S_ISSOCK(status.st_mode))
        return error_set_lasting(
            error, "%s is there already and is no socket: remove it, or choose another path", path);
    int is_in_use = is_listened_on(address);
    if (is_in_use < 0)
        return error_set(error, "%s is there already, and whether it is still used can't be told: %s", path,
                         strerror(errno));
    if (is_in_use)
        return error_set(error, "another process answers on %s: is obpub running already?", path);
    return remover->remove(path, remover->context, error);
}

static void remember_file(struct listener *listener, const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return;
    listener->path = memory_copy_text(path, strlen(path));
    listener->device = status.st_dev;
    listener->inode = status.st_ino;
}

static void remove_file(struct listener *listener)
{
    struct stat status;
    if (listener->path != NULL && lstat(listener->path, &status) == 0 && status.st_dev == listener->device &&
        status.st_ino == listener->inode)
        listener->remover->remove(listener->path, listener->remover->context, NULL);
    free(listener->path);
    listener->path = NULL;
}

/* -- accepting */

/* Lets connections in, or leaves them waiting in the kernel. */
static void update(struct listener *listener)
{
    if (evtimer_pending(listener->pause, NULL)) {
        event_del(listener->watch);
        evconnlistener_disable(listener->connections);
    } else {
        event_add(listener->watch, NULL);
        evconnlistener_enable(listener->connections);
    }
}

static void pause_is_over(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    update(context);
}

/* Somebody wants in. Where there is no file descriptor for that, accept() fails and the event loop would
 * spin: the connection that could not be accepted is still there. */
static void somebody_came(evutil_socket_t descriptor, short events, void *context)
{
    (void)descriptor;
    (void)events;
    struct listener *listener = context;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe >= 0) {
        close(probe);
        return;
    }
    const struct timeval delay = {PAUSE_SECONDS, 0};
    evtimer_add(listener->pause, &delay);
    update(listener);
}

/* somebody_came() sees to it: libevent would write a line each time. */
static void accept_failed(struct evconnlistener *connections, void *context)
{
    (void)connections;
    (void)context;
}

/* -- making */

static void describe_bind_failure(const struct listen_address *address, struct error *error)
{
    const char *path = listen_address_path(address);
    int number = errno;
    if (path == NULL && number == EADDRINUSE)
        error_set(error, "another process listens there already: is obpub running already?");
    else if (path == NULL && number == EADDRNOTAVAIL)
        error_set(error, "this machine does not have that address: write one that it has");
    else if (path == NULL)
        error_set(error, "can't listen there: %s", strerror(number));
    else if (number == ENOENT)
        error_set(error,
                  "%s can't be made: its folder is not there; make it first, for the user that runs obpub",
                  path);
    else if (number == EACCES)
        error_set(
            error,
            "%s can't be made: this user (uid %u) may make nothing in its folder; give the folder to it",
            path, (unsigned)geteuid());
    else
        error_set(error, "%s can't be made: %s", path, strerror(number));
    judge(error, number);
}

/* Binds it; a socket file gets its mode from the first moment on. */
static int bind_socket(int descriptor, const struct listen_address *address, mode_t mode)
{
    int on = 1;
    if (listen_address_path(address) == NULL)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    mode_t mask = umask(0777 & ~mode);
    int result = bind(descriptor, (const struct sockaddr *)&address->address, address->length);
    umask(mask);
    return result == 0 ? listen(descriptor, BACKLOG) : result;
}

/* Makes the listening socket; returns its descriptor or -1. */
static int make_socket(const struct listen_address *address, mode_t mode, struct error *error)
{
    int descriptor = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
        int number = errno;
        error_set(error, "a socket can't be made: %s", strerror(number));
        return judge(error, number);
    }
    if (bind_socket(descriptor, address, mode) == 0)
        return descriptor;
    describe_bind_failure(address, error);
    close(descriptor);
    return -1;
}

int listener_open(struct listener *listener, struct event_base *base, const struct listen_address *address,
                  mode_t mode, const struct listener_remover *remover, struct error *error)
{
    memset(listener, 0, sizeof(*listener));
    listener->remover = remover;
    const char *path = listen_address_path(address);
    if (path != NULL && remove_stale(address, remover, error) != 0)
        return -1;
    int descriptor = make_socket(address, mode, error);
    if (descriptor < 0)
        return -1;
    if (path != NULL)
        remember_file(listener, path);
    listener->pause = evtimer_new(base, pause_is_over, listener);
    listener->watch = event_new(base, descriptor, EV_READ | EV_PERSIST, somebody_came, listener);
    /* A backlog of 0 says that it listens already. */
    listener->connections = evconnlistener_new(
        base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, descriptor);
    if (listener->connections == NULL)
        close(descriptor);
    if (listener->connections == NULL || listener->pause == NULL || listener->watch == NULL) {
        listener_close(listener, listener->connections == NULL);
        return error_set(error, "libevent has no memory for a listener");
    }
    evconnlistener_set_error_cb(listener->connections, accept_failed);
    update(listener);
    return 0;
}

void listener_close(struct listener *listener, bool is_taken_over)
{
    remove_file(listener);
    if (listener->pause != NULL)
        event_free(listener->pause);
    if (listener->watch != NULL)
        event_free(listener->watch);
    if (!is_taken_over)
        evconnlistener_free(listener->connections);
    memset(listener, 0, sizeof(*listener));
}
