/* The YAML config file: frontends, their backends, and where the tors are. */
#ifndef OBPUB_CONFIG_CONFIG_H
#define OBPUB_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "address/endpoint.h"
#include "address/listen_address.h"
#include "base/log.h"
#include "base/secret_pool.h"
#include "config/key_decode.h"
#include "crypto/ed25519.h"
#include "crypto/x25519.h"
#include "onion/authorized_clients.h"
#include "onion/bundle.h"
#include "onion/onion_address.h"

/* Which keys the tors of a service have: each one of its own, or all of them the frontend's. */
enum config_mode { CONFIG_MODE_SOFTMAP, CONFIG_MODE_HARDMAP };

/* So many clients may be authorised for a service at the most: with as many introduction points as there can
 * be, all at relays with an IPv6 address, too, the descriptor is shorter then than the public network allows,
 * DESCRIPTOR_SIZE_MAX_DEFAULT ("the usual 50,000 bytes"). Where a consensus allows less it is seen when the
 * descriptor is made. A multiple of AUTH_CLIENT_LINES. */
#define CONFIG_CLIENTS_MAX 112

/* Whether all HSDirs have the same introduction points. */
enum config_descriptors { CONFIG_DESCRIPTORS_AUTO, CONFIG_DESCRIPTORS_SAME, CONFIG_DESCRIPTORS_DISTINCT };

/* How it is checked whether what is behind a backend answers: by connecting to an onion address through Tor,
 * and where there is a path by asking for that. Times are seconds. */
struct config_health {
    bool is_on;
    char address[ONION_ADDRESS_SIZE]; /* where: the backend's own unless the file says otherwise */
    unsigned port;
    char *path;                      /* NULL: a connection is enough */
    char *host;                      /* that is named in a request, or NULL: the address */
    unsigned expect_from, expect_to; /* the statuses that are good ones, both included */
    unsigned interval, timeout;      /* the second one is no longer than the first */
    unsigned fall, rise;
};

struct config_backend {
    char *name;   /* "name:" of the file, or the first 16 characters of the address */
    bool is_twin; /* a tor that has the frontend's key: its address and identity key are the frontend's */
    char address[ONION_ADDRESS_SIZE];
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    bool has_control;
    struct control_endpoint control;
    char *control_password_file; /* path, resolved against the config file's folder, or NULL */
    char *control_cookie_file;   /* likewise */
    char *control_client_key; /* likewise: the file with the key for the agent's restricted onion service */
    char *client_key;         /* likewise: that for its own restricted descriptors */
    /* What is in these two files, X25519_SECRET_KEY_SIZE bytes each of the config's secret memory; NULL where
     * there is none, or keys are not read. */
    const uint8_t *control_client_secret, *client_secret;
    unsigned weight; /* for the share of visitors that it is to get; 0: none */
    struct config_health health;
    size_t line;   /* of the file, from 1 */
    size_t source; /* which of the config's sources it is, from 0: backends of several frontends may be one,
                    * twins never are */
};

struct config_frontend {
    bool is_group_readable; /* its key may be one of root's that a group of this process can read */
    char *key_path;         /* the key file itself, resolved */
    enum key_format key_format;
    char address[ONION_ADDRESS_SIZE];
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *secret_key; /* secret memory, or NULL: whoever takes it sets this to NULL */
    struct bundle *bundle;                 /* likewise, in its place when the format is KEY_FORMAT_BUNDLE */
    struct bundle_plan plan;               /* then: for which time and network the bundle is */
    size_t signer_frontend;                /* the signer's number of it, once the signer has the key */
    char *clients_folder; /* of the files of authorised clients, resolved; NULL: the config means none */
    struct authorized_clients *clients; /* who alone may read its descriptors; NULL: everybody may */
    enum config_mode mode;
    enum config_descriptors descriptors;
    unsigned points_max;        /* introduction points in a descriptor, 1 to INTRODUCTION_POINTS_MAX */
    bool has_proof_of_work_off; /* proof of work is not published, whatever the twins have */
    unsigned lead;              /* seconds that revision counters are ahead of the clock */
    struct config_backend *backends;
    size_t backend_count;
    size_t line;
};

/* Most local tors. */
#define CONFIG_TORS_MAX 16

#define CONFIG_BACKEND_GRACE_DEFAULT 60
#define CONFIG_BACKEND_GRACE_MAX 3600

/* Minutes of "lead". An hour more than the clock's, and what a tor uploads itself would not get through
 * before HSDirs forget, three hours after obpub has gone. */
#define CONFIG_LEAD_DEFAULT 45
#define CONFIG_LEAD_MAX 60

/* "weight" of an instance. */
#define CONFIG_WEIGHT_DEFAULT 10
#define CONFIG_WEIGHT_MAX 100

struct config {
    char *path;
    struct control_endpoint tor_controls[CONFIG_TORS_MAX];
    size_t tor_control_count;                         /* 0: the file names none */
    char *tor_control_password_file;                  /* or NULL */
    char *tor_control_cookie_file;                    /* or NULL */
    struct listen_address tor_socks[CONFIG_TORS_MAX]; /* SOCKS ports in the place of the local tors' own */
    size_t tor_socks_count;
    char *status_socket_location;  /* or NULL */
    char *command_socket_location; /* or NULL */
    char *metrics_listen;          /* "address:port" or "unix:/path", or NULL */
    unsigned backend_grace;        /* seconds that a backend whose connection is lost stays in */
    bool has_log_level;            /* the file says how much is to be said: */
    enum log_level log_level;
    char *user;                /* whom to become when started as root, or NULL */
    bool requires_sandbox;     /* rather not run than with less confinement than there is */
    bool takes_group_files;    /* keys may be files of root's that a group of obpub's can read */
    bool waits_for_backends;   /* frontends may be without any, until a reload brings some */
    bool has_other_publishers; /* others publish the same frontends on purpose */
    struct config_frontend *frontends;
    size_t frontend_count;
    size_t source_count; /* of all frontends together */
    struct secret_pool client_secrets;
};

/* All that is wrong with a file, and all that is merely worth saying: whole sentences, "<file>:<line>: ...".
 */
struct config_report {
    char **errors;
    size_t error_count;
    char **warnings;
    size_t warning_count;
};

/* Where the files are that a config's text names. */
struct config_files {
    /* Finds the key file at path, which is resolved: fills the frontend's key_path (to be released with
     * free()), key_format, identity_key, plan for a bundle and, for one who holds keys, secret_key or
     * bundle. Returns 0, or -1 with a
     * sentence that begins where the path would end. */
    int (*find_key)(const char *path, struct config_frontend *frontend, void *context, struct error *error);
    /* Finds the authorised clients of a frontend whose key has been found: those of the folder that the
     * config names, which is resolved, or for NULL those of the one that tor would look for beside the key.
     * Sets the frontend's clients_folder (to be released with free()) and clients, with one holder. Returns
     * 0; or -1 with at least one error added to the report, for then it must not be taken for an open one.
     * NULL: who reads the config publishes nothing; clients_folder is what the config names. */
    int (*find_clients)(const char *folder, struct config_frontend *frontend, void *context,
                        struct config_report *report);
    /* Finds the key of a client of the onion service at address, with ".onion" or without, in the file at
     * path: secret_key is in the caller's secret memory. Returns 0, or -1 with a sentence as above. NULL
     * where nobody needs such keys. */
    int (*find_client_key)(const char *path, const char *address, uint8_t secret_key[X25519_SECRET_KEY_SIZE],
                           void *context, struct error *error);
    void *context;
    /* Paths are looked at: whether a password file is there, and where a credential is. Otherwise
     * "credential:<name>" stays as it is. */
    bool are_here;
    /* The same text was parsed before and found good: the keys in addresses are not checked again, which
     * takes longer than all the rest. */
    bool are_checked;
};

/* The files themselves. */
extern const struct config_files config_files_here;

/* Has only the keys be found, for who signs with them on a machine that need not have the other files; root
 * may have those of another user's, who would publish with them. */
void config_files_find_keys(struct config_files *files);

/* Parses the text of the config file at path, length bytes, and goes on after an error so that all are found.
 * Returns 0 when the config can be used (there may be warnings), or -1 with at least one error added to the
 * report and nothing in config. Release both with config_clear() and config_report_clear(). */
int config_parse(struct config *config, const char *path, const unsigned char *text, size_t length,
                 const struct config_files *files, struct config_report *report);

/* Reads a config file and the key files it names, then does the same. The report is begun anew. */
int config_load(struct config *config, const char *path, struct config_report *report);

/* Reads nothing but the file's status-socket-location, for one who may not read the keys. Returns 0 with
 * *location to be released with free(), NULL when the file has none, or -1 with at least one error in the
 * report. Release the report with config_report_clear(). */
int config_find_status_socket(char **location, const char *path, struct config_report *report);

/* The same for the file's command-socket-location. */
int config_find_command_socket(char **location, const char *path, struct config_report *report);

/* Reads nothing but the file's "user" and "require-sandbox", which count from before anything else is read:
 * *user is to be released with free(), NULL when the file has none. Returns 0, or -1 when the file has
 * errors, which are for config_load() to report; what it has of the two is there all the same. */
int config_find_confinement(char **user, bool *requires_sandbox, const char *path);

/* Reads nothing but the file's "log-level", which counts from before anything else is read. Returns false,
 * with *level as it was, when the file has none or a bad one. */
bool config_find_log_level(enum log_level *level, const char *path);

/* Reads nothing but where the file has sockets listened on, "status-socket-location",
 * "command-socket-location" and "metrics-listen": all are to be released with free(), NULL when the file has
 * none or a bad one, which is for config_load() to report. */
void config_find_listeners(char **status_socket, char **command_socket, char **metrics_listen,
                           const char *path);

/* Wipes the keys of clients that a config has, for one who has handed them on and needs them no more. */
void config_forget_client_keys(struct config *config);

/* Reads nothing but where the local tors' control ports are and what opens them, for one who may not read the
 * keys: the rest of config stays empty. Returns 0 with config to be released with config_clear(), or -1 with
 * at least one error in the report and nothing in config. Release the report with config_report_clear(). */
int config_find_local_tors(struct config *config, const char *path, struct config_report *report);

/* True when both say the same of their control port: where it is, and what opens it. */
bool config_backend_asks_same(const struct config_backend *one, const struct config_backend *other);

/* True when some backend's control port is reached over Tor. */
bool config_has_onion_control(const struct config *config);

/* Room for a backend's title. */
#define CONFIG_TITLE_SIZE 256

/* What to call a backend where frontends stand side by side: its name, to which a twin, whose address and
 * place say nothing of it, has that of its frontend added. A longer one is cut. */
void config_backend_format_title(char title[CONFIG_TITLE_SIZE], const struct config_backend *backend);

/* True when the health of some backend is to be checked. */
bool config_checks_health(const struct config *config);

/* True when two checks ask the same of the same address, however often; and when all else is the same, too.
 */
bool config_health_asks_same(const struct config_health *one, const struct config_health *other);
bool config_health_equals(const struct config_health *one, const struct config_health *other);

/* "softmap" or "hardmap". */
const char *config_mode_name(enum config_mode mode);

/* "auto", "same" or "distinct". */
const char *config_descriptors_name(enum config_descriptors descriptors);

/* What "proof-of-work" of a service says: "auto" or "off". */
const char *config_proof_of_work_name(const struct config_frontend *frontend);

/* Releases all that a config points to, wiping the keys, and zeroes it. */
void config_clear(struct config *config);
void config_report_clear(struct config_report *report);

#endif
