/* What a running obpub listens on, as its config says: the status socket, the command socket, and the place
 * of the metrics. */
#include "command/listeners.h"

#include "base/text.h"

void listeners_close_changed(struct listeners *listeners, const struct config *old,
                             const struct config *config)
{
    if (!string_equals(old->status_socket_location, config->status_socket_location)) {
        status_socket_free(listeners->status);
        listeners->status = NULL;
    }
    if (!string_equals(old->command_socket_location, config->command_socket_location)) {
        command_socket_free(listeners->command);
        listeners->command = NULL;
    }
    if (!string_equals(old->metrics_listen, config->metrics_listen)) {
        metrics_server_free(listeners->metrics);
        listeners->metrics = NULL;
    }
}

int listeners_open(struct listeners *listeners, const struct config *config, struct error *error)
{
    int result = 0;
    if (listeners->status == NULL && config->status_socket_location != NULL) {
        listeners->status = status_socket_new(listeners->base, config->status_socket_location,
                                              &listeners->remover, live_view_fill, listeners->live, error);
        result = listeners->status != NULL ? result : -1;
    }
    if (listeners->command == NULL && config->command_socket_location != NULL) {
        listeners->command =
            command_socket_new(listeners->base, config->command_socket_location, &listeners->remover,
                               listeners->perform, listeners->context, error);
        result = listeners->command != NULL ? result : -1;
    }
    if (listeners->metrics == NULL && config->metrics_listen != NULL) {
        listeners->metrics = metrics_server_new(listeners->base, config->metrics_listen, &listeners->remover,
                                                live_view_fill, listeners->live, error);
        result = listeners->metrics != NULL ? result : -1;
    }
    return result;
}

void listeners_free(struct listeners *listeners)
{
    status_socket_free(listeners->status);
    command_socket_free(listeners->command);
    metrics_server_free(listeners->metrics);
}
