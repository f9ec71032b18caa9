/* How obpub would be confined if whoever runs --check started it here: tried, and said. */
#ifndef OBPUB_COMMAND_CHECK_CONFINEMENT_H
#define OBPUB_COMMAND_CHECK_CONFINEMENT_H

#include <jansson.h>

#include "config/config.h"
#include "config/config_report.h"
#include "confine/confine.h"

/* Finds out. Returns 0, or -1 with an error in the report, which is printed too, where a start here would be
 * refused. */
int check_confinement_make_plan(struct confine_plan *plan, const struct config *config,
                                struct config_report *report);

void check_confinement_print(const struct confine_plan *plan);

/* A new array of the sentences of what is lacking. */
json_t *check_confinement_make_lacks(const struct confine_plan *plan);

#endif
