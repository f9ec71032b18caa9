/* What follows from a look at what an HSDir hands out, and from its refusals: whether it has what it is to
 * have, and whether somebody else publishes the address. */
#ifndef OBPUB_PUBLISH_LOOK_RESULTS_H
#define OBPUB_PUBLISH_LOOK_RESULTS_H

#include "onion/descriptor.h"
#include "publish/state.h"

enum look_finding {
    LOOK_FINDING_NO_ANSWER,
    LOOK_FINDING_NONE,   /* the HSDir has no descriptor of the frontend */
    LOOK_FINDING_OURS,   /* one that this process has made */
    LOOK_FINDING_OTHERS, /* one that another process has made */
    LOOK_FINDING_BROKEN, /* what can't be read */
};

/* What came of a look. */
struct look_result {
    enum look_finding finding;
    const struct descriptor *descriptor; /* ours or another's, all of its signatures being good; else NULL. Of
                                            ours that is restricted is decrypted what is for the clients of
                                            now; else it is closed */
    /* When what was found was made: ours exactly, or MOMENT_NONE where that is no longer known; another's as
     * far as its counter tells. */
    int64_t made_at;
    bool is_newer;         /* another's counter is above all that this process has made */
    bool is_of_other_half; /* whoever made another's may go by a consensus by which clients use the other of a
                              service's two descriptors: then all points are others */
    bool is_ahead;         /* another's counter is one that no clock within an hour of ours makes */
};

/* A look is over: what the HSDir hands out of the frontend's descriptor of a time period. */
void publisher_note_look(struct publisher *publisher, size_t frontend, uint64_t period_number,
                         const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const struct look_result *result,
                         int64_t now);

/* An HSDir has answered an upload, or nobody has; to be called once the upload knows it. */
void looks_note_upload(struct publisher *publisher, size_t number, enum descriptor_slot slot,
                       struct publisher_upload *upload, enum upload_failure failure, int64_t now);

#endif
