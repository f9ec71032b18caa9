/* Confines the processes of a command, as the config and the machine have it. */
#include "command/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/util.h>
#include <jansson.h>

#include "address/listen_address.h"
#include "base/text.h"
#include "command/tor_endpoint.h"
#include "files/path.h"

int confinement_make_plan(struct confine_plan *plan, const struct options *options, struct error *error)
{
    char *user;
    bool requires_sandbox;
    /* What is wrong with the config is said when all of it is read. */
    config_find_confinement(&user, &requires_sandbox, options->config_path);
    int result = confine_plan_make(plan, user, requires_sandbox, error);
    free(user);
    return result;
}

/* The path of the socket that the metrics are served on, or NULL. */
static const char *find_metrics_path(const char *metrics_listen, struct listen_address *address)
{
    if (metrics_listen == NULL || listen_address_parse(address, metrics_listen, NULL) != 0)
        return NULL;
    return listen_address_path(address);
}

/* Adds the folder of a socket's file; path may be NULL. */
static void add_folder(struct socket_folders *folders, const char *path)
{
    if (path != NULL)
        folders->folders[folders->count++] = path_copy_folder(path);
}

void socket_folders_find(struct socket_folders *folders, const struct options *options)
{
    char *status_socket, *command_socket, *metrics_listen;
    struct listen_address address;
    *folders = (struct socket_folders){0};
    config_find_listeners(&status_socket, &command_socket, &metrics_listen, options->config_path);
    add_folder(folders, options->environment_status_socket != NULL ? options->environment_status_socket
                                                                   : status_socket);
    add_folder(folders, command_socket);
    add_folder(folders, find_metrics_path(metrics_listen, &address));
    free(status_socket);
    free(command_socket);
    free(metrics_listen);
}

void socket_folders_clear(struct socket_folders *folders)
{
    for (size_t i = 0; i < folders->count; i++)
        free(folders->folders[i]);
    *folders = (struct socket_folders){0};
}

void confinement_add_group(const struct control_endpoint *endpoint, gid_t groups[USER_GROUPS_MAX],
                           size_t *count)
{
    struct stat status;
    if (endpoint->socket_path == NULL || stat(endpoint->socket_path, &status) != 0 ||
        !S_ISSOCK(status.st_mode) || (status.st_mode & S_IWGRP) == 0)
        return;
    for (size_t i = 0; i < *count; i++) {
        if (groups[i] == status.st_gid)
            return;
    }
    if (*count < USER_GROUPS_MAX)
        groups[(*count)++] = status.st_gid;
}

/* The groups of the control sockets, without which root without its powers can't use any. */
static size_t find_groups(const struct options *options, const struct config *config,
                          gid_t groups[USER_GROUPS_MAX])
{
    size_t count = 0;
    struct tor_endpoints tors;
    tor_endpoints_find(config, options, &tors);
    for (size_t i = 0; i < tors.count; i++)
        confinement_add_group(&tors.endpoints[i], groups, &count);
    tor_endpoints_clear(&tors);
    for (size_t i = 0; i < config->frontend_count; i++) {
        for (size_t j = 0; j < config->frontends[i].backend_count; j++)
            confinement_add_group(&config->frontends[i].backends[j].control, groups, &count);
    }
    return count;
}

/* Hands a socket that root has made over to the user that root becomes; where that fails root can use it
 * still. The folder may be that user's, who could put something else of root's there meanwhile: a link to it
 * is not taken. */
static void hand_over(const struct confine_plan *plan, const char *path)
{
    struct stat status;
    int file = plan->has_user && plan->may_give_files ? open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    if (fstat(file, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_nlink == 1 &&
        fchownat(file, "", plan->user.uid, plan->user.gid, AT_EMPTY_PATH) != 0)
        errno = 0; /* nothing depends on it */
    close(file);
}

enum confine_result confinement_confine_engine(const struct confine_plan *plan, const struct options *options,
                                               const struct config *config, bool is_listening,
                                               struct error *error)
{
    struct listen_address address;
    const char *const paths[SOCKET_FILES_MAX] = {config->status_socket_location,
                                                 config->command_socket_location,
                                                 find_metrics_path(config->metrics_listen, &address)};
    struct socket_folders folders = {0};
    gid_t groups[USER_GROUPS_MAX];
    const char *manager = getenv("NOTIFY_SOCKET");
    for (size_t i = 0; is_listening && i < SOCKET_FILES_MAX; i++) {
        if (paths[i] != NULL)
            hand_over(plan, paths[i]);
        add_folder(&folders, paths[i]);
    }
    const struct confine_needs needs = {
        .socket_folders = (const char *const *)folders.folders,
        .socket_folder_count = folders.count,
        .has_abstract_sockets = manager != NULL && manager[0] == '@',
        .groups = groups,
        .group_count = find_groups(options, config, groups),
    };
    /* Both may open a file for that. */
    evutil_secure_rng_init();
    json_object_seed(0);
    enum confine_result result = confine_process(plan, CONFINE_ENGINE, &needs, error);
    socket_folders_clear(&folders);
    return result;
}

bool confinement_differs(const struct config *old, const struct config *config)
{
    return !string_equals(old->user, config->user) || old->requires_sandbox != config->requires_sandbox;
}
