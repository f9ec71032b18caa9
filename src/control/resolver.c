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
#include "control/name_files.h"
#include "control/name_servers.h"

#define SERVICE_SIZE 8 /* a port as text */

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
    const struct credential_reader *reader;
    struct file_request *file_request; /* while the machine's own files are being read, or NULL */
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
    bool is_unknown = result == 0 || result == EVUTIL_EAI_NONAME || result == EVUTIL_EAI_NODATA;
    if (resolver->count == 0 && is_unknown)
        error_set(&resolver->error, "the host name %s can't be resolved (%s): check it for a typing mistake",
                  resolver->host, result != 0 ? evutil_gai_strerror(result) : "no address");
    else if (resolver->count == 0)
        error_set(&resolver->error,
                  "the host name %s can't be resolved (%s): see that the name servers in /etc/resolv.conf "
                  "answer, or "
                  "write an address",
                  resolver->host, evutil_gai_strerror(result));
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

static void format_service(const struct resolver *resolver, char service[SERVICE_SIZE])
{
    snprintf(service, SERVICE_SIZE, "%u", (unsigned)resolver->port);
}

/* Asks the name servers that a resolv.conf names. */
static void ask_servers(struct resolver *resolver, const char *text)
{
    char service[SERVICE_SIZE];
    format_service(resolver, service);
    resolver->dns = evdns_base_new(resolver->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (resolver->dns == NULL) {
        error_set(&resolver->error, "the host name %s can't be looked up: no resolver", resolver->host);
        finish(resolver);
        return;
    }
    name_servers_set(resolver->dns, text);
    struct evutil_addrinfo hints = {
        .ai_family = PF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    resolver->state = RESOLVER_LOOKING_UP;
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(resolver->dns, resolver->host, service, &hints, on_looked_up, resolver);
    if (resolver->state == RESOLVER_LOOKING_UP)
        resolver->request = request;
}

/* What was read of a file, as text; none when it could not be. */
static void copy_lines(char lines[NAME_FILES_TEXT_SIZE], const struct file_answer *answer)
{
    lines[0] = '\0';
    if (answer->result != CREDENTIAL_OK || answer->length >= NAME_FILES_TEXT_SIZE ||
        memchr(answer->content, '\0', answer->length) != NULL)
        return;
    memcpy(lines, answer->content, answer->length);
    lines[answer->length] = '\0';
}

static void on_servers_read(const struct file_answer *answer, void *context)
{
    struct resolver *resolver = context;
    char text[NAME_FILES_TEXT_SIZE];
    resolver->file_request = NULL;
    copy_lines(text, answer);
    ask_servers(resolver, text);
}

static void ask_file(struct resolver *resolver, enum file_question_type type, const char *text,
                     file_callback callback)
{
    const struct file_question question = {.type = type, .text = text, .socket = -1};
    const struct credential_reader *reader = resolver->reader;
    struct file_request *request = reader->ask(&question, callback, resolver, reader->context);
    if (request != NULL)
        resolver->file_request = request;
}

/* The machine's own list has been looked into. */
static void on_host_read(const struct file_answer *answer, void *context)
{
    struct resolver *resolver = context;
    char service[SERVICE_SIZE], addresses[NAME_FILES_TEXT_SIZE];
    char *saved = NULL;
    resolver->file_request = NULL;
    copy_lines(addresses, answer);
    format_service(resolver, service);
    for (char *line = strtok_r(addresses, "\n", &saved); line != NULL; line = strtok_r(NULL, "\n", &saved))
        read_numeric_host(resolver, line, service);
    if (resolver->count > 0)
        finish(resolver);
    else
        ask_file(resolver, FILE_RESOLVER, NULL, on_servers_read);
}

static void start_look_up(struct resolver *resolver)
{
    char service[SERVICE_SIZE];
    format_service(resolver, service);
    if (read_numeric_host(resolver, resolver->host, service))
        finish(resolver);
    else
        ask_file(resolver, FILE_HOST, resolver->host, on_host_read);
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

struct resolver *resolver_new(struct event_base *base, const struct credential_reader *reader,
                              const char *host, uint16_t port, resolver_callback callback, void *context)
{
    struct resolver *resolver = memory_allocate(1, sizeof(*resolver));
    resolver->base = base;
    resolver->reader = reader;
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
    if (resolver->file_request != NULL)
        resolver->reader->forget(resolver->file_request, resolver->reader->context);
    if (resolver->state != RESOLVER_LOOKING_UP) {
        destroy(resolver);
        return;
    }
    /* evdns calls back once more for what is cancelled; only then may its memory and ours go. */
    resolver->abandoned = true;
    if (resolver->request != NULL)
        evdns_getaddrinfo_cancel(resolver->request);
}
