/* Tests what is taken from /etc/hosts and /etc/resolv.conf, and what libevent is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "control/name_files.h"
#include "control/name_servers.h"
#include "helper_folder.h"

static void assert_addresses(const char *name, const char *expected)
{
    char addresses[NAME_FILES_TEXT_SIZE];
    name_files_find_host("hosts", name, addresses);
    assert_string_equal(addresses, expected);
}

static void test_hosts(void **state)
{
    (void)state;
    folder_write_text("hosts", "# 192.0.2.9 commented\n"
                               "192.0.2.1\tnode1 node1.example # nodes\n"
                               "\n"
                               "  192.0.2.2   Node2\r\n"
                               "2001:db8::1 node1\n"
                               "192.0.2.3\n"
                               "192.0.2.4 last");
    assert_addresses("node1", "192.0.2.1\n2001:db8::1\n");
    assert_addresses("NODE1.example", "192.0.2.1\n");
    assert_addresses("node2", "192.0.2.2\n");
    assert_addresses("last", "192.0.2.4\n");
    assert_addresses("node", "");
    assert_addresses("nodes", "");
    assert_addresses("commented", "");
    assert_addresses("192.0.2.3", "");
}

static void test_localhost(void **state)
{
    (void)state;
    folder_write_text("hosts", "192.0.2.1 node1\n");
    assert_addresses("localhost", "127.0.0.1\n::1\n");
    folder_write_text("hosts", "127.0.0.9 localhost\n");
    assert_addresses("localhost", "127.0.0.9\n");
    assert_int_equal(remove("hosts"), 0);
    assert_addresses("LOCALHOST", "127.0.0.1\n::1\n");
    assert_addresses("node1", "");
    /* No file that could keep it waiting. */
    assert_int_equal(mkfifo("hosts", 0600), 0);
    assert_addresses("node1", "");
    assert_int_equal(remove("hosts"), 0);
}

static void test_too_much(void **state)
{
    (void)state;
    char text[NAME_FILES_TEXT_SIZE];
    FILE *file = fopen("long", "we");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fprintf(file, "192.0.2.%d node\n", i % 256);
    fprintf(file, "%*s\n", 100000, "nameserver");
    fclose(file);
    name_files_find_host("long", "node", text);
    assert_true(strlen(text) < sizeof(text) && strlen(text) > sizeof(text) - 32);
    assert_int_equal(text[strlen(text) - 1], '\n');
    name_files_read_resolver("long", text);
    assert_true(strlen(text) < sizeof(text) && strlen(text) > sizeof(text) - 32);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void test_resolver(void **state)
{
    (void)state;
    char text[NAME_FILES_TEXT_SIZE];
    folder_write_text("resolver", "nameserver 192.0.2.1\nsearch example.org\n");
    name_files_read_resolver("resolver", text);
    assert_string_equal(text, "nameserver 192.0.2.1\nsearch example.org\n");
    name_files_read_resolver("no such file", text);
    assert_string_equal(text, "");
    name_files_read_resolver(".", text);
    assert_string_equal(text, "");
}

/* Sets a resolver up; returns how many servers it has, the addresses of which go to servers. */
static int set_up(const char *text, char *servers, size_t size)
{
    struct event_base *base = event_base_new();
    struct evdns_base *dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    assert_non_null(dns);
    int count = name_servers_set(dns, text);
    servers[0] = '\0';
    for (int i = 0; i < count; i++) {
        struct sockaddr_storage address;
        char part[INET6_ADDRSTRLEN + 16] = "";
        char number[INET6_ADDRSTRLEN] = "";
        assert_true(evdns_base_get_nameserver_addr(dns, i, (struct sockaddr *)&address, sizeof(address)) > 0);
        if (address.ss_family == AF_INET)
            inet_ntop(AF_INET, &((const struct sockaddr_in *)&address)->sin_addr, number, sizeof(number));
        else
            inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)&address)->sin6_addr, number, sizeof(number));
        snprintf(part, sizeof(part), "%s ", number);
        strncat(servers, part, size - strlen(servers) - 1);
    }
    evdns_base_free(dns, 0);
    event_base_free(base);
    return count;
}

static void test_servers(void **state)
{
    (void)state;
    char servers[256];
    assert_int_equal(set_up("# nameserver 192.0.2.9\n"
                            "nameserver 192.0.2.1\n"
                            "nameserver\t2001:db8::1  \n"
                            "nameserver\n"
                            "nameserver nonsense\n"
                            "search example.org example.net\n"
                            "options ndots:2 timeout:1 rotate nonsense: :\n"
                            "options aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1\n"
                            "domain example.com\n"
                            "search\n"
                            "sortlist 192.0.2.0\n",
                            servers, sizeof(servers)),
                     2);
    assert_string_equal(servers, "192.0.2.1 2001:db8::1 ");
    assert_int_equal(set_up("", servers, sizeof(servers)), 1);
    assert_string_equal(servers, "127.0.0.1 ");
    assert_int_equal(set_up("\n \t\n\r\nsearch a b c d e f g h i j", servers, sizeof(servers)), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts),    cmocka_unit_test(test_localhost), cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_resolver), cmocka_unit_test(test_servers),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
