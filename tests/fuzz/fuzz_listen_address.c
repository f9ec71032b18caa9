/* Fuzzes where a server of our own listens. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "address/listen_address.h"
#include "base/memory.h"
#include "fuzz.h"

/* Writes it as the config would have it; release with free(). */
static char *format(const struct listen_address *address)
{
    char host[INET6_ADDRSTRLEN] = "";
    const char *path = listen_address_path(address);
    if (path != NULL)
        return text_format("unix:%s", path);
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&address->address;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&address->address;
    bool is_ipv4 = address->address.ss_family == AF_INET;
    FUZZ_REQUIRE(is_ipv4 || address->address.ss_family == AF_INET6);
    FUZZ_REQUIRE(address->length == (is_ipv4 ? sizeof(*ipv4) : sizeof(*ipv6)));
    const void *bytes = is_ipv4 ? (const void *)&ipv4->sin_addr : (const void *)&ipv6->sin6_addr;
    FUZZ_REQUIRE(inet_ntop(address->address.ss_family, bytes, host, sizeof(host)) != NULL);
    return text_format(is_ipv4 ? "%s:%u" : "[%s]:%u", host,
                       ntohs(is_ipv4 ? ipv4->sin_port : ipv6->sin6_port));
}

/* What was understood, written out, is understood the same way. */
static void check_address(const struct listen_address *address)
{
    struct listen_address again;
    struct error error;
    char *text = format(address);
    FUZZ_REQUIRE(listen_address_parse(&again, text, &error) == 0);
    FUZZ_REQUIRE(again.length == address->length);
    FUZZ_REQUIRE(memcmp(&again.address, &address->address, sizeof(again.address)) == 0);
    FUZZ_REQUIRE(listen_address_is_local(&again) == listen_address_is_local(address));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy_string(data, size);
    struct listen_address address;
    struct error error = {.text = ""};
    if (listen_address_parse(&address, text, &error) == 0)
        check_address(&address);
    else
        FUZZ_REQUIRE(error.text[0] != '\0');
    if (listen_address_set_path(&address, text, &error) == 0)
        FUZZ_REQUIRE(strcmp(listen_address_path(&address), text) == 0 && listen_address_is_local(&address));
    free(text);
    return 0;
}
