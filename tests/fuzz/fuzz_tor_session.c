/* Fuzzes whole sessions with a tor, from connecting to the network or the descriptor that comes of it. The
 * first byte says whether it is the local tor or a backend's, and how that is asked for its descriptor; a
 * byte 0xff behind it is where the tor waits for the next command. What is right is vectors/control_session:
 * its time and its service. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "../unit/vectors.h"
#include "base/clock.h"
#include "base/memory.h"
#include "engine/backend_link.h"
#include "engine/fetch.h"
#include "engine/local_tor.h"
#include "fuzz.h"

/* In the first byte. */
#define IS_BACKEND 1
#define ASKS_HSDIRS 2

#define WAITS 0xff
#define WAITS_MAX 64
#define ROUNDS 8 /* of the event loop, in which everything is done that can be done */
#define SOCKET "socket"
#define VOTING_INTERVAL 10 /* seconds, of the recorded network; its days have 24 of them */

/* What was recorded. */
static struct {
    int64_t now;
    char address[ONION_ADDRESS_SIZE];
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t hsdir[1][RELAY_FINGERPRINT_SIZE]; /* that has its descriptor */
} recorded;

static struct event_base *base;
static int listener = -1;
static struct control_endpoint endpoint;

/* The wall clock, instead of the real one: see CMakeLists.txt. */
int64_t __wrap_clock_wall_seconds(void);
int64_t __wrap_clock_wall_seconds(void)
{
    return recorded.now;
}

/* -- preparing */

/* What is behind some words of a recording, in its own memory. */
static char *find_behind(const char *name, const char *words)
{
    char *text = vectors_read_file(name, NULL);
    const char *found = strstr(text, words);
    FUZZ_REQUIRE(found != NULL);
    char *rest = memory_copy_text(found + strlen(words), strlen(found + strlen(words)));
    free(text);
    return rest;
}

static void read_recorded(void)
{
    struct tm time = {0};
    struct error error;
    size_t length;
    char *text = find_behind("control_session/local-consensus", "\nvalid-after ");
    FUZZ_REQUIRE(strptime(text, "%Y-%m-%d %H:%M:%S", &time) != NULL);
    recorded.now = timegm(&time) + 1;
    free(text);
    text = find_behind("control_session/backend-descriptor", "hs/service/desc/id/");
    snprintf(recorded.address, sizeof(recorded.address), "%.*s", ONION_ADDRESS_LENGTH, text);
    FUZZ_REQUIRE(onion_address_decode(recorded.identity_key, recorded.address, &error) == 0);
    free(text);
    text = find_behind("control_session/backend-fetch", " NO_AUTH $");
    FUZZ_REQUIRE(sodium_hex2bin(recorded.hsdir[0], RELAY_FINGERPRINT_SIZE, text,
                                (size_t)2 * RELAY_FINGERPRINT_SIZE, NULL, &length, NULL) == 0);
    free(text);
}

static void prepare(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    struct error error;
    char folder[256];
    fuzz_prepare();
    if (base != NULL)
        return;
    read_recorded();
    base = event_base_new();
    fuzz_enter_folder();
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    FUZZ_REQUIRE(bind(listener, (const struct sockaddr *)&address, sizeof(address)) == 0);
    FUZZ_REQUIRE(listen(listener, 8) == 0 && getcwd(folder, sizeof(folder)) != NULL);
    char *text = text_format("unix:%s/" SOCKET, folder);
    FUZZ_REQUIRE(control_endpoint_parse(&endpoint, text, &error) == 0);
    free(text);
}

/* -- the tor */

static void run_rounds(void)
{
    for (size_t i = 0; i < ROUNDS; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Takes what was asked, which nobody looks at. */
static void drop_commands(int peer)
{
    char bytes[4096];
    while (recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        continue;
}

/* Says everything to whoever connects, and hangs up. */
static void play_tor(const uint8_t *data, size_t size)
{
    run_rounds();
    int peer = accept(listener, NULL, NULL);
    FUZZ_REQUIRE(peer >= 0);
    for (size_t waits = 0; size > 0 && waits < WAITS_MAX; waits++) {
        const uint8_t *end = memchr(data, WAITS, size);
        size_t length = end != NULL ? (size_t)(end - data) : size;
        run_rounds();
        drop_commands(peer);
        if (length > 0 && send(peer, data, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break; /* we have hung up */
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    run_rounds();
    close(peer);
    run_rounds();
}

/* Whoever has connected again meanwhile. */
static void drop_connections(void)
{
    int peer;
    run_rounds();
    while ((peer = accept(listener, NULL, NULL)) >= 0)
        close(peer);
}

static void check_event(const struct hs_desc_event *event)
{
    FUZZ_REQUIRE(event->action != HS_DESC_CONTENT || event->content != NULL);
}

/* -- the local tor */

static void network_came(struct network *network, void *context)
{
    (void)context;
    FUZZ_REQUIRE(network->hsdir_count > 0 && network_is_live(network, recorded.now));
    network_free(network);
}

static void local_event_came(const struct hs_desc_event *event, void *context)
{
    (void)context;
    check_event(event);
}

static void stream_came(const struct stream_event *event, void *context)
{
    (void)context;
    FUZZ_REQUIRE(event->stream != 0);
}

static void refusal_came(const struct introduction_refusal *refusal, void *context)
{
    (void)context;
    FUZZ_REQUIRE(strlen(refusal->address) == ONION_ADDRESS_LENGTH);
}

static void nothing(void *context)
{
    (void)context;
}

static void run_local_tor(const uint8_t *data, size_t size)
{
    static const struct local_tor_callbacks callbacks = {
        .network = network_came,
        .hs_desc = local_event_came,
        .stream = stream_came,
        .refusal = refusal_came,
        .socks = nothing,
        .up = nothing,
        .lost = nothing,
        .changed = nothing,
    };
    const struct control_credentials credentials = {.password_file = NULL};
    struct local_tor *tor = local_tor_new(base, &endpoint, &credentials, &callbacks, NULL);
    play_tor(data, size);
    FUZZ_REQUIRE(local_tor_connection(tor) == NULL && !local_tor_is_ready(tor));
    FUZZ_REQUIRE(local_tor_is_trouble(tor) && local_tor_status(tor)[0] != '\0');
    local_tor_free(tor);
}

/* -- a backend's tor */

struct backend {
    struct backend_link *link;
    struct fetch *fetch; /* NULL before and after it */
    bool asks_hsdirs;
};

/* Only the service's own descriptor is one. */
static void descriptor_came(struct fetch *fetch, struct descriptor *descriptor, const struct error *error,
                            void *context)
{
    struct backend *backend = context;
    FUZZ_REQUIRE((descriptor == NULL) == (error != NULL) && (error == NULL || error->text[0] != '\0'));
    FUZZ_REQUIRE(descriptor == NULL || descriptor->point_count <= INTRODUCTION_POINTS_MAX);
    descriptor_free(descriptor);
    fetch_free(fetch);
    backend->fetch = NULL;
}

static void link_is_up(size_t number, bool is_new_process, int64_t uptime, void *context)
{
    (void)number;
    struct backend *backend = context;
    FUZZ_REQUIRE(is_new_process && uptime >= 0 && backend->fetch == NULL);
    const struct time_schedule schedule = {.voting_interval = VOTING_INTERVAL,
                                           .period_length = 24 * VOTING_INTERVAL / 60};
    struct fetch_request request = {
        .base = base,
        .connection = backend_link_connection(backend->link),
        .expectation = {.identity_key = recorded.identity_key,
                        .schedule = schedule,
                        .period_number = time_period_number(&schedule, recorded.now),
                        .size_max = DESCRIPTOR_SIZE_MAX_DEFAULT},
        .fingerprints = recorded.hsdir,
        .hsdir_count = backend->asks_hsdirs ? 1 : 0,
    };
    memcpy(request.address, recorded.address, sizeof(request.address));
    backend->fetch = fetch_new(&request, descriptor_came, backend);
}

static void backend_event_came(size_t number, const struct hs_desc_event *event, void *context)
{
    (void)number;
    struct backend *backend = context;
    check_event(event);
    if (backend->fetch != NULL)
        fetch_note_event(backend->fetch, event);
}

static void link_is_down(size_t number, const struct error *error, enum source_loss loss, void *context)
{
    (void)number;
    (void)loss;
    struct backend *backend = context;
    FUZZ_REQUIRE(error->text[0] != '\0');
    if (backend->fetch == NULL)
        return;
    fetch_note_closed(backend->fetch);
    fetch_free(backend->fetch);
    backend->fetch = NULL;
}

static void run_backend(const uint8_t *data, size_t size, bool asks_hsdirs)
{
    static const struct backend_link_callbacks callbacks = {
        .up = link_is_up, .hs_desc = backend_event_came, .down = link_is_down};
    static const int64_t ping_interval = 60000;
    struct backend backend = {.asks_hsdirs = asks_hsdirs};
    struct config_backend config = {.name = "backend", .has_control = true, .control = endpoint, .line = 1};
    memcpy(config.address, recorded.address, sizeof(config.address));
    memcpy(config.identity_key, recorded.identity_key, sizeof(config.identity_key));
    backend.link = backend_link_new(base, &config, 0, NULL, &ping_interval, &callbacks, &backend);
    play_tor(data, size);
    FUZZ_REQUIRE(backend.fetch == NULL && backend_link_connection(backend.link) == NULL);
    backend_link_free(backend.link);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare();
    if (size < 1)
        return 0;
    if ((data[0] & IS_BACKEND) != 0)
        run_backend(data + 1, size - 1, (data[0] & ASKS_HSDIRS) != 0);
    else
        run_local_tor(data + 1, size - 1);
    drop_connections();
    return 0;
}
