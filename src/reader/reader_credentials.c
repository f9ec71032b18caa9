/* What the reader gives out of the files that open control ports, and to whom. */
#include "reader/reader_credentials.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/credential.h"
#include "files/path.h"

/* A refusal comes this many milliseconds after the request: longer than it takes to find out that a file is
 * not there, that it is no cookie, or whose it is, so that the time does not say which. */
#define REFUSAL_TIME 5

/* -- files that a config names -------------------------------------------------------------------- */

/* The files that open one control port, as the config has them: NULL for none. */
struct named_files {
    const char *password, *cookie;
    const struct control_endpoint *control; /* NULL: a local tor's */
};

/* True for a file for which is_wanted() is true, of all that open control ports. */
static bool has_file(const struct config *config,
                     bool (*is_wanted)(const struct named_files *files, const void *context),
                     const void *context)
{
    const struct named_files tors = {config->tor_control_password_file, config->tor_control_cookie_file,
                                     NULL};
    if (is_wanted(&tors, context))
        return true;
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++) {
            const struct config_backend *backend = &frontend->backends[j];
            const struct named_files files = {backend->control_password_file, backend->control_cookie_file,
                                              &backend->control};
            if (is_wanted(&files, context))
                return true;
        }
    }
    return false;
}

static bool is_over_tor(const struct named_files *files)
{
    return files->control != NULL && files->control->way == CONTROL_WAY_ONION;
}

/* What opens a control port over Tor is a secret that is proved and given to nobody. */
static bool is_password(const struct named_files *files, const void *path)
{
    return !is_over_tor(files) && string_equals(files->password, path);
}

/* An agent may be anywhere. */
static bool is_secret(const struct named_files *files, const void *path)
{
    return string_equals(files->password, path);
}

static bool is_cookie(const struct named_files *files, const void *path)
{
    return string_equals(files->cookie, path);
}

/* Where "credential:<name>" is, or the path as it is; release with free(). NULL with a sentence. */
static char *find_file(const char *path, struct error *error)
{
    if (string_skip(&path, CREDENTIAL_PREFIX))
        return credential_find(path, error);
    return memory_copy_text(path, strlen(path));
}

/* True when the cookie file that is named is this one, by whatever path. */
static bool is_cookie_of(const struct named_files *files, const void *context)
{
    const struct cookie_origin *origin = context;
    struct stat status;
    return files->cookie != NULL && stat(files->cookie, &status) == 0 && status.st_dev == origin->device &&
           status.st_ino == origin->inode;
}

static bool is_named(const struct reader_credentials *credentials,
                     bool (*is_wanted)(const struct named_files *files, const void *context),
                     const void *context)
{
    return has_file(credentials->kept, is_wanted, context) ||
           has_file(credentials->loaded, is_wanted, context);
}

/* Where a file is that the engine asks for by the name that the config has for it; release with free(). NULL
 * with the same sentence for one that is there, but that no config names, as for one that is not. */
static char *find_named(const struct reader_credentials *credentials, const char *name,
                        bool (*is_wanted)(const struct named_files *files, const void *context),
                        const char *what, struct error *error)
{
    char *path = find_file(name, NULL);
    if (path != NULL && is_named(credentials, is_wanted, path))
        return path;
    free(path);
    if (string_skip(&name, CREDENTIAL_PREFIX))
        error_set(error, "there is no such credential that the config names");
    else
        error_set(error, "the config names no %s file %s", what, name);
    return NULL;
}

/* -- passwords ------------------------------------------------------------------------------------ */

/* Checks who listens on a unix socket: in a folder where everybody may make sockets, that may be anybody
 * while the tor or tunnel is down. Returns 0, or -1 with a sentence. */
static int check_listener(const struct reader_credentials *credentials, int socket, const char *socket_path,
                          struct error *error)
{
    struct peer peer;
    struct stat status;
    peer_find(&peer, socket, credentials->process);
    if (peer.place != PEER_UNIX || socket_path[0] == '\0')
        return 0;
    bool is_known = peer.knowledge == PEER_USER_KNOWN;
    bool is_somebody = is_known && peer.user != PEER_USER_NOBODY;
    if ((is_known && peer.user == 0) || (is_somebody && peer.user == geteuid()))
        return 0;
    char *folder = path_copy_folder(socket_path);
    bool is_folders = is_somebody && stat(folder, &status) == 0 && status.st_uid == peer.user;
    if (!is_folders)
        error_set(
            error,
            "user %u listens on this socket, who is neither root nor obpub's user nor the owner of the "
            "folder %s, and so is not given the password: have the socket made in a folder that belongs "
            "to whom it should be",
            (unsigned)peer.user, folder);
    free(folder);
    return is_folders ? 0 : -1;
}

enum credential_result reader_credentials_read_password(struct reader_credentials *credentials,
                                                        const char *path, int socket, const char *socket_path,
                                                        char **password, struct error *error)
{
    *password = NULL;
    /* No other file's first line is anybody's business. */
    char *file = find_named(credentials, path, is_password, "password", error);
    enum credential_result result = CREDENTIAL_UNUSABLE;
    if (file != NULL && check_listener(credentials, socket, socket_path, error) == 0)
        result = credential_read_password(file, password, error);
    free(file);
    return result;
}

/* -- proofs --------------------------------------------------------------------------------------- */

/* What the operator does when a file that the peer named can't be had. */
#define NAME_THE_FILE "name the file in the config for this control port (%s)"

static const char *config_key(const struct proof_request *request)
{
    return request->is_local_tor ? "tor-control-cookie-file" : "control-cookie-file";
}

static void warn(struct reader_credentials *credentials, const struct error *error)
{
    log_once_warn(&credentials->said, credentials->log, clock_milliseconds(), error->text);
}

/* Says that whose a control port is can't be known: then only the local tor is believed. */
static int check_unknown(struct reader_credentials *credentials, const struct proof_request *request,
                         const struct peer *peer, struct error *error)
{
    if (!request->is_local_tor)
        return error_set(error,
                         "whose the control port %s is can't be found out, so the cookie file %s, which it "
                         "names, is not used for it: " NAME_THE_FILE,
                         peer->address, request->path, config_key(request));
    struct error warning;
    error_set(
        &warning,
        "whose the control port %s is can't be found out; the cookie file %s, which it names, is used since "
        "it is to be the local tor's: better use a unix socket",
        peer->address, request->path);
    warn(credentials, &warning);
    return 0;
}

/* Checks that a peer is whose the cookie file is that it names. */
static int check_owner(struct reader_credentials *credentials, const struct proof_request *request,
                       const struct peer *peer, const struct cookie_origin *origin, struct error *error)
{
    bool is_owners = peer->user == origin->owner;
    if (peer->place == PEER_ELSEWHERE)
        return error_set(error,
                         "%s names the cookie file %s of this machine, but is not on it: " NAME_THE_FILE,
                         peer->address, request->path, config_key(request));
    if (peer->knowledge == PEER_USER_UNKNOWN || (peer->knowledge == PEER_USER_UNMAPPED && is_owners))
        return check_unknown(credentials, request, peer, error);
    if (is_owners && peer->user != PEER_USER_NOBODY)
        return 0;
    /* A tor that is started as root makes its unix socket listen before it becomes another user. A TCP
     * connection is accepted later: root is only a tunnel of root's there, and whoever is at its other end.
     */
    if (peer->user == 0 && (peer->place == PEER_UNIX || request->is_local_tor))
        return 0;
    if (is_owners)
        return error_set(
            error,
            "user %u is at the other end of the control port %s, which may be any user that the kernel can't "
            "name here, so the cookie file %s is not used for it: have that tor run as a user of its own, "
            "or " NAME_THE_FILE,
            (unsigned)peer->user, peer->address, request->path, config_key(request));
    return error_set(
        error,
        "user %u is at the other end of the control port %s, and names the cookie file %s, which "
        "belongs to user %u, so it is not used: if all is well, " NAME_THE_FILE,
        (unsigned)peer->user, peer->address, request->path, (unsigned)origin->owner, config_key(request));
}

/* Checks that a cookie file that a peer names is no other control port's. */
static int check_claims(struct reader_credentials *credentials, const struct proof_request *request,
                        const struct peer *peer, const struct cookie_origin *origin, struct error *error)
{
    const struct cookie_claim *other =
        cookie_claims_find(&credentials->claims, peer->address, request->is_local_tor, request->path, origin);
    if (other != NULL)
        return error_set(
            error,
            "the control port %s names the cookie file %s, which is that of %s, so it is not used: "
            "if both are the same tor, " NAME_THE_FILE,
            peer->address, request->path, other->place, config_key(request));
    if (!cookie_claims_has(&credentials->claims, peer->address, request->path, origin) &&
        is_named(credentials, is_cookie_of, origin))
        return error_set(
            error,
            "the control port %s names the cookie file %s, which the config names for another one, "
            "so it is not used: if both are the same tor, " NAME_THE_FILE,
            peer->address, request->path, config_key(request));
    return 0;
}

/* Proves it to a peer that has named the file itself. Returns 0, or -1 with a sentence for the operator. */
static int prove_to_namer(struct reader_credentials *credentials, const struct proof_request *request,
                          const struct peer *peer, uint8_t proof[SHA256_SIZE], struct error *error)
{
    struct cookie_origin origin = {.owner = PEER_USER_NOBODY};
    struct error reason;
    switch (credential_prove(request->path, &request->challenge, proof, &origin, &reason)) {
    case CREDENTIAL_OK:
        break;
    case CREDENTIAL_PERMISSION: /* which says what to do */
        return error_set(error, "%s: %s", peer->address, reason.text);
    default:
        return error_set(
            error,
            "%s: %s; if that tor runs in a container or at the far end of a tunnel, name its cookie "
            "file as it is seen from here (%s), or give it a password (%s)",
            peer->address, reason.text, config_key(request),
            request->is_local_tor ? "tor-control-password-file" : "control-password-file");
    }
    if (check_owner(credentials, request, peer, &origin, error) != 0 ||
        check_claims(credentials, request, peer, &origin, error) != 0)
        return -1;
    cookie_claims_note(&credentials->claims, peer->address, request->is_local_tor, request->path, &origin);
    return 0;
}

/* Waits until so many milliseconds have passed since a moment. */
static void wait_until(int64_t moment)
{
    int64_t left;
    while ((left = moment - clock_milliseconds()) > 0)
        poll(NULL, 0, (int)left);
}

static enum credential_result prove_by_config(struct reader_credentials *credentials,
                                              const struct proof_request *request, const struct peer *peer,
                                              uint8_t proof[SHA256_SIZE], struct error *error)
{
    struct cookie_origin origin;
    char *file = find_named(credentials, request->path, is_cookie, "cookie", error);
    if (file == NULL)
        return CREDENTIAL_UNUSABLE;
    enum credential_result result = credential_prove(file, &request->challenge, proof, &origin, error);
    if (result == CREDENTIAL_OK && peer->address[0] != '\0')
        cookie_claims_note(&credentials->claims, peer->address, request->is_local_tor, file, &origin);
    free(file);
    return result;
}

/* Whoever listens learns nothing from this proof: it is made only for one who has the secret, and good for
 * nothing but the two nonces. */
static enum credential_result prove_secret(struct reader_credentials *credentials,
                                           const struct proof_request *request, uint8_t proof[SHA256_SIZE],
                                           struct error *error)
{
    char *file = find_named(credentials, request->path, is_secret, "password", error);
    enum credential_result result =
        file != NULL ? credential_prove_secret(file, &request->challenge, proof, error) : CREDENTIAL_UNUSABLE;
    free(file);
    return result;
}

/* Tells a unix socket by where it was connected to: what the kernel calls it is what its maker has, which in
 * a container, or after a change of folder or name, may be what another one's maker has called that. */
static void name_socket(struct peer *peer, const char *socket_path)
{
    if (peer->place == PEER_UNIX && socket_path != NULL && socket_path[0] != '\0')
        snprintf(peer->address, sizeof(peer->address), "unix:%s", socket_path);
}

enum credential_result reader_credentials_prove(struct reader_credentials *credentials,
                                                const struct proof_request *request,
                                                uint8_t proof[SHA256_SIZE], struct error *error)
{
    struct peer peer;
    int64_t begun_at = clock_milliseconds();
    if (request->is_of_secret)
        return prove_secret(credentials, request, proof, error);
    peer_find(&peer, request->socket, credentials->process);
    name_socket(&peer, request->socket_path);
    if (!request->is_named_by_peer)
        return prove_by_config(credentials, request, &peer, proof, error);
    struct error reason;
    int result = prove_to_namer(credentials, request, &peer, proof, &reason);
    if (result == 0)
        return CREDENTIAL_OK;
    warn(credentials, &reason);
    secret_wipe(proof, SHA256_SIZE);
    wait_until(begun_at + REFUSAL_TIME);
    error_set(error, "%s", "refused");
    return CREDENTIAL_REFUSED;
}

static bool is_at(const struct control_endpoint *endpoint, const char *place)
{
    char text[PEER_ADDRESS_SIZE];
    control_endpoint_format(endpoint, text, sizeof(text));
    return strcmp(text, place) == 0;
}

/* True for the place of a control port that a config lists by its path or address: what a host is called is
 * not compared. */
static bool is_listed(const char *place, const void *context)
{
    const struct config *config = context;
    for (size_t i = 0; i < config->tor_control_count; i++) {
        if (is_at(&config->tor_controls[i], place))
            return true;
    }
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++) {
            if (frontend->backends[j].has_control && is_at(&frontend->backends[j].control, place))
                return true;
        }
    }
    return false;
}

void reader_credentials_note_config(struct reader_credentials *credentials)
{
    cookie_claims_grow_old(&credentials->claims, is_listed, credentials->kept);
}

void reader_credentials_clear(struct reader_credentials *credentials)
{
    cookie_claims_clear(&credentials->claims);
}
