/* Fuzzes who asks for metrics or for the status: what comes goes to the HTTP server, or to the status socket.
 * The first byte says to which of them, how the bytes are cut, and whether the asker waits for the answer. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "../unit/helper_report.h"
#include "base/memory.h"
#include "fuzz.h"
#include "report/metrics.h"
#include "report/metrics_server.h"
#include "report/status.h"
#include "report/status_socket.h"

#define ASKS_STATUS 1 /* in the first byte; otherwise metrics */
#define IS_RUDE 2     /* closes the connection instead of waiting for the answer */
#define PIECES_MAX 64 /* the rest of the first byte is their number */

#define SOCKET "socket"
#define ROUNDS_MAX 256 /* of the event loop, until an asker has its answer */
#define ANSWER_SIZE_MAX 65536

/* What there is to be asked for, the same in every run. */
static struct report_fixture fixture;
static struct event_base *base;
static char metrics_place[300];
static char *metrics, *status;

static void keep_metrics(void)
{
    struct evbuffer *buffer = evbuffer_new();
    FUZZ_REQUIRE(metrics_write(&fixture.view, buffer) == 0);
    size_t length = evbuffer_get_length(buffer);
    metrics = memory_allocate(length + 1, 1);
    evbuffer_remove(buffer, metrics, length);
    evbuffer_free(buffer);
}

static void keep_status(void)
{
    json_t *object = status_make_json(&fixture.view);
    status = json_dumps(object, 0);
    json_decref(object);
}

static void prepare(void)
{
    char folder[256];
    fuzz_prepare();
    if (base != NULL)
        return;
    base = event_base_new();
    report_fixture_make(&fixture);
    keep_metrics();
    keep_status();
    fuzz_enter_folder();
    FUZZ_REQUIRE(getcwd(folder, sizeof(folder)) != NULL);
    snprintf(metrics_place, sizeof(metrics_place), "unix:%s/" SOCKET, folder);
}

static int connect_to_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    int asker = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    FUZZ_REQUIRE(asker >= 0 && connect(asker, (const struct sockaddr *)&address, sizeof(address)) == 0);
    return asker;
}

/* Sends the bytes in pieces, with a round of the event loop behind each; less when nobody takes them. */
static void send_pieces(int asker, const uint8_t *data, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t from = size * i / count, to = size * (i + 1) / count;
        if (to > from && send(asker, data + from, to - from, MSG_NOSIGNAL) < 0)
            return;
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
}

/* Takes the answer until the connection ends, which it must. A NUL goes behind it. Returns its length. */
static size_t take_answer(int asker, char answer[ANSWER_SIZE_MAX])
{
    size_t length = 0;
    bool has_ended = false;
    for (size_t round = 0; round < ROUNDS_MAX && !has_ended; round++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        ssize_t count = recv(asker, answer + length, ANSWER_SIZE_MAX - 1 - length, 0);
        has_ended = count == 0 || (count < 0 && errno == ECONNRESET);
        FUZZ_REQUIRE(has_ended || count > 0 || errno == EAGAIN);
        length += count > 0 ? (size_t)count : 0;
        FUZZ_REQUIRE(length < ANSWER_SIZE_MAX - 1);
    }
    FUZZ_REQUIRE(has_ended);
    answer[length] = '\0';
    return length;
}

/* libFuzzer does not see into libevent, so it is told of each new first line of an answer. */
static uint8_t kinds_of_answers[128] __attribute__((section("__libfuzzer_extra_counters")));

static void note_kind(const char *answer)
{
    uint32_t sum = 0;
    for (; *answer != '\0' && *answer != '\r'; answer++)
        sum = sum * 31 + (uint8_t)*answer;
    kinds_of_answers[sum % sizeof(kinds_of_answers)] = 1;
}

/* One answer or none; with metrics, if it has any, as they are. */
static void check_http_answer(const char *answer, size_t length)
{
    FUZZ_REQUIRE(strlen(answer) == length);
    if (length == 0)
        return;
    note_kind(answer);
    static const char continues[] = "HTTP/1.1 100 ";
    const char *body = strstr(answer, "\r\n\r\n");
    if (strncmp(answer, continues, strlen(continues)) == 0 && body != NULL && body[4] != '\0') {
        answer = body + 4;
        body = strstr(answer, "\r\n\r\n");
    }
    FUZZ_REQUIRE(strncmp(answer, "HTTP/", 5) == 0 && body != NULL); /* its version is that of the request */
    body += 4;
    FUZZ_REQUIRE(strstr(body, "\r\n\r\n") == NULL);
    const char *result = strchr(answer, ' ');
    FUZZ_REQUIRE(result != NULL && (strncmp(result, " 200 ", 5) == 0) == (strcmp(body, metrics) == 0));
}

/* Whatever was sent, the answer is the status. */
static void check_status_answer(const char *answer, size_t length)
{
    size_t expected = strlen(status);
    FUZZ_REQUIRE(length == expected + 1 && memcmp(answer, status, expected) == 0 && answer[expected] == '\n');
}

/* Asks once; returns the answer's length. */
static size_t ask(uint8_t first, const uint8_t *data, size_t size, char answer[ANSWER_SIZE_MAX])
{
    int asker = connect_to_socket();
    size_t length = 0;
    send_pieces(asker, data, size, 1 + first / 4 % PIECES_MAX);
    if ((first & IS_RUDE) == 0) {
        shutdown(asker, SHUT_WR);
        length = take_answer(asker, answer);
    }
    close(asker);
    event_base_loop(base, EVLOOP_NONBLOCK);
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char answer[ANSWER_SIZE_MAX];
    struct error error;
    prepare();
    if (size < 1)
        return 0;
    /* New each time: the HTTP server lets in only so many connections in a second. */
    if ((data[0] & ASKS_STATUS) != 0) {
        struct status_socket *server =
            status_socket_new(base, SOCKET, &report_remover, report_fixture_fill, &fixture, &error);
        FUZZ_REQUIRE(server != NULL);
        size_t length = ask(data[0], data + 1, size - 1, answer);
        if ((data[0] & IS_RUDE) == 0)
            check_status_answer(answer, length);
        status_socket_free(server);
    } else {
        struct metrics_server *server =
            metrics_server_new(base, metrics_place, &report_remover, report_fixture_fill, &fixture, &error);
        FUZZ_REQUIRE(server != NULL);
        size_t length = ask(data[0], data + 1, size - 1, answer);
        if ((data[0] & IS_RUDE) == 0)
            check_http_answer(answer, length);
        metrics_server_free(server);
    }
    event_base_loop(base, EVLOOP_NONBLOCK);
    return 0;
}
