/* Tests of whom the reader makes a proof for, of all that the kernel may say of who is at a control port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <sodium.h>

#include "base/memory.h"
#include "control/secret_proof.h"
#include "helper_folder.h"
#include "reader/reader_credentials.h"

#define COOKIE "0123456789abcdef0123456789ABCDEF"
#define EVERYBODY "0 0 4294967295\n"
#define SOME "0 0 1\n990 990 1\n"

static const struct config no_config;
static int listener, near, file;
static unsigned near_port, far_port;
static struct log log_of_test;

static unsigned find_port(int end)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    assert_int_equal(getsockname(end, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin_port);
}

/* A connection over loopback, a cookie that is this process' user's, and a log. */
static int set_up(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (folder_setup(state) != 0)
        return -1;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    near = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 1), 0);
    far_port = find_port(listener);
    address.sin_port = htons((uint16_t)far_port);
    assert_int_equal(connect(near, (struct sockaddr *)&address, sizeof(address)), 0);
    near_port = find_port(near);
    folder_write("cookie", COOKIE, COOKIE_SIZE);
    file = open("log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    log_open(&log_of_test, file, LOG_LEVEL_INFO);
    return mkdir("net", 0700);
}

static int tear_down(void **state)
{
    close(near);
    close(listener);
    close(file);
    return folder_teardown(state);
}

/* What was logged since the last time. */
static const char *take_log(void)
{
    static char text[4096];
    ssize_t length = pread(file, text, sizeof(text) - 1, 0);
    assert_true(length >= 0);
    text[length] = '\0';
    assert_int_equal(ftruncate(file, 0), 0);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    return text;
}

/* Has the kernel say that the other end is a user's; with -1 it says nothing. */
static void say_user(long user, const char *users)
{
    char row[256];
    snprintf(row, sizeof(row),
             "   0: 0100007F:%04X 0100007F:%04X 01 00000000:00000000 00:00000000 00000000 %ld 0 9 1 0 100\n",
             far_port, near_port, user);
    folder_write_text("net/tcp", user >= 0 ? row : "");
    folder_write_text("uid_map", users);
}

static struct proof_request make_request(bool is_local_tor)
{
    static const char key[] = "Tor safe cookie authentication server-to-controller hash";
    struct proof_request request = {
        .path = "cookie", .is_named_by_peer = true, .is_local_tor = is_local_tor, .socket = near};
    const struct span pieces[] = {
        {COOKIE, COOKIE_SIZE}, {request.challenge.client_nonce, 32}, {request.challenge.server_nonce, 32}};
    hash_hmac_sha256(request.challenge.server_hash, key, strlen(key), pieces, 3);
    return request;
}

static enum credential_result prove(bool is_local_tor)
{
    struct reader_credentials credentials = {
        .kept = &no_config, .loaded = &no_config, .process = ".", .log = &log_of_test};
    const struct proof_request request = make_request(is_local_tor);
    uint8_t proof[SHA256_SIZE];
    struct error error;
    enum credential_result result = reader_credentials_prove(&credentials, &request, proof, &error);
    if (result == CREDENTIAL_REFUSED)
        assert_true(sodium_is_zero(proof, sizeof(proof)));
    reader_credentials_clear(&credentials);
    return result;
}

static void expect(bool is_local_tor, enum credential_result result, const char *words)
{
    assert_int_equal(prove(is_local_tor), result);
    const char *said = take_log();
    if (words == NULL)
        assert_string_equal(said, "");
    else if (strstr(said, words) == NULL)
        fail_msg("no '%s' in: %s", words, said);
}

/* A user who is neither the cookie's owner, nor root, nor nobody. */
static long somebody(void)
{
    return geteuid() == 4711 ? 4712 : 4711;
}

static void test_owner(void **state)
{
    (void)state;
    say_user((long)geteuid(), EVERYBODY);
    expect(true, CREDENTIAL_OK, NULL);
    expect(false, CREDENTIAL_OK, NULL);
}

static void test_somebody_else(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        say_user(somebody(), i == 0 ? EVERYBODY : SOME);
        expect(true, CREDENTIAL_REFUSED, "is at the other end");
        expect(false, CREDENTIAL_REFUSED, "is at the other end");
    }
}

/* "nobody" owns nothing, not even what has its number. */
static void test_nobody(void **state)
{
    (void)state;
    bool is_nobodys = geteuid() == 0 && chown("cookie", PEER_USER_NOBODY, 0) == 0;
    say_user(PEER_USER_NOBODY, EVERYBODY);
    expect(true, CREDENTIAL_REFUSED, "user 65534 is at the other end");
    expect(false, CREDENTIAL_REFUSED, "user 65534 is at the other end");
    expect(false, CREDENTIAL_REFUSED,
           is_nobodys ? "have that tor run as a user of its own" : "belongs to user");
    if (!is_nobodys)
        return;
    /* Where users lack, both may be anybody's. */
    say_user(PEER_USER_NOBODY, SOME);
    expect(true, CREDENTIAL_OK, "better use a unix socket");
    expect(false, CREDENTIAL_REFUSED, "can't be found out");
}

/* One whom the user namespace lacks is not the owner of what somebody in it has. */
static void test_unmapped(void **state)
{
    (void)state;
    if (geteuid() == PEER_USER_NOBODY)
        skip();
    say_user(PEER_USER_NOBODY, SOME);
    expect(true, CREDENTIAL_REFUSED, "is at the other end");
    expect(false, CREDENTIAL_REFUSED, "is at the other end");
}

/* What the kernel says nothing of: the local tor alone is believed. */
static void test_unknown(void **state)
{
    (void)state;
    say_user(-1, EVERYBODY);
    expect(true, CREDENTIAL_OK, "better use a unix socket");
    expect(false, CREDENTIAL_REFUSED, "can't be found out");
    unlink("net/tcp");
    expect(true, CREDENTIAL_OK, "better use a unix socket");
    expect(false, CREDENTIAL_REFUSED, "can't be found out");
}

/* Root at a port is a tunnel of root's, unless it is root's own cookie. */
static void test_root(void **state)
{
    (void)state;
    if (geteuid() == 0)
        assert_int_equal(chown("cookie", 4711, 4711), 0);
    say_user(0, EVERYBODY);
    expect(true, CREDENTIAL_OK, NULL);
    expect(false, CREDENTIAL_REFUSED, "user 0 is at the other end");
    if (geteuid() != 0)
        return;
    assert_int_equal(chown("cookie", 0, 0), 0);
    expect(false, CREDENTIAL_OK, NULL);
}

/* A tor in a container, or behind a tunnel, names a file of its own machine: the log says what to do. */
static void test_file_of_another_machine(void **state)
{
    (void)state;
    say_user((long)geteuid(), EVERYBODY);
    folder_write("cookie", "another one, which is as long...", COOKIE_SIZE);
    expect(true, CREDENTIAL_REFUSED,
           "(tor-control-cookie-file), or give it a password (tor-control-password-file)");
    unlink("cookie");
    expect(false, CREDENTIAL_REFUSED, "(control-cookie-file), or give it a password (control-password-file)");
}

/* A socket of its own at folder/control; who makes it may call it what others call theirs. */
static int connect_to_socket(const char *folder, int *listening)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "control"};
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(bind(*listening, (struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(chdir(".."), 0);
    assert_int_equal(listen(*listening, 1), 0);
    snprintf(place.sun_path, sizeof(place.sun_path), "%s/control", folder);
    assert_int_equal(connect(end, (struct sockaddr *)&place, sizeof(place)), 0);
    return end;
}

/* Unix sockets are told apart by where they were connected to, as tors in containers all have one of the same
 * name. */
static void test_sockets_of_one_name(void **state)
{
    (void)state;
    static const char *const folders[] = {"one", "other"}, *const paths[] = {"one/control", "other/control"};
    struct reader_credentials credentials = {
        .kept = &no_config, .loaded = &no_config, .process = ".", .log = &log_of_test};
    uint8_t proof[SHA256_SIZE];
    struct error error;
    int ends[2], listening[2];
    folder_write_text("uid_map", EVERYBODY);
    for (int i = 0; i < 2; i++) {
        ends[i] = connect_to_socket(folders[i], &listening[i]);
        struct proof_request request = make_request(i == 0);
        request.socket = ends[i];
        request.socket_path = paths[i];
        assert_int_equal(reader_credentials_prove(&credentials, &request, proof, &error),
                         i == 0 ? CREDENTIAL_OK : CREDENTIAL_REFUSED);
    }
    assert_non_null(strstr(take_log(),
                           "the control port unix:other/control names the cookie file cookie, which "
                           "is that of unix:one/control"));
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(listening[i]);
    }
    reader_credentials_clear(&credentials);
}

/* A config of one backend, whose control port is at this place. */
static struct config_backend only_backend;
static struct config_frontend only_frontend = {.backends = &only_backend, .backend_count = 1};
static const struct config small_config = {.frontends = &only_frontend, .frontend_count = 1};

#define ONION "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd"
#define SECRET "0123456789abcdef0123456789abcdef"

static struct reader_credentials begin_with_backend(const char *place)
{
    control_endpoint_clear(&only_backend.control);
    assert_int_equal(control_endpoint_parse(&only_backend.control, place, NULL), 0);
    only_backend.has_control = true;
    only_backend.control_password_file = "secret";
    only_backend.control_client_key = "client.key";
    folder_write_text("secret", SECRET "\n");
    folder_write_text("client.key",
                      "descriptor:x25519:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ\n");
    return (struct reader_credentials){
        .kept = &small_config, .loaded = &no_config, .process = ".", .log = &log_of_test};
}

/* The secret that opens a control port over Tor is proved to who has it, and given to nobody. */
static void test_secret_over_tor(void **state)
{
    (void)state;
    struct error error;
    char *password;
    uint8_t key[SECRET_KEY_SIZE], proof[SHA256_SIZE];
    struct reader_credentials credentials = begin_with_backend("127.0.0.1:9051");
    assert_int_equal(reader_credentials_read_password(&credentials, "secret", near, "", &password, &error),
                     CREDENTIAL_OK);
    assert_string_equal(password, SECRET);
    secret_free(password);
    credentials = begin_with_backend(ONION ".onion:9151");
    assert_int_equal(reader_credentials_read_password(&credentials, "secret", near, "", &password, &error),
                     CREDENTIAL_UNUSABLE);
    assert_null(password);

    struct proof_request request = {.path = "secret", .is_of_secret = true, .socket = near};
    secret_derive_key(key, SECRET, strlen(SECRET));
    assert_int_equal(reader_credentials_prove(&credentials, &request, proof, &error), CREDENTIAL_UNUSABLE);
    secret_make_server_hash(request.challenge.server_hash, key, &request.challenge);
    assert_int_equal(reader_credentials_prove(&credentials, &request, proof, &error), CREDENTIAL_OK);
    assert_int_equal(secret_check_client_hash(proof, key, &request.challenge), 0);
    /* Another file is nobody's secret, whatever it holds. */
    folder_write_text("other", SECRET "\n");
    request.path = "other";
    assert_int_equal(reader_credentials_prove(&credentials, &request, proof, &error), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "the config names no"));
    control_endpoint_clear(&only_backend.control);
}

/* A client's key comes with the config, and no file with one is given as a password. */
static void test_client_key(void **state)
{
    (void)state;
    struct error error;
    char *password;
    struct reader_credentials credentials = begin_with_backend(ONION ".onion:9151");
    assert_int_equal(
        reader_credentials_read_password(&credentials, "client.key", near, "", &password, &error),
        CREDENTIAL_UNUSABLE);
    assert_null(password);
    control_endpoint_clear(&only_backend.control);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_owner, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_somebody_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unmapped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file_of_another_machine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sockets_of_one_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secret_over_tor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_client_key, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
