/* Fuzzes the steps of authentication. The first byte says what is configured, the rest is what the peer says.
 */
#include <string.h>

#include "../unit/vectors.h"
#include "base/memory.h"
#include "control/authentication.h"
#include "control/credential_reader.h"
#include "control/reply_parser.h"
#include "fuzz.h"

enum configured {
    CONFIGURED_PASSWORD = 1,
    CONFIGURED_COOKIE = 2,
    PEER_IS_LOCAL = 4,
    CONFIGURED_MISSING = 8, /* files that are not there */
    PEER_IS_RECORDED = 16,  /* the cookie is that of the tor of vectors/control_session */
    IS_OVER_TOR = 32,       /* nobody but an agent is talked to */
};

static void make_files(void)
{
    static bool are_made;
    uint8_t cookie[CREDENTIAL_COOKIE_SIZE];
    if (are_made)
        return;
    are_made = true;
    memset(cookie, 'c', sizeof(cookie));
    fuzz_enter_folder();
    fuzz_write_file("cookie", cookie, sizeof(cookie));
    fuzz_write_file("short", cookie, sizeof(cookie) - 1);
    fuzz_write_file("password", "secret\r\nmore", 12);
    char *recorded = vectors_read_file("control_session/cookie", NULL);
    fuzz_write_file("recorded", recorded, CREDENTIAL_COOKIE_SIZE);
    free(recorded);
}

/* The cookie file that stands in for the one that the peer names, or NULL. */
static const char *choose_cookie_file(uint8_t configured)
{
    if ((configured & PEER_IS_RECORDED) != 0)
        return "recorded";
    if ((configured & CONFIGURED_COOKIE) == 0)
        return NULL;
    return (configured & CONFIGURED_MISSING) != 0 ? "short" : "cookie";
}

static struct authentication *begin(uint8_t configured)
{
    bool is_missing = (configured & CONFIGURED_MISSING) != 0;
    struct control_credentials credentials = {
        .password_file = (configured & CONFIGURED_PASSWORD) == 0 ? NULL
                         : is_missing                            ? "none"
                                                                 : "password",
        .cookie_file = choose_cookie_file(configured),
        .is_agent_only = (configured & IS_OVER_TOR) != 0,
    };
    struct authentication *authentication = authentication_new(&credentials);
    authentication_set_peer_is_local(authentication, (configured & PEER_IS_LOCAL) != 0);
    return authentication;
}

/* What authentication has come to. */
struct step {
    struct authentication *authentication;
    enum authentication_result result;
    char *command;
    struct error error;
};

/* Hands on what was in the file that was asked for. */
static void file_came(const struct file_answer *answer, void *context)
{
    struct step *step = context;
    enum control_failure failure;
    step->result =
        authentication_take_answer(step->authentication, answer, &step->command, &failure, &step->error);
    FUZZ_REQUIRE(step->result != AUTHENTICATION_ASK);
}

/* Hands on one reply. Returns whether the conversation goes on. */
static bool take_reply(struct authentication *authentication, const struct control_reply *reply,
                       bool is_agent_only)
{
    enum control_failure failure;
    struct step step = {.authentication = authentication, .error = {.text = ""}};
    step.result = authentication_take_reply(authentication, reply, &step.command, &failure, &step.error);
    if (step.result == AUTHENTICATION_ASK) {
        struct file_question question;
        FUZZ_REQUIRE(step.command == NULL);
        authentication_question(authentication, &question);
        /* A file that the peer names is good for a proof alone. */
        FUZZ_REQUIRE(question.type == FILE_PROOF || !question.is_named_by_peer);
        /* Over Tor there is nothing to be had but the proof of the secret. */
        FUZZ_REQUIRE(question.type == FILE_SECRET || !is_agent_only);
        credential_reader_here.ask(&question, file_came, &step, NULL);
    }
    FUZZ_REQUIRE((step.result == AUTHENTICATION_SEND) == (step.command != NULL));
    FUZZ_REQUIRE((step.result == AUTHENTICATION_FAILED) == (step.error.text[0] != '\0'));
    if (step.command == NULL)
        return false;
    /* Over Tor nothing else is said to anybody. */
    FUZZ_REQUIRE(!is_agent_only || strncmp(step.command, "AUTHCHALLENGE OBPUB-SECRET ", 27) == 0 ||
                 strlen(step.command) == strlen("AUTHENTICATE \r\n") + 2 * SHA256_SIZE);
    size_t length = strlen(step.command);
    FUZZ_REQUIRE(length > 2 && strcspn(step.command, "\r\n") == length - 2);
    /* The cookie itself goes to nobody, whatever the peer asks for. */
    FUZZ_REQUIRE(strstr(step.command, "6363636363636363636363636363636363636363") == NULL);
    secret_free(step.command);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    make_files();
    if (size < 1)
        return 0;
    struct authentication *authentication = begin(data[0]);
    struct reply_parser *parser = reply_parser_new(8192, 16384);
    bool goes_on = true;
    for (size_t taken = 1; goes_on && taken < size;) {
        size_t used;
        const struct control_reply *reply;
        struct error error;
        goes_on = reply_parser_take(parser, data + taken, size - taken, &used, &reply, &error) ==
                      REPLY_PARSER_COMPLETE &&
                  take_reply(authentication, reply, (data[0] & IS_OVER_TOR) != 0);
        taken += used;
    }
    reply_parser_free(parser);
    authentication_free(authentication);
    return 0;
}
