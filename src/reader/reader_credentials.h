/* What the reader gives out of the files that open control ports, and to whom.
 *
 * The engine may have been taken over, so that it gets no more than it needs: passwords of files that
 * the config names, but no secret that opens a control port over Tor; and of such a secret, and of
 * a cookie file, nothing but a proof, which it can use only with an agent, or a tor, that has shown that it
 * knows the same. A peer that names a cookie file is believed only when it is the
 * owner of that file, or root. Whoever asks in vain is told the same, and after the same time, whether the
 * file is not there, is no cookie, or is somebody else's: why it was refused stands in the log, which the
 * engine can't read.
 */
#ifndef OBPUB_READER_READER_CREDENTIALS_H
#define OBPUB_READER_READER_CREDENTIALS_H

#include "base/log.h"
#include "config/config.h"
#include "control/cookie_proof.h"
#include "control/credential_file.h"
#include "reader/cookie_claims.h"
#include "reader/log_once.h"
#include "reader/peer.h"

struct reader_credentials {
    const struct config *kept, *loaded; /* the configs whose files may be asked for */
    const char *process;                /* what peer_find() goes by: PEER_PROCESS */
    const struct log *log;
    struct log_once said;
    struct cookie_claims claims;
};

/* Releases what it holds, but not the configs and the log. */
void reader_credentials_clear(struct reader_credentials *credentials);

/* Says that another config is kept now. Control ports that it does not list lose the cookies that they have
 * used to others that name them. */
void reader_credentials_note_config(struct reader_credentials *credentials);

/* Reads a password file that a config names, as credential_read_password() does. socket is connected to whom
 * the password is for, or -1; where that is a unix socket, which has been connected to at socket_path, the
 * user who listens there must be root, obpub's own, or the owner of the folder that the socket lies in. */
enum credential_result reader_credentials_read_password(struct reader_credentials *credentials,
                                                        const char *path, int socket, const char *socket_path,
                                                        char **password, struct error *error);

/* A request for a proof. */
struct proof_request {
    const char *path;
    bool is_named_by_peer;   /* else a config has to name it */
    bool is_local_tor;       /* the peer is to be a local tor */
    bool is_of_secret;       /* the file is a password file, with the secret that an agent shares with us */
    int socket;              /* connected to the peer, or -1 */
    const char *socket_path; /* of the unix socket that was connected to; NULL or "" for others */
    struct cookie_challenge challenge;
};

/* Proves that the cookie or the secret in a file is known. Without CREDENTIAL_OK error says why; with
 * CREDENTIAL_REFUSED it says nothing, which has taken a fixed time. */
enum credential_result reader_credentials_prove(struct reader_credentials *credentials,
                                                const struct proof_request *request,
                                                uint8_t proof[SHA256_SIZE], struct error *error);

#endif
