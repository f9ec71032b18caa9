/* Key files: opening them with care, and what lies beside them. */
#include "config/key_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/credential.h"
#include "files/path.h"
#include "onion/onion_address.h"

/* The names of tor's files in a HiddenServiceDir. */
const char key_file_tor_name[] = "hs_ed25519_secret_key";
static const char tor_public_name[] = "hs_ed25519_public_key";
static const char tor_hostname_name[] = "hostname";
static const char tor_v2_secret_name[] = "private_key";

/* What EOTK calls a project's key: the key of X.onion is in X.v3sec.key, while the config that it writes for
 * Onionbalance says X.key. */
static const char key_suffix[] = ".key";
static const char eotk_suffix[] = ".v3sec.key";

/* Only root and this user may read or change a key. */
static const struct plain_file_policy key_policy = {
    .is_private = true,
    .forbidden_mode = 077,
    .forbidden_mode_of_roots = 077,
};
/* systemd hands out credentials of root's that this user can read through an access list; what stat() then
 * shows as the group's right to read is that list's. */
static const struct plain_file_policy credential_policy = {
    .is_private = true,
    .forbidden_mode = 077,
    .forbidden_mode_of_roots = 037,
};

static const struct plain_file_policy *find_policy(const char *path)
{
    return credential_has_path(path) ? &credential_policy : &key_policy;
}

enum plain_file_fault key_file_open(struct plain_file *file, const char *path)
{
    return plain_file_open(file, path, find_policy(path));
}

/* The file's owner is trusted as well. */
static enum plain_file_fault open_of_owner(struct plain_file *file, const char *path)
{
    struct plain_file_policy policy = *find_policy(path);
    struct stat status;
    policy.has_owner = stat(path, &status) == 0;
    if (policy.has_owner)
        policy.owner = status.st_uid;
    return plain_file_open(file, path, &policy);
}

enum plain_file_fault key_file_open_of_group(struct plain_file *file, const char *path)
{
    struct plain_file_policy policy = *find_policy(path);
    policy.takes_groups = true;
    return plain_file_open(file, path, &policy);
}

int key_file_explain(enum plain_file_fault fault, const struct plain_file *file, struct error *error)
{
    switch (fault) {
    case PLAIN_FILE_MISSING:
        return error_set(error,
                         "there is no such file: check the path (relative ones start at the config file's "
                         "folder)");
    case PLAIN_FILE_FORBIDDEN:
        return error_set(
            error,
            "this user (uid %u) may not open it: run obpub as the key's owner, or give the file to "
            "this user with chown",
            (unsigned)geteuid());
    case PLAIN_FILE_FOLDER:
    case PLAIN_FILE_NOT_PLAIN:
        return error_set(error, "is not a plain file: name the key file or its HiddenServiceDir here");
    case PLAIN_FILE_FOREIGN:
        if (geteuid() == 0)
            return error_set(error,
                             "belongs to another user (uid %u), who can read the key: run obpub as that "
                             "user, or name that user as \"user\" in the config, or chown the key to root",
                             (unsigned)file->status.st_uid);
        return error_set(
            error,
            "belongs to another user (uid %u), who can read the key: chown it to the user that runs "
            "obpub (uid %u)",
            (unsigned)file->status.st_uid, (unsigned)geteuid());
    case PLAIN_FILE_EXPOSED:
        if (geteuid() != 0 && plain_file_is_groups(&file->status))
            return error_set(
                error,
                "is root's, and its group (gid %u), which obpub is in, can read it, too (mode %04o): "
                "chmod 400 it; or if all of that group may have the key, as in a pod, write "
                "\"group-readable: true\" in the config",
                (unsigned)file->status.st_gid, (unsigned)(file->status.st_mode & 07777));
        return error_set(
            error,
            "can be read or changed by others (mode %04o): chmod 600 it, and if they may have read "
            "it, move to a new key",
            (unsigned)(file->status.st_mode & 07777));
    default:
        return error_set(error, "it can't be opened (%s)", strerror(file->error_number));
    }
}

/* Reads a small file that need not be there. Returns its length, or -1. */
static ssize_t read_companion(const char *folder, const char *name, uint8_t *bytes, size_t size)
{
    struct plain_file file;
    char *path = path_join(folder, name);
    enum plain_file_fault fault = plain_file_open(&file, path, NULL);
    free(path);
    if (fault != PLAIN_FILE_GOOD)
        return -1;
    ssize_t length = plain_file_read(&file, bytes, size);
    plain_file_close(&file);
    return length;
}

/* Checks a key that was found as tor's hs_ed25519_secret_key against what tor has put beside it: files copied
 * from two services would otherwise publish an address nobody meant. */
static int check_companions(const char *folder, const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE],
                            struct error *error)
{
    uint8_t bytes[128];
    ssize_t length = read_companion(folder, tor_public_name, bytes, sizeof(bytes));
    uint8_t companion[ED25519_PUBLIC_KEY_SIZE];
    if (length >= 0 && (key_decode_tor_public(companion, bytes, (size_t)length) != 0 ||
                        memcmp(companion, public_key, sizeof(companion)) != 0))
        return error_set(
            error,
            "does not go with the %s beside it: they are of different services or damaged; put the "
            "right two there, or remove the public one",
            tor_public_name);

    char hostname[sizeof(bytes) + 1] = {0};
    length = read_companion(folder, tor_hostname_name, (uint8_t *)hostname, sizeof(bytes));
    if (length < 0)
        return 0;
    hostname[strcspn(hostname, " \t\r\n")] = '\0';
    if (onion_address_decode(companion, hostname, NULL) != 0 ||
        memcmp(companion, public_key, sizeof(companion)) != 0)
        return error_set(
            error,
            "does not go with the address in the file \"%s\" beside it: put the right key there, or "
            "remove that file",
            tor_hostname_name);
    return 0;
}

/* Reads and decodes an open file that has turned out to be a bundle, whose first bytes have been read. */
static struct bundle *load_bundle(const struct plain_file *file, const uint8_t *first, size_t first_length,
                                  struct error *error)
{
    if (file->status.st_size > BUNDLE_SIZE_MAX) {
        error_set(error, "is too long to be a bundle: copy it again");
        return NULL;
    }
    /* A byte more than it seems to have, so that one that grows meanwhile is noticed. */
    size_t size = (size_t)file->status.st_size;
    size = (size > first_length ? size : first_length) + 1;
    uint8_t *bytes = secret_allocate(size);
    memcpy(bytes, first, first_length);
    ssize_t length = plain_file_read(file, bytes + first_length, size - first_length);
    struct bundle *bundle = NULL;
    if (length < 0)
        error_set(error, "it can't be read (%s)", strerror(errno));
    else
        bundle = bundle_decode(bytes, first_length + (size_t)length, error);
    secret_free(bytes);
    return bundle;
}

/* Reads and decodes an open key file. */
static int load_open_file(const struct plain_file *file, struct ed25519_secret_key *secret_key,
                          uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_origin *origin,
                          struct error *error)
{
    uint8_t *bytes = secret_allocate(KEY_FILE_SIZE_MAX + 1);
    ssize_t length = plain_file_read(file, bytes, KEY_FILE_SIZE_MAX + 1);
    int result;
    if (length < 0) {
        result = error_set(error, "it can't be read (%s)", strerror(errno));
    } else if (bundle_is_encoded(bytes, (size_t)length)) {
        origin->format = KEY_FORMAT_BUNDLE;
        origin->bundle = load_bundle(file, bytes, (size_t)length, error);
        result = origin->bundle != NULL ? 0 : -1;
        if (result == 0)
            memcpy(public_key, origin->bundle->identity_key, ED25519_PUBLIC_KEY_SIZE);
    } else {
        result = key_decode(secret_key, public_key, &origin->format, bytes, (size_t)length, error);
    }
    secret_free(bytes);
    return result;
}

/* Says why a folder has no key. */
static int explain_folder(const char *folder, struct error *error)
{
    char *v2_path = path_join(folder, tor_v2_secret_name);
    bool is_v2 = path_exists(v2_path);
    free(v2_path);
    if (is_v2)
        return error_set(error,
                         "is the HiddenServiceDir of a v2 onion service: v2 is gone, a v3 service is needed");
    return error_set(
        error,
        "is a folder without a %s: name the key file, or a HiddenServiceDir in which tor has made "
        "its keys",
        key_file_tor_name);
}

/* Says that a key is missing, and which file EOTK has put beside it. Returns false where that has not. */
static bool explain_eotk(const char *path, struct error *error)
{
    size_t length = strlen(path), suffix_length = strlen(key_suffix);
    if (length < suffix_length || strcmp(path + length - suffix_length, key_suffix) != 0)
        return false;
    char *other = memory_allocate(length + sizeof(eotk_suffix), 1);
    memcpy(other, path, length - suffix_length);
    strcpy(other + length - suffix_length, eotk_suffix);
    bool is_there = path_exists(other);
    if (is_there)
        error_set(error,
                  "there is no such file, but \"%s\" lies in its folder, where EOTK puts the key of a v3 "
                  "service: name that file, or, as EOTK writes its config anew each time, make a link to it "
                  "under this name (ln -s)",
                  path_file_name(other));
    free(other);
    return is_there;
}

/* Says why a file is not there whose path is written as for a shell; the config's folder may stand before.
 * Returns false for other paths. */
static bool explain_shell(const char *path, struct error *error)
{
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "~/", 2) != 0 && *part != '$')
            continue;
        error_set(error,
                  "there is no such file: \"%c\" stands for no folder here, other than in a shell: write the "
                  "whole path",
                  *part);
        return true;
    }
    return false;
}

/* One of the ways to open a key file. */
typedef enum plain_file_fault open_function(struct plain_file *file, const char *path);

/* Opens the file that holds the key: path itself, or tor's key file when path is a folder. Returns its path,
 * to be released with free(), with the file to be closed; or NULL with a sentence. */
static char *open_file(const char *path, open_function *open_key, struct plain_file *file, bool *is_folder,
                       struct error *error)
{
    enum plain_file_fault fault = open_key(file, path);
    *is_folder = fault == PLAIN_FILE_FOLDER;
    char *found = *is_folder ? path_join(path, key_file_tor_name) : memory_copy_text(path, strlen(path));
    if (*is_folder)
        fault = open_key(file, found);
    if (fault == PLAIN_FILE_GOOD)
        return found;
    free(found);
    if (*is_folder && fault == PLAIN_FILE_MISSING) {
        *is_folder = false; /* the sentence is about the folder itself */
        explain_folder(path, error);
    } else if (fault != PLAIN_FILE_MISSING || !(explain_eotk(path, error) || explain_shell(path, error))) {
        key_file_explain(fault, file, error);
    }
    return NULL;
}

/* Loads the key from an open file, whose path the origin has. */
static int load_key(const struct plain_file *file, struct ed25519_secret_key *secret_key,
                    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_origin *origin,
                    struct error *error)
{
    int result = load_open_file(file, secret_key, public_key, origin, error);
    if (result != 0 || strcmp(path_file_name(origin->path), key_file_tor_name) != 0)
        return result;
    char *folder = path_copy_folder(origin->path);
    result = check_companions(folder, public_key, error);
    free(folder);
    return result;
}

static int load_by(open_function *open_key, const char *path, struct ed25519_secret_key *secret_key,
                   uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_origin *origin,
                   struct error *error)
{
    struct plain_file file;
    bool is_folder;
    secret_wipe(secret_key, sizeof(*secret_key));
    *origin = (struct key_file_origin){.path = open_file(path, open_key, &file, &is_folder, error)};
    int result = origin->path != NULL ? load_key(&file, secret_key, public_key, origin, error) : -1;
    plain_file_close(&file);
    if (result == 0)
        return 0;
    secret_wipe(secret_key, sizeof(*secret_key));
    bundle_free(origin->bundle);
    free(origin->path);
    *origin = (struct key_file_origin){0};
    return is_folder ? error_add_context(error, "its %s", key_file_tor_name) : -1;
}

int key_file_load(const char *path, bool takes_groups, struct ed25519_secret_key *secret_key,
                  uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_origin *origin,
                  struct error *error)
{
    return load_by(takes_groups ? key_file_open_of_group : key_file_open, path, secret_key, public_key,
                   origin, error);
}

int key_file_load_to_copy(const char *path, struct ed25519_secret_key *secret_key,
                          uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_origin *origin,
                          struct error *error)
{
    return load_by(geteuid() == 0 ? open_of_owner : key_file_open, path, secret_key, public_key, origin,
                   error);
}
