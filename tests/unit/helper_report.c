/* A publisher made by hand, with a view of it, for the tests of what is reported. */
#include "helper_report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define TIME_PERIOD 20416

static int remove_socket(const char *path, void *context, struct error *error)
{
    (void)context;
    return unlink(path) == 0 ? 0 : error_set(error, "%s can't be removed", path);
}

const struct listener_remover report_remover = {.remove = remove_socket};

static void make_point(struct introduction_point *point, uint8_t number)
{
    struct link_specifiers links = {.ipv4 = {192, 0, 2, number}, .ipv4_port = 9001};
    memset(links.fingerprint, number, sizeof(links.fingerprint));
    introduction_point_set_links(point, &links);
    memset(point->auth_key, number, sizeof(point->auth_key));
    memset(point->enc_key, number, sizeof(point->enc_key));
}

static struct descriptor *make_descriptor(size_t count, uint8_t first)
{
    static uint64_t revision_counter = 1;
    struct descriptor *descriptor = memory_allocate(1, sizeof(*descriptor));
    descriptor->period_number = TIME_PERIOD;
    descriptor->revision_counter = revision_counter++;
    descriptor->points = memory_allocate(count, sizeof(*descriptor->points));
    descriptor->point_count = count;
    for (size_t i = 0; i < count; i++)
        make_point(&descriptor->points[i], (uint8_t)(first + i));
    return descriptor;
}

void report_fixture_give_points(struct publisher *publisher, size_t backend, size_t count, uint8_t first,
                                int64_t now)
{
    publisher_note_descriptor(publisher, backend, make_descriptor(count, first), now);
}

void report_fixture_give_faulty(struct publisher *publisher, size_t backend, size_t count, uint8_t first,
                                enum point_fault fault, int64_t now)
{
    struct descriptor *descriptor = make_descriptor(count, first);
    descriptor->points[0].fault = fault;
    publisher_note_descriptor(publisher, backend, descriptor, now);
}

void report_fixture_give_work(struct publisher *publisher, size_t backend, size_t count, uint8_t first,
                              int64_t now)
{
    struct descriptor *descriptor = make_descriptor(count, first);
    descriptor->pow_params = (struct pow_params){.is_present = true, .suggested_effort = 3};
    publisher_note_descriptor(publisher, backend, descriptor, now);
}

static void give_flow_control(struct publisher *publisher, size_t backend, size_t count, uint8_t first,
                              const struct flow_control *flow_control)
{
    struct descriptor *descriptor = make_descriptor(count, first);
    descriptor->flow_control = *flow_control;
    publisher_note_descriptor(publisher, backend, descriptor, REPORT_NOW);
}

void report_fixture_set_flow_control(struct report_fixture *fixture, const struct flow_control *first,
                                     const struct flow_control *second)
{
    give_flow_control(fixture->publisher, 0, 3, 0x31, first);
    give_flow_control(fixture->publisher, 1, 2, 0x41, second);
}

static void set_reason(struct source *backend, const char *reason)
{
    free(backend->life.reason);
    backend->life.reason = memory_copy_text(reason, strlen(reason));
}

static void make_config(struct report_fixture *fixture)
{
    static const char *const names[] = {"one", "two \"2\"", "three", "uno"};
    static const uint8_t keys[] = {0x11, 0x12, 0x13, 0x11};
    for (size_t i = 0; i < 4; i++) {
        fixture->backends[i].name = memory_copy_text(names[i], strlen(names[i]));
        memset(fixture->backends[i].identity_key, keys[i], ED25519_PUBLIC_KEY_SIZE);
    }
    /* The config of the first lists another backend in the third's place: that one has no name. */
    memset(fixture->backends[2].identity_key, 0x99, ED25519_PUBLIC_KEY_SIZE);
    fixture->configs[0].backends = &fixture->backends[0];
    fixture->configs[0].backend_count = 3;
    fixture->configs[1].backends = &fixture->backends[3];
    fixture->configs[1].backend_count = 1;
}

static void make_uploads(struct publisher_frontend *frontend)
{
    static const enum upload_state states[DESCRIPTOR_SLOTS][REPORT_HSDIRS] = {
        {UPLOAD_DONE, UPLOAD_DONE, UPLOAD_DONE},
        {UPLOAD_DONE, UPLOAD_IN_FLIGHT, UPLOAD_DUE},
    };
    struct point_set *set = frontend->assignment->sets[0];
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        descriptor->period_number = TIME_PERIOD + slot;
        descriptor->refresh_at = REPORT_NOW + 3600000 + (int64_t)slot * 60000;
        descriptor->upload_count = REPORT_HSDIRS;
        descriptor->uploads = memory_allocate(REPORT_HSDIRS, sizeof(*descriptor->uploads));
        for (size_t i = 0; i < REPORT_HSDIRS; i++) {
            struct publisher_upload *upload = &descriptor->uploads[i];
            memset(upload->fingerprint, 0xa0 + (int)i, RELAY_FINGERPRINT_SIZE);
            upload->state = states[slot][i];
            upload->wanted = point_set_share(set);
            upload->sent = point_set_share(set);
            upload->attempts = 1;
            upload->sent_at = REPORT_NOW - 60000 + (int64_t)i * 1000;
            upload->answered_at = upload->taken_at = MOMENT_NONE;
            if (upload->state != UPLOAD_DONE)
                continue;
            upload->answered_at = upload->taken_at = upload->sent_at + 500;
            upload->taken = point_set_share(set);
        }
    }
    struct publisher_upload *refused = &frontend->descriptors[DESCRIPTOR_SECOND].uploads[2];
    refused->attempts = 4;
    refused->answered_at = refused->sent_at + 700;
    refused->due = REPORT_NOW + 5000;
    refused->failure = UPLOAD_FAILURE_REJECTED;
    refused->reason = memory_copy_text("UPLOAD_REJECTED", strlen("UPLOAD_REJECTED"));
}

static void make_publisher(struct report_fixture *fixture)
{
    struct publisher_rules rules = publisher_rules_default;
    struct publisher *publisher = fixture->publisher = publisher_new(&rules);
    const uint8_t keys[3] = {0x11, 0x12, 0x13};
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    uint64_t backends[3];
    for (size_t i = 0; i < 3; i++) {
        memset(key, keys[i], sizeof(key));
        backends[i] = publisher_add_source(publisher, key,
                                           i == 0 ? SOURCE_BACKEND_WITH_CONTROL : SOURCE_BACKEND_ON_HSDIRS,
                                           REPORT_NOW - 7200000);
    }
    for (size_t i = 0; i < 2; i++) {
        memset(key, 0x21 + (int)i, sizeof(key));
        fixture->frontends[i].number =
            publisher_add_frontend(publisher, key, NULL, backends, i == 0 ? 3 : 1, REPORT_NOW - 7200000);
    }
    publisher_note_reachable(publisher, 0, true, UPTIME_UNKNOWN, REPORT_NOW - 3600000);
    report_fixture_give_points(publisher, 0, 3, 0x31, REPORT_NOW - 3600000);
    report_fixture_give_points(publisher, 1, 2, 0x41, REPORT_NOW - 1800000);
    publisher->sources[1].life.state = SOURCE_GRACE;
    publisher->sources[1].life.since = REPORT_NOW - 30000;
    set_reason(&publisher->sources[1], "the connection timed out");
    publisher->sources[2].life.state = SOURCE_OUT;
    set_reason(&publisher->sources[2], "no descriptor came in time");
    struct publisher_frontend *frontend = &publisher->frontends[fixture->frontends[0].number];
    frontend->has_started = true;
    make_uploads(frontend);
    publisher->is_tor_up = true;
    publisher->tors[0] = (struct publisher_tor){.state = TOR_READY, .in_flight = 3, .uploads = 77};
    publisher->tors[2].state = TOR_DOWN;
}

void report_fixture_fill(struct report_view *view, void *context)
{
    const struct report_fixture *fixture = context;
    *view = fixture->view;
}

static const struct report_tor report_tors[] = {
    {0, "unix:/run/tor/control", "", false},
    {2, "127.0.0.1:9052", "the local tor: connection refused", true},
};

void report_fixture_make(struct report_fixture *fixture)
{
    *fixture = (struct report_fixture){0};
    make_config(fixture);
    make_publisher(fixture);
    for (size_t i = 0; i < 2; i++)
        fixture->frontends[i].config = &fixture->configs[i];
    fixture->frontends[0].revision_counters[DESCRIPTOR_FIRST] = 123456789;
    fixture->view = (struct report_view){
        .publisher = fixture->publisher,
        .frontends = fixture->frontends,
        .frontend_count = 2,
        .counters = &fixture->counters,
        .version = "1.2.3",
        .now = REPORT_NOW,
        .wall_milliseconds = REPORT_WALL_NOW,
        .started_at = REPORT_NOW - 7200000,
        .loaded_at = REPORT_NOW - 3600000,
        .reload_error = "",
        .tors = report_tors,
        .tor_count = 2,
        .tor_status = "",
        .last_error = "",
    };
}

void report_fixture_publish(struct report_fixture *fixture)
{
    struct publisher_frontend *frontend = &fixture->publisher->frontends[fixture->frontends[0].number];
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        assignment_replace(&frontend->descriptors[slot].round.assignment, frontend->assignment);
        frontend->descriptors[slot].round.number = 1;
        for (size_t i = 0; i < REPORT_HSDIRS; i++) {
            struct publisher_upload *upload = &frontend->descriptors[slot].uploads[i];
            upload->state = UPLOAD_DONE;
            point_set_replace(&upload->sent, upload->wanted);
            point_set_replace(&upload->taken, upload->wanted);
            upload->answered_at = upload->taken_at = fixture->view.now;
            upload->failure = UPLOAD_FAILURE_NONE;
            free(upload->reason);
            upload->reason = NULL;
        }
    }
}

void report_fixture_clear(struct report_fixture *fixture)
{
    publisher_free(fixture->publisher);
    for (size_t i = 0; i < 4; i++)
        free(fixture->backends[i].name);
}
