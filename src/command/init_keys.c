/* The keys that "obpub init" makes: each drawn in secret memory, and written to a file of its owner's alone.
 */
#include "command/init_keys.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/memory.h"
#include "config/key_file.h"
#include "crypto/x25519.h"
#include "files/path.h"
#include "onion/client_key.h"

#define SECRET_SIZE 32
/* In hex, with a newline and the NUL that libsodium writes. */
#define SECRET_LINE_SIZE (2 * SECRET_SIZE + 2)

void init_key_draw(struct init_key *key)
{
    uint8_t *seed = secret_allocate(ED25519_SEED_SIZE);
    randombytes_buf(seed, ED25519_SEED_SIZE);
    ed25519_expand_seed(&key->secret_key, seed);
    secret_free(seed);
    ed25519_derive_public_key(key->public_key, &key->secret_key);
}

int init_key_write(const struct init_key *key, struct new_folder *folder, const char *name,
                   struct error *error)
{
    uint8_t *bytes = secret_allocate(KEY_TOR_SECRET_SIZE);
    key_encode_tor(bytes, &key->secret_key);
    int result = new_folder_add_file(folder, name, bytes, KEY_TOR_SECRET_SIZE, error);
    secret_free(bytes);
    return result;
}

static int add_in(struct new_folder *folder, const char *service, const char *name, const void *bytes,
                  size_t length, struct error *error)
{
    char *path = path_join(service, name);
    int result = new_folder_add_file(folder, path, bytes, length, error);
    free(path);
    return result;
}

int init_key_write_service(const struct init_key *key, struct new_folder *folder, const char *name,
                           struct error *error)
{
    uint8_t public_file[KEY_TOR_PUBLIC_SIZE];
    char address[ONION_ADDRESS_SIZE], hostname[ONION_ADDRESS_SIZE + sizeof(".onion")];
    key_encode_tor_public(public_file, key->public_key);
    onion_address_encode(address, key->public_key);
    int length = snprintf(hostname, sizeof(hostname), "%s.onion\n", address);
    char *secret_path = path_join(name, key_file_tor_name);
    int result = new_folder_add_folder(folder, name, error);
    if (result == 0)
        result = init_key_write(key, folder, secret_path, error);
    if (result == 0)
        result = add_in(folder, name, "hs_ed25519_public_key", public_file, sizeof(public_file), error);
    if (result == 0)
        result = add_in(folder, name, "hostname", hostname, (size_t)length, error);
    free(secret_path);
    return result;
}

int init_key_make_service(char address[ONION_ADDRESS_SIZE], struct new_folder *folder, const char *name,
                          struct error *error)
{
    struct init_key *key = secret_allocate(sizeof(*key));
    init_key_draw(key);
    onion_address_encode(address, key->public_key);
    int result = init_key_write_service(key, folder, name, error);
    secret_free(key);
    return result;
}

int init_secret_make(char hashed[HASHED_PASSWORD_SIZE], struct new_folder *folder, const char *const *names,
                     size_t count, struct error *error)
{
    uint8_t salt[HASHED_PASSWORD_SALT_SIZE];
    uint8_t *bytes = secret_allocate(SECRET_SIZE);
    char *line = secret_allocate(SECRET_LINE_SIZE);
    randombytes_buf(bytes, SECRET_SIZE);
    sodium_bin2hex(line, 2 * SECRET_SIZE + 1, bytes, SECRET_SIZE);
    line[2 * SECRET_SIZE] = '\n';
    randombytes_buf(salt, sizeof(salt));
    if (hashed != NULL)
        hashed_password_make(hashed, line, 2 * SECRET_SIZE, salt);
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++)
        result = new_folder_add_file(folder, names[i], line, 2 * SECRET_SIZE + 1, error);
    secret_free(line);
    secret_free(bytes);
    return result;
}

/* The halves of a client's key pair, and the private one's line. */
struct client_pair {
    uint8_t secret_key[X25519_SECRET_KEY_SIZE];
    uint8_t public_key[X25519_PUBLIC_KEY_SIZE];
    char private_line[CLIENT_KEY_PRIVATE_LINE_SIZE];
};

int init_client_make(char *public_line, struct new_folder *folder, const char *name, struct error *error)
{
    static const uint8_t no_service[ED25519_PUBLIC_KEY_SIZE] = {0};
    struct client_pair *pair = secret_allocate(sizeof(*pair));
    randombytes_buf(pair->secret_key, sizeof(pair->secret_key));
    x25519_derive_public_key(pair->public_key, pair->secret_key);
    client_key_format_private(pair->private_line, no_service, pair->secret_key);
    pair->private_line[sizeof(pair->private_line) - 1] = '\n';
    client_key_format_public(public_line, pair->public_key);
    public_line[CLIENT_KEY_PUBLIC_LINE_SIZE - 1] = '\n';
    /* Behind the address and its colon the line is good for all services. */
    int result = new_folder_add_file(folder, name, pair->private_line + ONION_ADDRESS_LENGTH + 1,
                                     sizeof(pair->private_line) - ONION_ADDRESS_LENGTH - 1, error);
    secret_free(pair);
    return result;
}
