/* Which of the descriptors that HSDirs hand out are alike. */
#ifndef OBPUB_REPORT_SURVEY_GROUPS_H
#define OBPUB_REPORT_SURVEY_GROUPS_H

#include "report/survey_view.h"

#define SURVEY_NO_GROUP SIZE_MAX

/* Each is as long as the report's HSDirs, and has SURVEY_NO_GROUP where nothing is known. */
struct survey_groups {
    size_t *makers; /* numbers from 0: those with one descriptor signing key have one maker, who has it until
                       he starts anew */
    size_t *sets;   /* numbers from 0: those with the same introduction points */
    size_t *shown; /* the HSDir, among those of one maker, set and number of failed checks, with the newest */
};

/* Release with survey_groups_clear(). */
void survey_groups_find(struct survey_groups *groups, const struct survey_report *report);
void survey_groups_clear(struct survey_groups *groups);

#endif
