/* The kinds of sources, and the policy for each: what is believed of a source, and who is asked about it. */
#ifndef OBPUB_PUBLISH_SOURCE_KIND_H
#define OBPUB_PUBLISH_SOURCE_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum source_kind {
    SOURCE_BACKEND_WITH_CONTROL, /* a backend whose tor has a control port that we are let into */
    SOURCE_BACKEND_ON_HSDIRS,    /* a backend of which nothing is known but what HSDirs hand out */
    SOURCE_TWIN_WITH_CONTROL,    /* a tor that has the frontend's key, with such a control port */
    SOURCE_TWIN_ON_HSDIRS,       /* likewise, of which nothing is known but what it uploads */
};

#define SOURCE_KINDS 4

/* What is done with sources of a kind. */
struct source_policy {
    /* Its own tor is asked, tells of its uploads, and says how long its process has been running; and it is
     * its tor that is asked for what HSDirs have. Otherwise HSDirs alone are asked, by a local tor, so that
     * what comes of that tells of our own way to the network, too. */
    bool asks_own_tor;
    /* What HSDirs hand out under its address is its own. Otherwise it is the frontend's superdescriptor, but
     * at the spare ones where those are left to the twins' tors. */
    bool is_on_hsdirs;
    /* It is seen at the spare HSDirs, and nowhere else. Whether its tor answers for its points under the key
     * of another time period is not known, so a descriptor has those alone that were made for it. */
    bool is_at_spares;
    /* That the connection is lost casts a doubt on it: it stays in for a while, or goes at once. Otherwise
     * the connection is a local tor's, and its loss says nothing. */
    bool is_doubted_for_loss;
    /* It is out when its revision counter rests for too long: nothing else tells that it is dead. */
    bool is_judged_by_age;
    /* Fetches that fail one after the other before it is doubted; 0: a failure to get an answer from HSDirs
     * says nothing, and one of its own tor is enough. */
    unsigned failures_to_doubt;
    /* Its tor tells what it does, so that it is asked without a hint only to be sure: with so many sources
     * more in all as much more seldom, so that it costs no more. 0: always as often. */
    unsigned sources_polled_at_ease;
    /* Its tor can verify proof of work for the frontend's clients, if its own points are published with its
     * own pow-params; and what it has made for the next time period can be had from spare HSDirs. */
    bool can_verify_work;
    /* Unless its tor is known to upload descriptors, and to tell of that, it is asked so often (milliseconds;
     * scaled). 0: as often as any. */
    int64_t silent_poll;
    /* When clients go over to another time period, all sources are asked within so many milliseconds. */
    int64_t new_half_spread;
};

/* The row of a kind. */
const struct source_policy *source_policy(enum source_kind kind);

#endif
