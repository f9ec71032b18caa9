/* The steps from a fresh control connection to an authenticated one, without I/O (control-spec 3.21, 3.24).
 */
#ifndef OBPUB_CONTROL_AUTHENTICATION_H
#define OBPUB_CONTROL_AUTHENTICATION_H

#include <stdbool.h>

#include "base/error.h"
#include "control/connection.h"
#include "control/credential_reader.h"
#include "control/reply.h"

/* The first command of every connection; its reply is the first for authentication_take_reply(). */
#define AUTHENTICATION_FIRST_COMMAND "PROTOCOLINFO 1\r\n"

struct authentication;

enum authentication_result {
    AUTHENTICATION_SEND,   /* send the command, and hand on the reply to it */
    AUTHENTICATION_ASK,    /* have a file read, and hand on what was in it */
    AUTHENTICATION_DONE,   /* tor takes commands now */
    AUTHENTICATION_FAILED, /* close the connection */
};

/* credentials are copied and may be NULL. Release with authentication_free(). */
struct authentication *authentication_new(const struct control_credentials *credentials);

/* Says whether the peer runs on this machine, so that a file it names is one of ours. Without this it does
 * not. */
void authentication_set_peer_is_local(struct authentication *authentication, bool peer_is_local);

/* Wipes and releases. NULL is fine. */
void authentication_free(struct authentication *authentication);

/* Takes the next reply. For AUTHENTICATION_SEND *command is the next command with its line end and a NUL, in
 * secret memory that the caller releases with secret_free(). For AUTHENTICATION_FAILED *failure and the error
 * say why. */
enum authentication_result authentication_take_reply(struct authentication *authentication,
                                                     const struct control_reply *reply, char **command,
                                                     enum control_failure *failure, struct error *error);

/* What is asked, after AUTHENTICATION_ASK; the caller adds what only it knows of the peer: the socket and its
 * path. Good until the answer is taken. */
void authentication_question(const struct authentication *authentication, struct file_question *question);

/* Takes the answer to that. A reply that comes before it ends the authentication. Otherwise like
 * authentication_take_reply(). */
enum authentication_result authentication_take_answer(struct authentication *authentication,
                                                      const struct file_answer *answer, char **command,
                                                      enum control_failure *failure, struct error *error);

#endif
