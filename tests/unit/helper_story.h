/* A story told to the publisher by hand, moment by moment, with what it answers written down. */
#ifndef OBPUB_TESTS_HELPER_STORY_H
#define OBPUB_TESTS_HELPER_STORY_H

#include "publish/publisher.h"

#define STORY_UPLOADS_MAX 4096
#define STORY_BACKENDS_MAX 13
#define STORY_HSDIRS_MAX 80
/* What the clock on the wall shows when the story's time is 0. */
#define STORY_EPOCH 1700000000

/* An upload the publisher asked for, to one HSDir. */
struct story_upload {
    int64_t at;
    size_t frontend;
    enum descriptor_slot slot;
    uint64_t round;
    uint64_t above; /* the counter of another publisher that its own is to be above */
    uint32_t hsdir;
    size_t tor;
    bool is_shared; /* with the other HSDirs of its action */
    size_t point_count;
    uint64_t points[INTRODUCTION_POINTS_MAX];
    uint8_t seed; /* of its pow-params; 0: it has none */
    uint32_t effort;
    int64_t pow_lifetime;
    size_t client_count;            /* who may read it: so many, 0 for everybody */
    uint8_t clients[SHA3_256_SIZE]; /* and the digest of their set */
    size_t middle_length;           /* that its middle layer is padded to at least */
};

/* A backend's descriptor as its tor, or HSDirs, give it. */
struct story_backend {
    bool answers;        /* false: every fetch stays without an answer */
    bool fails;          /* every fetch fails; HSDirs say so, unless they refuse all */
    uint64_t period[2];  /* of what its tor answers, and of what HSDirs answer */
    uint64_t counter[2]; /* likewise */
    size_t point_count[2];
    uint64_t points[2][INTRODUCTION_POINTS_MAX];
    uint8_t seed; /* of its pow-params, in both; 0: it has none */
    uint32_t effort;
    int64_t seed_ends;   /* likewise: when they expire (seconds since the epoch); 0: nobody knows */
    uint8_t process;     /* of its tor: each has other signing keys */
    size_t found;        /* whose descriptor HSDirs have when it is looked for; its own at first */
    unsigned fetches[2]; /* how often each was asked */
    int64_t fetched_at;
    size_t fetch_tor;
    enum health_finding finding; /* of each of its checks; they go well at first */
    bool hangs;                  /* no check of it ends */
    unsigned checks;             /* how often it was checked */
    int64_t checked_at;
};

struct story {
    struct publisher *publisher;
    int64_t now;
    struct time_schedule schedule;
    uint32_t hsdir_count;               /* of the next network */
    struct authorized_clients *clients; /* of the next frontend; the story's */
    struct story_backend backends[STORY_BACKENDS_MAX];
    bool hsdirs_answer;                /* false: uploads stay without an answer */
    enum upload_failure hsdirs_refuse; /* why every upload fails */
    bool loses_answers; /* that to the first try of each round; the next is refused, since it is there already
                         */
    uint32_t league;    /* of so many HSDirs, the first ones, one refuses each round, another one each time */
    uint64_t refused_round[DESCRIPTOR_SLOTS];             /* the last one of each descriptor, */
    bool has_refused[DESCRIPTOR_SLOTS][STORY_HSDIRS_MAX]; /* and who has not taken one since it did so */
    struct story_upload uploads[STORY_UPLOADS_MAX];
    size_t upload_count;
    /* What a look finds; the descriptor is the story's. NULL: no HSDir answers any. */
    void (*answer_look)(struct story *story, const struct publisher_action *action,
                        struct look_result *result);
    void *look_context;
    unsigned looks; /* that were asked for */
    unsigned wakes; /* how often the publisher wanted to be asked without anything having happened */
};

/* Begins one: a publisher with the default rules, nothing told yet. */
struct story *story_new(void);
void story_free(struct story *story);

/* Adds a backend with a control port, or without, whose points are its number times 100 and the next two. */
size_t story_add_backend(struct story *story, bool has_control);

/* Adds a twin, a tor that has the key of the frontend which is added next, with such points. */
size_t story_add_twin(struct story *story);

/* Adds a twin without a control port. */
size_t story_add_unseen_twin(struct story *story);

/* Adds a frontend with the first count backends. */
size_t story_add_frontend(struct story *story, size_t count);

/* Gives the publisher the consensus of a day and hour (UTC). */
void story_set_network(struct story *story, int day, int hour);

/* Tells it that the tor of a backend can be asked: one that has been up for long. */
void story_reach(struct story *story, size_t backend);

/* A story in which everything is up at 06:00 (half is DESCRIPTOR_FIRST) or 18:00 and published: count
 * backends with control ports, one frontend. */
struct story *story_new_published(size_t count, enum descriptor_slot half);

/* The same with twins in the place of backends. */
struct story *story_new_published_twins(size_t count, enum descriptor_slot half);

/* Lets a backend have other points, the first being first, and its tor say that it uploaded them. */
void story_change_points(struct story *story, size_t backend, uint64_t first);

/* Its tor says that it uploads the descriptor that clients use to an HSDir, or that this one took it. */
void story_announce(struct story *story, size_t backend, bool is_taken, uint32_t hsdir);

/* Does everything due until milliseconds later, answering fetches and uploads at once. */
void story_run(struct story *story, int64_t milliseconds);

/* Does what is due now. */
void story_settle(struct story *story);

/* Forgets the uploads written down. */
void story_forget(struct story *story);

/* An HSDir answers an upload, or something else becomes of that. */
void story_answer(struct story *story, const struct story_upload *upload, enum upload_failure failure);

/* The uploads written down that are to the HSDir of the first one, for the same descriptor. */
size_t story_count_to_first(const struct story *story);

/* True when the last upload of every HSDir has this point, or none has (and there is an upload). */
bool story_all_have(const struct story *story, uint64_t point);
bool story_none_has(const struct story *story, uint64_t point);

/* The number of different moments of uploads written down. */
size_t story_count_moments(const struct story *story);

#endif
