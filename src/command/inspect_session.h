/* A local tor that is asked, one thing after the other, while somebody waits for the answers. */
#ifndef OBPUB_COMMAND_INSPECT_SESSION_H
#define OBPUB_COMMAND_INSPECT_SESSION_H

#include "confine/confine.h"
#include "engine/relay_names.h"
#include "engine/survey.h"

struct inspect_session;

struct inspect_settings {
    const struct control_endpoint *endpoint;
    struct control_credentials credentials;
    const struct confine_plan *plan; /* the process is confined as soon as tor has let it in, */
    bool *is_confined;               /* and this is true then */
    bool shows_progress;
    int64_t deadline; /* milliseconds, by clock_milliseconds(): nothing is waited for beyond */
};

/* Connects, and waits until tor has told of the network. Returns the session, to be released with
 * inspect_session_free(), or NULL with a sentence; then the process may be confined or not: once it is there
 * is no other session. */
struct inspect_session *inspect_session_open(const struct inspect_settings *settings, struct error *error);
/* NULL is fine. */
void inspect_session_free(struct inspect_session *session);

const struct network *inspect_session_network(const struct inspect_session *session);

/* Asks the HSDirs of a service, and waits for their answers. Returns the survey, the session's; those who
 * have not answered by the deadline have given no answer. */
struct survey *inspect_session_survey(struct inspect_session *session,
                                      const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]);

/* Asks for a relay's nickname; and waits for all that were asked for. */
void inspect_session_name(struct inspect_session *session, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);
const struct relay_names *inspect_session_wait_for_names(struct inspect_session *session);

/* Confines this process for good, which can be done once: from now on it opens no file, makes no connection
 * and starts nothing. To be called before anything of a descriptor is parsed. Returns 0, or -1 with a
 * sentence when the process must end. Says on standard error what could not be done. */
int inspect_session_confine(const struct confine_plan *plan, struct error *error);

#endif
