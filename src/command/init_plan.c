/* What "obpub init" is to make: the answers to its questions, each taken as text and checked. */
#include "command/init_plan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address/endpoint.h"
#include "base/memory.h"
#include "base/text.h"
#include "command/init_kept.h"
#include "files/new_name.h"
#include "files/path.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
/* What a path in a torrc may have without quotes around it, and without a meaning of its own. */
#define PATH_CHARACTERS LETTERS DIGITS "/._+@:,=~-"

static const char *const control_names[] = {
    [INIT_CONTROL_NONE] = "none",
    [INIT_CONTROL_UNIX] = "unix",
    [INIT_CONTROL_PASSWORD] = "password",
    [INIT_CONTROL_AGENT] = "agent",
};
#define CONTROL_NAMES (sizeof(control_names) / sizeof(control_names[0]))

static void replace(char **text, const char *with)
{
    free(*text);
    *text = memory_copy_text(with, strlen(with));
}

static int take_number(size_t *number, const char *text, size_t maximum, struct error *error)
{
    uint64_t value;
    if (text_parse_uint64(text_from_string(text), maximum, &value) != 0 || value == 0)
        return error_set(error, "\"%.100s\" is no number from 1 to %zu", text, maximum);
    *number = (size_t)value;
    return 0;
}

int init_plan_take_mode(struct init_plan *plan, const char *text, struct error *error)
{
    if (strcmp(text, "softmap") != 0 && strcmp(text, "hardmap") != 0)
        return error_set(error, "\"%.100s\" is no mode: give softmap or hardmap", text);
    plan->is_hardmap = text[0] == 'h';
    return 0;
}

int init_plan_take_services(struct init_plan *plan, const char *text, struct error *error)
{
    return take_number(&plan->service_count, text, INIT_SERVICES_MAX, error);
}

int init_plan_take_key(struct init_plan *plan, const char *text, struct error *error)
{
    if (text[0] == '\0')
        return 0;
    if (plan->service_count > 1)
        return error_set(error, "there is one key, but %zu services are to be made", plan->service_count);
    if (!new_name_is_taken(text))
        return error_set(error, "there is no file or folder \"%.200s\"", text);
    if (init_kept_check(plan->kept, text, plan->is_hardmap, error) != 0)
        return -1;
    replace(&plan->key_path, text);
    return 0;
}

/* Takes one address into its place. */
static int take_address(const struct init_plan *plan, char addresses[][ONION_ADDRESS_SIZE], size_t count,
                        struct text word, struct error *error)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    char *text = memory_copy_text(word.start, word.length);
    int result = onion_address_decode(identity_key, text, error);
    free(text);
    if (result != 0)
        return -1;
    onion_address_encode(addresses[count], identity_key);
    if (strcmp(addresses[count], plan->kept) == 0)
        return error_set(error,
                         "%s.onion is the frontend's own: a backend has a key of its own, or all have the "
                         "frontend's (--mode hardmap)",
                         plan->kept);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(addresses[i], addresses[count]) == 0)
            return error_set(error, "%s.onion is there twice: each backend has an address of its own",
                             addresses[i]);
    }
    return 0;
}

int init_plan_take_addresses(struct init_plan *plan, const char *text, struct error *error)
{
    char addresses[INIT_NODES_MAX][ONION_ADDRESS_SIZE];
    struct text rest = text_from_string(text), word;
    size_t count = 0;
    for (; text_take_word(&rest, ' ', '\t', &word); count++) {
        if (count == INIT_NODES_MAX)
            return error_set(error, "no more than %d can be given", INIT_NODES_MAX);
        if (take_address(plan, addresses, count, word, error) != 0)
            return -1;
    }
    if (count > 0 && plan->is_hardmap)
        return error_set(error, "with hardmap all tors have the frontend's address, and none of their own");
    if (count > 0 && plan->service_count > 1)
        return error_set(error, "only of one service can the backends be there already");
    memcpy(plan->addresses, addresses, count * sizeof(addresses[0]));
    plan->address_count = plan->node_count = count;
    return 0;
}

int init_plan_take_nodes(struct init_plan *plan, const char *text, struct error *error)
{
    size_t count = 0;
    if (take_number(&count, text, INIT_NODES_MAX, error) != 0)
        return -1;
    if (plan->address_count > 0 && plan->address_count != count)
        return error_set(error,
                         "there are %zu addresses, but %zu backends: give the address of each, or none",
                         plan->address_count, count);
    plan->node_count = count;
    return 0;
}

int init_plan_take_port(struct init_plan *plan, const char *text, struct error *error)
{
    size_t port = 0;
    if (take_number(&port, text, UINT16_MAX, error) != 0)
        return -1;
    plan->port = (unsigned)port;
    return 0;
}

/* Whether all characters can stand in a torrc as they are. */
static bool is_plain_path(const char *path)
{
    return path[0] == '/' && path[strspn(path, PATH_CHARACTERS)] == '\0';
}

/* A name would be looked up by each backend's tor, in the open. */
static bool is_numeric(const struct control_endpoint *endpoint)
{
    struct in6_addr address;
    return inet_pton(AF_INET, endpoint->host, &address) == 1 ||
           inet_pton(AF_INET6, endpoint->host, &address) == 1;
}

int init_plan_take_target(struct init_plan *plan, const char *text, struct error *error)
{
    struct control_endpoint endpoint;
    struct error reason;
    bool is_good = control_endpoint_parse(&endpoint, text, &reason) == 0;
    if (is_good) {
        is_good = endpoint.way == CONTROL_WAY_UNIX ? is_plain_path(endpoint.socket_path)
                                                   : endpoint.way == CONTROL_WAY_TCP && is_numeric(&endpoint);
        control_endpoint_clear(&endpoint);
    }
    if (!is_good)
        return error_set(error,
                         "\"%.200s\" is no place of a web server: give 127.0.0.1:8080, [::1]:8080 or "
                         "unix:/path, without blanks",
                         text);
    replace(&plan->target, text);
    return 0;
}

int init_plan_take_control(struct init_plan *plan, const char *text, struct error *error)
{
    for (size_t i = 0; i < CONTROL_NAMES; i++) {
        if (strcmp(text, control_names[i]) != 0)
            continue;
        if (i == INIT_CONTROL_NONE && plan->is_hardmap)
            return error_set(error,
                             "with hardmap obpub has to reach the control port of each tor: give unix, "
                             "password or agent");
        if (i == INIT_CONTROL_UNIX && plan->address_count > 0)
            return error_set(
                error,
                "with unix new tors are made, but these backends are there already: give none, and write "
                "\"control: unix:\" with the path of each one's control socket into the config, as "
                "obpub.yaml(5) says; or give password or agent");
        plan->control = (enum init_control)i;
        return 0;
    }
    return error_set(error, "\"%.100s\" is no way to a control port: give none, unix, password or agent",
                     text);
}

int init_plan_take_tag(struct init_plan *plan, const char *text, struct error *error)
{
    /* tor-instance-create takes no others. */
    const char *characters = plan->control == INIT_CONTROL_UNIX ? LETTERS DIGITS : LETTERS DIGITS "_-";
    size_t length = strlen(text);
    if (length == 0 || length > INIT_TAG_MAX || strspn(text, characters) != length ||
        strspn(text, LETTERS) == 0)
        return error_set(error, "\"%.100s\" is no name: give a letter, then letters and digits%s, %d at most",
                         text, plan->control == INIT_CONTROL_UNIX ? "" : ", \"-\" and \"_\"", INIT_TAG_MAX);
    replace(&plan->tag, text);
    return 0;
}

int init_plan_take_tor_folder(struct init_plan *plan, const char *text, struct error *error)
{
    if (text[0] == '\0')
        text = plan->control == INIT_CONTROL_UNIX ? "/var/lib/tor-instances" : "/var/lib/tor";
    if (!is_plain_path(text))
        return error_set(error, "\"%.200s\" is no whole path without blanks and quotes", text);
    replace(&plan->tor_folder, text);
    return 0;
}

/* Whether a folder can be made at a path: that is found out here, where another one can still be named. */
static int check_place(const char *path, struct error *error)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *name = memory_copy_text(path, length);
    char *folder = path_copy_folder(name);
    char *inside = path_join(folder, "."); /* of what is no folder that is an error */
    int result = 0;
    if (access(inside, W_OK | X_OK) != 0)
        result = error_set(error, "%.200s: it can't be made (%s)", path, strerror(errno));
    free(inside);
    free(folder);
    free(name);
    return result;
}

int init_plan_take_output(struct init_plan *plan, const char *text, struct error *error)
{
    if (text[0] == '\0' || text[strspn(text, "/")] == '\0')
        return error_set(error, "\"%s\" is no name of a folder", text);
    if (new_name_is_taken(text))
        return error_set(
            error, "%.200s is there already, and is not replaced: name a folder that is not there yet", text);
    if (check_place(text, error) != 0)
        return -1;
    replace(&plan->output, text);
    return 0;
}

void init_plan_name_node(const struct init_plan *plan, size_t node, char name[INIT_NAME_SIZE])
{
    snprintf(name, INIT_NAME_SIZE, "%s%zu", plan->tag, node + 1);
}

char *init_plan_copy_tor_folder(const struct init_plan *plan, size_t node)
{
    char name[INIT_NAME_SIZE];
    init_plan_name_node(plan, node, name);
    if (plan->control == INIT_CONTROL_UNIX)
        return path_join(plan->tor_folder, name);
    return memory_copy_text(plan->tor_folder, strlen(plan->tor_folder));
}

void init_plan_clear(struct init_plan *plan)
{
    free(plan->key_path);
    free(plan->target);
    free(plan->tag);
    free(plan->tor_folder);
    free(plan->output);
    *plan = (struct init_plan){0};
}
