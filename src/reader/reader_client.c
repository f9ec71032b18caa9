/* The engine's side of the reader: the config and the files that open control ports, without opening any. */
#include "reader/reader_client.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/memory.h"
#include "config/config_report.h"
#include "process/channel.h"
#include "process/conversation.h"
#include "reader/config_delivery.h"
#include "reader/reader_message.h"

/* Milliseconds that an answer to READER_LOAD may take where it is waited for: a thousand keys are read before
 * there is a first message, and a service manager does not wait for ever either. */
#define PATIENCE_LOAD 30000
/* Likewise one that comes at once, or not while a disk hangs. */
#define PATIENCE_SOCKET 1000

/* A request that waits to be sent or, when it is the client's "asked", for its answer. */
struct file_request {
    TAILQ_ENTRY(file_request) others;
    uint8_t *message;
    size_t size;
    int socket; /* that a copy of is sent along, or -1 */
    enum file_question_type question;
    struct config_delivery *delivery; /* of a load */
    /* One of them, or none where nobody waits for the answer (any more). */
    file_callback answered;
    reader_load_callback loaded;
    reader_done_callback done;
    void *context;
};

TAILQ_HEAD(file_requests, file_request);

struct reader_client {
    struct conversation conversation;
    const char *config_path;
    struct credential_reader credential_reader;
    struct file_requests waiting; /* in the order in which they were made */
    struct file_requests held;    /* likewise, until the local tors have been tried */
    struct file_request *asked;   /* the one that the reader is at, or NULL */
    bool knows_local_tors;
};

/* -- requests ------------------------------------------------------------------------------------- */

static bool ends_answer(const uint8_t *message, size_t size)
{
    return size > 1 && message[0] == READER_END;
}

static const struct conversation_peer reader = {
    .name = "the process that reads files",
    .is_late = "reading files takes more than",
    .advice = ": do the disks answer?",
    .ends_answer = ends_answer,
    .message_size_max = READER_MESSAGE_SIZE_MAX,
};

/* A request of one message of size bytes, of which the first is its type. */
static struct file_request *make_request(enum reader_message type, size_t size)
{
    struct file_request *request = memory_allocate(1, sizeof(*request));
    request->message = memory_allocate(size, 1);
    request->message[0] = (uint8_t)type;
    request->size = size;
    request->socket = -1;
    return request;
}

static void free_request(struct file_request *request)
{
    free(request->message);
    config_delivery_free(request->delivery);
    free(request);
}

static bool is_waited_for(const struct file_request *request)
{
    return request->answered != NULL || request->loaded != NULL || request->done != NULL;
}

static void take_callbacks_back(struct file_request *request)
{
    request->answered = NULL;
    request->loaded = NULL;
    request->done = NULL;
}

/* Sends the next request, once the answer to the one before has come whole: so what is sent never waits for
 * room in the channel, and a reader that hangs is sent no more than one. That a request can't be sent shows
 * when its answer is taken: the reader is gone then. */
static void send_next(struct reader_client *client)
{
    struct file_request *request = TAILQ_FIRST(&client->waiting);
    if (client->asked != NULL || request == NULL)
        return;
    TAILQ_REMOVE(&client->waiting, request, others);
    client->asked = request;
    conversation_ask_with(&client->conversation, request->message, request->size, request->socket, NULL);
}

static struct file_request *add_request(struct reader_client *client, struct file_request *request)
{
    TAILQ_INSERT_TAIL(&client->waiting, request, others);
    send_next(client);
    return request;
}

static bool has_request(const struct file_requests *requests, const struct file_request *wanted)
{
    const struct file_request *request;
    TAILQ_FOREACH(request, requests, others)
    {
        if (request == wanted)
            return true;
    }
    return false;
}

void reader_client_forget(struct reader_client *client, struct file_request *request)
{
    take_callbacks_back(request);
    if (request == client->asked)
        return; /* its answer is thrown away when it comes */
    TAILQ_REMOVE(has_request(&client->held, request) ? &client->held : &client->waiting, request, others);
    free_request(request);
}

/* -- answers -------------------------------------------------------------------------------------- */

/* Ends a request with a load's result; the report is the one that was delivered. */
static void end_load(struct file_request *request, int result, struct config *config)
{
    reader_load_callback loaded = request->loaded;
    take_callbacks_back(request);
    loaded(result, config, config_delivery_report(request->delivery), request->context);
}

/* Ends a request with a sentence. */
static void fail_request(struct reader_client *client, struct file_request *request,
                         const struct error *error)
{
    const struct file_answer answer = {.result = CREDENTIAL_UNUSABLE, .error = error};
    struct config none = {0};
    file_callback answered = request->answered;
    reader_done_callback done = request->done;
    if (request->loaded != NULL) {
        config_report_add_error(config_delivery_report(request->delivery), client->config_path, 0, "%s",
                                error->text);
        end_load(request, -1, &none);
        return;
    }
    take_callbacks_back(request);
    if (answered != NULL)
        answered(&answer, request->context);
    if (done != NULL)
        done(-1, error, request->context);
}

/* Says that an answer is none. */
static void refuse_answer(struct reader_client *client, struct file_request *request)
{
    struct error error;
    error_set(&error, "the process that reads files answers something else");
    fail_request(client, request, &error);
}

/* Hands the answer to a question on: what follows the type and the result. */
static void end_question(struct reader_client *client, struct file_request *request, size_t size)
{
    const uint8_t *message = client->conversation.message;
    const size_t length = size - 2;
    struct error error;
    struct file_answer answer = {.result = (enum credential_result)message[1],
                                 .content = message + 2,
                                 .length = length,
                                 .error = &error};
    if (answer.result != CREDENTIAL_OK) {
        error_set(&error, "%.*s", (int)length, (const char *)message + 2);
        if (answer.result != CREDENTIAL_PERMISSION && answer.result != CREDENTIAL_REFUSED)
            answer.result = CREDENTIAL_UNUSABLE;
    } else if ((request->question == FILE_PROOF || request->question == FILE_SECRET) &&
               length != SHA256_SIZE) {
        error_set(&error, "the process that reads files answers with %zu bytes that are no proof", length);
        answer.result = CREDENTIAL_UNUSABLE;
    }
    file_callback answered = request->answered;
    take_callbacks_back(request);
    answered(&answer, request->context);
}

/* The reader has said all that there is to say of a config. */
static void finish_load(struct reader_client *client, struct file_request *request, bool is_good)
{
    struct config config = {0};
    bool is_parsed = is_good && config_delivery_parse(request->delivery, client->config_path, &config) == 0;
    if (is_good && !is_parsed)
        add_request(client, make_request(READER_DROP, 1));
    end_load(request, is_parsed ? 0 : -1, &config);
}

/* Takes a message of the answer to the request that the reader is at. */
static void take_answer(struct reader_client *client, struct file_request *request, size_t size)
{
    const uint8_t *message = client->conversation.message;
    bool is_end = ends_answer(message, size);
    if (!is_waited_for(request))
        return;
    if (request->loaded != NULL && !is_end) {
        if (size < 2 || config_delivery_take(request->delivery, message, size) != 0)
            refuse_answer(client, request);
    } else if (!is_end) {
        refuse_answer(client, request);
    } else if (request->loaded != NULL) {
        finish_load(client, request, message[1] == 0);
    } else if (request->answered != NULL) {
        end_question(client, request, size);
    } else {
        reader_done_callback done = request->done;
        take_callbacks_back(request);
        done(0, NULL, request->context);
    }
}

/* Takes one message. Returns false when there can be no other one. */
static bool take_message(struct reader_client *client)
{
    struct conversation *conversation = &client->conversation;
    struct file_request *request = client->asked;
    struct error error;
    if (request == NULL) {
        ssize_t surplus = channel_receive(conversation->end, conversation->message, READER_MESSAGE_SIZE_MAX);
        conversation_wipe(conversation);
        return surplus > 0;
    }
    ssize_t size = conversation_take(conversation, 0, &error);
    bool is_end = size < 0 || ends_answer(conversation->message, (size_t)size);
    /* Who is called back with the end of an answer may ask for more, and wait for it. */
    if (is_end)
        client->asked = NULL;
    if (size < 0)
        fail_request(client, request, &error);
    else
        take_answer(client, request, (size_t)size);
    conversation_wipe(conversation);
    if (is_end)
        free_request(request);
    send_next(client);
    return size >= 0;
}

void reader_client_take(struct reader_client *client)
{
    while (channel_wait(client->conversation.end, 0) > 0 && take_message(client))
        continue;
}

/* -- the config ----------------------------------------------------------------------------------- */

struct file_request *reader_client_begin_load(struct reader_client *client, reader_load_callback callback,
                                              void *context)
{
    struct file_request *request = make_request(READER_LOAD, 1);
    request->delivery = config_delivery_new();
    request->loaded = callback;
    request->context = context;
    return add_request(client, request);
}

static struct file_request *begin(struct reader_client *client, enum reader_message type,
                                  reader_done_callback callback, void *context)
{
    struct file_request *request = make_request(type, 1);
    request->done = callback;
    request->context = context;
    return add_request(client, request);
}

struct file_request *reader_client_begin_keep(struct reader_client *client, reader_done_callback callback,
                                              void *context)
{
    return begin(client, READER_KEEP, callback, context);
}

/* An answer that is waited for. */
struct wait {
    bool is_over;
    int result;
    struct error *error;
    struct config *config;
    struct config_report *report;
};

static void wait_is_over(int result, const struct error *error, void *context)
{
    struct wait *wait = context;
    wait->is_over = true;
    wait->result = result;
    if (result != 0 && wait->error != NULL)
        *wait->error = *error;
}

static void load_is_over(int result, struct config *config, struct config_report *report, void *context)
{
    struct wait *wait = context;
    wait->is_over = true;
    wait->result = result;
    *wait->config = *config;
    *wait->report = *report;
    *report = (struct config_report){0};
}

/* Waits for the end of a request, for so many milliseconds after each message. */
static void wait_for(struct reader_client *client, struct file_request *request, int64_t patience,
                     const struct wait *wait)
{
    while (!wait->is_over && channel_wait(client->conversation.end, patience) > 0)
        take_message(client);
    if (wait->is_over)
        return;
    struct error error;
    error_set(&error, "%s %d seconds%s", reader.is_late, (int)(patience / 1000), reader.advice);
    fail_request(client, request, &error);
    reader_client_forget(client, request);
}

int reader_client_load(struct reader_client *client, struct config *config, struct config_report *report)
{
    struct wait wait = {.config = config, .report = report};
    *report = (struct config_report){0};
    wait_for(client, reader_client_begin_load(client, load_is_over, &wait), PATIENCE_LOAD, &wait);
    return wait.result;
}

int reader_client_keep(struct reader_client *client, struct error *error)
{
    struct wait wait = {.error = error};
    wait_for(client, begin(client, READER_KEEP, wait_is_over, &wait), CONVERSATION_PATIENCE, &wait);
    return wait.result;
}

int reader_client_drop(struct reader_client *client, struct error *error)
{
    struct wait wait = {.error = error};
    wait_for(client, begin(client, READER_DROP, wait_is_over, &wait), CONVERSATION_PATIENCE, &wait);
    return wait.result;
}

/* -- questions ------------------------------------------------------------------------------------ */

/* A request that ends in a text. */
static struct file_request *make_text_request(enum reader_message type, size_t start, const char *text)
{
    size_t length = strlen(text);
    struct file_request *request = make_request(type, start + length);
    memcpy(request->message + start, text, length);
    return request;
}

/* A request that ends in the path of a file, for who is at the other end of a socket. */
static struct file_request *make_peer_request(enum reader_message type, size_t start,
                                              const struct file_question *question)
{
    struct file_request *request = make_text_request(type, start, question->text);
    request->socket = question->socket;
    if (question->socket_path == NULL || question->socket_path[0] == '\0')
        return request;
    size_t length = strlen(question->socket_path);
    request->message = memory_resize(request->message, request->size + 1 + length, 1);
    request->message[request->size] = '\0';
    memcpy(request->message + request->size + 1, question->socket_path, length);
    request->size += 1 + length;
    return request;
}

static struct file_request *make_proof_request(const struct file_question *question)
{
    struct file_request *request = make_peer_request(READER_PROOF, READER_PROOF_PATH, question);
    const struct cookie_challenge *challenge = question->challenge;
    request->message[READER_PROOF_FLAGS] =
        (uint8_t)((question->is_named_by_peer ? READER_PROOF_NAMED_BY_PEER : 0) |
                  (question->is_local_tor ? READER_PROOF_LOCAL_TOR : 0) |
                  (question->type == FILE_SECRET ? READER_PROOF_OF_SECRET : 0));
    memcpy(request->message + READER_PROOF_NONCE, challenge->client_nonce, COOKIE_NONCE_SIZE);
    memcpy(request->message + READER_PROOF_SERVER_NONCE, challenge->server_nonce, COOKIE_NONCE_SIZE);
    memcpy(request->message + READER_PROOF_SERVER_HASH, challenge->server_hash, SHA256_SIZE);
    return request;
}

static struct file_request *make_question_request(const struct file_question *question)
{
    switch (question->type) {
    case FILE_PASSWORD:
        return make_peer_request(READER_PASSWORD, 1, question);
    case FILE_PROOF:
    case FILE_SECRET:
        return make_proof_request(question);
    case FILE_HOST:
        return make_text_request(READER_HOST, 1, question->text);
    default:
        return make_request(READER_RESOLVER, 1);
    }
}

/* Answers a question that the reader would take for the end of all sense. */
static bool answer_here(const struct file_question *question, file_callback callback, void *context)
{
    size_t length = question->text != NULL ? strlen(question->text) : 0;
    if (question->type == FILE_RESOLVER || (length > 0 && length < PATH_MAX))
        return false;
    struct error error;
    const struct file_answer answer = {.result = CREDENTIAL_UNUSABLE, .error = &error};
    error_set(&error, "this can't be the path of a file: it has %zu bytes", length);
    callback(&answer, context);
    return true;
}

static struct file_request *ask(const struct file_question *question, file_callback callback,
                                void *callback_context, void *context)
{
    struct reader_client *client = context;
    if (answer_here(question, callback, callback_context))
        return NULL;
    struct file_request *request = make_question_request(question);
    request->question = question->type;
    request->answered = callback;
    request->context = callback_context;
    bool is_held = question->type == FILE_PROOF && question->is_named_by_peer && !question->is_local_tor &&
                   !client->knows_local_tors;
    if (!is_held)
        return add_request(client, request);
    TAILQ_INSERT_TAIL(&client->held, request, others);
    return request;
}

static void forget(struct file_request *request, void *context)
{
    reader_client_forget(context, request);
}

static void note_local_tors(void *context)
{
    struct reader_client *client = context;
    client->knows_local_tors = true;
    TAILQ_CONCAT(&client->waiting, &client->held, others);
    send_next(client);
}

/* -- files of listening sockets ------------------------------------------------------------------- */

static void removal_is_over(const struct file_answer *answer, void *context)
{
    wait_is_over(answer->result == CREDENTIAL_OK ? 0 : -1, answer->error, context);
}

int reader_client_remove_socket(struct reader_client *client, const char *path, struct error *error)
{
    struct wait wait = {.error = error};
    size_t length = strlen(path);
    if (length == 0 || length >= PATH_MAX)
        return error_set(error, "this can't be the path of a file: it has %zu bytes", length);
    struct file_request *request = make_text_request(READER_SOCKET, 1, path);
    request->answered = removal_is_over;
    request->question = FILE_PASSWORD; /* an answer of any length */
    request->context = &wait;
    wait_for(client, add_request(client, request), PATIENCE_SOCKET, &wait);
    return wait.result;
}

/* -- making --------------------------------------------------------------------------------------- */

const struct credential_reader *reader_client_credential_reader(const struct reader_client *client)
{
    return &client->credential_reader;
}

struct reader_client *reader_client_new(int end, const char *config_path)
{
    struct reader_client *client = memory_allocate(1, sizeof(*client));
    conversation_init(&client->conversation, &reader, end);
    client->config_path = config_path;
    client->credential_reader = (struct credential_reader){
        .ask = ask,
        .forget = forget,
        .note_local_tors = note_local_tors,
        .context = client,
    };
    TAILQ_INIT(&client->waiting);
    TAILQ_INIT(&client->held);
    return client;
}

static void free_requests(struct file_requests *requests)
{
    struct file_request *request;
    while ((request = TAILQ_FIRST(requests)) != NULL) {
        TAILQ_REMOVE(requests, request, others);
        free_request(request);
    }
}

void reader_client_free(struct reader_client *client)
{
    if (client == NULL)
        return;
    free_requests(&client->waiting);
    free_requests(&client->held);
    if (client->asked != NULL)
        free_request(client->asked);
    conversation_clear(&client->conversation);
    free(client);
}

bool reader_client_is_late(const struct reader_client *client)
{
    return client->conversation.owed > 0;
}
