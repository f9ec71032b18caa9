/* Fuzzes what the reader answers to the engine. The first byte says what is asked for first; the rest is
 * messages, each behind two bytes that are its length. */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "fuzz.h"
#include "process/channel.h"
#include "reader/reader_client.h"

#define REQUESTS_MAX 8 /* that are made, each of another kind than the one before */

/* An error that nothing has been written into yet: it has no end. */
static struct error no_error(void)
{
    struct error error;
    memset(error.text, 'x', sizeof(error.text));
    return error;
}

static bool is_set(const struct error *error)
{
    return memchr(error->text, '\0', sizeof(error->text)) != NULL;
}

static void load(struct reader_client *client)
{
    struct config config;
    struct config_report report;
    if (reader_client_load(client, &config, &report) == 0) {
        FUZZ_REQUIRE(config.frontend_count > 0);
        for (size_t i = 0; i < config.frontend_count; i++)
            FUZZ_REQUIRE(config.frontends[i].key_path != NULL && config.frontends[i].secret_key == NULL &&
                         config.frontends[i].bundle == NULL);
        config_clear(&config);
    }
    config_report_clear(&report);
}

static void keep_or_drop(struct reader_client *client, bool keeps)
{
    struct error error = no_error();
    int result = keeps ? reader_client_keep(client, &error) : reader_client_drop(client, &error);
    FUZZ_REQUIRE((result == 0) == !is_set(&error));
}

static void read_cookie(const struct credential_reader *reader)
{
    uint8_t cookie[CREDENTIAL_COOKIE_SIZE];
    struct error error = no_error();
    enum credential_result result = reader->read_cookie("cookie", cookie, reader->context, &error);
    FUZZ_REQUIRE((result == CREDENTIAL_OK) == !is_set(&error));
}

static void read_password(const struct credential_reader *reader)
{
    char *password;
    struct error error = no_error();
    enum credential_result result = reader->read_password("password", &password, reader->context, &error);
    FUZZ_REQUIRE((result == CREDENTIAL_OK) == !is_set(&error));
    FUZZ_REQUIRE((result == CREDENTIAL_OK) == (password != NULL));
    secret_free(password);
}

static void read_names(const struct name_reader *names, bool is_host)
{
    char text[NAME_FILES_TEXT_SIZE];
    memset(text, 'x', sizeof(text));
    if (is_host)
        names->find_host("backend", text, names->context);
    else
        names->read_resolver(text, names->context);
    FUZZ_REQUIRE(memchr(text, '\0', sizeof(text)) != NULL);
}

static void ask(struct reader_client *client, unsigned number)
{
    const struct credential_reader *reader = reader_client_credential_reader(client);
    switch (number % REQUESTS_MAX) {
    case 0:
        load(client);
        break;
    case 1:
    case 2:
        keep_or_drop(client, number % REQUESTS_MAX == 1);
        break;
    case 3:
        read_cookie(reader);
        break;
    case 4:
        read_password(reader);
        break;
    case 5:
    case 6:
        read_names(&reader->names, number % REQUESTS_MAX == 5);
        break;
    default:
        reader_client_take_late(client);
    }
}

/* Has all answers ready before the first request, as many as the channel holds. */
static void prepare_answers(int end, const uint8_t *data, size_t size)
{
    const uint8_t *message;
    size_t length;
    while ((message = fuzz_take_message(&data, &size, &length)) != NULL) {
        if (send(end, message, length, MSG_DONTWAIT) < 0)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    struct error error;
    fuzz_prepare();
    signal(SIGPIPE, SIG_IGN);
    if (size < 1)
        return 0;
    FUZZ_REQUIRE(channel_open(ends, &error) == 0);
    prepare_answers(ends[1], data + 1, size - 1);
    shutdown(ends[1], SHUT_WR);
    struct reader_client *client = reader_client_new(ends[0], "obpub.yaml");
    for (unsigned i = 0; i < REQUESTS_MAX; i++)
        ask(client, data[0] + i);
    reader_client_free(client);
    close(ends[0]);
    close(ends[1]);
    return 0;
}
