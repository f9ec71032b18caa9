/* Web servers: what is behind the backends, which may be dead while their tors live; and the checks that find
 * that out, which may be wrong themselves. */
#ifndef OBPUB_TESTS_SIM_WEBS_H
#define OBPUB_TESTS_SIM_WEBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct obpub;
struct publisher_action;
struct world;

struct web {
    bool is_down, has_stumbled;
    int64_t changed_at;
};

/* What checks find though it is not so. */
enum delusion {
    DELUSION_NONE,
    DELUSION_FAILURES, /* each fails */
    DELUSION_SILENCE,  /* none reaches anything */
};

#define DELUSIONS 3

/* What follows has no effect in histories in which no web server ever fails. */
void webs_begin(struct world *world);

/* Has an obpub that begins check all of its backends. */
void webs_configure(struct world *world, struct obpub *obpub);

/* Does what a publisher wants: the check of a source. */
void webs_check(struct world *world, struct obpub *obpub, const struct publisher_action *action);

/* How often what checks find of a backend may have changed since a moment. */
unsigned webs_count_changes(const struct world *world, const struct obpub *obpub, size_t backend,
                            int64_t since);

/* Since when a backend's web server answers and checks find that, so that it must be in; NEVER when it need
 * not. */
int64_t webs_find_well_since(const struct world *world, size_t backend);

/* When nothing of a backend is to be in any more, since its web server is dead; NEVER if it may be. */
int64_t webs_find_deadline(const struct world *world, const struct obpub *obpub, size_t frontend,
                           size_t backend);

/* Checks what an obpub has made of what is known: none of its frontends has lost all points to checks, and
 * who is to be out is. */
void webs_check_members(struct world *world, struct obpub *obpub);

#endif
