/* The files in which client keys are kept. */
#include "config/client_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "files/folder.h"
#include "files/path.h"
#include "files/plain_file.h"

#define CLIENT_ENDING ".auth"
/* So often a folder that changes is read anew. */
#define TRIES 4

/* -- one file --------------------------------------------------------------------------------------- */

/* Reads an open file whole; what it holds is wiped by the caller. Returns 0 or -1 with a sentence. */
static int read_file(const struct plain_file *file, char bytes[CLIENT_FILE_SIZE_MAX + 1], struct text *text,
                     struct error *error)
{
    ssize_t length = plain_file_read(file, bytes, CLIENT_FILE_SIZE_MAX + 1);
    if (length < 0)
        return error_set(error, "it can't be read (%s)", strerror(errno));
    if (length > CLIENT_FILE_SIZE_MAX)
        return error_set(error, "has more than %d bytes: it is no client's key", CLIENT_FILE_SIZE_MAX);
    *text = (struct text){bytes, (size_t)length};
    return 0;
}

static bool is_empty(struct text line)
{
    for (size_t i = 0; i < line.length; i++) {
        if (strchr(" \t\r", line.start[i]) == NULL || line.start[i] == '\0')
            return false;
    }
    return true;
}

/* Finds the one line of a text that has something in it, and its number. Returns 0 or -1 with a sentence. */
static int find_line(struct text text, struct text *found, size_t *number, struct error *error)
{
    struct text line;
    bool has_more = true, is_found = false;
    for (size_t i = 1; has_more; i++) {
        has_more = text_take_until(&text, '\n', &line);
        if (is_empty(line))
            continue;
        *number = i;
        if (is_found)
            return error_set(error, "has more than one line: a file is for one client");
        *found = line;
        is_found = true;
    }
    if (!is_found)
        *number = 0;
    return is_found ? 0 : error_set(error, "is empty");
}

static int explain_client_fault(enum plain_file_fault fault, const struct plain_file *file,
                                struct error *error)
{
    switch (fault) {
    case PLAIN_FILE_FORBIDDEN:
        return error_set(error, "this user (uid %u) may not open it", (unsigned)geteuid());
    case PLAIN_FILE_FOLDER:
    case PLAIN_FILE_NOT_PLAIN:
        return error_set(error, "is not a plain file");
    case PLAIN_FILE_FOREIGN:
        return error_set(error,
                         "belongs to another user (uid %u): chown it to the user that runs obpub (uid %u)",
                         (unsigned)file->status.st_uid, (unsigned)geteuid());
    case PLAIN_FILE_EXPOSED:
        return error_set(error, "can be changed by others (mode %04o): chmod 600 it",
                         (unsigned)(file->status.st_mode & 07777));
    default:
        return error_set(error, "it can't be opened (%s)", strerror(file->error_number));
    }
}

/* Reads a client's file. Returns 0 or -1 with a sentence, and the number of the line that it is about, 0 for
 * none. */
static int load_client(uint8_t key[X25519_PUBLIC_KEY_SIZE], const char *path,
                       const struct plain_file_policy *policy, size_t *line_number, struct error *error)
{
    char bytes[CLIENT_FILE_SIZE_MAX + 1];
    struct plain_file file;
    struct text text, line;
    *line_number = 0;
    enum plain_file_fault fault = plain_file_open(&file, path, policy);
    if (fault != PLAIN_FILE_GOOD)
        return explain_client_fault(fault, &file, error);
    int result = read_file(&file, bytes, &text, error);
    plain_file_close(&file);
    if (result == 0)
        result = find_line(text, &line, line_number, error);
    if (result == 0)
        result = client_key_parse_public(key, line, error);
    secret_wipe(bytes, sizeof(bytes)); /* somebody may have put a private key there */
    return result;
}

/* -- the folder --------------------------------------------------------------------------------------- */

/* Whether a name is one that editors and mv use, and no client's. */
static bool is_passed_over(const char *name, bool is_client)
{
    return !is_client && (name[0] == '.' || name[strlen(name) - 1] == '~');
}

/* Whether tor would take a file for a client's. */
static bool is_client_name(const char *name)
{
    const size_t length = strlen(name), ending = strlen(CLIENT_ENDING);
    return length > ending && strcmp(name + length - ending, CLIENT_ENDING) == 0;
}

/* A folder that is being read. */
struct folder_reading {
    const char *folder;
    struct plain_file_policy policy;
    struct client_files *clients;
    size_t room; /* for so many clients */
    struct config_report *report;
};

static void load_entry(struct folder_reading *reading, const char *name)
{
    struct client_files *clients = reading->clients;
    struct error error;
    struct client_file client;
    size_t line;
    const bool is_client = is_client_name(name);
    if (is_passed_over(name, is_client))
        return;
    char *path = path_join(reading->folder, name);
    if (!is_client) {
        config_report_add_error(reading->report, path, 0,
                                "is no client's, whose file's name ends in %s: rename it, or take it away",
                                CLIENT_ENDING);
    } else if (load_client(client.key, path, &reading->policy, &line, &error) != 0) {
        config_report_add_error(reading->report, path, line, "%s", error.text);
    } else {
        client.name = memory_copy_text(name, strlen(name) - strlen(CLIENT_ENDING));
        clients->files =
            memory_make_room(clients->files, &reading->room, clients->count + 1, 16, sizeof(*clients->files));
        clients->files[clients->count++] = client;
    }
    free(path);
}

static int compare_keys(const void *one, const void *other)
{
    const struct client_file *const *a = one, *const *b = other;
    int order = memcmp((*a)->key, (*b)->key, X25519_PUBLIC_KEY_SIZE);
    return order != 0 ? order : strcmp((*a)->name, (*b)->name);
}

/* Two files with the same key: when one is removed, the client still gets in. */
static void check_twice(const struct client_files *clients, const char *folder, struct config_report *report)
{
    const struct client_file **by_key = memory_allocate(clients->count, sizeof(*by_key));
    for (size_t i = 0; i < clients->count; i++)
        by_key[i] = &clients->files[i];
    if (clients->count > 0)
        qsort(by_key, clients->count, sizeof(*by_key), compare_keys);
    for (size_t i = 1; i < clients->count; i++) {
        if (memcmp(by_key[i - 1]->key, by_key[i]->key, X25519_PUBLIC_KEY_SIZE) != 0)
            continue;
        char *path = client_files_find_path(folder, by_key[i]->name);
        config_report_add_error(report, path, 0,
                                "has the same key as %s" CLIENT_ENDING
                                ": each client needs its own, so take one of them away",
                                by_key[i - 1]->name);
        free(path);
    }
    free(by_key);
}

static void read_folder(struct client_files *clients, const char *folder, bool for_owner,
                        struct config_report *report)
{
    struct folder_names names;
    struct error error;
    if (folder_list(&names, folder, for_owner, AUTHORIZED_CLIENTS_MAX, &error) != 0) {
        config_report_add_error(report, folder, 0, "%s", error.text);
        return;
    }
    struct folder_reading reading = {
        .folder = folder,
        /* Public keys are no secret, but who can write one lets himself in. */
        .policy = {.is_private = true,
                   .has_owner = for_owner,
                   .owner = names.owner,
                   .forbidden_mode = 022,
                   .forbidden_mode_of_roots = 022},
        .clients = clients,
        .report = report,
    };
    for (size_t i = 0; i < names.count; i++)
        load_entry(&reading, names.names[i]);
    folder_names_clear(&names);
    check_twice(clients, folder, report);
}

/* -- readings ------------------------------------------------------------------------------------------ */

/* What a reading of the folder has brought. */
struct reading {
    struct client_files clients;
    struct config_report report;
};

static bool readings_are_equal(const struct reading *one, const struct reading *other)
{
    if (one->clients.count != other->clients.count || one->report.error_count != other->report.error_count)
        return false;
    for (size_t i = 0; i < one->clients.count; i++) {
        const struct client_file *file = &one->clients.files[i], *other_file = &other->clients.files[i];
        if (strcmp(file->name, other_file->name) != 0 ||
            memcmp(file->key, other_file->key, sizeof(file->key)) != 0)
            return false;
    }
    for (size_t i = 0; i < one->report.error_count; i++) {
        if (strcmp(one->report.errors[i], other->report.errors[i]) != 0)
            return false;
    }
    return true;
}

static void reading_clear(struct reading *reading)
{
    client_files_clear(&reading->clients);
    config_report_clear(&reading->report);
}

static void pause_for_clock(void)
{
    struct timespec left = {.tv_nsec = FOLDER_CLOCK_MILLISECONDS * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* Reads the folder twice, the second time as it is behind every change that the stamp before may have missed:
 * there is none where the last one was long ago.
 * Returns whether nothing has changed: then what the second reading has brought is how the folder was at that
 * time. */
static bool read_twice(struct reading *reading, const char *folder, bool for_owner)
{
    struct reading first = {.clients = {.count = 0}};
    struct folder_stamp before, after;
    *reading = first;
    folder_take_stamp(&before, folder);
    read_folder(&first.clients, folder, for_owner, &first.report);
    if (!folder_stamp_is_old(&before))
        pause_for_clock();
    read_folder(&reading->clients, folder, for_owner, &reading->report);
    folder_take_stamp(&after, folder);
    const bool is_at_rest = folder_stamps_are_equal(&before, &after) && readings_are_equal(&first, reading);
    reading_clear(&first);
    return is_at_rest;
}

int client_files_load(struct client_files *clients, const char *folder, bool for_owner,
                      struct config_report *report)
{
    struct reading reading;
    bool is_at_rest = read_twice(&reading, folder, for_owner);
    for (size_t i = 1; i < TRIES && !is_at_rest; i++) {
        reading_clear(&reading);
        is_at_rest = read_twice(&reading, folder, for_owner);
    }
    if (!is_at_rest) {
        reading_clear(&reading);
        config_report_add_error(report, folder, 0, "changes while it is read: try again when it is at rest");
    }
    *clients = reading.clients;
    reading.clients = (struct client_files){.count = 0};
    for (size_t i = 0; i < reading.report.error_count; i++)
        config_report_copy_error(report, reading.report.errors[i], strlen(reading.report.errors[i]));
    const bool is_good = is_at_rest && reading.report.error_count == 0;
    reading_clear(&reading);
    return is_good ? 0 : -1;
}

static bool has_key(const char *folder, const char *file_name)
{
    uint8_t key[X25519_PUBLIC_KEY_SIZE];
    size_t line;
    struct error error;
    char *path = path_join(folder, file_name);
    const bool result = load_client(key, path, NULL, &line, &error) == 0;
    free(path);
    return result;
}

int client_files_find_others(enum client_others *others, const char *folder, const char *name,
                             struct error *error)
{
    struct folder_names names;
    const size_t length = strlen(name);
    *others = CLIENT_OTHERS_NONE;
    if (folder_list_all(&names, folder, error) != 0)
        return -1;
    for (size_t i = 0; i < names.count && *others != CLIENT_OTHERS_KEYS; i++) {
        const char *file_name = names.names[i];
        if (!is_client_name(file_name) ||
            (strncmp(file_name, name, length) == 0 && strcmp(file_name + length, CLIENT_ENDING) == 0))
            continue;
        *others = has_key(folder, file_name) ? CLIENT_OTHERS_KEYS : CLIENT_OTHERS_NO_KEYS;
    }
    folder_names_clear(&names);
    return 0;
}

void client_files_clear(struct client_files *clients)
{
    for (size_t i = 0; i < clients->count; i++)
        free(clients->files[i].name);
    free(clients->files);
    *clients = (struct client_files){.count = 0};
}

int client_files_make_set(struct authorized_clients **set, const struct client_files *clients,
                          struct error *error)
{
    *set = NULL;
    if (clients->count == 0)
        return 0;
    uint8_t(*keys)[X25519_PUBLIC_KEY_SIZE] = memory_allocate(clients->count, sizeof(*keys));
    for (size_t i = 0; i < clients->count; i++)
        memcpy(keys[i], clients->files[i].key, sizeof(keys[i]));
    *set = authorized_clients_new(keys, clients->count, error);
    free(keys);
    return *set != NULL ? 0 : -1;
}

/* -- names ---------------------------------------------------------------------------------------------- */

bool client_name_is_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char other[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@";
    const size_t length = strlen(name);
    return length > 0 && length <= CLIENT_NAME_MAX && strspn(name, first) > 0 &&
           strspn(name, other) == length;
}

char *client_files_find_path(const char *folder, const char *name)
{
    const size_t size = strlen(name) + sizeof(CLIENT_ENDING);
    char *file_name = memory_allocate(size, 1);
    snprintf(file_name, size, "%s%s", name, CLIENT_ENDING);
    char *path = path_join(folder, file_name);
    free(file_name);
    return path;
}

/* -- a client's own key ------------------------------------------------------------------------------------
 */

/* Reads the open file of a client's own key into secret memory, and decodes it. */
static int load_private(struct client_private_key *key, const struct plain_file *file, struct error *error)
{
    char *bytes = secret_allocate(CLIENT_FILE_SIZE_MAX + 1);
    struct text text, line;
    size_t line_number = 0;
    int result = read_file(file, bytes, &text, error);
    if (result == 0)
        result = find_line(text, &line, &line_number, error);
    if (result == 0)
        result = client_key_parse_private(key, line, error);
    secret_free(bytes);
    return result;
}

/* As for passwords: the owner may be an administrator who lets obpub read it as a group. */
static const struct plain_file_policy private_policy = {
    .forbidden_mode = S_IRWXO,
    .forbidden_mode_of_roots = S_IRWXO,
};

static int explain_private_fault(enum plain_file_fault fault, const struct plain_file *file, const char *path,
                                 struct error *error)
{
    switch (fault) {
    case PLAIN_FILE_MISSING:
        return error_set(error, "there is no such file: check the path");
    case PLAIN_FILE_FORBIDDEN:
        return error_set(error,
                         "this user (uid %u) may not open it: give it to this user, or to a group of its",
                         (unsigned)geteuid());
    case PLAIN_FILE_EXPOSED:
        return error_set(error,
                         "can be read or changed by others (mode %04o): run chmod o-rwx %s, and if they may "
                         "have read it, make a new pair of keys",
                         (unsigned)(file->status.st_mode & 07777), path);
    case PLAIN_FILE_FOLDER:
    case PLAIN_FILE_NOT_PLAIN:
        return error_set(error, "is not a plain file: name the file with the client's private key");
    default:
        return error_set(error, "it can't be opened (%s)", strerror(file->error_number));
    }
}

int client_private_file_load(struct client_private_key *key, const char *path, struct error *error)
{
    struct plain_file file;
    secret_wipe(key, sizeof(*key));
    enum plain_file_fault fault = plain_file_open(&file, path, &private_policy);
    if (fault != PLAIN_FILE_GOOD)
        return explain_private_fault(fault, &file, path, error);
    int result = load_private(key, &file, error);
    plain_file_close(&file);
    return result;
}
