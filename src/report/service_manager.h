/* What obpub tells the service manager (systemd) that started it: the datagrams of sd_notify(3). */
#ifndef OBPUB_REPORT_SERVICE_MANAGER_H
#define OBPUB_REPORT_SERVICE_MANAGER_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"

/* Bytes of a status text; a longer one is cut. */
#define SERVICE_STATUS_SIZE_MAX 512

struct service_manager {
    int socket; /* -1 when nobody wants to be told */
    struct sockaddr_un address;
    socklen_t address_size;
    int64_t watchdog_interval; /* milliseconds between two service_manager_watchdog(), or 0 for no watchdog */
    char status[SERVICE_STATUS_SIZE_MAX + 1]; /* the last that was sent */
};

/* Takes from the environment whom to tell (NOTIFY_SOCKET: a path, or '@' and the name of an abstract socket)
 * and whether there is a watchdog (WATCHDOG_USEC, if WATCHDOG_PID is this process or not there). The interval
 * is half of what the watchdog allows. Returns 0, also when there is no service manager, or -1 with a
 * sentence when a variable makes no sense; manager can be used in either case and then tells nobody, or has
 * no watchdog. Close it with service_manager_close(). */
int service_manager_open(struct service_manager *manager, struct error *error);

void service_manager_close(struct service_manager *manager);

/* Each of these tells one thing. None of them ever blocks; what can't be told is lost. They return 0 when it
 * was told or nobody is there, or -1 with errno. */

/* Start-up, or a reload, is over. */
int service_manager_ready(struct service_manager *manager);

/* A reload has begun; service_manager_ready() ends it, whether it went well or not. */
int service_manager_reloading(struct service_manager *manager);

/* The process is about to end. */
int service_manager_stopping(struct service_manager *manager);

/* The loop is alive; due every watchdog_interval. */
int service_manager_watchdog(struct service_manager *manager);

/* One line for "systemctl status". Sent only when it is not the one sent last. */
int service_manager_status(struct service_manager *manager, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
