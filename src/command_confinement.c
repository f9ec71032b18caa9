/* Confines the processes of a command, as the config and the machine have it. */
#include "command_confinement.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/util.h>

#include "config/listen_address.h"
#include "obpub/memory.h"

int command_plan_confinement(struct confine_plan *plan, const struct options *options, struct error *error)
{
    char *user;
    bool requires_sandbox;
    /* What is wrong with the config is said when all of it is read. */
    config_find_confinement(&user, &requires_sandbox, options->config_path);
    int result = confine_plan_make(plan, user, requires_sandbox, error);
    free(user);
    return result;
}

/* The folder of a path; release with free(). */
static char *copy_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return memory_copy_text(".", 1);
    return memory_copy_text(path, slash == path ? 1 : (size_t)(slash - path));
}

/* The path of the socket that the metrics are served on, or NULL. */
static const char *find_metrics_path(const struct config *config, struct listen_address *address)
{
    if (config->metrics_listen == NULL || listen_address_parse(address, config->metrics_listen, NULL) != 0)
        return NULL;
    return listen_address_path(address);
}

enum confine_result command_confine_engine(const struct confine_plan *plan, const struct config *config,
                                           struct error *error)
{
    struct listen_address address;
    const char *paths[] = {
        config != NULL ? config->status_socket_location : NULL,
        config != NULL ? find_metrics_path(config, &address) : NULL,
    };
    char *folders[sizeof(paths) / sizeof(paths[0])];
    size_t count = 0;
    const char *manager = getenv("NOTIFY_SOCKET");
    evutil_secure_rng_init(); /* opens a file on some machines */
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (paths[i] == NULL)
            continue;
        if (plan->has_user && lchown(paths[i], plan->user.uid, plan->user.gid) != 0) {
            /* Then it stays root's, who can use it all the same. */
        }
        folders[count++] = copy_folder(paths[i]);
    }
    const struct confine_needs needs = {
        .socket_folders = (const char *const *)folders,
        .socket_folder_count = count,
        .has_abstract_sockets = manager != NULL && manager[0] == '@',
    };
    enum confine_result result = confine_process(plan, CONFINE_ENGINE, &needs, error);
    for (size_t i = 0; i < count; i++)
        free(folders[i]);
    return result;
}
