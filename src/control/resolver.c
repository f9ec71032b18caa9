/* Looks up the addresses of a host name without blocking the event loop. */
#include "control/resolver.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "control/name_servers.h"

enum resolver_state {
    RESOLVER_STARTING,
    RESOLVER_LOOKING_UP, /* evdns holds a pointer to the resolver until it has called back */
    RESOLVER_DONE,       /* about to call back */
};

struct resolver {
    struct event_base *base;
    struct event *step; /* runs the next step from the event loop, never from within evdns or our caller */
    struct evdns_base *dns;
    struct evdns_getaddrinfo_request *request;
    enum resolver_state state;
    bool abandoned; /* freed while evdns still held it */
    const struct name_reader *names;
    char *host;
    uint16_t port;
    struct resolver_address addresses[RESOLVER_ADDRESSES_MAX];
    size_t count;
    struct error error;
    resolver_callback callback;
    void *context;
};

static void destroy(struct resolver *resolver)
{
    event_free(resolver->step);
    if (resolver->dns != NULL)
        evdns_base_free(resolver->dns, 0);
    free(resolver->host);
    free(resolver);
}

/* Ends the look-up; the rest is done from the event loop. */
static void finish(struct resolver *resolver)
{
    resolver->state = RESOLVER_DONE;
    event_active(resolver->step, EV_TIMEOUT, 0);
}

/* Keeps the addresses of a look-up's result. */
static void keep_addresses(struct resolver *resolver, const struct evutil_addrinfo *info)
{
    for (; info != NULL && resolver->count < RESOLVER_ADDRESSES_MAX; info = info->ai_next) {
        if (info->ai_family != AF_INET && info->ai_family != AF_INET6)
            continue;
        struct resolver_address *address = &resolver->addresses[resolver->count++];
        memcpy(&address->address, info->ai_addr, info->ai_addrlen);
        address->length = info->ai_addrlen;
    }
}

/* The look-up has ended, or was cancelled. */
static void on_looked_up(int result, struct evutil_addrinfo *info, void *context)
{
    struct resolver *resolver = context;
    resolver->request = NULL;
    if (result == 0)
        keep_addresses(resolver, info);
    if (info != NULL)
        evutil_freeaddrinfo(info);
    if (resolver->count == 0)
        error_set(&resolver->error, "the host name %s can't be resolved (%s): check it for a typing mistake",
                  resolver->host, result != 0 ? evutil_gai_strerror(result) : "no address");
    finish(resolver);
}

/* Reads an address that needs no look-up. Returns false when the host is a name. */
static bool read_numeric_host(struct resolver *resolver, const char *host, const char *service)
{
    struct evutil_addrinfo hints = {.ai_flags = EVUTIL_AI_NUMERICHOST | EVUTIL_AI_NUMERICSERV,
                                    .ai_family = PF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_protocol = IPPROTO_TCP};
    struct evutil_addrinfo *info = NULL;
    if (evutil_getaddrinfo(host, service, &hints, &info) != 0)
        return false;
    keep_addresses(resolver, info);
    evutil_freeaddrinfo(info);
    return resolver->count > 0;
}

/* Looks into the machine's own list. Returns false when it does not have the host. */
static bool find_listed_host(struct resolver *resolver, const char *service)
{
    char addresses[NAME_FILES_TEXT_SIZE];
    char *saved = NULL;
    resolver->names->find_host(resolver->host, addresses, resolver->names->context);
    for (char *line = strtok_r(addresses, "\n", &saved); line != NULL; line = strtok_r(NULL, "\n", &saved))
        read_numeric_host(resolver, line, service);
    return resolver->count > 0;
}

/* Asks the name servers. */
static void ask_servers(struct resolver *resolver, const char *service)
{
    char text[NAME_FILES_TEXT_SIZE];
    resolver->dns = evdns_base_new(resolver->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (resolver->dns == NULL) {
        error_set(&resolver->error, "the host name %s can't be looked up: no resolver", resolver->host);
        finish(resolver);
        return;
    }
    resolver->names->read_resolver(text, resolver->names->context);
    name_servers_set(resolver->dns, text);
    struct evutil_addrinfo hints = {
        .ai_family = PF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    resolver->state = RESOLVER_LOOKING_UP;
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(resolver->dns, resolver->host, service, &hints, on_looked_up, resolver);
    if (resolver->state == RESOLVER_LOOKING_UP)
        resolver->request = request;
}

static void start_look_up(struct resolver *resolver)
{
    char service[8];
    snprintf(service, sizeof(service), "%u", (unsigned)resolver->port);
    if (read_numeric_host(resolver, resolver->host, service) || find_listed_host(resolver, service))
        finish(resolver);
    else
        ask_servers(resolver, service);
}

static void on_step(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct resolver *resolver = context;
    if (resolver->abandoned)
        destroy(resolver);
    else if (resolver->state == RESOLVER_STARTING)
        start_look_up(resolver);
    else
        resolver->callback(resolver->addresses, resolver->count, &resolver->error, resolver->context);
}

struct resolver *resolver_new(struct event_base *base, const struct name_reader *names, const char *host,
                              uint16_t port, resolver_callback callback, void *context)
{
    struct resolver *resolver = memory_allocate(1, sizeof(*resolver));
    resolver->base = base;
    resolver->names = names;
    resolver->host = memory_copy_text(host, strlen(host));
    resolver->port = port;
    resolver->callback = callback;
    resolver->context = context;
    resolver->step = event_new(base, -1, 0, on_step, resolver);
    event_active(resolver->step, EV_TIMEOUT, 0);
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    if (resolver->state != RESOLVER_LOOKING_UP) {
        destroy(resolver);
        return;
    }
    /* evdns calls back once more for what is cancelled; only then may its memory and ours go. */
    resolver->abandoned = true;
    if (resolver->request != NULL)
        evdns_getaddrinfo_cancel(resolver->request);
}
