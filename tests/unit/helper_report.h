/* A publisher made by hand, with a view of it, for the tests of what is reported. */
#ifndef OBPUB_TESTS_HELPER_REPORT_H
#define OBPUB_TESTS_HELPER_REPORT_H

#include "report/listener.h"
#include "report/view.h"

/* The publisher's clock shows this many milliseconds, and the wall clock 2026-11-22 12:00:00 UTC. */
#define REPORT_NOW 10000000
#define REPORT_WALL_NOW INT64_C(1795348800000)

#define REPORT_HSDIRS 3

/* Two frontends. The first has three backends: "one" (live, 3 points, control port), "two \"2\"" (in its
 * grace period, 2 points) and one without a name (out, never heard of). The second shares "one" with it,
 * under the name "uno", and has never been published. The first one's descriptors have REPORT_HSDIRS HSDirs
 * each: all of the first descriptor took it; of the second, one took it, one is in flight, one refused it. */
struct report_fixture {
    struct publisher *publisher;
    struct config_backend backends[4];
    struct config_frontend configs[2];
    struct report_frontend frontends[2];
    struct report_counters counters;
    struct report_view view;
};

void report_fixture_make(struct report_fixture *fixture);
void report_fixture_clear(struct report_fixture *fixture);

/* A report_view_callback; the context is the fixture. */
void report_fixture_fill(struct report_view *view, void *context);

/* Removes socket files itself. */
extern const struct listener_remover report_remover;

/* Gives the first two backends other flow control, as it would be if their descriptors had come with that. */
void report_fixture_set_flow_control(struct report_fixture *fixture, const struct flow_control *first,
                                     const struct flow_control *second);

/* Has every HSDir of the first frontend take both descriptors. */
void report_fixture_publish(struct report_fixture *fixture);

/* Gives a backend of the publisher a descriptor with new points, numbered from first on, each at a relay of
 * its own. */
void report_fixture_give_points(struct publisher *publisher, size_t backend, size_t count, uint8_t first,
                                int64_t now);

/* The same, with a fault in the first of them. */
void report_fixture_give_faulty(struct publisher *publisher, size_t backend, size_t count, uint8_t first,
                                enum point_fault fault, int64_t now);

/* The same, with pow-params. */
void report_fixture_give_work(struct publisher *publisher, size_t backend, size_t count, uint8_t first,
                              int64_t now);

#endif
