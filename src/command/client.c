/* obpub client new, list and remove: who may read a restricted service's descriptors. tor has no tool for
 * that. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/memory.h"
#include "base/printable.h"
#include "command/commands.h"
#include "command/options.h"
#include "command/output.h"
#include "config/client_files.h"
#include "config/closest_word.h"
#include "config/config.h"
#include "confine/memory_lock.h"
#include "files/folder.h"
#include "files/new_file.h"
#include "files/new_name.h"
#include "files/path.h"
#include "files/plain_file.h"
#include "onion/introduction_point.h"

/* The folder with a file for each client, in a HiddenServiceDir. */
static const char clients_name[] = "authorized_clients";
static const char hostname_name[] = "hostname";
static const char secret_name[] = "hs_ed25519_secret_key";

/* What the command line means. */
struct client_request {
    const char *name;                              /* the client's */
    char *folder;                                  /* that its file is in */
    char *service_folder;                          /* the HiddenServiceDir, or where one would be */
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]; /* of the service; only for a new client */
};

/* A new key pair, in secret memory. */
struct key_pair {
    uint8_t secret_key[X25519_SECRET_KEY_SIZE];
    uint8_t public_key[X25519_PUBLIC_KEY_SIZE];
    char private_line[CLIENT_KEY_PRIVATE_LINE_SIZE]; /* with a newline in the place of the NUL */
};

static int refuse(const struct error *error)
{
    fprintf(stderr, "obpub: %s\n", error->text);
    return EXIT_CODE_BAD_INPUT;
}

/* -- where ---------------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Finds the folder of the clients: the given one, or the one in it, if it is a HiddenServiceDir. */
static void find_folder(struct client_request *request, const char *given)
{
    size_t length = strlen(given);
    while (length > 1 && given[length - 1] == '/')
        length--;
    request->folder = memory_copy_text(given, length);
    char *inside = path_join(request->folder, clients_name);
    if (is_folder(inside)) {
        request->service_folder = request->folder;
        request->folder = inside;
    } else {
        request->service_folder = path_copy_folder(request->folder);
        free(inside);
    }
}

/* A HiddenServiceDir whose tor has not made the folder in it yet is not taken for that folder. */
static int check_folder(const struct client_request *request, struct error *error)
{
    char *secret = path_join(request->folder, secret_name);
    const bool is_service = new_name_is_taken(secret);
    free(secret);
    if (!is_folder(request->folder))
        return error_set(error, "%s: there is no such folder: make it first (mkdir -m 700), as its owner",
                         request->folder);
    if (is_service)
        return error_set(
            error,
            "%s: is a HiddenServiceDir without the folder \"%s\": start its tor, or make it first "
            "(mkdir -m 700), as its owner",
            request->folder, clients_name);
    return 0;
}

/* Reads the address that tor has put into a HiddenServiceDir. False when there is none. */
static bool read_hostname(const struct client_request *request, char address[ONION_ADDRESS_SIZE + 8])
{
    struct plain_file file;
    char *path = path_join(request->service_folder, hostname_name);
    enum plain_file_fault fault = plain_file_open(&file, path, NULL);
    free(path);
    if (fault != PLAIN_FILE_GOOD)
        return false;
    ssize_t length = plain_file_read(&file, address, ONION_ADDRESS_SIZE + 7);
    plain_file_close(&file);
    address[length > 0 ? length : 0] = '\0';
    address[strcspn(address, " \t\r\n")] = '\0';
    return address[0] != '\0';
}

/* Finds out which service the clients are of: the one that was given, or that tor has put the folder there
 * for. */
static int find_service(struct client_request *request, const char *given, struct error *error)
{
    char hostname[ONION_ADDRESS_SIZE + 8];
    uint8_t other[ED25519_PUBLIC_KEY_SIZE];
    const bool has_hostname = read_hostname(request, hostname);
    if (given == NULL && !has_hostname)
        return error_set(
            error,
            "which onion address is it for? Give --frontend ADDRESS, as there is no file \"%s\" in %s "
            "that says so",
            hostname_name, request->service_folder);
    if (has_hostname && onion_address_decode(other, hostname, error) != 0)
        return error_add_context(error, "%s/%s", request->service_folder, hostname_name);
    if (given == NULL) {
        memcpy(request->identity_key, other, sizeof(other));
        return 0;
    }
    if (onion_address_decode(request->identity_key, given, error) != 0)
        return error_add_context(error, "--frontend");
    if (has_hostname && memcmp(request->identity_key, other, sizeof(other)) != 0)
        return error_set(error, "%s has the clients of %s, not of --frontend %s", request->folder, hostname,
                         given);
    return 0;
}

/* Takes what the command line says. Returns 0; or -1 with a sentence. In both cases request_clear() is to be
 * called. */
static int request_init(struct client_request *request, const struct options *options, struct error *error)
{
    *request = (struct client_request){.name = options->operand};
    find_folder(request, options->folder);
    return check_folder(request, error);
}

static void request_clear(struct client_request *request)
{
    free(request->folder);
    free(request->service_folder);
}

/* -- a new one ------------------------------------------------------------------------------------- */

/* A file that others can read is one more thing to say. */
static int write_file(const char *path, const char *bytes, size_t length, bool is_folders_owners,
                      struct error *error)
{
    const struct new_file file = {
        .bytes = (const uint8_t *)bytes, .length = length, .is_folders_owners = is_folders_owners};
    bool is_open_to_others = false;
    if (new_file_write(path, &file, &is_open_to_others, error) != 0)
        return error_add_context(error, "%s", path);
    if (is_open_to_others)
        fprintf(
            stderr,
            "obpub: warning: %s can be read by others, as its file system keeps no permissions: chmod 600 it "
            "where it is used\n",
            path);
    return 0;
}

static void make_key_pair(struct key_pair *pair, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    randombytes_buf(pair->secret_key, sizeof(pair->secret_key));
    x25519_derive_public_key(pair->public_key, pair->secret_key);
    client_key_format_private(pair->private_line, identity_key, pair->secret_key);
    pair->private_line[sizeof(pair->private_line) - 1] = '\n';
}

/* Writes the file that lets the client in. */
static int write_public(const char *path, const struct key_pair *pair, struct error *error)
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    client_key_format_public(line, pair->public_key);
    line[sizeof(line) - 1] = '\n';
    return write_file(path, line, sizeof(line), true, error);
}

/* Prints the private line without a copy in a buffer. */
static int print_private(const struct key_pair *pair, struct error *error)
{
    size_t written = 0;
    while (written < sizeof(pair->private_line)) {
        ssize_t count =
            write(STDOUT_FILENO, pair->private_line + written, sizeof(pair->private_line) - written);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return error_set(error, "standard output can't be written (%s)", strerror(errno));
        written += (size_t)count;
    }
    return 0;
}

/* How many were in the folder before. What is wrong in it is added to the report. */
static size_t count_clients(const struct client_request *request, struct config_report *report)
{
    struct client_files clients;
    client_files_load(&clients, request->folder, geteuid() == 0, report);
    const size_t count = clients.count;
    client_files_clear(&clients);
    return count;
}

/* Says what comes of it that so many were in the folder before the new one. */
static void explain_count(size_t before, const struct config_report *report)
{
    if (before == 0 && report->error_count == 0)
        fprintf(
            stderr,
            "obpub: this is the first client of the folder: the service is no longer open to everybody\n");
    if (before >= CONFIG_CLIENTS_MAX)
        fprintf(
            stderr,
            "obpub: warning: these are %zu clients, and a descriptor has room for %d beside %d introduction "
            "points with the usual 50,000 bytes: obpub takes none of the folder. Give several of them one "
            "key\n",
            before + 1, CONFIG_CLIENTS_MAX, INTRODUCTION_POINTS_MAX);
}

/* Says what keeps obpub from using the folder, and so from letting the new client in. */
static void warn_of_faults(const struct config_report *report)
{
    for (size_t i = 0; i < report->error_count; i++)
        fprintf(stderr, "obpub: warning: %s\n", report->errors[i]);
    if (report->error_count > 0)
        fprintf(stderr, "obpub: warning: until that is mended obpub takes none of the folder\n");
}

/* Hands the private line over and lets the client in; none of the two without the other. */
static int make_client(const struct client_request *request, const struct key_pair *pair, const char *output,
                       struct error *error)
{
    char *path = client_files_find_path(request->folder, request->name);
    int result = 0;
    if (new_name_is_taken(path))
        result = error_set(error, "%s is there already, and is not replaced: use another name", path);
    if (result == 0 && output != NULL)
        result = write_file(output, pair->private_line, sizeof(pair->private_line), false, error);
    const bool is_written = result == 0 && output != NULL;
    if (result == 0)
        result = write_public(path, pair, error);
    if (result != 0 && is_written)
        new_file_remove(output);
    if (result == 0 && output == NULL && print_private(pair, error) != 0) {
        new_file_remove(path);
        result = -1;
    }
    if (result == 0)
        fprintf(stderr,
                "obpub: %s lets the client in once the service is reloaded; %s goes into a file of the "
                "client's ClientOnionAuthDir that ends in .auth_private\n",
                path, output != NULL ? output : "the line above");
    free(path);
    return result;
}

static int make_checked_client(struct client_request *request, const struct options *options,
                               struct error *error)
{
    if (!client_name_is_valid(request->name))
        return error_set(error,
                         "\"%.150s\" is no name for a client: letters, digits, \"-\", \"_\", \".\" and \"@\" "
                         "can be in it, "
                         "%d at most, and first a letter or a digit",
                         request->name, CLIENT_NAME_MAX);
    if (find_service(request, options->frontend, error) != 0)
        return -1;
    struct config_report report = {.error_count = 0};
    const size_t before = count_clients(request, &report);
    struct key_pair *pair = secret_allocate(sizeof(*pair));
    make_key_pair(pair, request->identity_key);
    int result = make_client(request, pair, options->output, error);
    secret_free(pair);
    if (result == 0) {
        explain_count(before, &report);
        warn_of_faults(&report);
    }
    config_report_clear(&report);
    return result;
}

int client_new_command(const struct options *options)
{
    struct client_request request;
    struct error error;
    if (memory_lock_check(&error) != 0)
        fprintf(stderr, "obpub: warning: %s\n", error.text);
    int result = request_init(&request, options, &error);
    if (result == 0)
        result = make_checked_client(&request, options, &error);
    request_clear(&request);
    return result == 0 ? EXIT_CODE_COMPLETE : refuse(&error);
}

/* -- those that there are --------------------------------------------------------------------------- */

static void print_client(const struct client_file *client)
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    char *name = memory_copy_text(client->name, strlen(client->name));
    text_make_printable(name);
    client_key_format_public(line, client->key);
    printf("%-20s %s\n", name, line);
    free(name);
}

static int list_clients(const char *folder)
{
    struct client_files clients;
    struct config_report report = {.error_count = 0};
    int result = client_files_load(&clients, folder, geteuid() == 0, &report);
    for (size_t i = 0; i < clients.count; i++)
        print_client(&clients.files[i]);
    for (size_t i = 0; i < report.error_count; i++)
        fprintf(stderr, "obpub: %s\n", report.errors[i]);
    if (result == 0 && clients.count == 0)
        fprintf(stderr, "obpub: %s has no clients, so that the service is open to everybody\n", folder);
    client_files_clear(&clients);
    config_report_clear(&report);
    return output_finish(result == 0 ? EXIT_CODE_COMPLETE : EXIT_CODE_BAD_INPUT);
}

int client_list_command(const struct options *options)
{
    struct client_request request;
    struct error error;
    int result = request_init(&request, options, &error) == 0 ? list_clients(request.folder) : refuse(&error);
    request_clear(&request);
    return result;
}

/* -- one less ----------------------------------------------------------------------------------------- */

/* Says that there is no such client, and which one was probably meant. */
static int explain_missing(const struct client_request *request, const struct client_files *clients,
                           struct error *error)
{
    const char **names = memory_allocate(clients->count + 1, sizeof(*names));
    for (size_t i = 0; i < clients->count; i++)
        names[i] = clients->files[i].name;
    size_t closest = closest_word_find(request->name, names, clients->count);
    error_set(error, "%s has no client %.150s%s%s%s", request->folder, request->name,
              closest < clients->count ? ": is " : "", closest < clients->count ? names[closest] : "",
              closest < clients->count ? " meant?" : "");
    free(names);
    return -1;
}

/* Refuses to remove the last one. Faults of the folder and of other files are no reason to leave this client
 * in; but where there are only others that have no key, a tor that has passed over these is open. */
static int check_others(const struct client_request *request, const char *path, struct error *error)
{
    enum client_others others;
    if (client_files_find_others(&others, request->folder, request->name, error) != 0)
        return error_add_context(error, "%s", request->folder);
    if (others == CLIENT_OTHERS_NONE)
        return error_set(error,
                         "%s is the last one: without a client the service is open to everybody. Make "
                         "another one first (obpub client new), or give --force if that is meant",
                         path);
    if (others == CLIENT_OTHERS_NO_KEYS)
        return error_set(error,
                         "%s is the last one with a key: a tor passes over the other files, and without a "
                         "client it is open to everybody. Mend one of them first, or give --force if that "
                         "is meant",
                         path);
    return 0;
}

/* Removes it unless it is the last one. */
static int remove_client(const struct client_request *request, bool is_forced,
                         const struct client_files *clients, struct error *error)
{
    char *path = client_files_find_path(request->folder, request->name);
    int result = 0;
    if (strchr(request->name, '/') != NULL)
        result = error_set(error, "\"%.150s\" is no client's name", request->name);
    else if (!new_name_is_taken(path))
        result = explain_missing(request, clients, error);
    else if (!is_forced && check_others(request, path, error) != 0)
        result = -1;
    else if (new_file_remove(path) != 0)
        result = error_set(error, "%s: it can't be removed (%s)", path, strerror(errno));
    free(path);
    return result;
}

/* The client with another name that has the same key; NULL: there is none. */
static const struct client_file *find_double(const struct client_files *clients, const char *name)
{
    for (size_t i = 0; i < clients->count; i++) {
        for (size_t j = 0; j < clients->count; j++) {
            if (i != j && strcmp(clients->files[i].name, name) == 0 &&
                memcmp(clients->files[i].key, clients->files[j].key, X25519_PUBLIC_KEY_SIZE) == 0)
                return &clients->files[j];
        }
    }
    return NULL;
}

/* Of a folder with faults not all files may have been read. */
static void print_removed(const char *name, const struct client_files *clients, bool has_faults)
{
    const struct client_file *other = find_double(clients, name);
    char *shown = memory_copy_text(name, strlen(name));
    text_make_printable(shown);
    if (other == NULL && has_faults) {
        printf("%s is removed: unless another file has its key, the client is shut out once the folder is "
               "mended and the service is reloaded\n",
               shown);
    } else if (other == NULL) {
        printf("%s is removed: the client is shut out once the service is reloaded\n", shown);
    } else {
        char *shown_other = memory_copy_text(other->name, strlen(other->name));
        text_make_printable(shown_other);
        printf("%s is removed, but the client is not shut out: %s has the same key\n", shown, shown_other);
        free(shown_other);
    }
    free(shown);
}

/* Reads the folder without the client, for what is wrong with it now. */
static void note_rest(const struct client_request *request, struct config_report *report)
{
    config_report_clear(report);
    count_clients(request, report);
}

/* Of two that remove the last two at the same time the second one sees what the first has done. */
static int remove_from_folder(const struct client_request *request, bool is_forced, struct error *error)
{
    struct client_files clients;
    struct config_report report = {.error_count = 0};
    const int lock = folder_lock(request->folder, error);
    if (lock < 0)
        return error_add_context(error, "%s", request->folder);
    client_files_load(&clients, request->folder, geteuid() == 0, &report);
    int result = remove_client(request, is_forced, &clients, error);
    if (result == 0) {
        note_rest(request, &report);
        print_removed(request->name, &clients, report.error_count > 0);
    }
    warn_of_faults(&report);
    close(lock);
    client_files_clear(&clients);
    config_report_clear(&report);
    return result;
}

int client_remove_command(const struct options *options)
{
    struct client_request request;
    struct error error;
    int result = request_init(&request, options, &error);
    if (result == 0)
        result = remove_from_folder(&request, options->force, &error);
    request_clear(&request);
    return result == 0 ? output_finish(EXIT_CODE_COMPLETE) : refuse(&error);
}

int client_complete_options(struct options *options, struct error *error)
{
    if (options->folder == NULL)
        return error_set(error,
                         "whose clients? Give --folder FOLDER, the service's authorized_clients or the "
                         "HiddenServiceDir that it is in");
    return 0;
}
