/* The YAML config file: frontends, their backends, and where the tors are. */
#ifndef OBPUB_CONFIG_CONFIG_H
#define OBPUB_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "config/key_decode.h"
#include "control/endpoint.h"
#include "obpub/crypto/ed25519.h"
#include "obpub/onion/onion_address.h"

struct config_backend {
    char *name; /* "name:" of the file, or the first 16 characters of the address */
    char address[ONION_ADDRESS_SIZE];
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    bool has_control;
    struct control_endpoint control;
    char *control_password_file; /* path, resolved against the config file's folder, or NULL */
    char *control_cookie_file;   /* likewise */
    size_t line;                 /* of the file, from 1 */
};

struct config_frontend {
    char *key_path; /* the key file itself, resolved */
    enum key_format key_format;
    char address[ONION_ADDRESS_SIZE];
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *secret_key; /* secret memory; whoever takes it sets this to NULL */
    struct config_backend *backends;
    size_t backend_count;
    size_t line;
};

#define CONFIG_BACKEND_GRACE_DEFAULT 60
#define CONFIG_BACKEND_GRACE_MAX 3600

struct config {
    char *path;
    bool has_tor_control;
    struct control_endpoint tor_control;
    char *tor_control_password_file; /* or NULL */
    char *tor_control_cookie_file;   /* or NULL */
    char *status_socket_location;    /* or NULL */
    char *metrics_listen;            /* "address:port" or "unix:/path", or NULL */
    unsigned backend_grace;          /* seconds that a backend whose connection is lost stays in */
    struct config_frontend *frontends;
    size_t frontend_count;
};

/* All that is wrong with a file, and all that is merely worth saying: whole sentences, "<file>:<line>: ...".
 */
struct config_report {
    char **errors;
    size_t error_count;
    char **warnings;
    size_t warning_count;
};

/* Reads a config file and the key files it names, and goes on after an error so that all are found. Returns 0
 * when the config can be used (there may be warnings), or -1 with at least one error in the report and
 * nothing in config. Release both with config_clear() and config_report_clear(). */
int config_load(struct config *config, const char *path, struct config_report *report);

/* Reads nothing but the file's status-socket-location, for one who may not read the keys. Returns 0 with
 * *location to be released with free(), NULL when the file has none, or -1 with at least one error in the
 * report. Release the report with config_report_clear(). */
int config_find_status_socket(char **location, const char *path, struct config_report *report);

/* Releases all that a config points to, wiping the keys, and zeroes it. */
void config_clear(struct config *config);
void config_report_clear(struct config_report *report);

#endif
