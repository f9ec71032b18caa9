/* Writes the first inputs from what real tors said, recorded in vectors/control_session by
 * tests/net/record_control.py. */
#include <stdarg.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "../unit/vectors.h"
#include "base/memory.h"
#include "fuzz.h"
#include "seeds.h"

#define WIDE_LIMITS 0x87 /* the first byte for fuzz_control_reply: no limit is met, pieces of 8 bytes */

/* What fuzz_authentication has to be configured with: the recorded cookie, for a peer on this machine. */
#define RECORDED_COOKIE 0x14

/* -- sessions: what a tor says until it waits for a command, and so on */

struct session {
    char *text; /* grows */
    size_t length;
};

static void say(struct session *session, const char *text, size_t length)
{
    session->text = memory_resize(session->text, session->length + length + 1, 1);
    memcpy(session->text + session->length, text, length);
    session->length += length;
}

static void say_text(struct session *session, const char *text)
{
    say(session, text, strlen(text));
}

/* A recording without the first answer to what a target does not ask for. */
static void say_events(struct session *session, const char *name)
{
    static const char answer[] = "\r\n250 OK\r\n";
    char *text = vectors_read_file(name, NULL);
    const char *found = strstr(text, answer);
    if (found != NULL) {
        say(session, text, (size_t)(found - text) + 2);
        found += strlen(answer);
    }
    say_text(session, found != NULL ? found : text);
    free(text);
}

static void say_recording(struct session *session, const char *name)
{
    char *text = vectors_read_file(name, NULL);
    say_text(session, text);
    free(text);
}

static void wait_for_command(struct session *session)
{
    say(session, "\xff", 1);
}

/* Up to where commands can be sent: PROTOCOLINFO, then AUTHENTICATE. */
static struct session begin_session(void)
{
    static const char end[] = "\r\n250 OK\r\n";
    struct session session = {.text = NULL};
    char *text = vectors_read_file("control_session/authenticate-none", NULL);
    const char *second = strstr(text, end) + strlen(end);
    say(&session, text, (size_t)(second - text));
    wait_for_command(&session);
    say_text(&session, second);
    wait_for_command(&session);
    free(text);
    return session;
}

static void end_session(struct session *session, const char *name, uint8_t first)
{
    seeds_write_with_byte("tor_session", name, first, session->text, session->length);
    free(session->text);
}

static void write_local_session(const char *name, bool knows_enough, const char *behind)
{
    struct session session = begin_session();
    say_text(&session, "250 OK\r\n250 OK\r\n250 TestingTorNetwork=1\r\n250 OK\r\n");
    wait_for_command(&session);
    say_text(&session, knows_enough ? "250-status/enough-dir-info=1\r\n250 OK\r\n"
                                    : "250-status/enough-dir-info=0\r\n250 OK\r\n");
    wait_for_command(&session);
    if (knows_enough) {
        say_recording(&session, "control_session/local-consensus");
        wait_for_command(&session);
        say_recording(&session, "control_session/local-microdescriptors");
        wait_for_command(&session);
    }
    say_events(&session, behind);
    end_session(&session, name, 0);
}

static void write_backend_session(const char *name, uint8_t first, const char *answer)
{
    struct session session = begin_session();
    say_text(&session, "250 OK\r\n250-uptime=4\r\n250 OK\r\n");
    wait_for_command(&session);
    say_recording(&session, answer);
    end_session(&session, name, first);
}

static void write_sessions(void)
{
    write_local_session("local-upload", true, "control_session/local-upload");
    write_local_session("local-new-consensus", true, "control_session/local-new-consensus");
    write_local_session("local-unready", false, "control_session/local-upload");
    write_backend_session("backend-asked", 1, "control_session/backend-descriptor");
    write_backend_session("backend-fetched", 3, "control_session/backend-fetch");
    write_backend_session("backend-without", 1, "control_session/backend-questions");
    struct session session = {.text = NULL};
    say_recording(&session, "control_session/authenticate-wrong-cookie");
    end_session(&session, "refused", 0);
    session = begin_session();
    say_text(&session, "552 Unrecognized event\r\n551 no\r\n552 no\r\n510 no\r\n");
    wait_for_command(&session);
    say_text(&session, "551 no\r\n");
    end_session(&session, "other", 0);
}

/* -- replies alone */

void seeds_write_recorded(void)
{
    static const struct {
        const char *name;
        uint8_t configured; /* for fuzz_authentication; 0 when it is none of its */
    } recordings[] = {
        {"authenticate-safecookie", RECORDED_COOKIE},
        {"authenticate-wrong-cookie", RECORDED_COOKIE},
        {"authenticate-password", 1},
        {"authenticate-none", 4},
        {"backend-questions", 0},
        {"backend-descriptor", 0},
        {"backend-fetch", 0},
        {"local-questions", 0},
        {"local-upload", 0},
        {"local-consensus", 0},
        {"local-microdescriptors", 0},
        {"local-refused-upload", 0},
        {"local-new-consensus", 0},
    };
    for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
        size_t length;
        char *path = text_format("control_session/%s", recordings[i].name);
        char *name = text_format("recorded-%s", recordings[i].name);
        char *content = vectors_read_file(path, &length);
        seeds_write_with_byte("control_reply", name, WIDE_LIMITS, content, length);
        if (recordings[i].configured != 0)
            seeds_write_with_byte("authentication", name, recordings[i].configured, content, length);
        free(content);
        free(name);
        free(path);
    }
    write_sessions();
}
