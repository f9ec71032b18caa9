/* Whose word counts about a source: the machine of trust.
 *
 * HSDirs keep what the tor before this one uploaded. So what they have of a source is believed only once it
 * is known to have come from the process that runs now.
 *
 *                  an upload was taken   grows old   tor says nothing   tor says something
 *   young          HSDirs too            HSDirs too  young, denied      -
 *   HSDirs too     -                     -           denied             -
 *   young, denied  HSDirs too            denied      -                  young
 *   denied         HSDirs too            -           -                  HSDirs too
 *
 * A process that answers begins as young or old, whatever was known of the one before.
 */
#ifndef OBPUB_PUBLISH_SOURCE_TRUST_H
#define OBPUB_PUBLISH_SOURCE_TRUST_H

#include <stdbool.h>
#include <stdint.h>

struct source;

enum trust_state {
    TRUST_YOUNG,        /* its tor's alone: its process is young, or was never heard of */
    TRUST_HSDIRS,       /* HSDirs' as well: what they have was uploaded by the process that runs now */
    TRUST_YOUNG_DENIED, /* its tor's alone, but its tor has not answered with a descriptor */
    TRUST_DENIED,       /* likewise, and of an old process: what HSDirs have may be of a service that runs no
                           more */
};

#define TRUST_STATES 4

/* The process that answers at its control port, and the descriptor that is here. */
enum trust_process {
    TRUST_PROCESS_UNKNOWN, /* none has let us in since the source was configured */
    TRUST_PROCESS_OTHER,   /* the descriptor is not its own: its revision counter means nothing */
    TRUST_PROCESS_SAME,    /* the descriptor is its own */
};

struct source_trust {
    enum trust_state state;
    enum trust_process process;
    int64_t process_started; /* when it began to run, as far as it says */
    int64_t old_at;          /* when it will be old; INT64_MAX when it is, or nothing is known */
};

/* Begins with what is believed of the source's kind before anything is heard of it. */
void trust_begin(struct source *source, const char *why);

/* True when what HSDirs have was uploaded by the process that runs now. */
bool trust_hsdirs_are_current(const struct source *source);

/* True when what HSDirs have may be believed, and asked for. */
bool trust_includes_hsdirs(const struct source *source);

/* True when revision counters can be compared with that of the descriptor that is here. */
bool trust_counters_go_on(const struct source *source);

/* A process has let us in: another one than before, or not, which began to run at a moment. Returns true when
 * it has taken the place of another one that had let us in. */
bool trust_note_process(struct source *source, bool is_new_process, bool is_young, int64_t started);

/* Says at what age (milliseconds) a process is old; to be called whenever that may have changed. */
void trust_set_age(struct source *source, int64_t age);

/* The moment has come at which the process is old. */
void trust_note_old(struct source *source);

/* An HSDir has taken the descriptor that clients use from the process that runs now. */
void trust_note_taken(struct source *source);

/* Its tor has answered with a descriptor, or not with a good one. */
void trust_note_answer(struct source *source);
void trust_note_denial(struct source *source);

/* The descriptor that is here is that of the process that runs now. */
void trust_note_descriptor(struct source *source);

#endif
