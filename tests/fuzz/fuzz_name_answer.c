/* Fuzzes what name servers answer when a control port's host is looked up. The first byte says how long the
 * first answer is, in units of LENGTH_UNIT bytes; the rest is the second one, to the question for the other
 * kind of address. Both come without their first two bytes, which have to be those of the question. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/memory.h"
#include "control/resolver.h"
#include "fuzz.h"

#define LENGTH_UNIT 8
#define QUESTIONS_MAX 8
#define ROUNDS 4 /* of the event loop, in which everything is done that can be done */
#define DATAGRAM_MAX 65000
#define HOST "backend.example"
#define PORT 9051

static struct event_base *base;
static int server = -1;
static char resolver_text[128];

/* libevent tells of each server that fails. */
static void drop_message(int severity, const char *message)
{
    (void)severity;
    (void)message;
}

static void prepare(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    fuzz_prepare();
    if (base != NULL)
        return;
    event_set_log_callback(drop_message);
    base = event_base_new();
    server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    FUZZ_REQUIRE(server >= 0 && bind(server, (const struct sockaddr *)&address, sizeof(address)) == 0);
    FUZZ_REQUIRE(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    snprintf(resolver_text, sizeof(resolver_text),
             "nameserver 127.0.0.1:%u\nsearch .\noptions randomize-case:0\n", ntohs(address.sin_port));
}

/* What the machine's files say: nothing of the host, and who knows it. */
static struct file_request *ask(const struct file_question *question, file_callback callback,
                                void *callback_context, void *context)
{
    (void)context;
    struct file_answer answer = {.result = CREDENTIAL_OK, .content = (const uint8_t *)resolver_text};
    FUZZ_REQUIRE(question->type == FILE_HOST || question->type == FILE_RESOLVER);
    FUZZ_REQUIRE(question->type == FILE_RESOLVER || strcmp(question->text, HOST) == 0);
    if (question->type == FILE_RESOLVER)
        answer.length = strlen(resolver_text);
    callback(&answer, callback_context);
    return NULL;
}

struct outcome {
    bool has_come;
};

/* libFuzzer does not see into libevent, so it is told of each new kind of outcome: the families of the
 * addresses, or the length of the sentence. */
static uint8_t kinds_of_outcomes[512] __attribute__((section("__libfuzzer_extra_counters")));

static void note_kind(const struct resolver_address *addresses, size_t count, const struct error *error)
{
    size_t sum = count > 0 ? 1 : strlen(error->text);
    for (size_t i = 0; i < count; i++)
        sum = 2 * sum + (addresses[i].address.ss_family == AF_INET);
    kinds_of_outcomes[sum % sizeof(kinds_of_outcomes)] = 1;
}

/* Addresses that can be connected to, or a sentence. */
static void addresses_came(const struct resolver_address *addresses, size_t count, const struct error *error,
                           void *context)
{
    struct outcome *outcome = context;
    FUZZ_REQUIRE(!outcome->has_come && count <= RESOLVER_ADDRESSES_MAX);
    FUZZ_REQUIRE(count > 0 || error->text[0] != '\0');
    for (size_t i = 0; i < count; i++) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&addresses[i].address;
        const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&addresses[i].address;
        bool is_ipv4 = addresses[i].address.ss_family == AF_INET;
        FUZZ_REQUIRE(is_ipv4 || addresses[i].address.ss_family == AF_INET6);
        FUZZ_REQUIRE(addresses[i].length == (is_ipv4 ? sizeof(*ipv4) : sizeof(*ipv6)));
        FUZZ_REQUIRE(ntohs(is_ipv4 ? ipv4->sin_port : ipv6->sin6_port) == PORT);
    }
    outcome->has_come = true;
    note_kind(addresses, count, error);
}

static void run_rounds(void)
{
    for (size_t i = 0; i < ROUNDS; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Answers one question, if there is one. */
static bool answer_question(const uint8_t *data, size_t size)
{
    static uint8_t bytes[2 + DATAGRAM_MAX];
    struct sockaddr_in asker;
    socklen_t length = sizeof(asker);
    ssize_t received = recvfrom(server, bytes, sizeof(bytes), 0, (struct sockaddr *)&asker, &length);
    if (received < 2)
        return false;
    memcpy(bytes + 2, data, size);
    sendto(server, bytes, 2 + size, 0, (const struct sockaddr *)&asker, length);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct credential_reader reader = {.ask = ask};
    struct outcome outcome = {.has_come = false};
    uint8_t late;
    prepare();
    if (size < 1 || size > DATAGRAM_MAX)
        return 0;
    size_t first = (size_t)data[0] * LENGTH_UNIT;
    if (first > size - 1)
        first = size - 1;
    struct resolver *resolver = resolver_new(base, &reader, HOST, PORT, addresses_came, &outcome);
    run_rounds();
    for (size_t i = 0; i < QUESTIONS_MAX; i++) {
        bool is_first = i % 2 == 0;
        if (!answer_question(data + 1 + (is_first ? 0 : first), is_first ? first : size - 1 - first))
            break;
        run_rounds();
    }
    resolver_free(resolver);
    run_rounds();
    while (recv(server, &late, sizeof(late), 0) >= 0)
        continue; /* questions that nobody waits for any more */
    return 0;
}
