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

#define REQUESTS_MAX 7 /* that are made, each of another kind than the one before */

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

static void check_answer(const struct file_answer *answer, void *context)
{
    const enum file_question_type *type = context;
    bool is_good = answer->result == CREDENTIAL_OK;
    FUZZ_REQUIRE(is_good || is_set(answer->error));
    FUZZ_REQUIRE(!is_good || *type != FILE_PROOF || answer->length == SHA256_SIZE);
}

/* Asks a question, of which the answer is taken with that to a later one, or at the end. */
static void ask_question(struct reader_client *client, enum file_question_type type)
{
    static enum file_question_type types[] = {
        [FILE_PASSWORD] = FILE_PASSWORD,
        [FILE_PROOF] = FILE_PROOF,
        [FILE_HOST] = FILE_HOST,
        [FILE_RESOLVER] = FILE_RESOLVER,
    };
    const struct cookie_challenge challenge = {.client_nonce = {0}};
    const struct file_question question = {
        .type = type,
        .text = type == FILE_RESOLVER ? NULL : "file",
        .socket = -1,
        .socket_path = "/folder/socket",
        .is_named_by_peer = true,
        .challenge = &challenge,
    };
    const struct credential_reader *reader = reader_client_credential_reader(client);
    FUZZ_REQUIRE(reader->ask(&question, check_answer, &types[type], reader->context) != NULL);
    struct file_request *forgotten = reader->ask(&question, NULL, NULL, reader->context);
    reader->forget(forgotten, reader->context);
}

/* What can't be asked is answered at once. */
static void ask_nothing(struct reader_client *client)
{
    static enum file_question_type type = FILE_HOST;
    const struct file_question question = {.type = type, .text = "", .socket = -1};
    const struct credential_reader *reader = reader_client_credential_reader(client);
    FUZZ_REQUIRE(reader->ask(&question, check_answer, &type, reader->context) == NULL);
}

static void config_came(int result, struct config *config, struct config_report *report, void *context)
{
    (void)context;
    FUZZ_REQUIRE(result == 0 || report->error_count > 0 || config->frontend_count == 0);
    config_clear(config);
}

/* Takes what is left to be taken, and asks for more than there is. */
static void finish(struct reader_client *client)
{
    const struct credential_reader *reader = reader_client_credential_reader(client);
    reader->note_local_tors(reader->context);
    reader_client_take(client);
    reader_client_begin_load(client, config_came, NULL);
    reader_client_begin_keep(client, NULL, NULL);
    reader_client_take(client);
    reader_client_forget(client, reader_client_begin_load(client, config_came, NULL));
    ask_nothing(client);
}

static void ask(struct reader_client *client, unsigned number)
{
    static const enum file_question_type types[] = {FILE_PROOF, FILE_PASSWORD, FILE_HOST, FILE_RESOLVER};
    switch (number % REQUESTS_MAX) {
    case 0:
        load(client);
        break;
    case 1:
    case 2:
        keep_or_drop(client, number % REQUESTS_MAX == 1);
        break;
    default:
        ask_question(client, types[number % REQUESTS_MAX - 3]);
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
    finish(client);
    reader_client_free(client);
    close(ends[0]);
    close(ends[1]);
    return 0;
}
