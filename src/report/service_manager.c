/* What obpub tells the service manager (systemd) that started it: the datagrams of sd_notify(3). */
#include "report/service_manager.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/text.h"

/* Numbers of processes, and of microseconds, are no larger. */
#define NUMBER_MAX INT64_MAX

/* Reads a whole decimal number above zero. Returns 0, or -1. */
static int parse_number(const char *text, uint64_t *number)
{
    return text_parse_uint64(text_from_string(text), NUMBER_MAX, number) == 0 && *number > 0 ? 0 : -1;
}

/* Turns NOTIFY_SOCKET's value into an address; a leading '@' stands for the NUL of an abstract one. */
static int parse_address(struct service_manager *manager, const char *text, struct error *error)
{
    size_t length = strlen(text);
    struct sockaddr_un *address = &manager->address;
    if ((text[0] != '/' && text[0] != '@') || length < 2)
        return error_set(error,
                         "NOTIFY_SOCKET (\"%s\") is neither a whole path nor '@' and a name: the service "
                         "manager is not told anything",
                         text);
    /* A path needs its NUL, an abstract name has none. */
    if (length + (text[0] == '/') > sizeof(address->sun_path))
        return error_set(
            error, "NOTIFY_SOCKET is too long (%zu bytes): the service manager is not told anything", length);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, text, length);
    if (text[0] == '@')
        address->sun_path[0] = '\0';
    manager->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (text[0] == '/'));
    return 0;
}

static int open_socket(struct service_manager *manager, struct error *error)
{
    const char *text = getenv("NOTIFY_SOCKET");
    if (text == NULL || text[0] == '\0')
        return 0;
    if (parse_address(manager, text, error) != 0)
        return -1;
    manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (manager->socket < 0)
        return error_set(error, "no socket to the service manager can be made (%s): it is not told anything",
                         strerror(errno));
    return 0;
}

/* Finds out how often the watchdog is to be fed. */
static int read_watchdog(struct service_manager *manager, struct error *error)
{
    const char *time_text = getenv("WATCHDOG_USEC");
    const char *process_text = getenv("WATCHDOG_PID");
    uint64_t microseconds, process;
    if (time_text == NULL || time_text[0] == '\0')
        return 0;
    if (process_text != NULL && process_text[0] != '\0') {
        if (parse_number(process_text, &process) != 0)
            return error_set(error, "WATCHDOG_PID (\"%s\") is not a process: the watchdog is not fed",
                             process_text);
        if (process != (uint64_t)getpid())
            return 0; /* meant for another process */
    }
    if (parse_number(time_text, &microseconds) != 0)
        return error_set(error, "WATCHDOG_USEC (\"%s\") is not a time: the watchdog is not fed", time_text);
    manager->watchdog_interval = (int64_t)(microseconds / 2000);
    if (manager->watchdog_interval == 0)
        manager->watchdog_interval = 1;
    return 0;
}

int service_manager_open(struct service_manager *manager, struct error *error)
{
    *manager = (struct service_manager){.socket = -1};
    if (open_socket(manager, error) != 0)
        return -1;
    return manager->socket >= 0 ? read_watchdog(manager, error) : 0;
}

void service_manager_close(struct service_manager *manager)
{
    if (manager->socket >= 0)
        close(manager->socket);
    *manager = (struct service_manager){.socket = -1};
}

/* Sends one datagram. */
static int tell(const struct service_manager *manager, const char *text)
{
    if (manager->socket < 0)
        return 0;
    ssize_t sent;
    do {
        sent = sendto(manager->socket, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                      (const struct sockaddr *)&manager->address, manager->address_size);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

int service_manager_ready(struct service_manager *manager)
{
    return tell(manager, "READY=1");
}

int service_manager_reloading(struct service_manager *manager)
{
    char text[64];
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_microseconds());
    return tell(manager, text);
}

int service_manager_stopping(struct service_manager *manager)
{
    return tell(manager, "STOPPING=1");
}

int service_manager_watchdog(struct service_manager *manager)
{
    return tell(manager, "WATCHDOG=1");
}

int service_manager_status(struct service_manager *manager, const char *format, ...)
{
    static const char key[] = "STATUS=";
    char text[sizeof(key) + SERVICE_STATUS_SIZE_MAX];
    char *status = text + sizeof(key) - 1;
    va_list arguments;
    memcpy(text, key, sizeof(key));
    va_start(arguments, format);
    int length = vsnprintf(status, SERVICE_STATUS_SIZE_MAX + 1, format, arguments);
    va_end(arguments);
    if (length < 0) {
        errno = EINVAL;
        return -1;
    }
    text_make_printable(status);
    if (strcmp(status, manager->status) == 0)
        return 0;
    if (tell(manager, text) != 0)
        return -1;
    memcpy(manager->status, status, strlen(status) + 1);
    return 0;
}
