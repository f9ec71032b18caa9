/* Which name servers are asked, and how: what resolv.conf(5) says, handed to libevent. */
#include "control/name_servers.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define BLANKS " \t\r"
#define SEARCHES_MAX 6 /* as in resolv.conf(5) */

/* libevent puts each before those it has. */
static void set_searches(struct evdns_base *dns, char *rest)
{
    const char *domains[SEARCHES_MAX];
    size_t count = 0;
    char *saved = NULL;
    for (char *word = strtok_r(rest, BLANKS, &saved); word != NULL && count < SEARCHES_MAX;
         word = strtok_r(NULL, BLANKS, &saved))
        domains[count++] = word;
    evdns_base_search_clear(dns);
    while (count > 0)
        evdns_base_search_add(dns, domains[--count]);
}

/* "ndots:2" and its like; libevent knows some of them. */
static void set_options(struct evdns_base *dns, char *rest)
{
    char *saved = NULL;
    for (char *word = strtok_r(rest, BLANKS, &saved); word != NULL; word = strtok_r(NULL, BLANKS, &saved)) {
        char name[32];
        const char *colon = strchr(word, ':');
        if (colon == NULL || (size_t)(colon - word) + 1 >= sizeof(name))
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)(colon - word) + 1, word);
        evdns_base_set_option(dns, name, colon + 1);
    }
}

static void search_own_domain(struct evdns_base *dns)
{
    char name[HOST_NAME_MAX + 1] = "";
    const char *dot = gethostname(name, sizeof(name) - 1) == 0 ? strchr(name, '.') : NULL;
    if (dot != NULL && dot[1] != '\0')
        evdns_base_search_add(dns, dot + 1);
}

int name_servers_set(struct evdns_base *dns, const char *text)
{
    char *copy = memory_copy_text(text, strlen(text));
    bool has_searches = false;
    char *saved = NULL;
    for (char *line = strtok_r(copy, "\n", &saved); line != NULL; line = strtok_r(NULL, "\n", &saved)) {
        char *rest = NULL;
        const char *key = strtok_r(line, BLANKS, &rest);
        if (key == NULL)
            continue;
        if (strcmp(key, "nameserver") == 0) {
            const char *address = strtok_r(NULL, BLANKS, &rest);
            if (address != NULL)
                evdns_base_nameserver_ip_add(dns, address);
        } else if (strcmp(key, "search") == 0 || strcmp(key, "domain") == 0) {
            set_searches(dns, rest);
            has_searches = true;
        } else if (strcmp(key, "options") == 0) {
            set_options(dns, rest);
        }
    }
    free(copy);
    if (evdns_base_count_nameservers(dns) == 0)
        evdns_base_nameserver_ip_add(dns, "127.0.0.1");
    if (!has_searches)
        search_own_domain(dns);
    return evdns_base_count_nameservers(dns);
}
