/* What HSDirs hand out of a frontend, as far as somebody has looked, and what that says of other publishers.
 */
#ifndef OBPUB_PUBLISH_LOOK_H
#define OBPUB_PUBLISH_LOOK_H

#include <stdbool.h>
#include <stdint.h>

enum look_verdict {
    LOOK_UNKNOWN, /* nobody has looked since the HSDir was last given one, or no answer came */
    LOOK_CURRENT, /* ours, with the introduction points as they are now */
    LOOK_OLDER,   /* ours, from before */
    LOOK_OTHERS,  /* another publisher's */
    LOOK_NONE,    /* the HSDir has none */
    LOOK_BROKEN,  /* what it has can't be read: its own doing, or that of somebody who has the key */
    LOOK_VERDICTS,
};

/* What is known of one HSDir of one descriptor. Zeroed: nobody has looked, and it has refused nothing. */
struct publisher_look {
    enum look_verdict verdict;
    int64_t at;            /* when the verdict came */
    int64_t asked_at;      /* when the HSDir was last asked; 0 for never */
    int64_t wanted_at;     /* when it is to be asked because of something that has happened; 0: it need not */
    int64_t made_at;       /* when what was found was made, as far as that can be told */
    bool is_newer;         /* of another publisher's: its counter is above all that this process has sent */
    int64_t foreign_since; /* since when all that it was seen to have was what no publisher that is there on
                              purpose would make; 0: it was not */
    unsigned tries;        /* that came to nothing, since it was wanted */
    unsigned nones;        /* one after the other; the first may be the fault of whoever looked */
    bool was_mended;       /* there was an upload because it had none */
    unsigned refusals; /* one after the other, the first of them at refused_since; without doubtful ones */
    int64_t refused_since; /* or since the last doubtful one */
    unsigned doubts; /* refusals that may be of what the HSDir has from us, since it was last seen to have
                        that */
};

/* Whether another publisher has been seen. The later of two is the worse one. */
enum others_state {
    OTHERS_NONE,
    OTHERS_RECOGNISED, /* all its points are those of our sources, or it is expected to have more */
    OTHERS_SUSPECTED,  /* it has points that no source of ours has offered, so far */
    OTHERS_STRANGER,   /* somebody else publishes this address */
};

/* By what a stranger was found out. */
enum stranger_evidence {
    STRANGER_POINTS,   /* introduction points that no source of ours has offered */
    STRANGER_COUNTER,  /* a revision counter that no clock within an hour of ours makes */
    STRANGER_BROKEN,   /* several HSDirs have what can't be read */
    STRANGER_REFUSALS, /* HSDirs refuse round after round */
    STRANGER_CLOSED,   /* a restricted descriptor that nobody here has made, and nobody else is to make */
    STRANGER_OPEN,     /* one that everybody may read, of a frontend that is restricted */
};

/* A frontend's looks. */
struct frontend_looks {
    int64_t next_at;           /* when to look though nothing has happened; MOMENT_NONE: not drawn yet */
    int64_t asked_at;          /* when somebody was last asked to look; MOMENT_NONE */
    bool is_under_way;         /* the answer has not come yet */
    int64_t refusal_looked_at; /* when a look was last wanted because of a refusal; 0 */
    uint64_t refusal_round;    /* and of which round */
    int64_t change_looked_at;  /* for when one was because a source changed; 0 */
    int64_t held_since;        /* since when uploads wait for what looks say; MOMENT_NONE when none do */
    bool is_left;         /* likewise: looks have shown another publisher's, which is left in its place */
    bool is_in_doubt;     /* likewise: what they showed was not all the same, and they are asked again */
    uint64_t held_period; /* then: the time period of the descriptor that is looked at */
    int64_t free_until;   /* until when they need not, because of what looks said; MOMENT_NONE */
    int64_t mended_at;    /* when an upload was last made because of what a look said; MOMENT_NONE */
    int64_t overtaken_at; /* when a round was last planned to overtake another publisher; MOMENT_NONE */
    enum others_state others;
    int64_t others_since;            /* when that state was entered */
    int64_t others_seen;             /* when another publisher's descriptor was last seen; MOMENT_NONE */
    int64_t foreign_seen;            /* when something foreign was; MOMENT_NONE */
    enum stranger_evidence evidence; /* of OTHERS_SUSPECTED and OTHERS_STRANGER */
    unsigned clean; /* looks one after the other that found nothing foreign, since the last that did */
};

#endif
