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

/* Of those in the publisher's table; made and released in sources.c. */
struct source {
    bool is_used; /* false: a place that is free again */
    size_t number;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    enum source_kind kind;
    struct source_life life;
    struct descriptor
        *descriptor;       /* the newest good one, also when it is not in any more; NULL before the first */
    int64_t descriptor_at; /* when that came */
    int64_t points_changed_at; /* when its points last became others */
    size_t *frontends;         /* those it is a source of */
    size_t frontend_count;
    enum source_news news;                  /* that the frontends have not heard yet */
    const struct source_observer *observer; /* the publisher's */

    struct source_inquiry inquiry;
    struct source_trust trust;

    /* Its blinded key as clients use it now, and what its tor has said of the descriptor under it. */
    uint64_t period_number;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    struct source_announcements *announcements;
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
