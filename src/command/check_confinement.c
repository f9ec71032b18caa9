/* How obpub would be confined if whoever runs --check started it here: tried, and said. */
#include "command/check_confinement.h"

#include <stdio.h>

#include "command/confinement.h"
#include "report/status_value.h"

int check_confinement_begin(struct confine_plan *plan, const struct options *options, struct error *error)
{
    if (confinement_make_plan(plan, options, error) != 0)
        return -1;
    return confine_become_user(plan, CONFINE_READER, error);
}

void check_confinement_print(const struct confine_plan *plan)
{
    char text[CONFINE_TEXT_SIZE];
    confine_plan_describe(plan, text);
    printf("\nConfinement, if uid %u starts obpub here: %s\n", (unsigned)plan->starter, text);
    for (size_t i = 0; i < plan->lack_count; i++)
        printf("    lacking: %s\n", plan->lacks[i].text);
}

json_t *check_confinement_make_lacks(const struct confine_plan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->lack_count; i++)
        json_array_append_new(list, status_value_text(plan->lacks[i].text));
    return list;
}
