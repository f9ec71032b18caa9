/* Fuzzes the files that open a control port. The first byte says which one the rest is: a cookie, or a
 * password. */
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "control/credential_file.h"
#include "fuzz.h"

/* In the first byte. */
#define IS_PASSWORD 1
#define IS_MISPLACED 0x80 /* the path is that of no good file, as the rest of the byte says */
#define PASSWORD_LENGTH_MAX 1023

static void enter_folder(void)
{
    static bool is_entered;
    if (is_entered)
        return;
    is_entered = true;
    fuzz_enter_folder();
    FUZZ_REQUIRE(mkfifo("pipe", 0600) == 0);
    fuzz_write_file("open", "secret\n", 7);
    FUZZ_REQUIRE(chmod("open", 0604) == 0);
}

/* What is no file, and what everybody can read, is refused, with a sentence. */
static void check_misplaced(uint8_t first)
{
    static const char *const paths[] = {"missing", "pipe", ".", "open", "file/x", "/dev/tty"};
    const char *path = paths[(size_t)(first & ~IS_MISPLACED) / 2 % (sizeof(paths) / sizeof(paths[0]))];
    uint8_t cookie[CREDENTIAL_COOKIE_SIZE];
    char *password, group[64];
    struct error error = {.text = ""};
    enum credential_result result = (first & IS_PASSWORD) != 0
                                        ? credential_read_password(path, &password, &error)
                                        : credential_read_cookie(path, cookie, NULL, &error);
    FUZZ_REQUIRE(result == CREDENTIAL_UNUSABLE && error.text[0] != '\0');
    FUZZ_REQUIRE((first & IS_PASSWORD) == 0 || password == NULL);
    credential_find_group(path, group, sizeof(group));
    FUZZ_REQUIRE(memchr(group, '\0', sizeof(group)) != NULL);
}

/* A cookie is all of the file, if that has its size. */
static void check_cookie(const uint8_t *data, size_t size)
{
    uint8_t cookie[CREDENTIAL_COOKIE_SIZE];
    struct error error = {.text = ""};
    enum credential_result result = credential_read_cookie("file", cookie, NULL, &error);
    FUZZ_REQUIRE((result == CREDENTIAL_OK) == (size == sizeof(cookie)));
    FUZZ_REQUIRE((result == CREDENTIAL_OK) == (error.text[0] == '\0'));
    FUZZ_REQUIRE(result != CREDENTIAL_OK || memcmp(cookie, data, size) == 0);
}

/* The length of the first line without its end, and whether that can be a password. */
static bool measure_password(const uint8_t *data, size_t size, size_t *length)
{
    const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;
    *length = newline != NULL ? (size_t)(newline - data) : size;
    if (*length > 0 && data[*length - 1] == '\r')
        --*length;
    return *length > 0 && *length <= PASSWORD_LENGTH_MAX && memchr(data, '\0', *length) == NULL;
}

static void check_password(const uint8_t *data, size_t size)
{
    size_t length;
    char *password;
    struct error error = {.text = ""};
    bool is_good = measure_password(data, size, &length);
    enum credential_result result = credential_read_password("file", &password, &error);
    FUZZ_REQUIRE((result == CREDENTIAL_OK) == is_good && (password != NULL) == is_good);
    FUZZ_REQUIRE(is_good == (error.text[0] == '\0'));
    FUZZ_REQUIRE(!is_good || (strlen(password) == length && memcmp(password, data, length) == 0));
    secret_free(password);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    enter_folder();
    if (size < 1)
        return 0;
    fuzz_write_file("file", data + 1, size - 1);
    if ((data[0] & IS_MISPLACED) != 0)
        check_misplaced(data[0]);
    else if ((data[0] & IS_PASSWORD) != 0)
        check_password(data + 1, size - 1);
    else
        check_cookie(data + 1, size - 1);
    return 0;
}
