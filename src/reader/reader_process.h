/* The reader's process: opens the config, the keys and the files that open control ports, for the engine. */
#ifndef OBPUB_READER_READER_PROCESS_H
#define OBPUB_READER_READER_PROCESS_H

#include "base/error.h"
#include "base/log.h"

/* Answers what comes through the channel from the engine until that or the one to the signer is closed. Keys
 * go to the signer and nowhere else; config_path is the one config file that it reads, and status_socket the
 * path of the status socket where that is not the config's to say, or NULL: the engine's listening sockets
 * are what it removes when it is asked to, and nothing else. What only the operator is to know goes to the
 * log (or nowhere, when that is NULL). libsodium must have been initialised. Returns 0, or -1 when it was
 * asked for something that the engine does not ask for. */
int reader_process_run(int engine, int signer, const char *config_path, const char *status_socket,
                       const struct log *log, struct error *error);

/* The files that "obpub agent" may ask for; NULL for none. */
struct reader_agent_files {
    const char *password_file;    /* for its tor's control port */
    const char *cookie_file;      /* likewise, in the place of the one that the tor names */
    const char *listening_socket; /* that may be removed */
};

/* The same for an agent: without a config and a signer, until the channel from the agent is closed. */
int reader_process_run_for_agent(int agent, const struct reader_agent_files *files, const struct log *log,
                                 struct error *error);

#endif
