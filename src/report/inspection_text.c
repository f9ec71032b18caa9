/* A descriptor that was examined, for a person. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/hex.h"
#include "onion/version_ranges.h"
#include "report/inspection.h"

#define SECONDS_PER_HOUR 3600
#define LABEL_COLUMN 24

static void put_label(const struct printer *printer, const char *label)
{
    fprintf(printer->file, "  %-*s", LABEL_COLUMN, label);
}

static void put_hex(const struct printer *printer, const char *label, const uint8_t *bytes, size_t size)
{
    char hex[HEX_TEXT_SIZE(ED25519_PUBLIC_KEY_SIZE)];
    hex_encode_upper(hex, bytes, size);
    put_label(printer, label);
    fprintf(printer->file, "%s\n", hex);
}

/* A moment, and how long that is from now or was. */
static void put_moment(const struct printer *printer, int64_t moment)
{
    char text[CALENDAR_TEXT_SIZE];
    const int64_t distance = moment - printer->wall_now;
    calendar_format_second(text, moment);
    fprintf(printer->file, "%s UTC (%s", text, distance > 0 ? "in " : "");
    printer_put_duration(printer, distance > 0 ? distance : -distance);
    fprintf(printer->file, "%s)", distance > 0 ? "" : " ago");
}

static void put_hour(const struct printer *printer, const char *label, uint32_t hour)
{
    put_label(printer, label);
    put_moment(printer, (int64_t)hour * SECONDS_PER_HOUR);
    fputc('\n', printer->file);
}

/* -- layers ------------------------------------------------------------------------------------------ */

static void put_period(const struct inspection *inspection, const struct printer *printer)
{
    char start[CALENDAR_TEXT_SIZE], end[CALENDAR_TEXT_SIZE];
    const uint64_t period = inspection->examination->descriptor->period_number;
    put_label(printer, "time period");
    fprintf(printer->file, "%" PRIu64, period);
    if (time_schedule_is_possible(&inspection->schedule)) {
        calendar_format_minute(start, time_period_start(&inspection->schedule, period));
        calendar_format_minute(end, time_period_start(&inspection->schedule, period + 1));
        fprintf(printer->file, " (%s to %s UTC)", start, end);
    }
    fputc('\n', printer->file);
}

static void put_counter(const struct inspection *inspection, const struct printer *printer)
{
    struct making making;
    inspection_find_making(inspection, &making);
    put_label(printer, "revision counter");
    fprintf(printer->file, "%" PRIu64, inspection->examination->descriptor->revision_counter);
    if (making.is_known) {
        fputs(": made at about ", printer->file);
        put_moment(printer, making.made_at);
        fputs(", by its maker's clock", printer->file);
    }
    fputc('\n', printer->file);
}

static void put_outer_layer(const struct inspection *inspection, const struct printer *printer)
{
    const struct descriptor_examination *examination = inspection->examination;
    const struct descriptor *descriptor = examination->descriptor;
    fputs("\nouter layer\n", printer->file);
    if (examination->has_certificate) {
        put_hex(printer, "blinded key", descriptor->blinded_key, sizeof(descriptor->blinded_key));
        put_hex(printer, "descriptor signing key", descriptor->signing_key, sizeof(descriptor->signing_key));
        put_hour(printer, "certified until", descriptor->signing_key_expiration_hour);
    }
    if (inspection->identity_key != NULL && examination->has_period)
        put_period(inspection, printer);
    if (examination->checks[CHECK_REVISION_COUNTER].outcome == CHECK_PASSED)
        put_counter(inspection, printer);
    if (examination->checks[CHECK_LIFETIME].outcome == CHECK_PASSED) {
        put_label(printer, "lifetime");
        fprintf(printer->file, "%" PRIu32 " minutes\n", descriptor->lifetime);
    }
}

static void put_lengths(const struct printer *printer, const struct layer_lengths *lengths)
{
    put_label(printer, "length");
    fprintf(printer->file, "%zu bytes, of which %zu are padding (%zu encrypted)\n", lengths->plaintext,
            lengths->plaintext - lengths->text, lengths->encrypted);
}

static void put_middle_layer(const struct inspection *inspection, const struct printer *printer)
{
    const struct descriptor_examination *examination = inspection->examination;
    if (!examination->is_middle_open)
        return;
    fputs("\nmiddle layer\n", printer->file);
    put_lengths(printer, &examination->middle);
    put_label(printer, "lines for clients");
    fprintf(printer->file, "%zu (those of nobody are random)\n", examination->descriptor->auth_client_count);
}

static void put_pow_params(const struct pow_params *pow_params, const struct printer *printer)
{
    put_label(printer, "proof of work");
    if (!pow_params->is_present) {
        fputs("none\n", printer->file);
        return;
    }
    fprintf(printer->file, "v1, suggested effort %" PRIu32 ", until ", pow_params->suggested_effort);
    put_moment(printer, pow_params->expires_at);
    fputc('\n', printer->file);
    put_hex(printer, "its seed", pow_params->seed, sizeof(pow_params->seed));
}

static void put_flow_control(const struct flow_control *flow_control, const struct printer *printer)
{
    char versions[VERSION_RANGES_SIZE];
    put_label(printer, "flow control");
    if (!flow_control->is_present) {
        fputs("none\n", printer->file);
        return;
    }
    version_ranges_format(versions, flow_control->versions);
    fprintf(printer->file, "versions %s, sendme increment %u\n", versions, flow_control->sendme_inc);
}

static void put_inner_layer(const struct inspection *inspection, const struct printer *printer)
{
    const struct descriptor_examination *examination = inspection->examination;
    const struct descriptor *descriptor = examination->descriptor;
    if (!examination->is_inner_open)
        return;
    fputs("\ninner layer\n", printer->file);
    put_lengths(printer, &examination->inner);
    put_label(printer, "for");
    fputs(descriptor->is_restricted ? "authorised clients\n" : "everybody\n", printer->file);
    put_label(printer, "single onion service");
    fputs(descriptor->is_single_onion_service ? "yes\n" : "no\n", printer->file);
    put_flow_control(&descriptor->flow_control, printer);
    put_pow_params(&descriptor->pow_params, printer);
    for (size_t i = 0; i < descriptor->unknown_line_count; i++) {
        put_label(printer, "unknown line");
        printer_put_text(printer, descriptor->unknown_lines[i]);
        fputc('\n', printer->file);
    }
}

/* -- points -------------------------------------------------------------------------------------------- */

static void put_addresses(const struct link_specifiers *links, enum point_fault fault,
                          const struct printer *printer)
{
    char text[INET6_ADDRSTRLEN];
    put_label(printer, "  address");
    if (fault == POINT_FAULT_NO_IPV4)
        fputs("none of IPv4", printer->file);
    else
        fprintf(printer->file, "%s:%u", inet_ntop(AF_INET, links->ipv4, text, sizeof(text)),
                links->ipv4_port);
    if (links->has_ipv6)
        fprintf(printer->file, ", [%s]:%u", inet_ntop(AF_INET6, links->ipv6, text, sizeof(text)),
                links->ipv6_port);
    fputc('\n', printer->file);
}

static void put_point(const struct inspection *inspection, size_t number, const struct printer *printer)
{
    const struct examined_point *examined = &inspection->examination->points[number];
    const struct introduction_point *point = &examined->point;
    char relay[RELAY_TEXT_SIZE] = "its relay can't be read";
    if (examined->has_links && point->fault != POINT_FAULT_NO_RSA)
        inspection_format_relay(relay, inspection, examined->links.fingerprint);
    fprintf(printer->file, "  %2zu  %s%s\n", number + 1, relay,
            inspection->network != NULL && examined->has_links && !examined->is_known_relay
                ? " (not in the consensus)"
                : "");
    if (examined->has_links)
        put_addresses(&examined->links, point->fault, printer);
    if (examined->has_links && examined->links.has_ed25519_identity)
        put_hex(printer, "  Ed25519 identity", examined->links.ed25519_identity, ED25519_PUBLIC_KEY_SIZE);
    if (examined->has_auth_key) {
        put_hex(printer, "  auth-key", point->auth_key, ED25519_PUBLIC_KEY_SIZE);
        put_hour(printer, "    certified until", examined->auth_hour);
    }
    if (examined->checks[POINT_CHECK_ENC_KEY].outcome == CHECK_PASSED)
        put_hex(printer, "  enc-key", point->enc_key, X25519_PUBLIC_KEY_SIZE);
    if (examined->has_enc_key_certificate)
        put_hour(printer, "    certified until", examined->enc_hour);
    if (examined->checks[POINT_CHECK_ONION_KEY].outcome == CHECK_PASSED)
        put_hex(printer, "  onion-key", point->onion_key, X25519_PUBLIC_KEY_SIZE);
    if (point->has_legacy_key) {
        put_label(printer, "  legacy key");
        fputs("yes\n", printer->file);
    }
}

static void put_points(const struct inspection *inspection, const struct printer *printer)
{
    const struct descriptor_examination *examination = inspection->examination;
    if (!examination->is_inner_open)
        return;
    fprintf(printer->file, "\nintroduction points: %zu\n", examination->points_in_all);
    for (size_t i = 0; i < examination->point_count; i++)
        put_point(inspection, i, printer);
    if (examination->points_in_all > examination->point_count)
        fprintf(printer->file, "  and %zu more\n", examination->points_in_all - examination->point_count);
}

/* -- checks -------------------------------------------------------------------------------------------- */

static const char *describe_makers(unsigned makers)
{
    static const char *const words[] = {
        [0] = "obpub",
        [CHECKED_BY_HSDIR] = "HSDirs",
        [CHECKED_BY_CLIENT] = "clients",
        [CHECKED_BY_HSDIR | CHECKED_BY_CLIENT] = "HSDirs, clients",
    };
    return words[makers];
}

/* The line of a check, or of the same check of all points, up to what there is to say of it. */
static void put_check(const struct printer *printer, enum check_outcome outcome, unsigned makers,
                      const char *what)
{
    static const struct {
        const char *word;
        enum colour colour;
    } outcomes[] = {
        [CHECK_NOT_MADE] = {"not made", COLOUR_NONE},
        [CHECK_PASSED] = {"passed", COLOUR_GOOD},
        [CHECK_FAILED] = {"FAILED", COLOUR_BAD},
    };
    fputs("  ", printer->file);
    printer_put_coloured(printer, outcomes[outcome].colour, outcomes[outcome].word);
    fprintf(printer->file, "%*s%-17s%s", (int)(10 - strlen(outcomes[outcome].word)), "",
            describe_makers(makers), what);
}

static void put_reason(const struct printer *printer, const struct check_result *check)
{
    if (check->error.text[0] == '\0')
        return;
    fprintf(printer->file, ": %s", check->error.text);
    if (check->failures > 1)
        fprintf(printer->file, " (and %zu more like it)", check->failures - 1);
}

/* A check of each point: on one line where all passed. */
static void put_point_check(const struct descriptor_examination *examination, enum point_check check,
                            const struct printer *printer)
{
    const struct check_row *row = &point_check_rows[check];
    size_t counts[CHECK_FAILED + 1] = {0};
    unsigned makers = 0;
    for (size_t i = 0; i < examination->point_count; i++) {
        const struct check_result *result = &examination->points[i].checks[check];
        counts[result->outcome]++;
        if (result->outcome == CHECK_FAILED)
            makers |= check_result_makers(result, row);
    }
    const enum check_outcome outcome = counts[CHECK_FAILED] > 0   ? CHECK_FAILED
                                       : counts[CHECK_PASSED] > 0 ? CHECK_PASSED
                                                                  : CHECK_NOT_MADE;
    put_check(printer, outcome, outcome == CHECK_FAILED ? makers : row->makers, row->what);
    fprintf(printer->file, ": %zu of %zu point%s\n", counts[outcome], examination->point_count,
            printer_plural(examination->point_count));
    for (size_t i = 0; i < examination->point_count; i++) {
        const struct check_result *result = &examination->points[i].checks[check];
        if (result->outcome != CHECK_FAILED)
            continue;
        fprintf(printer->file, "    point %zu", i + 1);
        put_reason(printer, result);
        fputc('\n', printer->file);
    }
}

static void put_checks(const struct inspection *inspection, const struct printer *printer)
{
    const struct descriptor_examination *examination = inspection->examination;
    fprintf(printer->file, "\n  %-10s%-17s%s\n", "check", "made by", "what");
    for (size_t i = 0; i < DESCRIPTOR_CHECKS; i++) {
        const struct check_result *result = &examination->checks[i];
        put_check(printer, result->outcome, check_result_makers(result, &descriptor_check_rows[i]),
                  descriptor_check_rows[i].what);
        put_reason(printer, result);
        fputc('\n', printer->file);
    }
    for (size_t i = 0; examination->point_count > 0 && i < POINT_CHECKS; i++)
        put_point_check(examination, (enum point_check)i, printer);
}

static void put_remarks(const struct inspection *inspection, const struct printer *printer)
{
    struct error remarks[INSPECTION_REMARKS_MAX];
    const size_t count = inspection_list_remarks(inspection, remarks);
    if (count > 0)
        fputc('\n', printer->file);
    for (size_t i = 0; i < count; i++)
        fprintf(printer->file, "  note: %s\n", remarks[i].text);
}

/* What all of it comes to, in a line. */
static void put_verdict(const struct inspection *inspection, const struct printer *printer)
{
    const struct descriptor_examination *examination = inspection->examination;
    const size_t failures = descriptor_examination_count_failures(examination);
    fprintf(printer->file, "\na descriptor of %zu bytes: ", examination->length);
    if (failures > 0) {
        printer_begin_colour(printer, COLOUR_BAD);
        fprintf(printer->file, "%zu check%s failed", failures, printer_plural(failures));
        printer_end_colour(printer, COLOUR_BAD);
        if (descriptor_examination_count_tors_failures(examination) == 0)
            fputs(", by obpub's rules alone: HSDirs and clients take it", printer->file);
    } else {
        printer_put_coloured(printer, COLOUR_GOOD, "all is well");
        if (inspection->identity_key == NULL)
            fputs(", as far as can be seen without the address", printer->file);
        else if (!examination->is_inner_open)
            fputs(", as far as can be seen without a client key", printer->file);
    }
    fputc('\n', printer->file);
}

void inspection_print(const struct inspection *inspection, const struct printer *printer)
{
    put_outer_layer(inspection, printer);
    put_middle_layer(inspection, printer);
    put_inner_layer(inspection, printer);
    put_points(inspection, printer);
    put_checks(inspection, printer);
    put_remarks(inspection, printer);
    put_verdict(inspection, printer);
}
