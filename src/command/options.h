/* What a command line says. */
#ifndef OBPUB_COMMAND_OPTIONS_H
#define OBPUB_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

struct command;

/* The config, unless the command line or the environment names one. */
#define OPTIONS_CONFIG_PATH "config.yaml"

/* Addresses that one command line may give. */
#define OPTIONS_ADDRESSES_MAX 64

/* What "obpub init" asks. */
enum init_answer {
    INIT_ANSWER_MODE,
    INIT_ANSWER_SERVICES,
    INIT_ANSWER_KEY,
    INIT_ANSWER_ADDRESSES,
    INIT_ANSWER_INSTANCES,
    INIT_ANSWER_PORT,
    INIT_ANSWER_TARGET,
    INIT_ANSWER_CONTROL,
    INIT_ANSWER_TAG,
    INIT_ANSWER_TOR_FOLDER,
    INIT_ANSWER_OUTPUT,
    INIT_ANSWERS
};

struct options {
    const struct command *command; /* what is to be done */
    bool is_onionbalance;          /* it was started under Onionbalance's name, or its generator's */
    const char *config_path;       /* -c, else ONIONBALANCE_CONFIG, else "config.yaml" */
    const char *ip;                /* -i, or NULL; wins over the config's tor-control */
    uint16_t port;                 /* -p, or 0 */
    const char *socket;            /* -s, or NULL */
    enum log_level verbosity;      /* -v, else ONIONBALANCE_LOG_LEVEL, else info */
    bool has_verbosity;            /* one of the two was given: otherwise the config may say another one */
    const char
        *environment_socket; /* ONIONBALANCE_TOR_CONTROL_SOCKET, or NULL; the config's tor-control wins */
    const char
        *environment_status_socket; /* ONIONBALANCE_STATUS_SOCKET_LOCATION, or NULL; wins over the config's */
    bool has_log_location;          /* ONIONBALANCE_LOG_LOCATION is set, which does nothing */
    bool json, watch, force, verify;
    const char *socket_path;  /* --socket-path: the status socket, or the one for commands; or NULL */
    const char *frontend;     /* --frontend of "obpub drain" and "obpub client new", or NULL */
    const char *folder;       /* --folder of "obpub client", or NULL */
    const char *operand;      /* what a command is about that is no option: see its row */
    unsigned timeout;         /* seconds, 120 unless given */
    const char *client_key;   /* --client-key of "obpub inspect", or NULL */
    const char *output;       /* -o of "obpub presign", "obpub client new" and "obpub init", or NULL */
    unsigned days;            /* --days of "obpub presign" */
    unsigned period_minutes;  /* --period-minutes, 1440 unless given */
    unsigned voting_interval; /* --voting-interval, seconds */
    /* Of "obpub agent": --control and --listen, places; --control-password-file and --control-cookie-file, or
     * NULL; --password-file; and each --address. */
    const char *control, *listen;
    const char *control_password_file, *control_cookie_file;
    const char *password_file;
    const char *addresses[OPTIONS_ADDRESSES_MAX];
    size_t address_count;
    /* Of "obpub init": what the command line answers, not checked yet, NULL where it does not; of the
     * addresses and the output nothing, as they have members above. */
    const char *init_answers[INIT_ANSWERS];
    bool no_interactive; /* --no-interactive */
    bool has_password;   /* --password, which does nothing */
};

#endif
