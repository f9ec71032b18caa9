/* A stand-in for tors, for load only: many backends' control ports and a local tor behind unix sockets, which
 * answer as tor does, with real descriptors, but do nothing. Everything that it says of tor's behaviour is in
 * the tests that run a real one.
 *
 *     standin FOLDER FRONTENDS BACKENDS_EACH CONSENSUS MICRODESCRIPTORS [testing]
 *
 * Writes FOLDER/config.yaml with that many frontends and their keys, listens on FOLDER/tor and
 * FOLDER/backend*, prints "ready", and reads commands from standard input: "report" prints one JSON object of
 * what was handed over so far, "change N STEP" gives every STEP-th backend other introduction points, N
 * of them, and counts from zero. "live SECONDS" has the backends do what tors do by themselves, as much in so
 * many seconds as they do in an hour, and "consensus" has the local tor get a new one, read from its file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <sodium.h>

#include "base/memory.h"
#include "crypto/blinding.h"
#include "onion/network.h"
#include "service.h"

#define POINTS 3
#define BACKENDS_ON_A_SOCKET 100
#define FRONTEND_NUMBERS 1000000 /* where the numbers of the frontends' keys begin */
/* What a tor does in an hour: it uploads each descriptor after 60 to 120 minutes, and has an introduction
 * point for 18 to 24 hours. */
#define UPLOADS_AN_HOUR (2 / 1.5)
#define REPLACED_AN_HOUR (POINTS / 21.0)
#define TICK 20 /* milliseconds */
#define UPTIME "100000"

struct backend {
    struct service service;
    char *descriptor;
    size_t length;
    uint64_t replaced; /* of its introduction points */
    uint64_t uploads;
    struct bufferevent *peer; /* who last asked for its descriptor */
};

/* One control connection. */
struct peer {
    struct standin *standin;
    bool is_posting; /* the data of an HSPOST is coming */
    char post[4096]; /* its command line */
    size_t data_length;
};

struct standin {
    struct event_base *base;
    const char *folder;
    const char *consensus_path;
    bool is_testing;
    struct network *network;
    struct bufferevent *reader; /* who last asked for the consensus */
    char *consensus, *microdescriptors,
        *microdescriptors_sent; /* as files have them, and as tor sends them */
    size_t consensus_length, microdescriptors_length, microdescriptors_sent_length;
    struct backend *backends;
    size_t backend_count, frontend_count;
    size_t posts, uploads_posted, post_bytes, connections;
    double began, first_post, last_post; /* seconds */
    double hour, lives_since;            /* seconds; 0 for not yet */
    size_t uploads, replaced;            /* since then */
};

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) != 0)
        die(path);
    char *text = memory_allocate((size_t)status.st_size + 1, 1);
    *length = fread(text, 1, (size_t)status.st_size, file);
    fclose(file);
    return text;
}

/* The text with its lines ended as the control protocol ends them; text is released. */
static char *end_lines(char *text, size_t *length)
{
    char *ended = memory_allocate(2 * *length + 1, 1);
    size_t count = 0;
    for (size_t i = 0; i < *length; i++) {
        if (text[i] == '\n')
            ended[count++] = '\r';
        ended[count++] = text[i];
    }
    free(text);
    *length = count;
    return memory_resize(ended, count + 1, 1);
}

/* -- what it answers ------------------------------------------------------------------------------ */

/* Makes a backend's descriptor anew. No two backends have a point in common, and none of the same frontend a
 * relay. */
static void make_descriptor(const struct standin *standin, size_t number)
{
    struct backend *backend = &standin->backends[number];
    const struct network *network = standin->network;
    const struct service_descriptor wanted = {
        .period_number = network->period_number[network->client_slot],
        .period_length = network->schedule.period_length,
        .revision_counter = 1000 + backend->uploads,
        .points = number,
        .replaced = backend->replaced,
        .point_count = POINTS,
        .now = time(NULL) + (int64_t)backend->uploads * 3600, /* no certificate twice */
        .network = network,
    };
    backend->uploads++;
    free(backend->descriptor);
    backend->descriptor =
        end_lines(service_make_descriptor(&backend->service, &wanted, &backend->length), &backend->length);
}

static struct backend *find_backend(const struct standin *standin, const char *address)
{
    static struct backend *last; /* they ask in their order, mostly */
    for (size_t i = 0; i < standin->backend_count; i++) {
        size_t start = last != NULL ? (size_t)(last - standin->backends) : 0;
        struct backend *backend = &standin->backends[(start + i) % standin->backend_count];
        if (memcmp(backend->service.address, address, ONION_ADDRESS_LENGTH) == 0)
            return last = backend;
    }
    return NULL;
}

static void answer_data(struct evbuffer *output, const char *key, const char *data, size_t length)
{
    evbuffer_add_printf(output, "250+%s=\r\n", key);
    evbuffer_add(output, data, length);
    evbuffer_add_printf(output, ".\r\n250 OK\r\n");
}

static void answer_descriptor(struct standin *standin, struct bufferevent *connection, const char *key)
{
    struct evbuffer *output = bufferevent_get_output(connection);
    struct backend *backend = find_backend(standin, strrchr(key, '/') + 1);
    if (backend == NULL) {
        evbuffer_add_printf(output, "551 no such service\r\n");
        return;
    }
    backend->peer = connection;
    evbuffer_add_printf(output, "250+%s=\r\n", key);
    evbuffer_add(output, backend->descriptor, backend->length);
    evbuffer_add_printf(output, ".\r\n250 OK\r\n");
}

static void answer_getinfo(struct standin *standin, struct bufferevent *connection, const char *key)
{
    struct evbuffer *output = bufferevent_get_output(connection);
    if (strncmp(key, "hs/service/desc/id/", strlen("hs/service/desc/id/")) == 0)
        answer_descriptor(standin, connection, key);
    else if (strcmp(key, "uptime") == 0)
        evbuffer_add_printf(output, "250-uptime=" UPTIME "\r\n250 OK\r\n");
    else if (strcmp(key, "status/enough-dir-info") == 0)
        evbuffer_add_printf(output, "250-status/enough-dir-info=1\r\n250 OK\r\n");
    else if (strcmp(key, "md/all") == 0)
        answer_data(output, key, standin->microdescriptors_sent, standin->microdescriptors_sent_length);
    else if (strcmp(key, "dir/status-vote/current/consensus-microdesc") == 0) {
        standin->reader = connection;
        answer_data(output, key, standin->consensus, standin->consensus_length);
    } else
        evbuffer_add_printf(output, "552 Unrecognized key \"%s\"\r\n", key);
}

/* Each HSDir that is asked has the descriptor that the backend's tor has. */
static void answer_hsfetch(struct standin *standin, struct bufferevent *connection, const char *arguments)
{
    struct evbuffer *output = bufferevent_get_output(connection);
    struct backend *backend = find_backend(standin, arguments);
    evbuffer_add_printf(output, "250 OK\r\n");
    if (backend == NULL)
        return;
    backend->peer = connection;
    for (const char *server = strstr(arguments, "SERVER=$"); server != NULL;
         server = strstr(server + 1, "SERVER=$")) {
        evbuffer_add_printf(output, "650+HS_DESC_CONTENT %s id $%.40s~standin\r\n", backend->service.address,
                            server + strlen("SERVER=$"));
        evbuffer_add(output, backend->descriptor, backend->length);
        evbuffer_add_printf(output, ".\r\n650 OK\r\n");
    }
}

/* The HSDirs that it names take it at once. */
static void answer_post(struct peer *peer, struct bufferevent *connection)
{
    struct standin *standin = peer->standin;
    struct evbuffer *output = bufferevent_get_output(connection);
    const char *server = strstr(peer->post, "SERVER="), *address = strstr(peer->post, "HSADDRESS=");
    standin->last_post = now_seconds();
    if (standin->posts++ == 0)
        standin->first_post = standin->last_post;
    standin->post_bytes += peer->data_length;
    if (server == NULL || address == NULL) {
        evbuffer_add_printf(output, "512 bad HSPOST\r\n");
        return;
    }
    address += strlen("HSADDRESS=");
    evbuffer_add_printf(output, "250 OK\r\n");
    for (; server != NULL; server = strstr(server, "SERVER=")) {
        server += strlen("SERVER=");
        standin->uploads_posted++;
        evbuffer_add_printf(output,
                            "650 HS_DESC UPLOAD %.56s UNKNOWN $%.40s~standin x HSDIR_INDEX=00\r\n"
                            "650 HS_DESC UPLOADED %.56s UNKNOWN $%.40s~standin\r\n",
                            address, server, address, server);
    }
}

static void answer_command(struct peer *peer, struct bufferevent *connection, const char *line)
{
    struct evbuffer *output = bufferevent_get_output(connection);
    if (strncmp(line, "GETINFO ", 8) == 0)
        answer_getinfo(peer->standin, connection, line + 8);
    else if (strncmp(line, "HSFETCH ", 8) == 0)
        answer_hsfetch(peer->standin, connection, line + 8);
    else if (strcmp(line, "PROTOCOLINFO 1") == 0)
        evbuffer_add_printf(output, "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n"
                                    "250-VERSION Tor=\"0.4.9.11\"\r\n250 OK\r\n");
    else if (strncmp(line, "GETCONF ", 8) == 0)
        evbuffer_add_printf(output, "250 %s=%d\r\n", line + 8, peer->standin->is_testing);
    else
        evbuffer_add_printf(output, "250 OK\r\n");
}

/* -- connections ---------------------------------------------------------------------------------- */

/* Takes the data of an HSPOST up to the line with nothing but a dot. Returns false when that is not there. */
static bool take_post(struct peer *peer, struct bufferevent *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection);
    struct evbuffer_ptr end = evbuffer_search(input, "\r\n.\r\n", 5, NULL);
    if (end.pos < 0)
        return false;
    peer->data_length = (size_t)end.pos;
    evbuffer_drain(input, (size_t)end.pos + 5);
    peer->is_posting = false;
    answer_post(peer, connection);
    return true;
}

static bool take_command(struct peer *peer, struct bufferevent *connection)
{
    char *line = evbuffer_readln(bufferevent_get_input(connection), NULL, EVBUFFER_EOL_CRLF_STRICT);
    if (line == NULL)
        return false;
    if (strncmp(line, "+HSPOST ", 8) == 0) {
        snprintf(peer->post, sizeof(peer->post), "%s", line);
        peer->is_posting = true;
    } else {
        answer_command(peer, connection, line);
    }
    free(line);
    return true;
}

static void bytes_came(struct bufferevent *connection, void *context)
{
    struct peer *peer = context;
    while (peer->is_posting ? take_post(peer, connection) : take_command(peer, connection))
        ;
}

static void peer_is_gone(struct bufferevent *connection, short events, void *context)
{
    (void)events;
    struct peer *peer = context;
    struct standin *standin = peer->standin;
    standin->connections--;
    if (standin->reader == connection)
        standin->reader = NULL;
    for (size_t i = 0; i < standin->backend_count; i++) {
        if (standin->backends[i].peer == connection)
            standin->backends[i].peer = NULL;
    }
    bufferevent_free(connection);
    free(peer);
}

static void peer_came(struct evconnlistener *listener, evutil_socket_t socket, struct sockaddr *address,
                      int length, void *context)
{
    (void)address;
    (void)length;
    struct peer *peer = memory_allocate(1, sizeof(*peer));
    peer->standin = context;
    peer->standin->connections++;
    struct bufferevent *connection =
        bufferevent_socket_new(evconnlistener_get_base(listener), socket, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(connection, bytes_came, NULL, peer_is_gone, peer);
    bufferevent_enable(connection, EV_READ | EV_WRITE);
}

static void listen_at(struct standin *standin, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", standin->folder, name);
    if (length < 0 || (size_t)length >= sizeof(address.sun_path) ||
        evconnlistener_new_bind(standin->base, peer_came, standin, LEV_OPT_CLOSE_ON_FREE, 4096,
                                (struct sockaddr *)&address, sizeof(address)) == NULL)
        die(name);
}

/* -- commands ------------------------------------------------------------------------------------- */

static void report(const struct standin *standin)
{
    printf("{\"posts\": %zu, \"uploads\": %zu, \"bytes\": %zu, \"connections\": %zu, "
           "\"seconds_to_first\": %.4f, \"seconds_to_last\": %.4f}\n",
           standin->posts, standin->uploads_posted, standin->post_bytes, standin->connections,
           standin->first_post - standin->began, standin->last_post - standin->began);
    fflush(stdout);
}

/* As a backend's tor says it when it begins to upload to some HSDirs of a descriptor, and when they have it.
 */
static void announce(const struct standin *standin, const struct backend *backend, enum descriptor_slot slot,
                     size_t most)
{
    const struct network *network = standin->network;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    char base64[64], hex[2 * RELAY_FINGERPRINT_SIZE + 1];
    if (backend->peer == NULL ||
        blinding_derive_public_key(blinded_key, backend->service.identity_key, network->period_number[slot],
                                   network->schedule.period_length) != 0)
        return;
    struct evbuffer *output = bufferevent_get_output(backend->peer);
    sodium_bin2base64(base64, sizeof(base64), blinded_key, sizeof(blinded_key),
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    size_t count = network_find_responsible(network, slot, blinded_key, false, responsible);
    for (size_t i = 0; i < count && i < most; i++) {
        sodium_bin2hex(hex, sizeof(hex), network->hsdirs[responsible[i]->hsdir].fingerprint,
                       RELAY_FINGERPRINT_SIZE);
        evbuffer_add_printf(output,
                            "650 HS_DESC UPLOAD %s UNKNOWN $%s~standin %s HSDIR_INDEX=00\r\n"
                            "650 HS_DESC UPLOADED %s UNKNOWN $%s~standin\r\n",
                            backend->service.address, hex, base64, backend->service.address, hex);
    }
}

static void change(struct standin *standin, size_t count, size_t step)
{
    const enum descriptor_slot slot = standin->network->client_slot;
    for (size_t i = 0; i < count && i * step < standin->backend_count; i++) {
        standin->backends[i * step].replaced += POINTS;
        make_descriptor(standin, i * step);
    }
    standin->posts = standin->uploads_posted = standin->post_bytes = 0;
    standin->began = standin->first_post = standin->last_post = now_seconds();
    for (size_t i = 0; i < count && i * step < standin->backend_count; i++)
        announce(standin, &standin->backends[i * step], slot, 1);
}

/* A tor uploads one of its descriptors again. */
static void upload_again(struct standin *standin, size_t number, enum descriptor_slot slot)
{
    if (slot == standin->network->client_slot)
        make_descriptor(standin, number);
    announce(standin, &standin->backends[number], slot, HSDIR_RESPONSIBLE_MAX);
}

/* Whatever should have happened by now since they began to live. The backends take turns. */
static void tick_came(evutil_socket_t unused, short events, void *context)
{
    (void)unused;
    (void)events;
    struct standin *standin = context;
    if (standin->hour <= 0)
        return;
    const double done =
        (now_seconds() - standin->lives_since) / standin->hour * (double)standin->backend_count;
    for (; (double)standin->uploads < done * UPLOADS_AN_HOUR; standin->uploads++)
        upload_again(standin, standin->uploads % standin->backend_count,
                     standin->uploads / standin->backend_count % 2 == 0 ? DESCRIPTOR_FIRST
                                                                        : DESCRIPTOR_SECOND);
    for (; (double)standin->replaced < done * REPLACED_AN_HOUR; standin->replaced++) {
        size_t number = standin->replaced * 7919 % standin->backend_count;
        standin->backends[number].replaced++;
        upload_again(standin, number, DESCRIPTOR_FIRST);
        upload_again(standin, number, DESCRIPTOR_SECOND);
    }
}

static void live(struct standin *standin, double hour)
{
    standin->hour = hour;
    standin->lives_since = now_seconds();
    standin->uploads = standin->replaced = 0;
}

/* Reads the consensus, and what follows from it. */
static void read_consensus(struct standin *standin)
{
    struct error error;
    free(standin->consensus);
    standin->consensus = read_file(standin->consensus_path, &standin->consensus_length);
    network_free(standin->network);
    standin->network = network_build(standin->consensus, standin->consensus_length, standin->microdescriptors,
                                     standin->microdescriptors_length, standin->is_testing, &error);
    if (standin->network == NULL) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    standin->consensus = end_lines(standin->consensus, &standin->consensus_length);
    if (standin->reader != NULL)
        evbuffer_add_printf(bufferevent_get_output(standin->reader), "650+NEWCONSENSUS\r\n.\r\n650 OK\r\n");
}

static void command_came(evutil_socket_t input, short events, void *context)
{
    (void)events;
    struct standin *standin = context;
    char text[128];
    ssize_t length = read((int)input, text, sizeof(text) - 1);
    if (length <= 0)
        exit(0);
    text[length] = '\0';
    char *rest = text;
    for (char *line = strtok_r(rest, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        size_t count = 0, step = 0;
        double hour = 0;
        if (sscanf(line, "live %lf", &hour) == 1)
            live(standin, hour);
        else if (strcmp(line, "consensus") == 0)
            read_consensus(standin);
        else if (sscanf(line, "change %zu %zu", &count, &step) == 2 && step > 0)
            change(standin, count, step);
        else
            report(standin);
    }
}

/* -- making --------------------------------------------------------------------------------------- */

/* Writes a key as tor keeps it in a HiddenServiceDir. */
static void write_key(const char *folder, size_t number, const struct service *service)
{
    static const char head[32] = "== ed25519v1-secret: type0 ==";
    char path[4096];
    snprintf(path, sizeof(path), "%s/key%zu", folder, number);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fchmod(fileno(file), 0600) != 0 || fwrite(head, sizeof(head), 1, file) != 1 ||
        fwrite(&service->secret_key, sizeof(service->secret_key), 1, file) != 1 || fclose(file) != 0)
        die(path);
}

static void write_config(const struct standin *standin, size_t each)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/config.yaml", standin->folder);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        die(path);
    fprintf(file, "tor-control: unix:%s/tor\nservices:\n", standin->folder);
    for (size_t i = 0; i < standin->frontend_count; i++) {
        struct service frontend;
        service_make(&frontend, FRONTEND_NUMBERS + i);
        write_key(standin->folder, i, &frontend);
        fprintf(file, "- key: key%zu\n  instances:\n", i);
        for (size_t j = i * each; j < (i + 1) * each; j++)
            fprintf(file, "  - address: %s\n    control: unix:%s/backend%zu\n",
                    standin->backends[j].service.address, standin->folder, j / BACKENDS_ON_A_SOCKET);
    }
    fclose(file);
}

int main(int count, char **arguments)
{
    struct standin standin = {.base = event_base_new()};
    if (count < 6 || count > 7 || sodium_init() < 0) {
        fprintf(stderr,
                "usage: standin FOLDER FRONTENDS BACKENDS_EACH CONSENSUS MICRODESCRIPTORS [testing]\n");
        return 1;
    }
    size_t each = strtoul(arguments[3], NULL, 10);
    standin.folder = arguments[1];
    standin.frontend_count = strtoul(arguments[2], NULL, 10);
    standin.backend_count = standin.frontend_count * each;
    standin.consensus_path = arguments[4];
    standin.is_testing = count == 7;
    standin.microdescriptors = read_file(arguments[5], &standin.microdescriptors_length);
    standin.microdescriptors_sent = read_file(arguments[5], &standin.microdescriptors_sent_length);
    standin.microdescriptors_sent =
        end_lines(standin.microdescriptors_sent, &standin.microdescriptors_sent_length);
    read_consensus(&standin);
    standin.backends = memory_allocate(standin.backend_count, sizeof(*standin.backends));
    listen_at(&standin, "tor");
    for (size_t i = 0; i < standin.backend_count; i++) {
        service_make(&standin.backends[i].service, i);
        make_descriptor(&standin, i);
        if (i % BACKENDS_ON_A_SOCKET == 0) {
            char name[64];
            snprintf(name, sizeof(name), "backend%zu", i / BACKENDS_ON_A_SOCKET);
            listen_at(&standin, name);
        }
    }
    write_config(&standin, each);
    event_add(event_new(standin.base, STDIN_FILENO, EV_READ | EV_PERSIST, command_came, &standin), NULL);
    event_add(event_new(standin.base, -1, EV_PERSIST, tick_came, &standin),
              &(struct timeval){.tv_usec = TICK * 1000});
    standin.began = standin.first_post = standin.last_post = now_seconds();
    printf("ready\n");
    fflush(stdout);
    return event_base_dispatch(standin.base) == 0 ? 0 : 1;
}
