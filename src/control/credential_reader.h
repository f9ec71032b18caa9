/* Asks who opens files for what opens a control port, and where its host is: the engine opens none. */
#ifndef OBPUB_CONTROL_CREDENTIAL_READER_H
#define OBPUB_CONTROL_CREDENTIAL_READER_H

#include <stdbool.h>

#include "base/error.h"
#include "control/cookie_proof.h"
#include "control/credential_file.h"

enum file_question_type {
    FILE_PASSWORD, /* the password in a file that the config names */
    FILE_PROOF,    /* SAFECOOKIE's proof that the cookie in a file is known, but not the cookie */
    FILE_SECRET,   /* an agent's likewise, of the secret in a password file that the config names */
    FILE_HOST,     /* the addresses of a host in the machine's own list */
    FILE_RESOLVER, /* which name servers are asked */
};

struct file_question {
    enum file_question_type type;
    const char *text; /* the file's path, or the host's name; NULL for FILE_RESOLVER */
    /* Of the one who is to be let in by a password or proof: */
    int socket;              /* connected to it */
    const char *socket_path; /* of the unix socket that was connected to, or NULL */
    /* For FILE_PROOF and FILE_SECRET: */
    bool is_named_by_peer; /* not by the config */
    bool is_local_tor;     /* the peer is to be a local tor, not a backend's */
    const struct cookie_challenge *challenge;
};

struct file_answer {
    enum credential_result result;
    /* With CREDENTIAL_OK: the password or proof, or lines as name_files.h has them; without a NUL,
     * and good while the callback runs. */
    const uint8_t *content;
    size_t length;
    const struct error *error; /* without CREDENTIAL_OK */
};

typedef void (*file_callback)(const struct file_answer *answer, void *context);

struct file_request;

struct credential_reader {
    /* Asks. question need not stay, but its socket has to stay open until the answer. Returns the request, or
     * NULL when it has called back already. */
    struct file_request *(*ask)(const struct file_question *question, file_callback callback,
                                void *callback_context, void *context);
    /* Takes the callback of a request that waits for its answer back. */
    void (*forget)(struct file_request *request, void *context);
    /* Says that every local tor has been tried, and those that there are have been let in: from now on other
     * peers may name cookie files, too. NULL where nobody waits for that. */
    void (*note_local_tors)(void *context);
    void *context;
};

/* Opens the files in this very process, and at once, whoever names them. */
extern const struct credential_reader credential_reader_here;

#endif
