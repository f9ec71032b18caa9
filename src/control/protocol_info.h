/* The answer to PROTOCOLINFO: which tor this is, and how to authenticate to it (control-spec 3.21). */
#ifndef OBPUB_CONTROL_PROTOCOL_INFO_H
#define OBPUB_CONTROL_PROTOCOL_INFO_H

#include <stdbool.h>

#include "base/error.h"
#include "control/reply.h"

#define PROTOCOL_INFO_VERSION_SIZE 64       /* bytes with the NUL; tor's own versions have less than 40 */
#define PROTOCOL_INFO_COOKIE_FILE_SIZE 4096 /* bytes with the NUL: Linux' PATH_MAX */

struct protocol_info {
    bool null_offered;
    bool password_offered; /* HASHEDPASSWORD */
    bool cookie_offered;
    bool safe_cookie_offered;
    bool secret_offered;                              /* OBPUB-SECRET: it is an agent */
    char cookie_file[PROTOCOL_INFO_COOKIE_FILE_SIZE]; /* the first COOKIEFILE, "" when there is none */
    char tor_version[PROTOCOL_INFO_VERSION_SIZE];     /* printable ASCII, "" when there is none */
};

/* Reads the reply. Returns 0, or -1 when no tor would answer so. */
int protocol_info_parse(struct protocol_info *info, const struct control_reply *reply, struct error *error);

#endif
