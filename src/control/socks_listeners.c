/* Where a tor says that its SOCKS ports are (control-spec 3.9, net/listeners/socks). */
#include "control/socks_listeners.h"

#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "control/quoted_string.h"

#define KEYWORD "net/listeners/socks"
#define PLACE_SIZE 256 /* bytes with the NUL; a socket's path has less than 108 */

/* Puts the loopback address in the place of the one that stands for every address. */
static void replace_wildcard(struct listen_address *listener)
{
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)&listener->address;
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&listener->address;
    if (ipv4->sin_family == AF_INET && ipv4->sin_addr.s_addr == htonl(INADDR_ANY))
        ipv4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (ipv6->sin6_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&ipv6->sin6_addr))
        ipv6->sin6_addr = in6addr_loopback;
}

/* The better of two has the greater one. */
static int rank(const struct listen_address *listener)
{
    if (listen_address_path(listener) != NULL)
        return 2;
    return listen_address_is_local(listener) ? 1 : 0;
}

/* Takes one quoted place off the text. Returns 0 or -1. */
static int take_place(struct listen_address *place, const char **text, struct error *error)
{
    char value[PLACE_SIZE];
    if (quoted_string_parse(*text, value, sizeof(value), text) != 0)
        return error_set(error, "it names its SOCKS ports in a way that no tor does");
    if (listen_address_parse(place, value, error) != 0)
        return error_add_context(error, "of its SOCKS ports"), -1;
    replace_wildcard(place);
    return 0;
}

int socks_listeners_choose(struct listen_address *listener, const struct control_reply *reply,
                           struct error *error)
{
    const struct control_line *line = control_reply_find(reply, KEYWORD);
    if (!control_reply_is_ok(reply) || line == NULL || line->data != NULL ||
        memchr(line->text, '\0', line->text_length) != NULL)
        return error_set(error, "it does not say where its SOCKS ports are");
    const char *text = line->text + strlen(KEYWORD "=");
    for (size_t count = 0; *text != '\0'; count++) {
        struct listen_address place;
        if (count == SOCKS_LISTENERS_MAX)
            return error_set(error, "it names more than %d SOCKS ports", SOCKS_LISTENERS_MAX);
        if (count > 0 && !string_skip(&text, " "))
            return error_set(error, "it names its SOCKS ports in a way that no tor does");
        if (take_place(&place, &text, error) != 0)
            return -1;
        if (count == 0 || rank(&place) > rank(listener))
            *listener = place;
    }
    return line->text[strlen(KEYWORD "=")] != '\0' ? 1 : 0;
}
