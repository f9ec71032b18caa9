/* Fuzzes the config file, in a folder that has keys of each kind: key.pem, tor/, short, client.key, and a
 * password, which are credentials as well; and the folder clients, of one authorised client. An input of one
 * byte is no file but says which path that is none is given instead.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/config.h"
#include "fuzz.h"

#define CLIENT_KEY "descriptor:x25519:CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

static void make_files(void)
{
    static bool are_made;
    if (are_made)
        return;
    are_made = true;
    struct forger forger = fuzz_forger();
    uint8_t key[96] = "== ed25519v1-secret: type0 ==";
    memcpy(key + 32, forger.identity_secret_key.scalar, 32);
    memcpy(key + 64, forger.identity_secret_key.nonce_prefix, 32);
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIOIJO8mlZ9hGK21ZnX00GrQDX7on5jYC/PzTAKJ1FDau\n"
                              "-----END PRIVATE KEY-----\n";
    fuzz_enter_folder();
    FUZZ_REQUIRE(mkdir("tor", 0700) == 0 && mkdir("empty", 0700) == 0);
    fuzz_write_file("tor/hs_ed25519_secret_key", key, sizeof(key));
    fuzz_write_file("short", key, sizeof(key) - 1);
    fuzz_write_file("key.pem", pem, strlen(pem));
    fuzz_write_file("password", "secret\n", 7);
    fuzz_write_file("client.key", CLIENT_KEY, strlen(CLIENT_KEY));
    fuzz_write_file("writable", "x", 1);
    static const char client[] = "descriptor:x25519:co7e72xk6icmp7jtld6jyadsdca5c5bhqeuce7wgotzx677jpnwq\n";
    FUZZ_REQUIRE(mkdir("clients", 0700) == 0);
    fuzz_write_file("clients/one.auth", client, strlen(client));
    FUZZ_REQUIRE(chmod("writable", 0666) == 0);
    char here[4096];
    FUZZ_REQUIRE(getcwd(here, sizeof(here)) != NULL && setenv("CREDENTIALS_DIRECTORY", here, 1) == 0);
}

/* A path under which there is no good file. */
static const char *make_bad_file(uint8_t number)
{
    static const char *const paths[] = {"missing",    "empty",    "/dev/null",
                                        "obpub.yaml", "writable", "tor/hs_ed25519_secret_key/x"};
    const char *path = paths[number % (sizeof(paths) / sizeof(paths[0]))];
    if (strcmp(path, "obpub.yaml") == 0)
        FUZZ_REQUIRE(truncate(path, 5 * 1024 * 1024) == 0);
    return path;
}

/* What a check needs is there, and fits together. */
static void check_health(const struct config_health *health)
{
    FUZZ_REQUIRE(config_health_equals(health, health));
    if (!health->is_on)
        return;
    FUZZ_REQUIRE(health->port > 0 && health->port <= UINT16_MAX);
    FUZZ_REQUIRE(strlen(health->address) == ONION_ADDRESS_LENGTH);
    FUZZ_REQUIRE(health->path == NULL || health->path[0] == '/');
    FUZZ_REQUIRE(health->expect_from >= 100 && health->expect_from <= health->expect_to &&
                 health->expect_to <= 599);
    FUZZ_REQUIRE(health->timeout > 0 && health->timeout <= health->interval && health->interval <= 600);
    FUZZ_REQUIRE(health->fall > 0 && health->rise > 0);
}

/* There is a key where a file is named, and no other key than that of the one good file. */
static void check_client_keys(const struct config_backend *backend)
{
    FUZZ_REQUIRE((backend->client_key != NULL) == (backend->client_secret != NULL));
    FUZZ_REQUIRE((backend->control_client_key != NULL) == (backend->control_client_secret != NULL));
    FUZZ_REQUIRE(backend->client_secret == NULL || backend->client_secret[0] == 16);
    FUZZ_REQUIRE(backend->control_client_secret == NULL || backend->control_client_secret[0] == 16);
}

static void check_config(const struct config *config)
{
    char title[CONFIG_TITLE_SIZE];
    bool has_onion = false, has_health = false;
    FUZZ_REQUIRE(config->frontend_count > 0 && config->path != NULL);
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        FUZZ_REQUIRE(frontend->secret_key != NULL && frontend->key_path != NULL && frontend->line > 0);
        FUZZ_REQUIRE(frontend->backend_count > 0 || config->waits_for_backends);
        FUZZ_REQUIRE(frontend->clients == NULL ||
                     (frontend->clients->count == 1 && frontend->clients_folder != NULL));
        bool is_hardmap = frontend->mode == CONFIG_MODE_HARDMAP;
        FUZZ_REQUIRE(frontend->lead <= 3600);
        FUZZ_REQUIRE(is_hardmap || !frontend->has_proof_of_work_off);
        for (size_t j = 0; j < frontend->backend_count; j++) {
            const struct config_backend *backend = &frontend->backends[j];
            FUZZ_REQUIRE(backend->name != NULL && strlen(backend->address) == ONION_ADDRESS_LENGTH);
            FUZZ_REQUIRE(backend->source < config->source_count);
            FUZZ_REQUIRE(backend->weight <= CONFIG_WEIGHT_MAX);
            FUZZ_REQUIRE(backend->is_twin == is_hardmap &&
                         (!is_hardmap || backend->has_control || frontend->lead > 0));
            FUZZ_REQUIRE((strcmp(backend->address, frontend->address) == 0) == is_hardmap);
            check_health(&backend->health);
            check_client_keys(backend);
            has_onion |= backend->has_control && backend->control.way == CONTROL_WAY_ONION;
            has_health |= backend->health.is_on;
            config_backend_format_title(title, backend);
            FUZZ_REQUIRE(strncmp(title, backend->name, strlen(backend->name)) == 0);
        }
    }
    FUZZ_REQUIRE(config_has_onion_control(config) == has_onion);
    FUZZ_REQUIRE(config_checks_health(config) == has_health);
}

static bool is_same(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

/* What reads only a part of the file finds in it what is found in all of it. */
static void check_parts(const char *path, const struct config *config)
{
    struct config_report report;
    char *location, *user;
    bool requires_sandbox;
    int result = config_find_status_socket(&location, path, &report);
    FUZZ_REQUIRE((result == 0) == (report.error_count == 0) && (result == 0 || location == NULL));
    FUZZ_REQUIRE(config == NULL || (result == 0 && is_same(location, config->status_socket_location)));
    config_report_clear(&report);
    free(location);
    result = config_find_command_socket(&location, path, &report);
    FUZZ_REQUIRE((result == 0) == (report.error_count == 0) && (result == 0 || location == NULL));
    FUZZ_REQUIRE(config == NULL || (result == 0 && is_same(location, config->command_socket_location)));
    config_report_clear(&report);
    free(location);
    result = config_find_confinement(&user, &requires_sandbox, path);
    FUZZ_REQUIRE(config == NULL || (result == 0 && is_same(user, config->user)));
    FUZZ_REQUIRE(config == NULL || requires_sandbox == config->requires_sandbox);
    free(user);
    enum log_level level = LOG_LEVEL_DEBUG;
    bool has_level = config_find_log_level(&level, path);
    FUZZ_REQUIRE(config == NULL || has_level == config->has_log_level);
    FUZZ_REQUIRE(config == NULL || !has_level || level == config->log_level);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    make_files();
    fuzz_write_file("obpub.yaml", data, size);
    struct config config;
    struct config_report report;
    const char *path = size == 1 ? make_bad_file(data[0]) : "obpub.yaml";
    int result = config_load(&config, path, &report);
    FUZZ_REQUIRE((result == 0) == (report.error_count == 0) && (result != 0 || size != 1));
    if (result == 0)
        check_config(&config);
    check_parts(path, result == 0 ? &config : NULL);
    config_clear(&config);
    config_report_clear(&report);
    return 0;
}
