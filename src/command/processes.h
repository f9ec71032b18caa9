/* The three processes of one that publishes: the engine, which is the caller; the signer, which has the keys;
 * and the reader, which opens files. */
#ifndef OBPUB_COMMAND_PROCESSES_H
#define OBPUB_COMMAND_PROCESSES_H

#include <event2/event.h>

#include "command/confinement.h"
#include "command/options.h"
#include "confine/confine.h"
#include "process/child.h"
#include "reader/reader_client.h"
#include "signer/signer_client.h"

enum { PROCESS_SIGNER, PROCESS_READER, PROCESSES };

struct processes {
    struct child children[PROCESSES];
    int ends[PROCESSES]; /* the engine's of the channels to them */
    struct event *events[PROCESSES];
    struct signer_client *signer;
    struct reader_client *reader;
    void (*lost)(const struct error *error, void *context);
    void *context;
};

/* Forks the signer and the reader, which are confined as the plan says before they do anything. In the
 * folders (NULL for none) the reader may remove the files of sockets that are listened on. To be called
 * before anything is read or connected, so that there is nothing that they would have a copy of, with
 * libsodium initialised. Returns in the caller alone, 0 or -1; end with processes_end() in any case. */
int processes_start(struct processes *processes, const struct options *options,
                    const struct confine_plan *plan, const struct socket_folders *folders,
                    struct error *error);

/* Calls lost() from the event loop when one of the two has ended: without it there is no way on. */
void processes_watch(struct processes *processes, struct event_base *base,
                     void (*lost)(const struct error *error, void *context), void *context);

/* Looks at once whether one of the two has ended. Returns 0, or -1 with a sentence that says which and how,
 * and whether that lasts. */
int processes_check(struct processes *processes, struct error *error);

/* Ends both, and waits until they have. */
void processes_end(struct processes *processes);

#endif
