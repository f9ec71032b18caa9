/* Writes the first inputs for who asks obpub for something, for what "obpub status" is told, and for the
 * small files and addresses of the machine. */
#include <string.h>

#include "../unit/helper_report.h"
#include "base/memory.h"
#include "fuzz.h"
#include "report/status.h"
#include "seeds.h"

static void write_requests(void)
{
    static const struct {
        const char *name, *text;
        uint8_t first; /* 0: metrics, in one piece */
    } requests[] = {
        {"prometheus",
         "GET /metrics HTTP/1.1\r\nHost: localhost:9100\r\nUser-Agent: Prometheus/2.42.0\r\n"
         "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
         "Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n",
         0},
        {"curl", "GET /metrics HTTP/1.1\r\nHost: x\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n", 0x3c},
        {"version-0", "GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0},
        {"rude", "GET /metrics HTTP/1.1\r\n\r\n", 2},
        {"two", "GET /metrics HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n", 8},
        {"other", "GET /?a=%20b#c HTTP/1.1\r\nHost: x\r\n\r\n", 0},
        {"whole", "GET http://[::1]:9100/metrics HTTP/1.1\nHost: x\n continued\n\n", 0},
        {"post", "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc", 0},
        {"chunked", "GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nabcde\r\n0\r\n\r\n",
         0},
        {"long", "GET /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\nUpgrade: h2c\r\n\r\n", 0x10},
        {"cut", "GET /metr", 0},
        {"silent", "", 0},
        {"status", "", 1},
        {"status-talks", "GET / HTTP/1.1\r\n\r\n", 0x11},
        {"status-rude", "x", 3},
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        seeds_write_with_byte("status_request", requests[i].name, requests[i].first, requests[i].text,
                              strlen(requests[i].text));
    char *many = memory_allocate(9000, 1);
    memset(many, 'x', 9000);
    memcpy(many, "GET /metrics HTTP/1.1\r\nX: ", 26);
    seeds_write_with_byte("status_request", "header-too-long", 0x20, many, 9000);
    free(many);
}

static void write_commands(void)
{
    static const struct {
        const char *name, *text;
        uint8_t first; /* 0: a request, 1: an answer */
    } commands[] = {
        {"drain", "drain\tnode1", 0},
        {"undrain", "undrain\tnode1\tpg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd", 0},
        {"other-verb", "shutdown\tnode1", 0},
        {"no-name", "drain\t", 0},
        {"bad-name", "drain\t\x1b[2J", 0},
        {"bad-frontend", "drain\tnode1\tx", 0},
        {"other-frontend", "drain\tnode1\tpg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscrye", 0},
        {"done", "done\t\"node1\" is drained\n", 1},
        {"refused", "refused\tvisitors need it\n", 1},
        {"unknown", "unknown\t\x1b[2J\n", 1},
        {"cut", "done\tx", 1},
        {"more", "done\tx\ny", 1},
    };
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        seeds_write_with_byte("drain_request", commands[i].name, commands[i].first, commands[i].text,
                              strlen(commands[i].text));
    char *many = memory_allocate(140, 1);
    memset(many, 'x', 139);
    memcpy(many, "drain\t", 6);
    seeds_write_with_byte("drain_request", "long-name", 0, many, 139);
    free(many);
}

/* A status with all that is told of a frontend, and of a network that is down. */
static void write_troubled_document(void)
{
    static const char head[] =
        "{\"version\": \"1\", \"time\": \"2026-11-22 12:00:00\", \"started\": \"2026-11-20 10:00:00\", "
        "\"reloadError\": null, \"error\": \"\\u001b[2J\", \"tor\": {\"isConnected\": false, \"status\": "
        "\"the "
        "local tor: connection refused\", \"isConsensusLive\": false, \"consensusValidUntil\": \"2026-11-22 "
        "11:00:00\", \"tors\": [{\"place\": \"a\", \"isConnected\": false, \"isReady\": false, \"status\": "
        "null, "
        "\"uploadsInFlight\": 0}, {\"place\": \"b\", \"isConnected\": true, \"isReady\": true, \"status\": "
        "null, "
        "\"uploadsInFlight\": 1}]}, \"services\": [";
    static const char *const states[] = {"good", "runs out", "has run out"};
    static const char *const healths[] = {"unknown", "healthy", "sick"};
    char *services = text_format("%s", "");
    for (size_t i = 0; i < 3; i++) {
        char *longer = text_format(
            "%s%s{\"onionAddress\": \"x.onion\", \"isPublished\": false, \"isStatic\": true, "
            "\"introPointsNum\": 1, "
            "\"bundle\": {\"expires\": \"2026-12-0%zu 00:00:00\", \"state\": \"%s\", \"error\": %s}, "
            "\"usesDrained\": true, \"doubtsHealth\": true, \"instances\": [{\"onionAddress\": \"y\", "
            "\"name\": null, \"state\": "
            "\"live\", "
            "\"since\": \"2026-11-22 11:00:00\", \"isReachable\": true, \"introPointsPublished\": 1, "
            "\"error\": null, \"health\": \"%s\", \"healthSince\": \"2026-11-22 11:00:00\", "
            "\"healthError\": %s, \"share\": 0.5, \"shareWanted\": 1, \"weight\": 20, \"isDrained\": true, "
            "\"drainedSince\": %s}], \"descriptors\": []}",
            services, i > 0 ? ", " : "", i + 1, states[i], i == 2 ? "\"make a new one\"" : "null", healths[i],
            i > 0 ? "\"refused\"" : "null", i == 1 ? "\"2026-11-22 11:30:00\"" : "null");
        free(services);
        services = longer;
    }
    char *text = text_format("%s%s]}", head, services);
    seeds_write_text("status_document", "troubled", text);
    free(text);
    free(services);
}

/* The status of an obpub whose frontend is served by tors that have its key. */
static void write_twins_document(void)
{
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    fixture.configs[0].mode = CONFIG_MODE_HARDMAP;
    fixture.configs[0].lead = 2700;
    fixture.publisher->frontends[0].is_split = true;
    fixture.publisher->frontends[0].turn_at = REPORT_NOW + 60000;
    fixture.publisher->sources[0].pow_params = (struct pow_params){true, {1, 2}, 3, REPORT_WALL_NOW / 1000};
    fixture.publisher->sources[0].uploading = SOURCE_UPLOADING_ON;
    json_t *object = status_make_json(&fixture.view);
    char *text = json_dumps(object, JSON_COMPACT);
    seeds_write_text("status_document", "twins", text);
    free(text);
    json_decref(object);
    report_fixture_clear(&fixture);
}

/* The status of an obpub at two moments of its life, and what is none. */
static void write_documents(void)
{
    struct report_fixture fixture;
    report_fixture_make(&fixture);
    for (size_t i = 0; i < 2; i++) {
        json_t *object = status_make_json(&fixture.view);
        char *text = json_dumps(object, i == 0 ? JSON_COMPACT : JSON_INDENT(1));
        seeds_write_text("status_document", i == 0 ? "partly" : "published", text);
        free(text);
        json_decref(object);
        report_fixture_publish(&fixture);
        fixture.view.reload_error = "line 3: \033[2J";
        fixture.view.last_error = "no";
    }
    report_fixture_clear(&fixture);
    write_twins_document();
    write_troubled_document();
    seeds_write_text("status_document", "empty", "{}");
    seeds_write_text("status_document", "twice", "{\"version\": \"1\", \"version\": \"2\"}");
    seeds_write_text("status_document", "list", "[]");
    char *long_text = memory_allocate(20000, 1);
    memset(long_text, '[', 20000);
    seeds_write("status_document", "too-long", long_text, 20000);
    seeds_write("status_document", "too-deep", long_text, 4000);
    free(long_text);
}

static void write_files(void)
{
    static const struct {
        const char *target, *name, *text;
        uint8_t first;
    } files[] = {
        {"name_files", "hosts",
         "backend\n127.0.0.1\tlocalhost\n# no\n10.0.0.1 backend.example Backend # one\n::1 ip6 "
         "backend\r\n\n::2\n",
         0},
        {"name_files", "hosts-localhost", "LocalHost\n127.0.0.2 other", 0},
        {"name_files", "hosts-without-name", "\n127.0.0.1 localhost\n", 0},
        {"name_files", "resolver",
         "# made by hand\nnameserver 127.0.0.53\nnameserver [::1]:5353\nnameserver\nsearch a.example "
         "b.example\n"
         "options ndots:2 timeout:3 attempts:2 edns0 randomize-case:0 initial-probe-timeout:5 max-inflight:1 "
         "x:\n",
         1},
        {"name_files", "resolver-domain", "domain example\nnameserver fe80::1%lo\nnameserver x\n; no\n", 1},
        {"name_files", "resolver-empty", "", 1},
        {"name_files", "missing", "localhost", 2},
        {"name_files", "folder", "backend", 2},
        {"credential_file", "no-file", "", 0x80},
        {"credential_file", "no-folder", "", 0x89},
        {"credential_file", "pipe", "", 0x82},
        {"credential_file", "folder", "", 0x85},
        {"credential_file", "open-to-all", "", 0x87},
        {"credential_file", "cookie", "0123456789abcdef0123456789abcdef", 0},
        {"credential_file", "cookie-short", "0123456789abcdef0123456789abcde", 0},
        {"credential_file", "cookie-long", "0123456789abcdef0123456789abcdef\n", 0},
        {"credential_file", "password", "correct horse\r\nbattery\n", 1},
        {"credential_file", "password-alone", "x", 1},
        {"credential_file", "password-empty", "\r\nx", 1},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        seeds_write_with_byte(files[i].target, files[i].name, files[i].first, files[i].text,
                              strlen(files[i].text));
    seeds_write_with_byte("credential_file", "password-nul", 1, "a\0b\n", 4);
    char *long_text = memory_allocate(5000, 1);
    memset(long_text, 'x', 5000);
    seeds_write_with_byte("credential_file", "password-long", 1, long_text, 1024);
    seeds_write_with_byte("name_files", "resolver-long", 1, long_text, 5000);
    memcpy(long_text, "search ", 7);
    for (size_t i = 8; i < 4000; i += 2)
        long_text[i] = i % 200 == 0 ? '\n' : ' ';
    seeds_write_with_byte("name_files", "resolver-words", 1, long_text, 5000);
    free(long_text);
}

/* -- answers of a name server to the questions for backend.example, which come without their number */

#define QUESTION(type) "\7backend\7example\0\0" type "\0\1"
#define QUESTION_LENGTH 21
#define ANSWER(name, type, length) name "\0" type "\0\1\0\0\0\74\0" length

/* Behind the head: the question, and two answers. The first has an alias. */
static const char ipv4_body[] =
    QUESTION("\1") ANSWER("\xc0\x0c", "\5", "\4") "\1x\xc0\x14" ANSWER("\xc0\x2d", "\1", "\4") "\x7f\0\0\1";
static const char ipv6_body[] =
    QUESTION("\x1c") ANSWER("\xc0\x0c", "\x1c", "\x10") "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" ANSWER(
        "\xc0\x0c", "\x1c", "\x10") "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1";

struct name_answer {
    const char *name;
    uint8_t flags, result;
    bool has_answers;
};

/* Writes one at place; returns its length. */
static size_t make_name_answer(char *place, const struct name_answer *kind, const char *body, size_t length)
{
    const char head[] = {
        (char)kind->flags, (char)kind->result, 0, 1, 0, kind->has_answers ? 2 : 0, 0, 0, 0, 0};
    memcpy(place, head, sizeof(head));
    memcpy(place + sizeof(head), body, kind->has_answers ? length : QUESTION_LENGTH);
    return sizeof(head) + (kind->has_answers ? length : QUESTION_LENGTH);
}

static void write_name_answers(void)
{
    static const struct name_answer kinds[] = {
        {"good", 0x81, 0x80, true},     {"cut-off", 0x83, 0x80, true},  {"no-such-name", 0x81, 0x83, false},
        {"failure", 0x81, 0x82, false}, {"refused", 0x81, 0x85, false}, {"no-answer", 1, 0, true},
        {"empty", 0x81, 0x80, false}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char bytes[256] = {0};
        size_t first = make_name_answer(bytes, &kinds[i], ipv4_body, sizeof(ipv4_body) - 1);
        size_t units = (first + 7) / 8;
        size_t length = make_name_answer(bytes + units * 8, &kinds[i], ipv6_body, sizeof(ipv6_body) - 1);
        seeds_write_with_byte("name_answer", kinds[i].name, (uint8_t)units, bytes, units * 8 + length);
    }
}

/* -- addresses to listen on */

static void write_addresses(void)
{
    static const char *const addresses[] = {
        "127.0.0.1:9100", "[::1]:9100",     "0.0.0.0:1", "[::ffff:1.2.3.4]:80",
        "unix:/run/x",    "localhost:9100", "10.0.0.1",  "[fe80::1%eth0]:1"};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        char *name = text_format("%zu", i);
        seeds_write_text("listen_address", name, addresses[i]);
        free(name);
    }
    char *path = memory_allocate(200, 1);
    memset(path, '/', 200);
    memcpy(path, "unix:", 5);
    seeds_write("listen_address", "path-too-long", path, 200);
    free(path);
}

void seeds_write_status(void)
{
    write_requests();
    write_commands();
    write_documents();
    write_files();
    write_name_answers();
    write_addresses();
}
