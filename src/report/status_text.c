/* The status for a person. */
#include "report/status_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/status_hsdirs.h"

#define NAME_COLUMN_MAX 24
#define SHORT_ADDRESS_LENGTH 16 /* characters of an address that stand for a backend without a name */
#define EXPIRY_SHOWN 3600       /* seconds before a descriptor expires from when on that is said */
#define SHARE_NEAR 0.01         /* a share that is as near to the one wanted is that one */

/* "word: text" on a line of its own, when there is a text. */
static void print_trouble(const struct printer *printer, const char *word, const char *text)
{
    if (text == NULL)
        return;
    printer_put_coloured(printer, COLOUR_BAD, word);
    fputs(": ", printer->file);
    printer_put_text(printer, text);
    fputc('\n', printer->file);
}

/* -- a frontend */

static size_t name_column(const struct status_service *service)
{
    size_t width = 0;
    for (size_t i = 0; i < service->instance_count; i++) {
        const char *name = service->instances[i].name;
        size_t length = name != NULL ? strnlen(name, NAME_COLUMN_MAX) : SHORT_ADDRESS_LENGTH;
        width = length > width ? length : width;
    }
    return width;
}

static enum colour colour_state(const char *state)
{
    if (strcmp(state, "live") == 0)
        return COLOUR_GOOD;
    return strcmp(state, "out") == 0 ? COLOUR_BAD : COLOUR_DOUBTFUL;
}

/* What is the matter with a backend's points, if anything is. */
static void print_points_trouble(const struct printer *printer, const char *trouble)
{
    if (trouble == NULL)
        return;
    fputs("; ", printer->file);
    printer_put_coloured(printer, COLOUR_DOUBTFUL, trouble);
}

/* What its tor's own uploads come to. */
static void print_own_uploads(const struct printer *printer, const struct status_instance *instance)
{
    if (strcmp(instance->own_uploads, "on") != 0) {
        fputs("; own uploads: ", printer->file);
        printer_put_text(printer, instance->own_uploads);
        return;
    }
    fprintf(printer->file, "; own uploads: %" PRIu64 " refused, ", instance->own_uploads_refused);
    printer_begin_colour(printer, instance->own_uploads_through > 0 ? COLOUR_DOUBTFUL : COLOUR_NONE);
    fprintf(printer->file, "%" PRIu64 " got through", instance->own_uploads_through);
    printer_end_colour(printer, instance->own_uploads_through > 0 ? COLOUR_DOUBTFUL : COLOUR_NONE);
}

/* What is only known of a tor that has the frontend's key. */
static void print_twin(const struct printer *printer, const struct status_service *service,
                       const struct status_instance *twin)
{
    if (twin->seed != NULL) {
        fputs("; proof of work: seed ", printer->file);
        printer_put_text(printer, twin->seed);
        fprintf(printer->file, ", effort %" PRIu64, twin->effort);
        if (twin->seed_expires != STATUS_NO_TIME) {
            fputs(", for ", printer->file);
            printer_put_duration(printer, twin->seed_expires - printer->wall_now);
        }
    }
    if (service->is_split && twin->has_expired_seed) {
        fputs("; ", printer->file);
        printer_put_coloured(printer, COLOUR_DOUBTFUL,
                             "EXPIRED, and the tor tells of no other: visitors have nothing to solve");
    }
    if (service->is_split && !twin->has_own_points) {
        fputs("; ", printer->file);
        printer_put_coloured(
            printer, COLOUR_DOUBTFUL,
            "not asked of clients until the tor uploads what it has for this half of the day");
    }
    if (twin->own_uploads != NULL)
        print_own_uploads(printer, twin);
}

/* What is only said of a backend with a key of its own. */
static void print_proof_of_work(const struct printer *printer, const struct status_instance *instance)
{
    if (instance->has_proof_of_work)
        fputs(", proof of work on: visitors of the frontend count as effort 0 (with mode hardmap they solve "
              "it)",
              printer->file);
}

static bool is_hardmap(const struct status_service *service)
{
    return service->mode != NULL && strcmp(service->mode, "hardmap") == 0;
}

/* Which part of the clients comes to it, and which part is to where that is another one. Nobody comes to one
 * without any point published, and why it has none is said. */
static void print_shares(const struct printer *printer, const struct status_service *service,
                         const struct status_instance *instance)
{
    double share = instance->share > 0 ? instance->share : 0;
    if ((instance->share < 0 || instance->points_lack != NULL) && !is_hardmap(service))
        return;
    fprintf(printer->file, ", %.0f %% of the clients that come now", share * 100);
    if (instance->share >= 0 && instance->share_wanted >= 0 &&
        fabs(instance->share_wanted - share) >= SHARE_NEAR)
        fprintf(printer->file, " (%.0f %% wanted)", instance->share_wanted * 100);
}

/* Since when, or why, no new visitors are to come to it. */
static void print_drain(const struct printer *printer, const struct status_service *service,
                        const struct status_instance *instance)
{
    if (!instance->is_drained)
        return;
    fputs(", ", printer->file);
    printer_begin_colour(printer, COLOUR_DOUBTFUL);
    fputs("drained", printer->file);
    if (instance->drained_since != STATUS_NO_TIME) {
        fputs(" for ", printer->file);
        printer_put_duration(printer, printer->wall_now - instance->drained_since);
    } else {
        fputs(" by its weight", printer->file);
    }
    if (service->uses_drained && instance->share_wanted > 0)
        fputs(", and used all the same", printer->file);
    printer_end_colour(printer, COLOUR_DOUBTFUL);
}

/* By which way obpub hears of it. */
static void print_way(const struct printer *printer, const struct status_instance *instance)
{
    if (instance->place != NULL) {
        bool is_onion = instance->way != NULL && strcmp(instance->way, "onion") == 0;
        fputs(is_onion ? ", asked over Tor at " : ", asked at ", printer->file);
        printer_put_text(printer, instance->place);
    } else if (!instance->has_control) {
        fputs(", seen through HSDirs", printer->file);
    }
}

/* Whether what is behind it answers, and what went wrong in the last check. */
static void print_health(const struct printer *printer, const struct status_instance *instance)
{
    bool is_sick = instance->health != NULL && strcmp(instance->health, "sick") == 0;
    if (instance->health == NULL)
        return;
    fputs(", ", printer->file);
    if (strcmp(instance->health, "unknown") == 0)
        fputs("not checked yet", printer->file);
    else
        printer_put_coloured(printer, is_sick ? COLOUR_BAD : COLOUR_GOOD, instance->health);
    if (is_sick && instance->health_since != STATUS_NO_TIME) {
        fputs(" for ", printer->file);
        printer_put_duration(printer, printer->wall_now - instance->health_since);
    }
    if (instance->health_error != NULL) {
        fputs(is_sick ? " (" : " (last check: ", printer->file);
        printer_put_text(printer, instance->health_error);
        fputc(')', printer->file);
    }
}

static void print_instance(const struct printer *printer, const struct status_service *service,
                           const struct status_instance *instance, size_t width)
{
    fputs("    ", printer->file);
    size_t length = instance->name != NULL
                        ? printer_put_beginning(printer, instance->name, PRINTER_TEXT_SIZE_MAX)
                        : printer_put_beginning(printer, instance->address, SHORT_ADDRESS_LENGTH);
    fprintf(printer->file, "%*s  ", length < width ? (int)(width - length) : 0, "");
    printer_put_coloured(printer, colour_state(instance->state), instance->state);
    fputs(" for ", printer->file);
    printer_put_duration(printer, printer->wall_now - instance->since);
    print_health(printer, instance);
    print_way(printer, instance);
    fprintf(printer->file, ", %" PRIu64 " of %" PRIu64 " introduction point%s published",
            instance->points_published, instance->points, printer_plural(instance->points));
    print_shares(printer, service, instance);
    print_drain(printer, service, instance);
    if (is_hardmap(service))
        print_twin(printer, service, instance);
    else
        print_proof_of_work(printer, instance);
    if (instance->is_restless) {
        fputs(", ", printer->file);
        printer_put_coloured(printer, COLOUR_DOUBTFUL, "keeps changing them: its changes have to wait");
    }
    print_points_trouble(printer, instance->points_lack);
    print_points_trouble(printer, instance->points_fault);
    if (instance->takes_flow_control) {
        fputs(", ", printer->file);
        printer_put_coloured(printer, COLOUR_DOUBTFUL, "takes congestion control from all visitors");
    }
    if (instance->error != NULL) {
        fputs(": ", printer->file);
        printer_put_text(printer, instance->error);
    }
    fputc('\n', printer->file);
}

/* When the last HSDir forgets the descriptor, if that is soon, or when it did. */
static void print_expiry(const struct printer *printer, const struct status_descriptor *descriptor)
{
    int64_t left = descriptor->expires - printer->wall_now;
    if (descriptor->expires == STATUS_NO_TIME || left > EXPIRY_SHOWN)
        return;
    fputs(", ", printer->file);
    printer_begin_colour(printer, COLOUR_BAD);
    fputs(left <= 0 ? "expired " : "expires in ", printer->file);
    printer_put_duration(printer, left <= 0 ? -left : left);
    fputs(left <= 0 ? " ago" : "", printer->file);
    printer_end_colour(printer, COLOUR_BAD);
}

static void print_descriptor(const struct printer *printer, const struct status_service *service,
                             const struct status_descriptor *descriptor)
{
    size_t current = 0;
    for (size_t i = 0; i < descriptor->hsdir_count; i++)
        current += descriptor->hsdirs[i].is_current;
    fputs("  ", printer->file);
    printer_put_text(printer, descriptor->name);
    fprintf(printer->file, " descriptor, time period %" PRIu64, descriptor->time_period);
    if (descriptor->revision_counter != 0)
        fprintf(printer->file, ", revision counter %" PRIu64, descriptor->revision_counter);
    fputs(": ", printer->file);
    printer_begin_colour(printer, current == descriptor->hsdir_count ? COLOUR_GOOD : COLOUR_DOUBTFUL);
    fprintf(printer->file, "%zu of %zu HSDirs", current, descriptor->hsdir_count);
    printer_end_colour(printer, COLOUR_GOOD);
    if (descriptor->next_upload != STATUS_NO_TIME) {
        fputs(", next upload in ", printer->file);
        printer_put_duration(printer, descriptor->next_upload - printer->wall_now);
    }
    if (descriptor->own_uploads_kept_out > printer->wall_now) {
        fputs(", the tors' own uploads are kept out for ", printer->file);
        printer_put_duration(printer, descriptor->own_uploads_kept_out - printer->wall_now);
    }
    print_expiry(printer, descriptor);
    fputc('\n', printer->file);
    status_hsdirs_print(printer, service, descriptor);
}

/* How long the bundle lasts, and what is wrong with it. */
static void print_bundle(const struct printer *printer, const struct status_bundle *bundle)
{
    bool is_good = strcmp(bundle->state, "good") == 0;
    bool runs_out = strcmp(bundle->state, "runs out") == 0;
    fputs("  presigned bundle: ", printer->file);
    printer_put_coloured(printer,
                         is_good    ? COLOUR_GOOD
                         : runs_out ? COLOUR_DOUBTFUL
                                    : COLOUR_BAD,
                         bundle->state);
    if (is_good || runs_out) {
        fputs(is_good ? " for " : " in ", printer->file);
        printer_put_duration(printer, bundle->expires - printer->wall_now);
    }
    if (bundle->error != NULL) {
        fputs(": ", printer->file);
        printer_put_text(printer, bundle->error);
    }
    fputc('\n', printer->file);
}

/* By how much its revision counters are ahead. */
static void print_lead(const struct printer *printer, const struct status_service *service)
{
    fputs("  lead ", printer->file);
    printer_put_duration(printer, (int64_t)service->lead);
    if (service->lead > 0 && service->lead_in_use == 0)
        fputs(", not in use: no tor uploads itself", printer->file);
}

/* How a frontend is served whose tors have its key. */
static void print_mode(const struct printer *printer, const struct status_service *service)
{
    fputs("  mode hardmap, ", printer->file);
    fputs(service->is_split
              ? "split: each HSDir that clients ask has the points of one tor, with its proof of work"
          : service->is_distinct ? "merged: HSDirs have points of several tors, each its own"
                                 : "merged: all HSDirs have the points of all tors",
          printer->file);
    if (service->next_turn > printer->wall_now) {
        fputs("; they take turns, the next one in ", printer->file);
        printer_put_duration(printer, service->next_turn - printer->wall_now);
    }
    fputc('\n', printer->file);
    print_lead(printer, service);
    if (service->proof_of_work != NULL) {
        fputs("; proof of work ", printer->file);
        printer_put_text(printer, service->proof_of_work);
    }
    fputc('\n', printer->file);
}

static void print_service(const struct printer *printer, const struct status_service *service)
{
    fputs("\nfrontend ", printer->file);
    printer_put_text(printer, service->address);
    fputs("  ", printer->file);
    if (service->is_published)
        printer_put_coloured(printer, COLOUR_GOOD, "published");
    else
        printer_put_coloured(printer, COLOUR_DOUBTFUL, "not fully published");
    if (service->clients > 0)
        fprintf(printer->file, ", restricted to %" PRIu64 " client%s", service->clients,
                printer_plural(service->clients));
    if (service->instance_count == 0 && service->points == 0) {
        fputs(", ", printer->file);
        printer_put_coloured(printer, COLOUR_DOUBTFUL, "no backends yet: the config has none for it");
    } else if (service->is_static) {
        bool is_kept = service->problem == NULL && service->points > 0;
        fputs(", ", printer->file);
        printer_put_coloured(printer, COLOUR_BAD,
                             is_kept ? "no backend is live: the last good introduction points stay up"
                                     : "no backend is live");
    }
    if (service->doubts_health) {
        fputs(", ", printer->file);
        printer_put_coloured(printer, COLOUR_BAD,
                             "all live backends fail their health checks: that changes nothing, since it "
                             "may be the checks that are wrong");
    }
    if (service->uses_drained) {
        fputs(", ", printer->file);
        printer_put_coloured(printer, COLOUR_DOUBTFUL,
                             "visitors come to drained backends, since no others are live");
    }
    fputc('\n', printer->file);
    if (service->problem != NULL) {
        fputs("  ", printer->file);
        printer_put_coloured(printer, COLOUR_BAD, service->problem);
        fputc('\n', printer->file);
    }
    fprintf(printer->file, "  %" PRIu64 " introduction point%s", service->points,
            printer_plural(service->points));
    if (service->points_max > 0)
        fprintf(printer->file, ", at most %" PRIu64 " in a descriptor", service->points_max);
    fputc('\n', printer->file);
    if (service->is_presigned)
        print_bundle(printer, &service->bundle);
    if (is_hardmap(service)) {
        print_mode(printer, service);
    } else if (service->lead > 0) {
        print_lead(printer, service);
        fputc('\n', printer->file);
    }
    fputs("  backends\n", printer->file);
    size_t width = name_column(service);
    for (size_t i = 0; i < service->instance_count; i++)
        print_instance(printer, service, &service->instances[i], width);
    for (size_t i = 0; i < service->descriptor_count; i++)
        print_descriptor(printer, service, &service->descriptors[i]);
}

/* -- the whole */

static void print_head(const struct printer *printer, const struct status_document *document)
{
    fputs("obpub ", printer->file);
    printer_put_text(printer, document->version);
    fputs(", running for ", printer->file);
    printer_put_duration(printer, printer->wall_now - document->started);
    fputs(", its tor is ", printer->file);
    if (document->is_tor_connected)
        printer_put_coloured(printer, COLOUR_GOOD, "connected");
    else
        printer_put_coloured(printer, COLOUR_BAD, "not connected");
    if (document->consensus_valid_until == STATUS_NO_TIME)
        fputs(", there is no consensus yet", printer->file);
    else if (!document->is_consensus_live) {
        fputs(", ", printer->file);
        printer_put_coloured(printer, COLOUR_BAD, "the consensus is out of date");
    }
    fputc('\n', printer->file);
    if (document->tor_status != NULL) {
        printer_put_coloured(printer, COLOUR_DOUBTFUL,
                             document->tor_status); /* it says itself what it is about */
        fputc('\n', printer->file);
    }
    print_trouble(printer, "the config was not read again", document->reload_error);
    print_trouble(printer, "last error", document->error);
}

/* The local tors, where there are several. */
static void print_tors(const struct printer *printer, const struct status_document *document)
{
    for (size_t i = 0; document->tor_count > 1 && i < document->tor_count; i++) {
        const struct status_tor *tor = &document->tors[i];
        fputs("tor ", printer->file);
        printer_put_text(printer, tor->place);
        fputs(": ", printer->file);
        if (tor->status != NULL)
            printer_put_coloured(printer, COLOUR_DOUBTFUL, tor->status);
        else
            printer_put_coloured(printer, tor->is_ready ? COLOUR_GOOD : COLOUR_DOUBTFUL,
                                 tor->is_ready       ? "ready"
                                 : tor->is_connected ? "connected"
                                                     : "not connected");
        fprintf(printer->file, ", uploads under way: %" PRIu64 "\n", tor->uploads_in_flight);
    }
}

void status_text_print(const struct status_document *document, bool has_colours, FILE *file)
{
    const struct printer printer = {.file = file, .has_colours = has_colours, .wall_now = document->time};
    print_head(&printer, document);
    print_tors(&printer, document);
    for (size_t i = 0; i < document->service_count; i++)
        print_service(&printer, &document->services[i]);
}
