/* How obpub would be confined if whoever runs --check started it here: tried, and said. What it would read is
 * read likewise, by the user that it would become. */
#ifndef OBPUB_COMMAND_CHECK_CONFINEMENT_H
#define OBPUB_COMMAND_CHECK_CONFINEMENT_H

#include <jansson.h>

#include "command/options.h"
#include "confine/confine.h"

/* Finds out, and becomes the user that obpub would become. Returns 0; or -1 with a sentence where a start
 * here would be refused, and nothing is to be read then: by whom is not known. */
int check_confinement_begin(struct confine_plan *plan, const struct options *options, struct error *error);

void check_confinement_print(const struct confine_plan *plan);

/* A new array of the sentences of what is lacking. */
json_t *check_confinement_make_lacks(const struct confine_plan *plan);

#endif
