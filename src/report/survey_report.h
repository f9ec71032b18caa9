/* What the HSDirs of an onion service hand out, side by side. */
#ifndef OBPUB_REPORT_SURVEY_REPORT_H
#define OBPUB_REPORT_SURVEY_REPORT_H

#include "report/survey_view.h"

/* How it went as a whole. */
enum survey_verdict {
    SURVEY_ALL_WELL,   /* each HSDir that was asked has one that passes every check */
    SURVEY_FAULTY,     /* some have none, or one that does not, or did not answer */
    SURVEY_NOT_FOUND,  /* none has one, and some have said so */
    SURVEY_UNANSWERED, /* none has answered */
};
enum survey_verdict survey_report_judge(const struct survey_report *report);

/* Whether another HSDir has a newer descriptor for the same slot than this one, which has one. */
bool survey_report_is_outdone(const struct survey_report *report, size_t hsdir);

/* Prints the table, and then the newest of the descriptors that have the same points and the same maker. */
void survey_report_print(const struct survey_report *report, const struct printer *printer);

/* All of it, to be released with json_decref(). */
json_t *survey_report_make_json(const struct survey_report *report);

/* "first" or "second". */
const char *survey_slot_name(enum descriptor_slot slot);

#endif
