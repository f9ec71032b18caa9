/* The table at the end of one publication, for a person. */
#include <inttypes.h>

#include "base/hex.h"
#include "report/outcome.h"
#include "report/view.h"

#define NAME_COLUMN_MAX 24

static double seconds_since_start(const struct outcome *outcome, int64_t moment)
{
    return (double)(moment - outcome->started) / 1000.0;
}

static int name_column(const struct config_frontend *config)
{
    size_t width = 0;
    for (size_t i = 0; i < config->backend_count; i++) {
        size_t length = 0;
        while (config->backends[i].name[length] != '\0' && length < NAME_COLUMN_MAX)
            length++;
        width = length > width ? length : width;
    }
    return (int)width;
}

const char *outcome_explain_backend(const struct publisher *publisher, const struct source *backend)
{
    if (backend->life.reason[0] != '\0')
        return backend->life.reason;
    return publisher->network != NULL ? "no descriptor came in time"
                                      : "nothing can be done with it without the local tor's consensus";
}

/* What is wrong with a backend's points, and why none of them is published. */
static void print_points_trouble(const struct publisher *publisher, const struct publisher_frontend *frontend,
                                 size_t position, int width, FILE *file)
{
    const struct source *backend = publisher_member_source(publisher, &frontend->members[position]);
    const char *lack = report_view_describe_lack(report_view_find_lack(publisher, frontend, position));
    char fault[SOURCE_POINTS_TEXT_SIZE];
    source_points_describe(fault, &backend->points);
    if (fault[0] != '\0')
        fprintf(file, "    %-*s  note: it %s\n", width, "", fault);
    if (lack != NULL)
        fprintf(file, "    %-*s  note: none of them is published, as %s\n", width, "", lack);
}

static void print_backend(const struct publisher *publisher, const struct publisher_frontend *frontend,
                          size_t position, const struct config_backend *config, int width, FILE *file)
{
    const struct source *backend = publisher_member_source(publisher, &frontend->members[position]);
    fprintf(file, "    %-*s  ", width, config->name);
    if (!source_is_in(backend)) {
        fprintf(file, "left out: %s\n", outcome_explain_backend(publisher, backend));
        return;
    }
    size_t count = backend->descriptor->point_count;
    fprintf(file, "%zu introduction point%s\n", count, count == 1 ? "" : "s");
    if (backend->descriptor->pow_params.is_present && !config->is_twin)
        fprintf(file,
                "    %-*s  note: it has proof of work on, and serves visitors of the frontend as effort 0:\n"
                "    %-*s  what they solve it for is its own key. With mode hardmap they can solve it.\n",
                width, "", width, "");
    print_points_trouble(publisher, frontend, position, width, file);
}

static const char *describe_upload(const struct publisher_upload *upload)
{
    switch (upload->state) {
    case UPLOAD_DONE:
        return "took it";
    case UPLOAD_REFUSED:
        return "refused it";
    case UPLOAD_GIVEN_UP:
        return "did not take it";
    case UPLOAD_WAITING:
    case UPLOAD_DUE:
        return upload->attempts > 0 ? "did not take it yet" : "not sent";
    case UPLOAD_IN_FLIGHT:
    case UPLOAD_UNANSWERED:
        return "no answer yet";
    }
    return "";
}

static void print_upload(const struct outcome *outcome, const struct publisher_upload *upload, FILE *file)
{
    char hex[HEX_TEXT_SIZE(RELAY_FINGERPRINT_SIZE)];
    hex_encode_upper(hex, upload->fingerprint, RELAY_FINGERPRINT_SIZE);
    fprintf(file, "    $%s  %s", hex, describe_upload(upload));
    if (upload->state == UPLOAD_DONE)
        fprintf(file, " after %.1f s", seconds_since_start(outcome, upload->taken_at));
    if (upload->attempts > 1)
        fprintf(file, ", attempt %u", upload->attempts);
    if (upload->reason != NULL)
        fprintf(file, " (%s)", upload->reason);
    fputc('\n', file);
}

static void print_descriptor(const struct outcome *outcome, const struct publisher_descriptor *descriptor,
                             const char *name, FILE *file)
{
    size_t taken = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++)
        taken += descriptor->uploads[i].state == UPLOAD_DONE;
    fprintf(file, "  %s descriptor, time period %" PRIu64 ": %zu of %zu HSDirs\n", name,
            descriptor->period_number, taken, descriptor->upload_count);
    for (size_t i = 0; i < descriptor->upload_count; i++)
        print_upload(outcome, &descriptor->uploads[i], file);
}

static const char *describe_look(enum look_verdict verdict)
{
    static const char *const texts[LOOK_VERDICTS] = {
        [LOOK_UNKNOWN] = "no answer",
        [LOOK_CURRENT] = "this descriptor",
        [LOOK_OLDER] = "an older one of ours",
        [LOOK_OTHERS] = "ANOTHER PUBLISHER'S",
        [LOOK_NONE] = "NOTHING",
        [LOOK_BROKEN] = "WHAT CAN'T BE READ",
    };
    return texts[verdict];
}

/* What visitors get who come now. */
static void print_looks(const struct publisher_descriptor *descriptor, FILE *file)
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct publisher_upload *upload = &descriptor->uploads[i];
        char hex[HEX_TEXT_SIZE(RELAY_FINGERPRINT_SIZE)];
        if (upload->look.asked_at == 0)
            continue;
        hex_encode_upper(hex, upload->fingerprint, RELAY_FINGERPRINT_SIZE);
        fprintf(file, "    $%s  %s\n", hex, describe_look(upload->look.verdict));
    }
}

static void print_frontend(const struct outcome *outcome, size_t number, FILE *file)
{
    const struct publisher_frontend *frontend = &outcome->publisher->frontends[number];
    const struct config_frontend *config = &outcome->config->frontends[number];
    fprintf(file, "frontend %s.onion\n", config->address);
    fprintf(file, "  backends\n");
    if (config->backend_count == 0)
        fprintf(file, "    none yet: the config says to wait for some\n");
    int width = name_column(config);
    for (size_t i = 0; i < config->backend_count; i++)
        print_backend(outcome->publisher, frontend, i, &config->backends[i], width, file);
    if (frontend->member_count == 0 || frontend->descriptors[DESCRIPTOR_FIRST].upload_count == 0)
        return;
    size_t points = assignment_count_points(frontend->assignment);
    char restriction[REPORT_RESTRICTION_SIZE];
    report_view_describe_restriction(restriction, frontend->clients);
    fprintf(file, "  superdescriptor of %zu introduction point%s%s\n", points, points == 1 ? "" : "s",
            restriction);
    print_descriptor(outcome, &frontend->descriptors[DESCRIPTOR_FIRST], "first", file);
    print_descriptor(outcome, &frontend->descriptors[DESCRIPTOR_SECOND], "second", file);
    if (!outcome->is_verified)
        return;
    fprintf(file, "  what visitors get now\n");
    print_looks(&frontend->descriptors[outcome->publisher->network->client_slot], file);
}

void outcome_print_table(const struct outcome *outcome, FILE *file)
{
    for (size_t i = 0; i < outcome->publisher->frontend_count; i++)
        print_frontend(outcome, i, file);
    struct outcome_counts counts;
    outcome_count(outcome->publisher, &counts);
    double seconds = seconds_since_start(outcome, outcome->ended);
    switch (outcome_judge(outcome)) {
    case OUTCOME_COMPLETE:
        fprintf(file, "published everything: %zu uploads in %.1f seconds\n", counts.uploads, seconds);
        break;
    case OUTCOME_INCOMPLETE:
        fprintf(file, "published in part: %zu of %zu uploads in %.1f seconds\n", counts.taken, counts.uploads,
                seconds);
        if (outcome->is_verified)
            fprintf(file, "visitors get it from %zu of %zu HSDirs\n", counts.seen, counts.asked);
        break;
    case OUTCOME_NOTHING:
        fprintf(file, "published nothing in %.1f seconds\n", seconds);
        break;
    }
}
