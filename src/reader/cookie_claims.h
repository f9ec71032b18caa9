/* Which control port each cookie file has been used for: no file is used for two of them.
 *
 * Otherwise who stands at one control port, behind a tunnel of root's for example, could name the cookie of
 * the tor at another one, and have obpub open that one for him.
 */
#ifndef OBPUB_READER_COOKIE_CLAIMS_H
#define OBPUB_READER_COOKIE_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "control/credential_file.h"

/* One control port's cookie file, as last used. */
struct cookie_claim {
    char *place; /* of the control port */
    char *path;
    uid_t owner; /* of the file */
    bool is_local_tor;
    bool is_old; /* the config that there is now does not list the control port */
};

/* Zeroed: none. */
struct cookie_claims {
    struct cookie_claim *claims;
    size_t count, room;
};

/* Finds what keeps a file from being used for a control port: that of another one, or NULL. A local tor wins
 * over a backend, whichever came first: backends are not asked before it (struct credential_reader). Of two
 * local tors, or of two backends, the first one does; one that is old gives way, but to a backend not that of
 * a local tor. */
const struct cookie_claim *cookie_claims_find(const struct cookie_claims *claims, const char *place,
                                              bool is_local_tor, const char *path,
                                              const struct cookie_origin *origin);

/* True when the control port at place has used this file. */
bool cookie_claims_has(const struct cookie_claims *claims, const char *place, const char *path,
                       const struct cookie_origin *origin);

/* Notes that a file has been used for a control port, which lets go of any other one. Who had it before and
 * gave way has it no more. */
void cookie_claims_note(struct cookie_claims *claims, const char *place, bool is_local_tor, const char *path,
                        const struct cookie_origin *origin);

/* There is another config: claims of control ports at places that are not listed are old from now on. */
void cookie_claims_grow_old(struct cookie_claims *claims,
                            bool (*is_listed)(const char *place, const void *context), const void *context);

void cookie_claims_clear(struct cookie_claims *claims);

#endif
