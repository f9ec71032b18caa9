/* The HSDirs of a descriptor in the status for a person. */
#include "report/status_hsdirs.h"

#include <inttypes.h>
#include <string.h>

/* True when an HSDir has been seen to hand out something else than it is to have. */
static bool is_seen_with_other(const struct status_hsdir *hsdir)
{
    return hsdir->seen != NULL && strcmp(hsdir->seen, "current") != 0 && strcmp(hsdir->seen, "unknown") != 0;
}

/* An HSDir that does not have what it is to have. */
static void print_hsdir(const struct printer *printer, const struct status_hsdir *hsdir)
{
    fputs("    $", printer->file);
    printer_put_text(printer, hsdir->fingerprint);
    fputs("  ", printer->file);
    printer_put_coloured(printer, COLOUR_DOUBTFUL, hsdir->state);
    if (hsdir->attempts > 1)
        fprintf(printer->file, ", %" PRIu64 " attempts", hsdir->attempts);
    if (hsdir->next_try != STATUS_NO_TIME && hsdir->next_try > printer->wall_now) {
        fputs(", again in ", printer->file);
        printer_put_duration(printer, hsdir->next_try - printer->wall_now);
    }
    if (is_seen_with_other(hsdir)) {
        fputs(", hands out: ", printer->file);
        printer_put_coloured(printer, COLOUR_DOUBTFUL, hsdir->seen);
    }
    if (hsdir->error != NULL) {
        fputs(": ", printer->file);
        printer_put_text(printer, hsdir->error);
    }
    fputc('\n', printer->file);
}

/* Whose points the HSDirs have that clients ask. */
static void print_owners(const struct printer *printer, const struct status_service *service,
                         const struct status_descriptor *descriptor)
{
    fputs("    HSDirs that clients ask, by whose points they have:", printer->file);
    const char *separator = "";
    size_t others = 0;
    for (size_t i = 0; i < descriptor->hsdir_count; i++)
        others += descriptor->hsdirs[i].is_asked;
    for (size_t i = 0; i < service->instance_count; i++) {
        const char *name = service->instances[i].name;
        size_t count = 0;
        for (size_t j = 0; name != NULL && j < descriptor->hsdir_count; j++) {
            const struct status_hsdir *hsdir = &descriptor->hsdirs[j];
            count += hsdir->is_asked && hsdir->instance != NULL && strcmp(hsdir->instance, name) == 0;
        }
        if (count == 0)
            continue;
        others = others > count ? others - count : 0;
        fprintf(printer->file, "%s ", separator);
        printer_put_text(printer, name);
        fprintf(printer->file, " %zu", count);
        separator = ",";
    }
    if (others > 0)
        fprintf(printer->file, "%s of none or others %zu", separator, others);
    fputc('\n', printer->file);
}

/* The introduction points of each HSDir that clients ask. */
static void print_parts(const struct printer *printer, const struct status_descriptor *descriptor)
{
    fputs("    introduction points of each HSDir that clients ask:\n", printer->file);
    for (size_t i = 0; i < descriptor->hsdir_count; i++) {
        const struct status_hsdir *hsdir = &descriptor->hsdirs[i];
        if (!hsdir->is_asked)
            continue;
        fputs("    $", printer->file);
        printer_put_text(printer, hsdir->fingerprint);
        fputs(hsdir->part_count > 0 ? "  " : "  none", printer->file);
        for (size_t j = 0; j < hsdir->part_count; j++) {
            fputs(j > 0 ? ", " : "", printer->file);
            printer_put_text(printer,
                             hsdir->parts[j].instance != NULL ? hsdir->parts[j].instance : "another");
            if (hsdir->parts[j].points != 1)
                fprintf(printer->file, " %" PRIu64, hsdir->parts[j].points);
        }
        fputc('\n', printer->file);
    }
}

void status_hsdirs_print(const struct printer *printer, const struct status_service *service,
                         const struct status_descriptor *descriptor)
{
    if (service->is_split)
        print_owners(printer, service, descriptor);
    else if (service->is_distinct)
        print_parts(printer, descriptor);
    for (size_t i = 0; i < descriptor->hsdir_count; i++) {
        if (!descriptor->hsdirs[i].is_current || is_seen_with_other(&descriptor->hsdirs[i]))
            print_hsdir(printer, &descriptor->hsdirs[i]);
    }
}
