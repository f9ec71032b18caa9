/* Fuzzes what comes to an agent: from strangers, from who knows the secret, and from the tor. The first byte
 * says which of them the rest is from. */
#include <stdlib.h>
#include <string.h>

#include "agent/client_line.h"
#include "agent/command_filter.h"
#include "agent/relay.h"
#include "agent/stranger.h"
#include "base/memory.h"
#include "base/text.h"
#include "control/reply_parser.h"
#include "fuzz.h"

#define SERVED "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd"
#define QUESTION "GETINFO hs/service/desc/id/" SERVED

static char addresses[][ONION_ADDRESS_SIZE] = {SERVED};
static const struct served_addresses served = {addresses, 1};

static int make_challenge(struct cookie_challenge *challenge, void *context)
{
    (void)context;
    memset(challenge->server_nonce, 0x55, COOKIE_NONCE_SIZE);
    memset(challenge->server_hash, 0xaa, SHA256_SIZE);
    return 0;
}

/* A stranger who sends back his own nonce knows the secret here. */
static int check_hash(const struct cookie_challenge *challenge, const uint8_t hash[SHA256_SIZE],
                      void *context)
{
    (void)context;
    return memcmp(challenge->client_nonce, hash, SHA256_SIZE) == 0 ? 0 : -1;
}

/* Nobody is let in who was not challenged; what is answered is lines. */
static void check_stranger(struct evbuffer *input)
{
    static const struct stranger_prover prover = {make_challenge, check_hash, NULL};
    struct stranger stranger = {0};
    char line[STRANGER_LINE_MAX + 3], answer[STRANGER_ANSWER_SIZE];
    enum stranger_verdict verdict = STRANGER_ANSWERED;
    while (verdict == STRANGER_ANSWERED && client_line_take(input, line, sizeof(line)) >= 0) {
        bool is_challenged = stranger.step == STRANGER_CHALLENGED;
        verdict = stranger_take_line(&stranger, line, &prover, answer);
        size_t length = strlen(answer);
        FUZZ_REQUIRE((verdict == STRANGER_LET_IN || verdict == STRANGER_WRONG) == (length == 0));
        FUZZ_REQUIRE(length == 0 || strcmp(answer + length - 2, "\r\n") == 0);
        FUZZ_REQUIRE(is_challenged || (verdict != STRANGER_LET_IN && verdict != STRANGER_WRONG));
        FUZZ_REQUIRE(stranger.commands <= STRANGER_COMMANDS_MAX || verdict == STRANGER_REFUSED);
    }
}

/* True for one of the commands that there are, whole. */
static bool is_allowed(const char *text)
{
    static const char *const whole[] = {"GETINFO uptime", "GETCONF PublishHidServDescriptors", QUESTION};
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        if (strcmp(text, whole[i]) == 0)
            return true;
    }
    if (!string_skip(&text, "HSFETCH " SERVED))
        return false;
    while (string_skip(&text, " SERVER=$")) {
        if (strspn(text, "0123456789ABCDEF") != 40)
            return false;
        text += 40;
    }
    return *text == '\0';
}

/* Whatever is let through is one of the few commands; also what no line can be is judged. */
static void check_command(const char *line, size_t length)
{
    struct filtered_command command;
    command_filter_judge(&command, line, length, &served);
    FUZZ_REQUIRE((command.verdict == FILTER_PASSED) == (command.text[0] != '\0'));
    FUZZ_REQUIRE(command.verdict != FILTER_PASSED || is_allowed(command.text));
    FUZZ_REQUIRE(command.verdict == FILTER_EVENTS || (!command.wants_hs_desc && !command.wants_content));
}

static void check_client(struct evbuffer *input)
{
    char line[FILTER_LINE_MAX + 3];
    ssize_t length;
    while ((length = client_line_take(input, line, sizeof(line))) >= 0) {
        FUZZ_REQUIRE(strlen(line) == (size_t)length && (size_t)length <= FILTER_LINE_MAX + 1);
        check_command(line, (size_t)length);
    }
}

/* Replies are the same on the other side, and the same events of the same services. */
static void check_relayed(const struct control_reply *reply)
{
    struct reply_parser *parser = reply_parser_new(65536, 1 << 20);
    struct evbuffer *output = evbuffer_new();
    const struct control_reply *again = NULL;
    struct error error;
    size_t used;
    relay_write(output, reply);
    size_t length = evbuffer_get_length(output);
    FUZZ_REQUIRE(reply_parser_take(parser, evbuffer_pullup(output, -1), length, &used, &again, &error) ==
                     REPLY_PARSER_COMPLETE &&
                 used == length);
    FUZZ_REQUIRE(again->status == reply->status && again->line_count == reply->line_count);
    for (size_t i = 0; i < reply->line_count; i++) {
        const struct control_line *one = &reply->lines[i], *other = &again->lines[i];
        FUZZ_REQUIRE(one->status == other->status && one->text_length == other->text_length &&
                     memcmp(one->text, other->text, one->text_length) == 0);
        FUZZ_REQUIRE((one->data == NULL) == (other->data == NULL) && one->data_length == other->data_length);
        FUZZ_REQUIRE(one->data == NULL || memcmp(one->data, other->data, one->data_length) == 0);
    }
    FUZZ_REQUIRE(relay_judge_event(reply, &served) == relay_judge_event(again, &served));
    evbuffer_free(output);
    reply_parser_free(parser);
}

static void check_tor(const uint8_t *bytes, size_t size)
{
    struct reply_parser *parser = reply_parser_new(4096, 65536);
    const struct control_reply *reply;
    struct error error;
    size_t used;
    for (; size > 0; bytes += used, size -= used) {
        if (reply_parser_take(parser, bytes, size, &used, &reply, &error) != REPLY_PARSER_COMPLETE)
            break;
        check_relayed(reply);
    }
    reply_parser_free(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct evbuffer *input = evbuffer_new();
    evbuffer_add(input, data + 1, size - 1);
    switch (data[0] % 3) {
    case 0:
        check_stranger(input);
        break;
    case 1:
        check_client(input);
        check_command((const char *)data + 1, size - 1);
        break;
    default:
        check_tor(data + 1, size - 1);
    }
    evbuffer_free(input);
    return 0;
}
