/* Passwords that go to whoever has bound a port of this machine. */
#include "command/weak_passwords.h"

#include <stdio.h>

#include "base/printable.h"
#include "command/tor_endpoint.h"
#include "config/config_report.h"

#define PLACE_SIZE 320

/* The control ports on loopback TCP that a password opens. */
struct weak_ports {
    size_t count;
    size_t line;                        /* of the first one, or 0 */
    const struct control_endpoint *one; /* likewise */
};

static void add(struct weak_ports *ports, const struct control_endpoint *endpoint, size_t line)
{
    if (!control_endpoint_is_loopback(endpoint))
        return;
    if (ports->count++ > 0)
        return;
    ports->one = endpoint;
    ports->line = line;
}

static void add_backends(struct weak_ports *ports, const struct config *config)
{
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++) {
            const struct config_backend *backend = &frontend->backends[j];
            if (backend->has_control && backend->control_password_file != NULL)
                add(ports, &backend->control, backend->line);
        }
    }
}

void weak_passwords_warn(const struct config *config, const struct options *options,
                         struct config_report *report)
{
    struct weak_ports ports = {0};
    struct tor_endpoints tors;
    char place[PLACE_SIZE], others[64] = "";
    tor_endpoints_find(config, options, &tors);
    for (size_t i = 0; config->tor_control_password_file != NULL && i < tors.count; i++)
        add(&ports, &tors.endpoints[i], 0);
    add_backends(&ports, config);
    if (ports.count > 0) {
        control_endpoint_format(ports.one, place, sizeof(place));
        text_make_printable(place);
        if (ports.count > 1)
            snprintf(others, sizeof(others), " and %zu other control ports", ports.count - 1);
        config_report_add_warning(report, config->path, ports.line,
                                  "the password for %s%s goes over loopback TCP: any user of this machine "
                                  "can listen there while the "
                                  "tor or the tunnel is down, and is sent the password then; use a unix "
                                  "socket in a folder that only "
                                  "obpub's user can enter",
                                  place, others);
    }
    tor_endpoints_clear(&tors);
}
