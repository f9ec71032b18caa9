/* Who has which place where HSDirs have points of their own: sources are seated at tables, each of which
 * becomes the set of an HSDir that clients ask.
 */
#ifndef OBPUB_PUBLISH_SEATING_H
#define OBPUB_PUBLISH_SEATING_H

#include "publish/point_set.h"
#include "publish/ranked_offers.h"

/* A source that is given places. */
struct seeker {
    struct ranked_offer *ranked; /* taken: the places that it has */
    double rest;                 /* what it wants above its goal, which is rounded down first; and is owed */
    bool keeps_more;             /* it was rounded up before, and no new turn begins */
    size_t goal;                 /* places */
    bool is_stuck;               /* there is no place that it could be given */
    bool is_rounded_up;          /* its goal is what it wants, rounded up */
    bool has_passed;             /* it was, and could not be given that place */
};

/* A set in the making, for an HSDir that clients ask. */
struct table {
    size_t hsdir;               /* which of all the descriptor's HSDirs it is for */
    const uint8_t *fingerprint; /* the HSDir's */
    struct point_set *before;   /* the set that the HSDir had; NULL for none */
    struct ranked_point *taken[INTRODUCTION_POINTS_MAX];
    size_t count;
    size_t moves; /* how often a place was given or taken */
};

/* All of them, and what is being found out. */
struct seating {
    struct seeker *seekers; /* one for each offer, in the same order */
    struct seeker **order;  /* all of them, those first that are rounded up first */
    size_t seeker_count;
    struct ranked_offer *ranked;
    struct table *tables;
    size_t table_count;
    struct authorized_clients *clients; /* who alone may read what comes of it; NULL: everybody */
    size_t maximum;                     /* points that a set may have, 1 to INTRODUCTION_POINTS_MAX */
    size_t capacity;                    /* of a table: at most as many, and what all goals need */
    size_t goals;                       /* all of them together */
    bool is_anew;       /* a new turn begins, or an HSDir has nothing yet: other sets may change, too */
    size_t drives_left; /* how often a source may still be given the place of another one */
};

/* Which of two ranks, or HSDirs, an HSDir is nearer to: for each another. Less than 0: the first. */
int seating_compare_at(const uint8_t *fingerprint, const uint8_t *one, const uint8_t *other);

/* Gives those points that are offered still the places that they had before. */
void seating_recall(struct seating *seating);

/* Says how many places each source is to have, once those from before have theirs: wanted[i] on average, and
 * its goal now, which is that rounded down or up. */
void seating_set_goals(struct seating *seating, const struct choice_offer *offers, bool begins_turn,
                       double *wanted);

/* A source whose goal was rounded up and that finds no place leaves that to the next. */
void seating_pass_on(struct seating *seating, struct seeker *seeker);

/* Seats all until nobody moves any more, so that the sets stay what they are until something changes: what
 * one source could not be given goes to others, as far as it takes a few tries. */
void seating_settle(struct seating *seating, const struct choice_offer *offers, bool begins_turn,
                    double *wanted);

#endif
