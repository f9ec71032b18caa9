/* Where introduction points come from. */
#ifndef OBPUB_PUBLISH_SOURCE_H
#define OBPUB_PUBLISH_SOURCE_H

#include "onion/consensus.h"
#include "onion/descriptor.h"
#include "publish/agenda.h"
#include "publish/offered_points.h"
#include "publish/source_announcements.h"
#include "publish/source_kind.h"
#include "publish/source_points.h"

/* -- is it alive? source_life.h has what moves between the states ------------------------------------- */

enum source_state {
    SOURCE_WAITING, /* nothing is known of it yet */
    SOURCE_LIVE,    /* its introduction points are in */
    SOURCE_GRACE,   /* they still are, but its connection is lost, or it can't say what they are now */
    SOURCE_OUT,     /* they are not; reason says why */
};

struct source_life {
    enum source_state state;
    int64_t since;  /* when the state was entered */
    char *reason;   /* the last thing that went wrong, "" if nothing since */
    bool may_live;  /* the source went out because nothing was heard of it, and not for what was heard */
    int64_t out_at; /* when to take the source out unless something changes; MOMENT_NEVER for never */
    int64_t
        patience_from; /* when the source could first be asked: until then nothing was to be expected of it */
    int64_t moved_at;  /* when its revision counter last moved */
};

/* -- what is being asked of it, and whom? source_inquiry.h --------------------------------------------- */

enum inquiry_state {
    INQUIRY_CLOSED,           /* there is nobody to ask: its connection is lost, or the local tor's */
    INQUIRY_IDLE,             /* the source is asked at ask_at, though nothing is known to be new */
    INQUIRY_HINTED,           /* the source is asked at ask_at, as something may be new */
    INQUIRY_POLLING,          /* the source is being asked, without a hint */
    INQUIRY_OVERTAKEN,        /* likewise, and a hint has come since: the source is asked anew at ask_at */
    INQUIRY_FOLLOWING,        /* the source is being asked because of a hint */
    INQUIRY_FOLLOWING_ANEW,   /* likewise, in place of a fetch that was cut short, to which the answer may be:
                                 it is asked once more right after */
    INQUIRY_FOLLOWING_HINTED, /* the source is being asked because of a hint, and another hint has come since
                               */
};

#define INQUIRY_STATES 8

/* Whom a source's descriptor is asked of. */
enum inquiry_target {
    INQUIRY_OF_TOR,    /* its own tor (GETINFO) */
    INQUIRY_OF_HSDIRS, /* HSDirs (HSFETCH) */
};

struct source_inquiry {
    enum inquiry_state state;
    int64_t ask_at;             /* when to ask next; MOMENT_NEVER for never */
    enum inquiry_target asked;  /* by the fetch under way, or the last one */
    enum inquiry_target wanted; /* for the next one, if what HSDirs have can be trusted */
    bool is_last_way;      /* the other target gave what clients don't use any more: the next answer counts */
    int64_t hints_settled; /* until when the hints that were followed have used up what it may have */
    unsigned failures;     /* fetches that failed one after the other */
    int64_t failing_since; /* when the first of them did */
};

/* -- whose word counts? source_trust.h ----------------------------------------------------------------- */

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

/* What a source's tor tells of an upload of its own. */
enum source_upload {
    SOURCE_UPLOAD_BEGUN,
    SOURCE_UPLOAD_TAKEN,   /* the HSDir has it */
    SOURCE_UPLOAD_REFUSED, /* the HSDir has answered that it does not take it */
};

#define SOURCE_UPLOADS 3

/* Whether a source's tor uploads its own descriptors (PublishHidServDescriptors). */
enum source_uploading {
    SOURCE_UPLOADING_UNKNOWN,
    SOURCE_UPLOADING_OFF,
    SOURCE_UPLOADING_ON, /* and tells of it */
};

/* How far clients can be told what a source's tor has them solve. */
enum work_state {
    WORK_OFFERED,
    WORK_EXPIRED, /* its pow-params have; its tor is asked for others */
    WORK_OVER,    /* nothing else has come: its points are published without any */
};

struct source_trust {
    enum trust_state state;
    enum trust_process process;
    int64_t process_started; /* when it began to run, as far as it says */
    int64_t old_at;          /* when it will be old; MOMENT_NEVER when it is, or nothing is known */
};

/* -- does what is behind it answer? source_health.h ---------------------------------------------------- */

enum health_state {
    HEALTH_UNCHECKED, /* nobody asks */
    HEALTH_UNKNOWN,   /* nothing has come of asking yet */
    HEALTH_HEALTHY,   /* it answers */
    HEALTH_SICK,      /* it does not */
};

#define HEALTH_STATES 4

/* What came of a check. */
enum health_finding {
    HEALTH_FINDING_WELL,          /* it answers as it should */
    HEALTH_FINDING_BAD,           /* it was reached, and answers otherwise, or not */
    HEALTH_FINDING_NO_CONNECTION, /* tor says that the connection has failed, and not why: as where the
                                     service's own tor could not make it */
    HEALTH_FINDING_NO_ANSWER,     /* nothing was reached: the way there or the way out may be the reason */
    HEALTH_FINDING_NO_WAY,        /* the check could not be made: says nothing about the source */
};

#define HEALTH_FINDINGS 5

/* How often it is asked, and what follows from that. */
struct health_rules {
    int64_t interval; /* from the beginning of one check to that of the next (milliseconds) */
    unsigned fall;    /* so many checks one after the other that fail make it sick, */
    unsigned rise;    /* and so many that go well make a sick one healthy; both are 1 or more */
};

struct source_health {
    enum health_state state;
    int64_t since; /* when the state was entered */
    struct health_rules rules;
    unsigned well, failed; /* checks one after the other, as far as they count; one of the two is 0 */
    int64_t check_at;      /* when the next check is to begin, or the last one was to; all others are a whole
                              number of intervals from that */
    int64_t begun_at;      /* the check under way; MOMENT_NONE when there is none */
    int64_t checked_at;    /* when one last ended; MOMENT_NONE when none has */
    enum health_finding finding; /* of that one, */
    bool has_counted;            /* and whether it says something about the source */
    char *reason; /* what went wrong in the last check: not to be shown unchecked; "" for nothing */
};

/* -- what is told of them ------------------------------------------------------------------------------ */

/* Good for as long as the call lasts that tells of it. */
struct source_change {
    uint64_t source;       /* its number */
    const char *machine;   /* which of them: "life", "inquiry", "trust" or "health" */
    const char *from, *to; /* states, by their names */
    const char *why;       /* a few words, or what the source's peer said: not to be shown unchecked */
};

/* Who is told. It must not call the publisher. */
struct source_observer {
    void (*changed)(const struct source_change *change, void *context); /* NULL: nobody is */
    void *context;
};

/* What its frontends have to hear of a source. The later of two says it all. */
enum source_news {
    SOURCE_NEWS_NONE,
    SOURCE_NEWS_PERIOD, /* it has other points only since clients went over to its second descriptor: the old
                         ones live still */
    SOURCE_NEWS_EFFORT, /* its tor suggests another effort */
    SOURCE_NEWS_SEED,   /* its tor has another seed: what clients solve for the old one is soon refused */
    SOURCE_NEWS_CHANGE, /* any other change of its state, or of what it offers */
};

/* A source is known by its number, which is never given to another one: its row in the publisher's table, and
 * how many sources that row has had before. Nothing else of it needs to differ from others, its address
 * neither. */
#define SOURCE_ROWS_MAX (UINT64_C(1) << 32)

/* The number that no source has. */
#define SOURCE_NONE UINT64_MAX

static inline size_t source_row(uint64_t number)
{
    return (size_t)(number % SOURCE_ROWS_MAX);
}

/* Of those in the publisher's table; made and released in sources.c. */
struct source {
    bool is_used;    /* false: a row that is free again */
    uint64_t number; /* of a free row: that of the next source in it */
    enum source_kind kind;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct source_life life;                /* is it alive? */
    struct source_inquiry inquiry;          /* what is being asked of it, and whom? */
    struct source_trust trust;              /* whose word counts? */
    struct source_health health;            /* does what is behind it answer? */
    const struct source_observer *observer; /* the publisher's, who is told what they do */

    struct pow_params pow_params; /* of one that can verify work: as its tor last had them */
    enum work_state work_state;
    int64_t work_expires_at;     /* when these pow-params expire; MOMENT_NEVER: that is not known */
    uint64_t seeds_replaced;     /* likewise: how often the same process of its tor came with another seed */
    int64_t replaced_expires_at; /* of the last seed that was replaced so (seconds since the epoch) */
    struct descriptor *next;     /* likewise: its own of the time period after that of descriptor; NULL */
    struct source_points next_points;
    bool is_searching;     /* likewise: the HSDir that is being asked, or was last, is one of which nobody has
                              told: it may have what another publisher has made of it */
    size_t spares_asked;   /* of one that is seen there: how often spare HSDirs were */
    bool has_begun_upload; /* likewise, since its tor was last asked, */
    bool asks_of_upload;   /* or before that, and it has not answered yet */
    int64_t link_changed_at;         /* when its connection was last made, or one that was there was lost */
    enum source_uploading uploading; /* of its tor's process */
    uint64_t
        own_uploads[SOURCE_UPLOADS]; /* of a twin's tor, to HSDirs of its frontends, since it was there */
    uint64_t uploads_through;        /* of those taken, the ones in the place of what the HSDir had from us */

    struct descriptor
        *descriptor;       /* the newest good one, also when it is not in any more; NULL before the first */
    int64_t descriptor_at; /* when that came */
    struct source_points points; /* what of it can go into superdescriptors */
    int64_t claims_from;         /* all that it offers before that counts as offered since then: sources that
                                    began together could not all be asked at once */
    int64_t points_changed_at;   /* when its points last became others */
    struct offered_points offered;
    size_t *frontends; /* those it is a source of */
    size_t frontend_count;
    enum source_news news; /* that the frontends have not heard yet */

    /* Its blinded key as clients use it now, and what its tor has said of the descriptor under it. */
    uint64_t period_number;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    struct source_announcements *announcements; /* NULL for none */
};

/* The source's frontends are to hear of something. */
static inline void source_add_news(struct source *source, enum source_news news)
{
    if (source->news < news)
        source->news = news;
}

/* What the loss of a control connection tells. */
enum source_loss {
    SOURCE_LOST,      /* nothing about the tor */
    SOURCE_UNASKED,   /* likewise, and nobody can ask it from here: what time passes says nothing, either */
    SOURCE_GONE,      /* its process is gone, and its points with it; or it lies */
    SOURCE_GONE_HERE, /* nobody answers at a port of this machine: it is gone, or a tunnel to it is */
};

#endif
