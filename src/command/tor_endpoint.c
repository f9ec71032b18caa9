/* Where the local tors' control ports are: the command line, the config, the environment and the usual
 * places.
 */
#include "command/tor_endpoint.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static void set_socket(struct control_endpoint *endpoint, const char *path)
{
    *endpoint = (struct control_endpoint){.way = CONTROL_WAY_UNIX,
                                          .socket_path = memory_copy_text(path, strlen(path))};
}

/* A host that is none, which -i does not take, is left for the connection to fail at. */
static void set_host(struct control_endpoint *endpoint, const char *host, uint16_t port)
{
    if (control_endpoint_set_host(endpoint, host, port, NULL) != 0)
        *endpoint = (struct control_endpoint){
            .way = CONTROL_WAY_TCP, .host = memory_copy_text(host, strlen(host)), .port = port};
}

/* True when there is a unix socket that this user may connect to. Somebody need not be listening. */
static bool socket_is_usable(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
           faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
}

static void copy_all(struct tor_endpoints *endpoints, const struct config *config)
{
    endpoints->count = config->tor_control_count;
    for (size_t i = 0; i < endpoints->count; i++)
        control_endpoint_copy(&endpoints->endpoints[i], &config->tor_controls[i]);
}

void tor_endpoints_find(const struct config *config, const struct options *options,
                        struct tor_endpoints *endpoints)
{
    struct control_endpoint *endpoint = &endpoints->endpoints[0];
    const char *host = options->ip != NULL ? options->ip : TOR_ENDPOINT_HOST;
    uint16_t port = options->port != 0 ? options->port : TOR_ENDPOINT_PORT;
    bool has_address = options->ip != NULL || options->port != 0;

    endpoints->count = 1;
    if (options->socket != NULL && (!has_address || socket_is_usable(options->socket)))
        set_socket(endpoint, options->socket);
    else if (has_address)
        set_host(endpoint, host, port);
    else if (config != NULL && config->tor_control_count > 0)
        copy_all(endpoints, config);
    else if (options->environment_socket != NULL)
        set_socket(endpoint, options->environment_socket);
    else if (socket_is_usable(TOR_ENDPOINT_SOCKET))
        set_socket(endpoint, TOR_ENDPOINT_SOCKET);
    else
        set_host(endpoint, host, port);
}

void tor_endpoints_clear(struct tor_endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++)
        control_endpoint_clear(&endpoints->endpoints[i]);
    endpoints->count = 0;
}
