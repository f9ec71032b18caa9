/* The files in which client keys are kept: the folder of a restricted service, in tor's own format, with a
 * file NAME.auth for each authorised client; and a client's own key, in a file .auth_private. */
#ifndef OBPUB_CONFIG_CLIENT_FILES_H
#define OBPUB_CONFIG_CLIENT_FILES_H

#include "config/config_report.h"
#include "onion/client_key.h"

/* Bytes of a file that is read; a client's has fewer than 150. */
#define CLIENT_FILE_SIZE_MAX 1024

/* A client of a folder. */
struct client_file {
    char *name; /* its file's, without ".auth" */
    uint8_t key[X25519_PUBLIC_KEY_SIZE];
};

/* All clients of a folder, in the order of their names. */
struct client_files {
    struct client_file *files;
    size_t count; /* at most AUTHORIZED_CLIENTS_MAX */
};

/* Reads all clients of a folder. Hidden files and those whose names end in "~" are passed over, as editors
 * make them. Every other fault is an error of the report, with file and line: a file that is no client's, a
 * line that is no key, a key that is there twice, a file or a folder that others can change, more than
 * AUTHORIZED_CLIENTS_MAX files. (tor passes over what it can't read, and the client is shut out.) The folder
 * is read until nothing has changed meanwhile, which takes a fortieth of a second where something just has,
 * so that no state is taken of it that never was; one that changes all the time is an error. With for_owner,
 * for root who looks after another user's folder, that user is trusted, too. Returns 0; or -1, with the
 * clients that are good. In both cases release them with client_files_clear(). */
int client_files_load(struct client_files *clients, const char *folder, bool for_owner,
                      struct config_report *report);
void client_files_clear(struct client_files *clients);

/* Who is in a folder beside one client. */
enum client_others {
    CLIENT_OTHERS_NONE,    /* no other file of a client's */
    CLIENT_OTHERS_NO_KEYS, /* there are such files, and none of them has a key */
    CLIENT_OTHERS_KEYS,    /* there are some with a key */
};

/* Finds that out as a tor would, which minds neither who can change a file nor how many there are: what keeps
 * obpub from using the folder does not make a client the last one. Returns 0; or -1 with a sentence that
 * begins where the folder's path would end. */
int client_files_find_others(enum client_others *others, const char *folder, const char *name,
                             struct error *error);

/* Sets *set to the set of their keys, with one holder; to NULL when there is none, which is no restriction.
 * Returns 0, or -1 with a sentence when they are no set: then the service must not be taken for an open one.
 */
int client_files_make_set(struct authorized_clients **set, const struct client_files *clients,
                          struct error *error);

/* Whether a name can be that of a client: letters, digits, "-", "_", "." and "@", of which the first is a
 * letter or a digit, and at most CLIENT_NAME_MAX of them. */
#define CLIENT_NAME_MAX 100
bool client_name_is_valid(const char *name);

/* The path of a client's file in a folder; release with free(). */
char *client_files_find_path(const char *folder, const char *name);

/* Loads a client's own key, a file as tor's .auth_private, which only its owner and its group may read, as
 * with passwords. key is in the caller's secret memory. Returns 0; or -1 with a sentence that begins where
 * the path would end, and key wiped. */
int client_private_file_load(struct client_private_key *key, const char *path, struct error *error);

#endif
