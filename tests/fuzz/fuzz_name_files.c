/* Fuzzes the files that know hosts. The first byte says which one the rest is: one of the form of
 * resolv.conf(5), or a line with a name and behind it a file of the form of hosts(5). */
#include <string.h>
#include <strings.h>

#include <event2/event.h>

#include "control/name_files.h"
#include "control/name_servers.h"
#include "fuzz.h"

/* In the first byte. */
#define IS_RESOLVER 1
#define IS_MISSING 2 /* there is no file, or a folder in its place */

static void enter_folder(void)
{
    static bool is_entered;
    if (!is_entered)
        fuzz_enter_folder();
    is_entered = true;
}

/* Whole lines, no longer than they may be. */
static void check_lines(const char *text)
{
    size_t length = strnlen(text, NAME_FILES_TEXT_SIZE);
    FUZZ_REQUIRE(length < NAME_FILES_TEXT_SIZE && (length == 0 || text[length - 1] == '\n'));
}

/* Where there is no file there is nothing in it. */
static void check_missing(const uint8_t *data, size_t size)
{
    char text[NAME_FILES_TEXT_SIZE];
    char *name = fuzz_copy_string(data, size);
    const char *path = size % 2 == 0 ? "missing" : ".";
    name_files_read_resolver(path, text);
    FUZZ_REQUIRE(text[0] == '\0');
    name_files_find_host(path, name, text);
    FUZZ_REQUIRE((text[0] != '\0') == (strcasecmp(name, "localhost") == 0));
    /* Those of this machine may have whatever they like. */
    name_files_find_host(NAME_FILES_HOSTS, name, text);
    check_lines(text);
    name_files_read_resolver(NAME_FILES_RESOLVER, text);
    check_lines(text);
    free(name);
}

static void check_host(const uint8_t *data, size_t size)
{
    char addresses[NAME_FILES_TEXT_SIZE], upper[NAME_FILES_TEXT_SIZE];
    char *text = fuzz_copy_string(data, size);
    size_t length = strcspn(text, "\n");
    bool has_file = length < size;
    fuzz_write_file("file", has_file ? data + length + 1 : data, has_file ? size - length - 1 : 0);
    text[length] = '\0';
    name_files_find_host("file", text, addresses);
    check_lines(addresses);
    FUZZ_REQUIRE(strcspn(addresses, " \t\r#") == strlen(addresses));
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
    name_files_find_host("file", text, upper);
    FUZZ_REQUIRE(strcmp(addresses, upper) == 0);
    free(text);
}

static void check_resolver(const uint8_t *data, size_t size)
{
    static struct event_base *base;
    char text[NAME_FILES_TEXT_SIZE];
    if (base == NULL)
        base = event_base_new();
    fuzz_write_file("file", data, size);
    name_files_read_resolver("file", text);
    check_lines(text);
    struct evdns_base *dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    FUZZ_REQUIRE(dns != NULL);
    int count = name_servers_set(dns, text);
    FUZZ_REQUIRE(count == evdns_base_count_nameservers(dns));
    evdns_base_free(dns, 0);
    event_base_loop(base, EVLOOP_NONBLOCK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enter_folder();
    if (size < 1)
        return 0;
    if ((data[0] & IS_MISSING) != 0)
        check_missing(data + 1, size - 1);
    else if ((data[0] & IS_RESOLVER) != 0)
        check_resolver(data + 1, size - 1);
    else
        check_host(data + 1, size - 1);
    return 0;
}
