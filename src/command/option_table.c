/* The options that are no commands: what each takes. */
#include "command/option_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "address/endpoint.h"
#include "onion/bundle.h"

#define TIMEOUT_MAX 86400
/* The most that tor takes. */
#define PERIOD_MINUTES_MAX 14400
#define VOTING_INTERVAL_MAX 86400

static int set_config(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the name of the config file is empty");
    options->config_path = argument;
    return 0;
}

static int set_ip(struct options *options, const char *argument, struct error *error)
{
    struct control_endpoint endpoint;
    if (control_endpoint_set_host(&endpoint, argument, 1, error) != 0)
        return -1;
    bool is_onion = endpoint.way == CONTROL_WAY_ONION;
    control_endpoint_clear(&endpoint);
    if (is_onion)
        return error_set(error, "an onion service is reached through the local tor, and can't be it");
    options->ip = argument;
    return 0;
}

/* Parses a decimal number from 1 to maximum, digits only. */
static int parse_number(const char *text, unsigned long maximum, unsigned long *number)
{
    size_t length = strlen(text);
    if (length == 0 || length > 9 || strspn(text, "0123456789") != length)
        return -1;
    *number = strtoul(text, NULL, 10);
    return *number >= 1 && *number <= maximum ? 0 : -1;
}

static int set_port(struct options *options, const char *argument, struct error *error)
{
    unsigned long port = 0;
    if (parse_number(argument, UINT16_MAX, &port) != 0)
        return error_set(error, "\"%s\" is no port: give a number from 1 to 65535", argument);
    options->port = (uint16_t)port;
    return 0;
}

/* A path may be relative here, and stand behind "unix:" as it does in the config and in torrc. */
static int set_socket(struct options *options, const char *argument, struct error *error)
{
    const size_t path_max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    const char *path = strncmp(argument, "unix:", 5) == 0 ? argument + 5 : argument;
    if (path[0] == '\0')
        return error_set(error, "the path of the socket is empty");
    if (strlen(path) > path_max)
        return error_set(error, "the unix socket's path has %zu bytes and may have %zu", strlen(path),
                         path_max);
    options->socket = path;
    return 0;
}

static int set_socket_path(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the path of the socket is empty");
    options->socket_path = argument;
    return 0;
}

static int set_frontend(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the address is empty");
    options->frontend = argument;
    return 0;
}

static int set_folder(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the path of the folder is empty");
    options->folder = argument;
    return 0;
}

static int set_verbosity(struct options *options, const char *argument, struct error *error)
{
    options->has_verbosity = log_level_parse(&options->verbosity, argument);
    if (options->has_verbosity)
        return 0;
    return error_set(error, "\"%s\" is no level: give debug, info, warning, error or critical", argument);
}

static int set_timeout(struct options *options, const char *argument, struct error *error)
{
    unsigned long timeout = 0;
    if (parse_number(argument, TIMEOUT_MAX, &timeout) != 0)
        return error_set(error, "\"%s\" is no time: give seconds, from 1 to %d", argument, TIMEOUT_MAX);
    options->timeout = (unsigned)timeout;
    return 0;
}

static int set_output(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the name of the file is empty");
    options->output = argument;
    return 0;
}

static int set_days(struct options *options, const char *argument, struct error *error)
{
    unsigned long days = 0;
    if (parse_number(argument, BUNDLE_DAYS_MAX, &days) != 0)
        return error_set(error, "\"%s\" is no number of days from 1 to %d", argument, BUNDLE_DAYS_MAX);
    options->days = (unsigned)days;
    return 0;
}

static int set_period_minutes(struct options *options, const char *argument, struct error *error)
{
    unsigned long minutes = 0;
    if (parse_number(argument, PERIOD_MINUTES_MAX, &minutes) != 0)
        return error_set(error, "\"%s\" is no number of minutes from 1 to %d", argument, PERIOD_MINUTES_MAX);
    options->period_minutes = (unsigned)minutes;
    return 0;
}

static int set_voting_interval(struct options *options, const char *argument, struct error *error)
{
    unsigned long seconds = 0;
    if (parse_number(argument, VOTING_INTERVAL_MAX, &seconds) != 0)
        return error_set(error, "\"%s\" is no number of seconds from 1 to %d", argument, VOTING_INTERVAL_MAX);
    options->voting_interval = (unsigned)seconds;
    return 0;
}

/* Takes the path of a file. */
static int take_file(const char **file, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the name of the file is empty");
    *file = argument;
    return 0;
}

static int set_control_password_file(struct options *options, const char *argument, struct error *error)
{
    return take_file(&options->control_password_file, argument, error);
}

static int set_control_cookie_file(struct options *options, const char *argument, struct error *error)
{
    return take_file(&options->control_cookie_file, argument, error);
}

static int set_password_file(struct options *options, const char *argument, struct error *error)
{
    return take_file(&options->password_file, argument, error);
}

static int set_client_key(struct options *options, const char *argument, struct error *error)
{
    return take_file(&options->client_key, argument, error);
}

/* What it is shows when the command is run, for this and the next two. */
static int set_control(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->control = argument;
    return 0;
}

static int set_listen(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->listen = argument;
    return 0;
}

static int add_address(struct options *options, const char *argument, struct error *error)
{
    if (options->address_count == OPTIONS_ADDRESSES_MAX)
        return error_set(error, "no more than %d can be given", OPTIONS_ADDRESSES_MAX);
    options->addresses[options->address_count++] = argument;
    return 0;
}

static int accept_hs_version(struct options *options, const char *argument, struct error *error)
{
    (void)options;
    if (strcmp(argument, "v3") == 0)
        return 0;
    if (strcmp(argument, "v2") == 0)
        return error_set(error, "v2 onion services are gone from the Tor network: only v3 is supported");
    return error_set(error, "\"%s\" is no version: only v3 is supported", argument);
}

static int set_json(struct options *options, const char *argument, struct error *error)
{
    (void)argument;
    (void)error;
    options->json = true;
    return 0;
}

static int set_verify(struct options *options, const char *argument, struct error *error)
{
    (void)argument;
    (void)error;
    options->verify = true;
    return 0;
}

static int set_watch(struct options *options, const char *argument, struct error *error)
{
    (void)argument;
    (void)error;
    options->watch = true;
    return 0;
}

static int set_force(struct options *options, const char *argument, struct error *error)
{
    (void)argument;
    (void)error;
    options->force = true;
    return 0;
}

/* What each of these says is judged when the command is run, as one depends on the other. */
static int set_mode(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->init_answers[INIT_ANSWER_MODE] = argument;
    return 0;
}

static int set_instances(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->init_answers[INIT_ANSWER_INSTANCES] = argument;
    return 0;
}

static int set_services(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->init_answers[INIT_ANSWER_SERVICES] = argument;
    return 0;
}

static int set_key(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->init_answers[INIT_ANSWER_KEY] = argument;
    return 0;
}

static int set_service_virtual_port(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->init_answers[INIT_ANSWER_PORT] = argument;
    return 0;
}

static int set_service_target(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->init_answers[INIT_ANSWER_TARGET] = argument;
    return 0;
}

static int set_backend_control(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->init_answers[INIT_ANSWER_CONTROL] = argument;
    return 0;
}

static int set_tag(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->init_answers[INIT_ANSWER_TAG] = argument;
    return 0;
}

static int set_tor_folder(struct options *options, const char *argument, struct error *error)
{
    (void)error;
    options->init_answers[INIT_ANSWER_TOR_FOLDER] = argument;
    return 0;
}

static int set_no_interactive(struct options *options, const char *argument, struct error *error)
{
    (void)argument;
    (void)error;
    options->no_interactive = true;
    return 0;
}

static int accept_password(struct options *options, const char *argument, struct error *error)
{
    (void)argument;
    (void)error;
    options->has_password = true;
    return 0;
}

static int accept_is_testnet(struct options *options, const char *argument, struct error *error)
{
    (void)options;
    (void)argument;
    (void)error;
    return 0;
}

const struct option_row option_rows[OPTIONS] = {
    [OPTION_CONFIG] = {"config", 'c', "FILE", "config file (default: $ONIONBALANCE_CONFIG, or config.yaml)",
                       set_config},
    [OPTION_SOCKET] = {"socket", 's', "PATH", "control socket of the local tor", set_socket},
    [OPTION_IP] = {"ip", 'i', "ADDRESS", "address of the local tor's control port (default: 127.0.0.1)",
                   set_ip},
    [OPTION_PORT] = {"port", 'p', "PORT", "the local tor's control port (default: 9051)", set_port},
    [OPTION_VERBOSITY] = {"verbosity", 'v', "LEVEL",
                          "debug, info, warning, error or critical (default: info)", set_verbosity},
    [OPTION_TIMEOUT] = {"timeout", 0, "SECONDS", "with --once: give up after so long (default: 120)",
                        set_timeout},
    [OPTION_JSON] = {"json", 0, NULL, "the result as one JSON object", set_json},
    [OPTION_VERIFY] = {"verify", 0, NULL, "say what visitors get once all is published", set_verify},
    [OPTION_SOCKET_PATH] = {"socket-path", 0, "PATH", "where to ask (default: as the config has)",
                            set_socket_path},
    [OPTION_FRONTEND] = {"frontend", 0, "ADDRESS", "of this frontend alone", set_frontend},
    [OPTION_FOLDER] = {"folder", 0, "FOLDER", "the clients' files", set_folder},
    [OPTION_WATCH] = {"watch", 0, NULL, "show it again every two seconds, until interrupted", set_watch},
    [OPTION_DAYS] = {"days", 0, "N", "for so many days from now on, 1 to 366", set_days},
    [OPTION_OUTPUT] = {"output", 'o', "FILE", "the file to make, or the folder", set_output},
    [OPTION_FORCE] = {"force", 0, NULL, "replace files; remove the last client", set_force},
    [OPTION_PERIOD_MINUTES] = {"period-minutes", 0, "M", "the network's time periods (default: 1440)",
                               set_period_minutes},
    [OPTION_VOTING_INTERVAL] = {"voting-interval", 0, "S",
                                "seconds between two consensuses (default: M * 5 / 2)", set_voting_interval},
    [OPTION_CONTROL] = {"control", 0, "PLACE", "control port of its tor (default: unix:/run/tor/control)",
                        set_control},
    [OPTION_CONTROL_PASSWORD_FILE] = {"control-password-file", 0, "FILE",
                                      "holds the password of that control port", set_control_password_file},
    [OPTION_CONTROL_COOKIE_FILE] = {"control-cookie-file", 0, "FILE", "the cookie, if not where tor says",
                                    set_control_cookie_file},
    [OPTION_LISTEN] = {"listen", 0, "PLACE", "a socket (default: unix:/run/obpub-agent/control.sock)",
                       set_listen},
    [OPTION_PASSWORD_FILE] = {"password-file", 0, "FILE", "holds the secret that the publisher has, too",
                              set_password_file},
    [OPTION_ADDRESS] = {"address", 0, "ADDRESS", "an onion service: a backend, or FILE's", add_address},
    [OPTION_CLIENT_KEY] = {"client-key", 0, "FILE",
                           "opens a restricted service's descriptors (.auth_private)", set_client_key},
    [OPTION_MODE] = {"mode", 0, "MODE", "softmap or hardmap (default: softmap)", set_mode},
    [OPTION_INSTANCES] = {"instances", 'n', "N", "how many tors (default: 2)", set_instances},
    [OPTION_SERVICES] = {"services", 's', "N", "how many onion services (default: 1)", set_services},
    [OPTION_KEY] = {"key", 0, "FILE", "the frontend's key, where there is one already", set_key},
    [OPTION_SERVICE_VIRTUAL_PORT] = {"service-virtual-port", 0, "PORT", "of visitors (default: 80)",
                                     set_service_virtual_port},
    [OPTION_SERVICE_TARGET] = {"service-target", 0, "PLACE", "the web server (default: 127.0.0.1:80)",
                               set_service_target},
    [OPTION_BACKEND_CONTROL] = {"backend-control", 0, "WAY", "none, unix, password or agent",
                                set_backend_control},
    [OPTION_TAG] = {"tag", 't', "NAME", "what the tors' names begin with (default: node)", set_tag},
    [OPTION_TOR_FOLDER] = {"tor-folder", 0, "PATH", "of the tors' services (default: /var/lib/tor)",
                           set_tor_folder},
    [OPTION_NO_INTERACTIVE] = {"no-interactive", 0, NULL, "ask nothing", set_no_interactive},
    [OPTION_PASSWORD] = {"password", 'p', "PASSWORD", "does nothing, as with onionbalance-config",
                         accept_password},
    [OPTION_IS_TESTNET] = {"is-testnet", 0, NULL,
                           "accepted as by Onionbalance; testing networks are noticed without it",
                           accept_is_testnet},
    [OPTION_HS_VERSION] = {"hs-version", 0, "v3", "accepted as by Onionbalance", accept_hs_version},
};
