/* Tests of finding out who is at the other end of a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "helper_folder.h"
#include "reader/peer.h"

/* A connection within this process: the end that connected, and the one that accepted. */
struct connection {
    int listener, near, far;
    unsigned near_port, far_port;
};

static unsigned find_port(int end)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    assert_int_equal(getsockname(end, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                              : ((struct sockaddr_in6 *)&address)->sin6_port);
}

static void connect_tcp(struct connection *connection, int listening_family, int connecting_family)
{
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool is_ipv6 = listening_family == AF_INET6;
    connection->listener = socket(listening_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ipv6.sin6_addr = connecting_family == AF_INET6 ? in6addr_loopback : in6addr_any;
    assert_int_equal(bind(connection->listener, is_ipv6 ? (struct sockaddr *)&ipv6 : (struct sockaddr *)&ipv4,
                          is_ipv6 ? sizeof(ipv6) : sizeof(ipv4)),
                     0);
    assert_int_equal(listen(connection->listener, 1), 0);
    connection->far_port = find_port(connection->listener);
    ipv6.sin6_addr = in6addr_loopback;
    ipv6.sin6_port = ipv4.sin_port = htons((uint16_t)connection->far_port);
    is_ipv6 = connecting_family == AF_INET6;
    connection->near = socket(connecting_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(connection->near, is_ipv6 ? (struct sockaddr *)&ipv6 : (struct sockaddr *)&ipv4,
                             is_ipv6 ? sizeof(ipv6) : sizeof(ipv4)),
                     0);
    connection->near_port = find_port(connection->near);
    connection->far = -1;
}

static void accept_far(struct connection *connection)
{
    connection->far = accept(connection->listener, NULL, NULL);
    assert_true(connection->far >= 0);
}

static void close_all(const struct connection *connection)
{
    close(connection->near);
    close(connection->listener);
    if (connection->far >= 0)
        close(connection->far);
}

/* What the kernel itself says. One who has not accepted the connection yet is nobody: of that the kernel says
 * that it is root's. */
static void check_families(int listening, int connecting, const char *host)
{
    struct connection connection;
    struct peer peer;
    char address[64];
    connect_tcp(&connection, listening, connecting);
    snprintf(address, sizeof(address), "%s:%u", host, connection.far_port);
    peer_find(&peer, connection.near, PEER_PROCESS);
    assert_int_equal(peer.place, PEER_LOOPBACK);
    assert_int_equal(peer.knowledge, PEER_USER_KNOWN);
    assert_int_equal(peer.user, PEER_USER_NOBODY);
    accept_far(&connection);
    peer_find(&peer, connection.near, PEER_PROCESS);
    assert_int_equal(peer.place, PEER_LOOPBACK);
    assert_int_equal(peer.knowledge, PEER_USER_KNOWN);
    assert_int_equal(peer.user, geteuid());
    assert_string_equal(peer.address, address);
    /* And after it has closed its end, too. */
    close(connection.far);
    connection.far = -1;
    peer_find(&peer, connection.near, PEER_PROCESS);
    assert_int_equal(peer.user, PEER_USER_NOBODY);
    close_all(&connection);
}

static void test_ipv4(void **state)
{
    (void)state;
    check_families(AF_INET, AF_INET, "127.0.0.1");
}

static void test_ipv6(void **state)
{
    (void)state;
    check_families(AF_INET6, AF_INET6, "[::1]");
}

/* An IPv6 socket that takes IPv4. */
static void test_mapped(void **state)
{
    (void)state;
    check_families(AF_INET6, AF_INET, "127.0.0.1");
}

static void write_table(const char *name, const struct connection *connection, const char *rows)
{
    char text[2048];
    const unsigned ports[] = {connection->far_port, connection->near_port};
    size_t used = 0, port = 0;
    for (const char *rest = rows; *rest != '\0' && used < sizeof(text) - 8; rest++) {
        if (*rest == '@')
            used += (size_t)snprintf(text + used, 8, "%04X", ports[port++ % 2]);
        else
            text[used++] = *rest;
    }
    text[used] = '\0';
    folder_write_text(name, text);
}

#define HEADER                                                                                               \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

/* The row that counts is that of the other end alone. */
static void test_tables(void **state)
{
    (void)state;
    struct connection connection;
    struct peer peer;
    connect_tcp(&connection, AF_INET, AF_INET);
    peer_find(&peer, connection.near, "."); /* no tables at all */
    assert_int_equal(mkdir("net", 0700), 0);
    assert_int_equal(peer.place, PEER_LOOPBACK);
    assert_int_equal(peer.knowledge, PEER_USER_UNKNOWN);
    write_table(
        "tcp", &connection,
        HEADER
        "   0: 0100007F:@ 0100007E:@ 01 00000000:00000000 00:00000000 00000000   101        0 1 1 0 100\n"
        "garbage\n"
        "   1: 0200007F:@ 0100007F:@ 01 00000000:00000000 00:00000000 00000000   102        0 2 1 0 100\n");
    peer_find(&peer, connection.near, ".");
    assert_int_equal(peer.knowledge, PEER_USER_UNKNOWN);
    write_table("net/tcp6", &connection,
                HEADER "   0: 0000000000000000FFFF00000100007F:@ 0000000000000000FFFF00000100007F:@ 01 "
                       "00000000:00000000 02:000000FF 00000000   103        0 77 2 0 100\n");
    peer_find(&peer, connection.near, ".");
    assert_int_equal(peer.knowledge, PEER_USER_KNOWN);
    assert_int_equal(peer.user, 103);
    close_all(&connection);
}

/* The number of "nobody" is that user's only where there are no users that have no number. */
static void test_namespaces(void **state)
{
    (void)state;
    struct connection connection;
    struct peer peer;
    connect_tcp(&connection, AF_INET, AF_INET);
    assert_int_equal(mkdir("net", 0700), 0);
    write_table(
        "net/tcp", &connection,
        "   0: 0100007F:@ 0100007F:@ 01 00000000:00000000 00:00000000 00000000 65534        0 9 1 0 100\n");
    static const struct {
        const char *map;
        enum peer_knowledge knowledge;
    } maps[] = {
        {"         0          0 4294967295\n", PEER_USER_KNOWN},
        {"         0          0          1\n       990        990          1\n", PEER_USER_UNMAPPED},
        {"         0     100000      65536\n", PEER_USER_UNMAPPED},
        {"", PEER_USER_UNMAPPED},
    };
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        folder_write_text("uid_map", maps[i].map);
        peer_find(&peer, connection.near, ".");
        assert_int_equal(peer.knowledge, maps[i].knowledge);
        assert_int_equal(peer.user, PEER_USER_NOBODY);
    }
    close_all(&connection);
}

static void test_unix(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "control"};
    struct peer peer;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int near = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(connect(near, (struct sockaddr *)&address, sizeof(address)), 0);
    peer_find(&peer, near, PEER_PROCESS);
    assert_int_equal(peer.place, PEER_UNIX);
    assert_int_equal(peer.knowledge, PEER_USER_KNOWN);
    assert_int_equal(peer.user, geteuid());
    assert_string_equal(peer.address, "unix:control");
    close(near);
    close(listener);
    unlink("control");
}

/* What is no connection is nobody's. */
static void test_nothing(void **state)
{
    (void)state;
    struct peer peer;
    int ends[2];
    int unconnected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(pipe(ends), 0);
    const int others[] = {-1, ends[0], unconnected};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        peer_find(&peer, others[i], PEER_PROCESS);
        assert_int_equal(peer.place, PEER_ELSEWHERE);
        assert_int_equal(peer.knowledge, PEER_USER_UNKNOWN);
        assert_string_equal(peer.address, "");
    }
    close(ends[0]);
    close(ends[1]);
    close(unconnected);
}

static void test_rows(void **state)
{
    (void)state;
    struct peer_row row;
    assert_int_equal(peer_row_parse(&row,
                                    "   4: 0100007F:235B 0100007F:9C40 01 00000000:00000000 00:00000000 "
                                    "00000000   113        0 81324 1 0000000012345678 20 4 30 10 -1\n"),
                     0);
    assert_int_equal(row.local.port, 0x235b);
    assert_int_equal(row.remote.port, 0x9c40);
    assert_int_equal(row.user, 113);
    assert_true(row.has_owner);
    /* TIME_WAIT has neither user nor inode. */
    assert_int_equal(peer_row_parse(&row,
                                    "   1: 0100007F:946B 0100007F:E9A0 06 00000000:00000000 03:00000000 "
                                    "00000000     0        0 0 3 000000001a6d0d17\n"),
                     0);
    assert_false(row.has_owner);
    static const char *const bad[] = {
        "",
        "\n",
        HEADER,
        "   4: 0100007F:235B",
        "   4: 0100007F:235B 0100007F:9C40 01 00000000:00000000 00:00000000 00000000   113\n",
        "   4: 010000:235B 0100007F:9C40 01 0:0 0:0 0 113 0 1 1\n",
        "   4: 0100007F0100007F:235B 0100007F:9C40 01 0:0 0:0 0 113 0 1 1\n",
        "   4: 0100007F 0100007F:9C40 01 0:0 0:0 0 113 0 1 1\n",
        "   4: 0100007F:235B 0100007F:x 01 0:0 0:0 0 113 0 1 1\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(peer_row_parse(&row, bad[i]), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv4),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_mapped),
        cmocka_unit_test_setup_teardown(test_tables, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_namespaces, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_unix, folder_setup, folder_teardown),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
