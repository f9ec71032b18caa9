/* Tests of opening key files with care. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <sodium.h>

#include "base/memory.h"
#include "config/key_file.h"
#include "helper_bundle.h"
#include "helper_folder.h"
#include "onion/onion_address.h"
#include "vectors.h"

#define NOBODY 65534

/* The first tor key and the first PEM key of the vectors, and their addresses. */
static uint8_t tor_key[96];
static char tor_address[ONION_ADDRESS_SIZE], pem_key[512], pem_address[ONION_ADDRESS_SIZE];

static void remember_vector(char **words)
{
    size_t length = strlen(words[1]) / 2;
    if (strcmp(words[0], "tor") == 0) {
        vectors_decode_hex(words[1], tor_key, sizeof(tor_key));
        snprintf(tor_address, sizeof(tor_address), "%s", words[2]);
    } else {
        memset(pem_key, 0, sizeof(pem_key));
        vectors_decode_hex(words[1], (uint8_t *)pem_key, length);
        snprintf(pem_address, sizeof(pem_address), "%s", words[2]);
    }
}

static int prepare(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    vectors_for_each("key_files.txt", 3, remember_vector);
    return 0;
}

/* Loads a key. Returns its address, or NULL after a failure; loaded_path may be NULL. */
static const char *load(const char *path, char *loaded_path, size_t size, struct error *error)
{
    static char address[ONION_ADDRESS_SIZE];
    struct ed25519_secret_key *secret_key = secret_allocate(sizeof(*secret_key));
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
    struct key_file_origin origin;
    int result = key_file_load(path, false, secret_key, public_key, &origin, error);
    if (result == 0) {
        onion_address_encode(address, public_key);
        if (loaded_path != NULL)
            snprintf(loaded_path, size, "%s", origin.path);
        assert_int_equal(origin.bundle != NULL, origin.format == KEY_FORMAT_BUNDLE);
        if (origin.bundle != NULL)
            assert_true(sodium_is_zero((const uint8_t *)secret_key, sizeof(*secret_key)));
        bundle_free(origin.bundle);
        free(origin.path);
    } else {
        assert_null(origin.bundle);
        assert_true(sodium_is_zero((const uint8_t *)secret_key, sizeof(*secret_key)));
        assert_null(origin.path);
    }
    secret_free(secret_key);
    return result == 0 ? address : NULL;
}

static void check_loaded(const char *path, const char *expected_address, const char *expected_path)
{
    struct error error = {.text = ""};
    char loaded_path[256];
    const char *address = load(path, loaded_path, sizeof(loaded_path), &error);
    if (address == NULL)
        fail_msg("%s: %s", path, error.text);
    assert_string_equal(address, expected_address);
    assert_string_equal(loaded_path, expected_path);
}

static void check_refused(const char *path, const char *text)
{
    struct error error = {.text = ""};
    assert_null(load(path, NULL, 0, &error));
    if (strstr(error.text, text) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", path, error.text, text);
}

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(name, 0700), 0);
}

static void test_files(void **state)
{
    (void)state;
    folder_write_text("frontend.key", pem_key);
    folder_write("other.key", tor_key, sizeof(tor_key));
    check_loaded("frontend.key", pem_address, "frontend.key");
    check_loaded("./other.key", tor_address, "./other.key");
    assert_int_equal(chmod("frontend.key", 0400), 0);
    check_loaded("frontend.key", pem_address, "frontend.key");
    assert_int_equal(symlink("frontend.key", "link"), 0);
    check_loaded("link", pem_address, "link");
}

/* A bundle is taken with the same care as a key. */
static void test_bundle(void **state)
{
    (void)state;
    size_t length;
    uint8_t *bytes = encode_bundle(make_bundle(1, &schedule_public, 1790000123, 60), &length);
    assert_true(length > KEY_FILE_SIZE_MAX);
    char address[ONION_ADDRESS_SIZE];
    onion_address_encode(address, bytes + 60); /* where the identity key stands */
    folder_write("whole.bundle", bytes, length);
    check_loaded("whole.bundle", address, "whole.bundle");
    folder_write("short.bundle", bytes, length - 1);
    check_refused("short.bundle", "cut short");
    folder_write("shorter.bundle", bytes, KEY_FILE_SIZE_MAX);
    check_refused("shorter.bundle", "cut short");
    bytes[length - 1] ^= 1;
    folder_write("damaged.bundle", bytes, length);
    check_refused("damaged.bundle", "checksum");
    bytes[19] = 3;
    folder_write("newer.bundle", bytes, length);
    check_refused("newer.bundle", "newer obpub");
    assert_int_equal(truncate("newer.bundle", (off_t)BUNDLE_SIZE_MAX + 1), 0);
    check_refused("newer.bundle", "too long");
    assert_int_equal(chmod("whole.bundle", 0640), 0);
    check_refused("whole.bundle", "chmod 600");
    secret_free(bytes);
}

static void test_service_folder(void **state)
{
    (void)state;
    make_folder("service");
    folder_write("service/hs_ed25519_secret_key", tor_key, sizeof(tor_key));
    check_loaded("service", tor_address, "service/hs_ed25519_secret_key");
    check_loaded("service/", tor_address, "service/hs_ed25519_secret_key");
    check_loaded("service/hs_ed25519_secret_key", tor_address, "service/hs_ed25519_secret_key");

    char hostname[ONION_ADDRESS_SIZE + 8];
    snprintf(hostname, sizeof(hostname), "%s.onion\n", tor_address);
    folder_write_text("service/hostname", hostname);
    check_loaded("service", tor_address, "service/hs_ed25519_secret_key");

    assert_int_equal(chmod("service/hs_ed25519_secret_key", 0644), 0);
    check_refused("service",
                  "its hs_ed25519_secret_key: can be read or changed by others (mode 0644): chmod 600");
}

static void test_companions_of_another_key(void **state)
{
    (void)state;
    make_folder("service");
    folder_write("service/hs_ed25519_secret_key", tor_key, sizeof(tor_key));
    folder_write_text("service/hostname", pem_address);
    check_refused("service", "does not go with the address in the file \"hostname\"");
    check_refused("service/hs_ed25519_secret_key", "does not go with the address in the file \"hostname\"");
    folder_write_text("service/hostname", "rubbish\n");
    check_refused("service", "does not go with the address in the file \"hostname\"");
    folder_write_text("service/hostname", "");
    check_refused("service", "does not go with the address in the file \"hostname\"");
    assert_int_equal(unlink("service/hostname"), 0);

    uint8_t public_file[64] = "== ed25519v1-public: type0 ==";
    onion_address_decode(public_file + 32, tor_address, NULL);
    folder_write("service/hs_ed25519_public_key", public_file, sizeof(public_file));
    check_loaded("service", tor_address, "service/hs_ed25519_secret_key");
    onion_address_decode(public_file + 32, pem_address, NULL);
    folder_write("service/hs_ed25519_public_key", public_file, sizeof(public_file));
    check_refused("service", "does not go with the hs_ed25519_public_key beside it");
    folder_write("service/hs_ed25519_public_key", public_file, 63);
    check_refused("service", "does not go with the hs_ed25519_public_key beside it");

    /* Under another name the key has nothing to do with what lies beside it. */
    folder_write("service/frontend.key", tor_key, sizeof(tor_key));
    check_loaded("service/frontend.key", tor_address, "service/frontend.key");
}

static void test_folders_without_key(void **state)
{
    (void)state;
    make_folder("empty");
    check_refused("empty", "is a folder without a hs_ed25519_secret_key");
    make_folder("v2");
    folder_write_text("v2/private_key", "-----BEGIN RSA PRIVATE KEY-----\n");
    check_refused("v2", "is the HiddenServiceDir of a v2 onion service");
    make_folder("strange");
    make_folder("strange/hs_ed25519_secret_key");
    check_refused("strange", "is not a plain file");
}

static void test_missing(void **state)
{
    (void)state;
    check_refused("missing.key", "there is no such file");
    folder_write_text("frontend.key", pem_key);
    check_refused("frontend.key/missing.key", "there is no such file");
    assert_int_equal(symlink("loop", "loop"), 0);
    check_refused("loop", "it can't be opened");
}

/* Each of the bits that let anybody else in. */
/* EOTK writes a config with X.key, and puts the key into X.v3sec.key. */
static void test_eotk_key(void **state)
{
    (void)state;
    check_refused("x.key", "there is no such file: check the path");
    folder_write_text("x.v3sec.key", "");
    check_refused("x.key", "\"x.v3sec.key\" lies in its folder, where EOTK puts the key of a v3 service");
    check_refused("x", "there is no such file: check the path");
    check_refused("x.v3pub.key", "there is no such file: check the path");
}

static void test_loose_permissions(void **state)
{
    (void)state;
    static const mode_t bits[] = {0040, 0020, 0010, 0004, 0002, 0001};
    folder_write_text("frontend.key", pem_key);
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        assert_int_equal(chmod("frontend.key", 0600 | bits[i]), 0);
        check_refused("frontend.key", "can be read or changed by others");
        check_refused("frontend.key", "chmod 600");
    }
}

static void test_permission_denied(void **state)
{
    (void)state;
    folder_write_text("frontend.key", pem_key);
    uid_t user = geteuid();
    if (user == 0) { /* root may open anything: be somebody else for a moment */
        assert_int_equal(chmod(".", 0755), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    } else {
        assert_int_equal(chmod("frontend.key", 0), 0);
    }
    check_refused("frontend.key", "may not open it");
    assert_int_equal(seteuid(user), 0);
}

static void test_foreign_owner(void **state)
{
    (void)state;
    folder_write_text("frontend.key", pem_key);
    if (geteuid() != 0) { /* only root can give a file away, but root's own files are good for everybody */
        check_loaded("frontend.key", pem_address, "frontend.key");
        return;
    }
    assert_int_equal(chown("frontend.key", NOBODY, NOBODY), 0);
    check_refused("frontend.key", "belongs to another user (uid 65534)");
}

/* None of these may block, or be read. */
static void test_not_plain_files(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    check_refused("fifo", "is not a plain file");
    check_refused("/dev/null", "is not a plain file");
    check_refused("/dev/zero", "is not a plain file");

    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    check_refused("socket", "it can't be opened");
    close(descriptor);
}

static void test_bad_content(void **state)
{
    (void)state;
    folder_write_text("frontend.key", "");
    check_refused("frontend.key", "is empty");
    folder_write("frontend.key", tor_key, 95);
    check_refused("frontend.key", "is truncated");
    char *long_text = memory_allocate(KEY_FILE_SIZE_MAX * 2, 1);
    memset(long_text, 'x', KEY_FILE_SIZE_MAX * 2);
    folder_write("frontend.key", long_text, KEY_FILE_SIZE_MAX * 2);
    free(long_text);
    check_refused("frontend.key", "is too long to be a key");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_files),
        TEST(test_bundle),
        TEST(test_service_folder),
        TEST(test_companions_of_another_key),
        TEST(test_folders_without_key),
        TEST(test_missing),
        TEST(test_eotk_key),
        TEST(test_loose_permissions),
        TEST(test_permission_denied),
        TEST(test_foreign_owner),
        TEST(test_not_plain_files),
        TEST(test_bad_content),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
