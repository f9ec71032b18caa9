/* The file of the socket on which an agent's gate listens, and whose it is. */
#ifndef OBPUB_AGENT_SOCKET_FILE_H
#define OBPUB_AGENT_SOCKET_FILE_H

#include "base/log.h"
#include "confine/confine.h"

/* Gives a socket that was just made to the user that the process is going to become, and to the group that
 * may use the tor's control socket, which is the tor's own: so the tor can connect to it, and nobody else but
 * that group. control_path may be NULL where the control port is no socket; then, or where the group can't be
 * told or this user is not in it, the group stays as it is, and the log says what the operator has to see to.
 * To be called before the process is confined. */
void socket_file_give(const char *path, const char *control_path, const struct confine_plan *plan,
                      const struct log *log);

#endif
