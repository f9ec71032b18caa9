/* A status taken apart, every part of it checked. */
#ifndef OBPUB_REPORT_STATUS_DOCUMENT_H
#define OBPUB_REPORT_STATUS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

/* A time that is null. */
#define STATUS_NO_TIME INT64_MIN

/* Texts are the JSON object's, and may have any characters but NUL; those that can be null are NULL then.
 * Times are seconds since the epoch. */
/* How many of an HSDir's introduction points are an instance's. */
struct status_part {
    const char *instance; /* its name; NULL for one that is there no more */
    uint64_t points;
};

struct status_hsdir {
    const char *fingerprint, *state;
    bool is_current;
    int64_t taken, next_try;
    uint64_t attempts;
    const char *error; /* or NULL */
    const char *seen;  /* what it was last seen to hand out; NULL from an obpub that does not look */
    bool is_asked;
    const char *instance;      /* the name of the one whose points alone it has, or NULL */
    struct status_part *parts; /* where HSDirs have points of their own */
    size_t part_count;
};

struct status_descriptor {
    const char *name;
    uint64_t time_period, revision_counter; /* 0: none */
    int64_t next_upload;
    int64_t expires;              /* when the last HSDir forgets it */
    int64_t own_uploads_kept_out; /* until when HSDirs refuse what the tors make themselves */
    struct status_hsdir *hsdirs;
    size_t hsdir_count;
};

struct status_instance {
    const char *address, *name, *state; /* name may be NULL */
    int64_t since;
    bool has_control;  /* it is not seen through HSDirs alone */
    const char *place; /* of its control port, or NULL */
    const char *way;   /* to that: "unix", "tcp" or "onion"; or NULL */
    bool is_reachable, is_restless;
    bool takes_flow_control; /* from all visitors of the frontend */
    uint64_t points, points_published;
    const char *points_fault; /* what is wrong with points of its that are left out, or NULL */
    const char *points_lack;  /* why none is published though it is in, or NULL */
    const char *error;        /* or NULL */
    bool has_proof_of_work;
    /* Of the clients that come now, 0 to 1, and of those that are to come by its weight; below 0 where that
     * is not known. */
    double share, share_wanted;
    uint64_t weight;
    bool is_drained;
    int64_t drained_since; /* by an operator */
    const char *health;    /* unknown, healthy or sick; NULL where nobody checks that */
    int64_t health_since;
    const char *health_error; /* what went wrong in the last check, or NULL */
    /* Of a tor that has the frontend's key: */
    const char *seed; /* its beginning, or NULL */
    uint64_t effort;
    int64_t seed_expires;
    bool has_expired_seed;   /* and no other is known: its points are published without proof of work */
    bool has_own_points;     /* for the descriptor that clients use now, or nobody can know */
    const char *own_uploads; /* on, off or unknown; NULL for another backend */
    uint64_t own_uploads_refused, own_uploads_through;
};

struct status_bundle {
    int64_t expires;
    const char *state;
    const char *error; /* or NULL */
};

struct status_service {
    const char *address;
    bool is_published, is_static;
    bool uses_drained;           /* no other instances are live than such as are drained */
    bool doubts_health;          /* all that are live are sick: that changes nothing */
    const char *problem;         /* of its publication, or NULL */
    uint64_t clients;            /* that alone may read its descriptors; 0: everybody may */
    const char *mode;            /* softmap or hardmap; NULL from an obpub that knows but the first */
    bool is_distinct;            /* HSDirs have introduction points of their own */
    bool is_split;               /* each HSDir that clients ask has the points of one of them */
    uint64_t lead, lead_in_use;  /* seconds */
    int64_t next_turn;           /* of the tors that take turns */
    const char *proof_of_work;   /* auto or off; NULL unless the mode is hardmap */
    uint64_t points, points_max; /* the most in one descriptor; 0: as many as there can be */
    bool is_presigned;
    struct status_bundle bundle; /* when is_presigned */
    struct status_instance *instances;
    size_t instance_count;
    struct status_descriptor *descriptors;
    size_t descriptor_count;
};

struct status_tor {
    const char *place, *status; /* status: NULL when all is well */
    bool is_connected, is_ready;
    uint64_t uploads_in_flight;
};

struct status_document {
    const char *version;
    int64_t time, started;
    const char *reload_error, *error, *tor_status; /* or NULL */
    bool is_tor_connected;
    struct status_tor *tors;
    size_t tor_count;
    bool is_consensus_live;
    int64_t consensus_valid_until;
    struct status_service *services;
    size_t service_count;
};

/* Takes an object apart that status_make_json() has made, or somebody else; it has to outlive the document.
 * Keys that are not known are passed over. Returns 0 with a document to be released with
 * status_document_clear(), or -1 with a sentence and nothing to release. */
int status_document_read(struct status_document *document, const json_t *object, struct error *error);
void status_document_clear(struct status_document *document);

/* True when there are frontends, and each is fully published. */
bool status_document_is_published(const struct status_document *document);

#endif
