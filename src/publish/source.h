/* Where introduction points come from. */
#ifndef OBPUB_PUBLISH_SOURCE_H
#define OBPUB_PUBLISH_SOURCE_H

#include "onion/consensus.h"
#include "onion/descriptor.h"
#include "publish/agenda.h"
#include "publish/source_announcements.h"
#include "publish/source_change.h"
#include "publish/source_inquiry.h"
#include "publish/source_kind.h"
#include "publish/source_life.h"
#include "publish/source_trust.h"

/* What its frontends have to hear of a source. The later of two says it all. */
enum source_news {
    SOURCE_NEWS_NONE,
    SOURCE_NEWS_TURN, /* it has other points only since clients turned to its second descriptor: the old ones
                         live still */
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
    const struct source_observer *observer; /* the publisher's, who is told what they do */

    struct descriptor
        *descriptor;       /* the newest good one, also when it is not in any more; NULL before the first */
    int64_t descriptor_at; /* when that came */
    int64_t points_changed_at; /* when its points last became others */
    size_t *frontends;         /* those it is a source of */
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
    SOURCE_GONE,      /* its process is gone, and its points with it; or it lies */
    SOURCE_GONE_HERE, /* nobody answers at a port of this machine: it is gone, or a tunnel to it is */
};

#endif
