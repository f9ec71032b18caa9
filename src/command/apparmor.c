/* Whether AppArmor lets a tor of Debian's use a unix socket that is not its own. */
#include "command/apparmor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files/plain_file.h"

#define ENABLED "/sys/module/apparmor/parameters/enabled"
#define PROFILE "/etc/apparmor.d/system_tor"
#define LOCAL_PROFILE "/etc/apparmor.d/local/system_tor"

/* Room for what is read of a file; who writes more into his part of the profile is not advised. */
#define CONTENT_SIZE 65536
#define PATH_SIZE 4096

/* Reads a file below root, into content with a NUL behind it. Returns how many bytes that is, -1 where there
 * is no such file, or none that may be read. */
static ssize_t read_file(const char *root, const char *name, char content[CONTENT_SIZE])
{
    char path[PATH_SIZE];
    struct plain_file file;
    if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int)sizeof(path) ||
        plain_file_open(&file, path, NULL) != PLAIN_FILE_GOOD)
        return -1;
    ssize_t length = plain_file_read(&file, content, CONTENT_SIZE - 1);
    plain_file_close(&file);
    content[length > 0 ? length : 0] = '\0';
    return length;
}

static bool is_in_force(const char *root)
{
    char content[CONTENT_SIZE];
    return read_file(root, ENABLED, content) > 0 && content[0] == 'Y' &&
           read_file(root, PROFILE, content) > 0;
}

/* Whether a line names the path, or with a pattern the folder that it is in; a comment does not. */
static bool names_path(const char *line, const char *path)
{
    size_t folder_length = (size_t)(strrchr(path, '/') - path) + 1;
    line += strspn(line, " \t");
    size_t length = strcspn(line, " \t,\n");
    if (length == strlen(path) && memcmp(line, path, length) == 0)
        return true;
    return length > folder_length && memcmp(line, path, folder_length) == 0 && line[folder_length] == '*';
}

bool apparmor_keeps_tor_from(const char *socket_path, const char *root, struct error *advice)
{
    char content[CONTENT_SIZE];
    if (socket_path[0] != '/' || !is_in_force(root))
        return false;
    ssize_t length = read_file(root, LOCAL_PROFILE, content);
    if (length == CONTENT_SIZE - 1)
        return false;
    for (const char *line = content; length > 0 && *line != '\0';) {
        if (names_path(line, socket_path))
            return false;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    error_set(advice,
              "Debian's AppArmor profile keeps tor from %s: add the line \"%s rw,\" to " LOCAL_PROFILE
              ", then give the commands \"apparmor_parser -r " PROFILE "\" and \"systemctl restart tor\"",
              socket_path, socket_path);
    return true;
}
