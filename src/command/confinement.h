/* Confines the processes of a command, as the config and the machine have it. */
#ifndef OBPUB_COMMAND_CONFINEMENT_H
#define OBPUB_COMMAND_CONFINEMENT_H

#include "command/options.h"
#include "config/config.h"
#include "confine/confine.h"

/* Finds out how the processes are going to be confined, before there is more than one. Of the config only
 * what is about that is read. Returns 0, or -1 when obpub must not be started, with a sentence. */
int confinement_make_plan(struct confine_plan *plan, const struct options *options, struct error *error);

/* Socket files that are listened on: of the status, of commands and of the metrics. */
#define SOCKET_FILES_MAX 3

/* The folders that these lie in. */
struct socket_folders {
    char *folders[SOCKET_FILES_MAX];
    size_t count;
};

/* Finds them in the config, before there is more than one process; release with socket_folders_clear(). */
void socket_folders_find(struct socket_folders *folders, const struct options *options);
void socket_folders_clear(struct socket_folders *folders);

/* Confines the engine, which the caller is, for good. is_listening: it serves the status, commands and the
 * metrics as the config says, from sockets that have to be open by now and are given to the user that it
 * becomes. */
enum confine_result confinement_confine_engine(const struct confine_plan *plan, const struct options *options,
                                               const struct config *config, bool is_listening,
                                               struct error *error);

/* Adds the group that may use a control socket, if it is one and there is such a group, to count of them. */
void confinement_add_group(const struct control_endpoint *endpoint, gid_t groups[USER_GROUPS_MAX],
                           size_t *count);

/* Whether a new config asks for another confinement than the old one, which only a new start can give. */
bool confinement_differs(const struct config *old, const struct config *config);

#endif
