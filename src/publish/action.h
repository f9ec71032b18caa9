/* What the state machine hands back to be done. */
#ifndef OBPUB_PUBLISH_ACTION_H
#define OBPUB_PUBLISH_ACTION_H

#include "onion/consensus.h"
#include "onion/network.h"
#include "publish/point_set.h"

/* Most HSDirs in one action; where there are more they get an action more. */
#define PUBLISHER_ACTION_HSDIRS_MAX 32

enum publisher_action_type {
    PUBLISHER_FETCH,  /* get a source's descriptor */
    PUBLISHER_UPLOAD, /* build a superdescriptor and upload it */
    PUBLISHER_LOOK,   /* fetch what an HSDir hands out of a frontend */
    PUBLISHER_CHECK,  /* see whether what is behind a source answers */
};

/* The HSDirs are in fingerprints, hsdir_count of them; the arrays are the publisher's and good until the
 * next call of any function of it. The point set is the publisher's, too: whoever needs it for longer than
 * that shares it. */
struct publisher_action {
    enum publisher_action_type type;
    uint64_t source;  /* of a fetch or a check */
    bool from_hsdirs; /* of a fetch: ask these HSDirs (HSFETCH), not the source (GETINFO) */
    bool is_fresh;   /* of a fetch: these HSDirs have just been given it, so one's answer is as good as all */
    size_t tor;      /* of a look, and of a fetch for a source whose own tor is not asked: the local tor
                        that is to do it, or PUBLISHER_NO_TOR when there is none */
    size_t frontend; /* of an upload or a look */
    enum descriptor_slot slot; /* likewise */
    struct point_set *set;     /* of an upload: what the HSDirs are to have */
    uint64_t round;            /* of an upload: all of one round have the same revision counter, */
    uint64_t above;            /* which is to be above this one of another publisher, if it can; 0: none */
    const uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE];
    const size_t *tors; /* of an upload: the local tor for each HSDir */
    bool is_shared;     /* of an upload: the HSDirs all get the same text, otherwise each its own */
    size_t hsdir_count;
};

#endif
