/* What the HSDirs of an onion service hand out, side by side, for a person. */
#include "report/survey_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "report/survey_groups.h"

/* Letters that sets are called by; those beyond are all called the last. */
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define CELL_SIZE 64

const char *survey_slot_name(enum descriptor_slot slot)
{
    return slot == DESCRIPTOR_FIRST ? "first" : "second";
}

enum survey_verdict survey_report_judge(const struct survey_report *report)
{
    size_t counts[SURVEY_FOUND + 1] = {0}, good = 0, asked = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct surveyed_hsdir *hsdir = &report->hsdirs[i];
        counts[hsdir->finding]++;
        asked += hsdir->finding != SURVEY_NOT_ASKED;
        good += hsdir->examination != NULL && descriptor_examination_count_failures(hsdir->examination) == 0;
    }
    if (asked > 0 && good == asked)
        return SURVEY_ALL_WELL;
    if (counts[SURVEY_FOUND] + counts[SURVEY_BROKEN] > 0)
        return SURVEY_FAULTY;
    return counts[SURVEY_NONE] > 0 ? SURVEY_NOT_FOUND : SURVEY_UNANSWERED;
}

/* What is known of one of them, with its examination. */
static struct inspection inspection_of(const struct survey_report *report, size_t hsdir)
{
    struct inspection inspection = report->inspection;
    inspection.examination = report->hsdirs[hsdir].examination;
    return inspection;
}

/* -- the table --------------------------------------------------------------------------------------- */

/* Whether it has a descriptor whose revision counter can be read. */
static bool has_counter(const struct surveyed_hsdir *hsdir)
{
    return hsdir->examination != NULL &&
           hsdir->examination->checks[CHECK_REVISION_COUNTER].outcome == CHECK_PASSED;
}

bool survey_report_is_outdone(const struct survey_report *report, size_t hsdir)
{
    const struct surveyed_hsdir *own = &report->hsdirs[hsdir];
    for (size_t i = 0; has_counter(own) && i < report->count; i++) {
        const struct surveyed_hsdir *other = &report->hsdirs[i];
        if (has_counter(other) && other->slot == own->slot &&
            other->examination->descriptor->revision_counter > own->examination->descriptor->revision_counter)
            return true;
    }
    return false;
}

/* The first of some checks that failed; by_tor: by the rules of HSDirs or clients. */
static const char *find_failed(const struct check_result *checks, const struct check_row *rows, size_t count,
                               bool by_tor)
{
    for (size_t i = 0; i < count; i++) {
        if (checks[i].outcome == CHECK_FAILED && (!by_tor || check_result_makers(&checks[i], &rows[i]) != 0))
            return checks[i].error.text;
    }
    return NULL;
}

static const char *find_fault(const struct descriptor_examination *examination, bool by_tor)
{
    const char *fault = find_failed(examination->checks, descriptor_check_rows, DESCRIPTOR_CHECKS, by_tor);
    for (size_t i = 0; i < examination->point_count && fault == NULL; i++)
        fault = find_failed(examination->points[i].checks, point_check_rows, POINT_CHECKS, by_tor);
    return fault;
}

static void put_found(const struct survey_report *report, size_t hsdir, const struct printer *printer)
{
    const struct descriptor_examination *examination = report->hsdirs[hsdir].examination;
    const char *fault = find_fault(examination, true), *oddity = find_fault(examination, false);
    if (fault != NULL) {
        printer_put_coloured(printer, COLOUR_BAD, "bad");
        fprintf(printer->file, ": %s", fault);
    } else if (oddity != NULL) {
        printer_put_coloured(printer, COLOUR_DOUBTFUL, "odd");
        fprintf(printer->file, ": %s", oddity);
    } else {
        printer_put_coloured(printer, COLOUR_GOOD, examination->is_inner_open ? "good" : "good, but closed");
    }
    if (survey_report_is_outdone(report, hsdir))
        printer_put_coloured(printer, COLOUR_DOUBTFUL, ", older than others");
}

static void put_verdict(const struct survey_report *report, size_t hsdir, const struct printer *printer)
{
    static const struct {
        const char *words;
        enum colour colour;
    } findings[] = {
        [SURVEY_NOT_ASKED] = {"not asked", COLOUR_NONE},
        [SURVEY_NO_ANSWER] = {"no answer", COLOUR_DOUBTFUL},
        [SURVEY_NONE] = {"has none", COLOUR_BAD},
        [SURVEY_BROKEN] = {"bad: the local tor can't read it", COLOUR_BAD},
    };
    const struct surveyed_hsdir *row = &report->hsdirs[hsdir];
    if (row->finding == SURVEY_FOUND) {
        put_found(report, hsdir, printer);
        return;
    }
    printer_put_coloured(printer, findings[row->finding].colour, findings[row->finding].words);
    if (row->reason[0] != '\0') {
        fputs(" (", printer->file);
        printer_put_text(printer, row->reason);
        fputc(')', printer->file);
    }
}

static void put_age(const struct inspection *inspection, const struct printer *printer)
{
    struct making making;
    char *text = NULL;
    size_t length = 0;
    struct printer cell = *printer;
    inspection_find_making(inspection, &making);
    cell.file = open_memstream(&text, &length);
    if (cell.file == NULL)
        return;
    const int64_t age = inspection->wall_now - making.made_at;
    if (making.is_ahead)
        fputs("ahead", cell.file);
    else if (!making.is_known)
        fputs("-", cell.file);
    else
        printer_put_duration(&cell, age);
    fclose(cell.file);
    fprintf(printer->file, "%-9s", text);
    free(text);
}

/* What is known of the descriptor, as cells. */
static void put_cells(const struct survey_report *report, const struct survey_groups *groups, size_t hsdir,
                      const struct printer *printer)
{
    const struct inspection inspection = inspection_of(report, hsdir);
    const struct descriptor_examination *examination = inspection.examination;
    if (examination == NULL) {
        fprintf(printer->file, "%-22s%-9s%-8s%-5s%-7s", "-", "-", "-", "-", "-");
        return;
    }
    char points[CELL_SIZE] = "?", maker[CELL_SIZE] = "?", counter[CELL_SIZE] = "?";
    const size_t set = groups->sets[hsdir];
    const char letter =
        set == SURVEY_NO_GROUP ? '?' : LETTERS[set < strlen(LETTERS) ? set : strlen(LETTERS) - 1];
    if (examination->is_inner_open)
        snprintf(points, sizeof(points), "%zu", examination->points_in_all);
    if (groups->makers[hsdir] != SURVEY_NO_GROUP)
        snprintf(maker, sizeof(maker), "%zu", groups->makers[hsdir] + 1);
    if (has_counter(&report->hsdirs[hsdir]))
        snprintf(counter, sizeof(counter), "%" PRIu64, examination->descriptor->revision_counter);
    fprintf(printer->file, "%-22s", counter);
    put_age(&inspection, printer);
    fprintf(printer->file, "%-8s%-5c%-7s", points, letter, maker);
}

static void put_row(const struct survey_report *report, const struct survey_groups *groups, size_t hsdir,
                    const struct printer *printer)
{
    const struct surveyed_hsdir *row = &report->hsdirs[hsdir];
    char relay[RELAY_TEXT_SIZE];
    inspection_format_relay(relay, &report->inspection, row->fingerprint);
    /* Nickname and the beginning of the fingerprint, which is enough to tell relays of one name apart. */
    char *fingerprint = strchr(relay, '$');
    fingerprint[9] = '\0';
    fprintf(printer->file, "  %-30s%-8s%-9s", relay, survey_slot_name(row->slot),
            row->is_asked ? "yes" : "no");
    put_cells(report, groups, hsdir, printer);
    put_verdict(report, hsdir, printer);
    fputc('\n', printer->file);
}

static void put_table(const struct survey_report *report, const struct survey_groups *groups,
                      const struct printer *printer)
{
    fprintf(printer->file, "  %-30s%-8s%-9s%-22s%-9s%-8s%-5s%-7s%s\n", "HSDir", "slot", "clients", "counter",
            "age", "points", "set", "maker", "verdict");
    for (size_t i = 0; i < report->count; i++)
        put_row(report, groups, i, printer);
}

/* What the columns mean, as far as there is something to see in them. */
static void put_legend(const struct survey_report *report, const struct printer *printer)
{
    const struct network *network = report->inspection.network;
    char change[CALENDAR_TEXT_SIZE];
    fprintf(printer->file,
            "\n  Clients use the %s descriptor now, and ask the HSDirs with \"yes\" for it. HSDirs with one "
            "letter\n  have the same introduction points; one number is one maker (a tor or obpub, since it "
            "was started).\n",
            survey_slot_name(network->client_slot));
    const enum descriptor_slot other =
        network->client_slot == DESCRIPTOR_FIRST ? DESCRIPTOR_SECOND : DESCRIPTOR_FIRST;
    if (other == DESCRIPTOR_SECOND) {
        calendar_format_minute(change, time_period_start(&network->schedule, network->period_number[other]));
        fprintf(printer->file,
                "  For the %s descriptor no tor can be asked before clients use it, at about %s UTC.\n",
                survey_slot_name(other), change);
    } else {
        fprintf(printer->file,
                "  For the %s descriptor no tor can be asked any more: clients are done with it.\n",
                survey_slot_name(other));
    }
}

/* -- the descriptors ----------------------------------------------------------------------------------- */

/* Prints one that stands for all that are shown by it. */
static void put_descriptor(const struct survey_report *report, const struct survey_groups *groups,
                           size_t hsdir, const struct printer *printer)
{
    const struct inspection inspection = inspection_of(report, hsdir);
    char relay[RELAY_TEXT_SIZE];
    size_t alike = 0;
    for (size_t i = 0; i < report->count; i++)
        alike += groups->shown[i] == hsdir;
    inspection_format_relay(relay, &inspection, report->hsdirs[hsdir].fingerprint);
    fprintf(printer->file, "\n--- what %s has", relay);
    if (alike > 1)
        fprintf(printer->file, ", and %zu more like it", alike - 1);
    fputs(" ---\n", printer->file);
    inspection_print(&inspection, printer);
}

void survey_report_print(const struct survey_report *report, const struct printer *printer)
{
    struct survey_groups groups;
    survey_groups_find(&groups, report);
    put_table(report, &groups, printer);
    put_legend(report, printer);
    for (size_t i = 0; i < report->count; i++) {
        if (groups.shown[i] == i)
            put_descriptor(report, &groups, i, printer);
    }
    survey_groups_clear(&groups);
}
