/* Twins: tors that share a frontend's key, and what they have beside other backends.
 *
 * A twin verifies proof of work by seeds of its own, which it throws away when it is started anew or told to
 * read its config again. It uploads its descriptors under the frontend's blinded keys, unless that is
 * switched off.
 */
#ifndef OBPUB_TESTS_SIM_TWINS_H
#define OBPUB_TESTS_SIM_TWINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct descriptor;
struct obpub;
struct publisher_descriptor;
struct stored;
struct world;

/* What a descriptor says of proof of work. Zeroed: nothing. */
struct work {
    uint64_t seed;
    uint32_t effort;
    int64_t expires_at; /* milliseconds since the epoch */
};

/* The part of a backend that only twins have. */
struct twin {
    bool is_twin;
    bool uploads;           /* PublishHidServDescriptors */
    bool has_work;          /* HiddenServicePoWDefensesEnabled */
    struct work work;       /* as its descriptors have it; its seed is good, */
    struct work first_work; /* that its descriptors had at first */
    uint64_t old_seed;      /* and so is the one before; 0 for none */
    uint32_t effort;        /* as its load asks for */
    unsigned busy;          /* for so many looks at its load more it is under load */
    int64_t seeds_of;       /* since when its seeds followed one from the other */
    double asked;           /* its part of what clients asked, summed up over the frontend's samples */
};

/* -- twins.c: their tors */

/* True for a twin without a control port: only what it uploads is seen. */
bool twin_is_unseen(const struct world *world, size_t number);

/* Makes a backend a twin of the frontend that its number falls to. */
void twin_begin(struct world *world, uint32_t number);

/* Its tor has bootstrapped. */
void twin_note_start(struct world *world, uint32_t number);

/* Writes what is a twin's own into what it uploads. */
void twin_fill(const struct world *world, uint32_t number, struct stored *stored);

/* The seconds that it makes a counter of now, as obpub does. */
uint64_t twin_count(const struct world *world, uint32_t number, uint64_t period_number);

/* What it uploads reaches an HSDir, and it tells what becomes of that. */
void twin_arrive(struct world *world, uint32_t number, const struct stored *stored);

/* Writes what is a twin's own into what its tor answers. */
void twin_answer(const struct world *world, uint32_t number, struct descriptor *descriptor);

/* Does wrong what is to be wrong on purpose in what an obpub uploads of a frontend that is split. */
void twin_break(struct world *world, size_t frontend, struct stored *stored);

/* Writes proof of work into a descriptor. */
void work_describe(struct descriptor *descriptor, const struct work *work);

/* -- visitors.c: clients that keep what they have */

enum visit {
    VISIT_WORKS,
    VISIT_DEAD,    /* no point answers */
    VISIT_REFUSED, /* a tor drops the solution, and its client waits for nothing */
};

/* What becomes of a visit with a descriptor; *backend is whose tor has refused it. Every client solves what
 * there is to be solved, whatever the effort. */
enum visit visitor_try(struct world *world, const struct stored *stored, uint32_t *backend);
void visitors_begin(struct world *world);
void visitors_clear(struct world *world);

/* -- twin_rules.c: what is promised of frontends with twins */

/* True when a client that asks now for the descriptor of a time period has to get something that works; held
 * is what it has, NULL for nothing. */
bool twin_rules_promise(const struct world *world, size_t frontend, uint64_t period_number,
                        const struct stored *held);

/* To be told when an obpub uploads: it may have split the frontend since, or merged it. */
void twin_rules_note_split(struct world *world, size_t frontend);

/* A tor has refused a solution, of a client that has fetched what it has at that moment. */
void twin_rules_note_refused(struct world *world, size_t frontend, const struct stored *stored,
                             uint32_t backend, int64_t fetched_at);

/* True when nobody may have had a part in a descriptor that clients don't use, so that HSDirs have what tors
 * upload, or nothing: a twin without a control port has none. */
bool twin_rules_leaves_alone(const struct world *world, const struct obpub *obpub, size_t frontend,
                             uint64_t period_number);

/* True when only a twin without a control port may be live, of which what it has made for a time period may
 * not have been seen: then what was published last stays. */
bool twin_rules_lacks_seen(const struct world *world, size_t frontend);

/* A twin's own upload has arrived at an HSDir, which had something before; NULL for nothing. */
void twin_rules_note_arrival(struct world *world, uint32_t backend, const struct stored *stored,
                             bool is_taken, const struct stored *before);

/* Checks what an HSDir has of a descriptor, for which nothing excuses an obpub. */
void twin_rules_check(struct world *world, const struct obpub *obpub, size_t frontend,
                      const struct stored *stored);

/* Checks how what clients ask is divided among the twins. */
void twin_rules_check_shares(struct world *world, const struct obpub *obpub, size_t frontend);

/* The same over the whole history, at its end. */
void twin_rules_end(struct world *world);

#endif
