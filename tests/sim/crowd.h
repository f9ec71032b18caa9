/* Crowds: frontends with so many backends that HSDirs have points of their own; and what their operators do.
 *
 * A crowd's backends may have different weights, be drained and come back, and their frontend's HSDirs be
 * told to have the same points, or not.
 */
#ifndef OBPUB_TESTS_SIM_CROWD_H
#define OBPUB_TESTS_SIM_CROWD_H

#include <stddef.h>
#include <stdint.h>

struct obpub;
struct publisher_action;
struct publisher_descriptor;
struct stored;
struct world;

/* A backend in its part for one frontend. */
struct crowd_member {
    unsigned weight;
    double due;           /* the part of the fetches so far that it should have had, summed up, */
    double had;           /* and has had */
    int64_t heaped_since; /* when its places were first seen to be all at one HSDir; NEVER */
    int64_t out_of;       /* since when it has been live and in no set, as far as was checked; NEVER */
};

/* -- operators.c */

/* Draws what operators have decided before the beginning, and begins what they do by chance. */
void operators_begin(struct world *world);
void operators_clear(struct world *world);

/* Gives an obpub that has just been started the config of a frontend. */
void operators_configure(struct world *world, struct obpub *obpub, size_t frontend);

/* -- crowd_rules.c: what is promised of crowds */

/* To be told when something may have happened: has an obpub come to know of a frontend's members what can be
 * a reason for other points? */
void crowd_rules_note_knowledge(const struct world *world, struct obpub *obpub, size_t frontend);

/* A client has fetched something, and keeps it. */
void crowd_rules_note_fetch(struct world *world, size_t frontend, const struct stored *stored);

/* Checks what all HSDirs together have of a descriptor of an obpub. */
void crowd_rules_check(struct world *world, const struct obpub *obpub, size_t frontend,
                       const struct publisher_descriptor *descriptor);

/* Does wrong what is to be wrong on purpose: in what an obpub uploads to a relay, and in what it remembers.
 */
void crowd_break_upload(struct world *world, size_t frontend, struct stored *stored);
void crowd_break_memory(struct obpub *obpub, size_t frontend);

/* Checks the shares over the whole history, at its end. */
void crowd_rules_end(struct world *world);

#endif
