/* Where a tor says that its SOCKS ports are, and which of them is chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "control/socks_listeners.h"

/* A reply of one line, then "OK". */
static int choose(struct listen_address *listener, int status, const char *text, struct error *error)
{
    const struct control_line lines[] = {
        {.status = status, .text = text, .text_length = strlen(text)},
        {.status = status, .text = "OK", .text_length = 2},
    };
    const struct control_reply reply = {.status = status, .lines = lines, .line_count = 2};
    return socks_listeners_choose(listener, &reply, error);
}

/* Writes a place as it stands in a config. */
static void format(char text[256], const struct listen_address *listener)
{
    char address[INET6_ADDRSTRLEN];
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&listener->address;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&listener->address;
    if (listen_address_path(listener) != NULL)
        snprintf(text, 256, "unix:%s", listen_address_path(listener));
    else if (ipv4->sin_family == AF_INET)
        snprintf(text, 256, "%s:%u", inet_ntop(AF_INET, &ipv4->sin_addr, address, sizeof(address)),
                 (unsigned)ntohs(ipv4->sin_port));
    else
        snprintf(text, 256, "[%s]:%u", inet_ntop(AF_INET6, &ipv6->sin6_addr, address, sizeof(address)),
                 (unsigned)ntohs(ipv6->sin6_port));
}

static void test_chooses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *chosen;
    } rows[] = {
        {"net/listeners/socks=\"127.0.0.1:9050\"", "127.0.0.1:9050"},
        {"net/listeners/socks=\"unix:/run/tor/socks\"", "unix:/run/tor/socks"},
        {"net/listeners/socks=\"unix:/a \\\"b\\\\c\"", "unix:/a \"b\\c"},
        {"net/listeners/socks=\"192.0.2.1:9050\" \"127.0.0.1:9150\"", "127.0.0.1:9150"},
        {"net/listeners/socks=\"127.0.0.1:9050\" \"127.0.0.1:9150\"", "127.0.0.1:9050"},
        {"net/listeners/socks=\"127.0.0.1:9050\" \"unix:/run/tor/socks\" \"[::1]:1\"", "unix:/run/tor/socks"},
        {"net/listeners/socks=\"192.0.2.1:9050\"", "192.0.2.1:9050"},
        {"net/listeners/socks=\"0.0.0.0:9050\"", "127.0.0.1:9050"},
        {"net/listeners/socks=\"[::]:9050\"", "[::1]:9050"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct listen_address listener;
        struct error error = {.text = ""};
        char text[256];
        if (choose(&listener, 250, rows[i].text, &error) != 1)
            fail_msg("%s: %s", rows[i].text, error.text);
        format(text, &listener);
        assert_string_equal(text, rows[i].chosen);
    }
}

static void test_finds_none(void **state)
{
    (void)state;
    struct listen_address listener;
    assert_int_equal(choose(&listener, 250, "net/listeners/socks=", NULL), 0);
}

static void test_refuses(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "net/listeners/socks",
        "net/listeners/socks=127.0.0.1:9050",
        "net/listeners/socks=\"127.0.0.1:9050",
        "net/listeners/socks=\"127.0.0.1:9050\" ",
        "net/listeners/socks=\"127.0.0.1:9050\"\"127.0.0.1:9051\"",
        "net/listeners/socks=\"127.0.0.1:9050\" x",
        "net/listeners/socks=\"localhost:9050\"",
        "net/listeners/socks=\"127.0.0.1:0\"",
        "net/listeners/socks=\"unix:run/tor/socks\"",
        "net/listeners/socks=\"vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion:9050\"",
        "net/listeners/sock=\"127.0.0.1:9050\"",
        "OK",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct listen_address listener;
        struct error error = {.text = ""};
        if (choose(&listener, 250, texts[i], &error) != -1)
            fail_msg("taken: %s", texts[i]);
        assert_true(error.text[0] != '\0');
    }
    struct listen_address listener;
    assert_int_equal(choose(&listener, 552, "net/listeners/socks=\"127.0.0.1:9050\"", NULL), -1);
    /* As many as anybody has, and one more. */
    char text[1024] = "net/listeners/socks=\"127.0.0.1:9050\"";
    for (int i = 1; i < SOCKS_LISTENERS_MAX; i++)
        strcat(text, " \"127.0.0.1:9050\"");
    assert_int_equal(choose(&listener, 250, text, NULL), 1);
    strcat(text, " \"127.0.0.1:9050\"");
    assert_int_equal(choose(&listener, 250, text, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chooses),
        cmocka_unit_test(test_finds_none),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
