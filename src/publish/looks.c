/* When somebody is asked to look what an HSDir hands out of a frontend. */
#include "publish/looks.h"

#include <string.h>

#include "publish/pace.h"
#include "publish/tors.h"
#include "publish/uploads.h"

#define SECOND ((int64_t)1000)

/* A look is over after so long, whoever was asked. */
#define ANSWER_TIME (60 * SECOND)
/* On a testing network all goes faster, down to this. */
#define INTERVAL_FLOOR (15 * SECOND)
/* What has just happened is looked at within so long; and so far apart are a frontend's looks, at least. */
#define SOON_MIN (1 * SECOND)
#define SOON_MAX (5 * SECOND)
#define SPACING (1 * SECOND)
/* What clients go over to is looked at within so long. */
#define HALF_SPREAD (60 * SECOND)
/* Looks because of changes are so far apart; and so long after a change that goes out nobody who has not seen
 * that puts what was there before over it any more: that takes the time in which uploads need not wait for
 * another look, and that of the uploads. */
#define CHANGE_SPACING (60 * SECOND)
#define CHANGE_CONFIRM (15 * SECOND)
/* So many HSDirs are asked before uploads without a live backend go out, for so long at most; what they said
 * is good for a while. */
#define HSDIRS_TO_ASK 3
/* A publisher that runs refreshes what it has out, and is so late with it at most; when it did is not known
 * more exactly. */
#define REFRESH_LAG (15 * 60 * SECOND)
#define LAG_FLOOR (60 * SECOND)
#define FREE_TIME (10 * SECOND)
#define HOLD_STEP (5 * SECOND)
#define HOLD_PATIENCE (2 * 60 * SECOND)

/* -- times ----------------------------------------------------------------------------------------- */

static int64_t scale_down_to(const struct publisher *publisher, int64_t milliseconds, int64_t floor)
{
    return later(publisher_scale(publisher, milliseconds), floor);
}

int64_t looks_confirm_time(const struct publisher *publisher)
{
    return scale_down_to(publisher, publisher->rules.look_confirm, INTERVAL_FLOOR);
}

int64_t looks_draw_soon(struct publisher *publisher)
{
    return publisher_draw(publisher, SOON_MIN, SOON_MAX);
}

/* What is strange is followed more closely. */
static int64_t draw_next(struct publisher *publisher, const struct publisher_frontend *frontend, int64_t now)
{
    if (frontend->looks.others >= OTHERS_SUSPECTED)
        return now + looks_confirm_time(publisher);
    int64_t low = scale_down_to(publisher, publisher->rules.look_min, INTERVAL_FLOOR);
    int64_t high = scale_down_to(publisher, publisher->rules.look_max, INTERVAL_FLOOR);
    return now + publisher_draw(publisher, low, high);
}

void looks_begin(struct publisher_frontend *frontend)
{
    frontend->looks = (struct frontend_looks){
        .next_at = MOMENT_NONE,
        .asked_at = MOMENT_NONE,
        .held_since = MOMENT_NONE,
        .free_until = MOMENT_NONE,
        .mended_at = MOMENT_NONE,
        .overtaken_at = MOMENT_NONE,
        .others_seen = MOMENT_NONE,
        .foreign_seen = MOMENT_NONE,
    };
}

void looks_stop(struct publisher *publisher, size_t number)
{
    agenda_set(&publisher->look_queue, number, MOMENT_NEVER);
}

/* -- which HSDir ----------------------------------------------------------------------------------- */

struct publisher_descriptor *looks_find_descriptor(const struct publisher *publisher, size_t number)
{
    const struct network *network = publisher->network;
    return network != NULL ? &publisher->frontends[number].descriptors[network->client_slot] : NULL;
}

size_t looks_count_hsdirs(const struct publisher *publisher, size_t number)
{
    const struct publisher_descriptor *descriptor = looks_find_descriptor(publisher, number);
    size_t count = 0;
    for (size_t i = 0; descriptor != NULL && i < descriptor->upload_count; i++)
        count += descriptor->uploads[i].is_asked;
    return count;
}

/* Of the HSDirs that clients ask, the one for which it is longest ago, without those that are wanted anyway;
 * NULL for none. Of several one is drawn. */
static struct publisher_upload *find_longest_ago(struct publisher *publisher, size_t number)
{
    struct publisher_descriptor *descriptor = looks_find_descriptor(publisher, number);
    struct publisher_upload *best = NULL;
    int64_t alike = 0;
    for (size_t i = 0; descriptor != NULL && i < descriptor->upload_count; i++) {
        struct publisher_upload *upload = &descriptor->uploads[i];
        if (upload->look.wanted_at != 0 || !upload->is_asked ||
            frontend_is_busy(&publisher->frontends[number], upload->fingerprint))
            continue;
        bool is_alike = best != NULL && upload->look.asked_at == best->look.asked_at;
        alike = is_alike ? alike + 1 : 1;
        if (best == NULL || upload->look.asked_at < best->look.asked_at ||
            (is_alike && publisher_draw(publisher, 1, alike) == 1))
            best = upload;
    }
    return best;
}

/* When the first of those that are wanted is to be asked; MOMENT_NEVER when none is. */
static int64_t find_wanted_moment(const struct publisher *publisher, size_t number)
{
    const struct publisher_descriptor *descriptor = looks_find_descriptor(publisher, number);
    int64_t moment = MOMENT_NEVER;
    for (size_t i = 0; descriptor != NULL && i < descriptor->upload_count; i++) {
        const struct publisher_look *look = &descriptor->uploads[i].look;
        if (look->wanted_at != 0)
            moment = earlier(moment, look->wanted_at);
    }
    return moment;
}

/* One that is to be asked now, NULL for none. While an HSDir is being sent something, what it hands out tells
 * nothing, and tor's word on a failed fetch could be taken for one on the upload: then it is asked later. */
static struct publisher_upload *take_wanted(const struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_descriptor *descriptor = looks_find_descriptor(publisher, number);
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        struct publisher_upload *upload = &descriptor->uploads[i];
        if (upload->look.wanted_at == 0 || now < upload->look.wanted_at)
            continue;
        if (!frontend_is_busy(&publisher->frontends[number], upload->fingerprint))
            return upload;
        upload->look.wanted_at = now + SOON_MAX;
    }
    return NULL;
}

/* When a frontend is to be looked at next. */
static int64_t find_moment(const struct publisher *publisher, size_t number)
{
    const struct frontend_looks *looks = &publisher->frontends[number].looks;
    int64_t wanted = find_wanted_moment(publisher, number);
    if (looks->asked_at != MOMENT_NONE)
        wanted = later(wanted, looks->asked_at + SPACING);
    return earlier(looks->next_at, wanted);
}

static void set_moment(struct publisher *publisher, size_t number)
{
    agenda_set(&publisher->look_queue, number,
               publisher->frontends[number].looks.is_under_way ? MOMENT_NEVER
                                                               : find_moment(publisher, number));
}

void looks_schedule(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    if (frontend->looks.next_at == MOMENT_NONE)
        frontend->looks.next_at = draw_next(publisher, frontend, now);
    set_moment(publisher, number);
}

void looks_want(struct publisher *publisher, size_t number, struct publisher_upload *upload, int64_t delay,
                int64_t now)
{
    if (upload == NULL)
        upload = find_longest_ago(publisher, number);
    if (upload == NULL)
        return;
    int64_t wanted_at = now + delay;
    bool is_wanted = upload->look.wanted_at != 0;
    upload->look.wanted_at = is_wanted ? earlier(upload->look.wanted_at, wanted_at) : wanted_at;
    looks_schedule(publisher, number, now);
}

/* True when another publisher may have something out that a frontend with live sources would not. */
static bool is_disputed(const struct publisher_frontend *frontend, int64_t now)
{
    int64_t seen = frontend->looks.others_seen;
    return frontend->has_started && !frontend->is_frozen && seen != MOMENT_NONE && now - seen < HSDIR_MEMORY;
}

void looks_note_half(struct publisher *publisher, size_t number, int64_t now)
{
    int64_t spread = scale_down_to(publisher, HALF_SPREAD, SOON_MAX);
    if (is_disputed(&publisher->frontends[number], now))
        looks_want(publisher, number, NULL, publisher_draw(publisher, SOON_MIN, spread), now);
}

void looks_note_change(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    struct frontend_looks *looks = &frontend->looks;
    bool is_planned = now < looks->change_looked_at;
    if (is_planned || !is_disputed(frontend, now))
        return;
    int64_t delay = looks_draw_soon(publisher);
    if (frontend->changed_since != MOMENT_NEVER)
        delay += CHANGE_CONFIRM;
    looks->change_looked_at = later(now + delay, looks->change_looked_at + CHANGE_SPACING);
    looks_want(publisher, number, NULL, looks->change_looked_at - now, now);
}

/* -- looks come and go ----------------------------------------------------------------------------- */

/* Begins a frontend's look; false when there is nothing to look at just now. */
static bool begin_look(struct publisher *publisher, size_t number, struct publisher_action *action,
                       int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    struct frontend_looks *looks = &frontend->looks;
    struct publisher_upload *upload = take_wanted(publisher, number, now);
    if (upload == NULL && now >= looks->next_at)
        upload = find_longest_ago(publisher, number);
    size_t tor = publisher_choose_fetch_tor(publisher);
    if (tor == PUBLISHER_NO_TOR) {
        looks_stop(publisher, number); /* until there is one */
        return false;
    }
    if (now >= looks->next_at)
        looks->next_at = draw_next(publisher, frontend, now);
    if (upload == NULL) {
        set_moment(publisher, number);
        return false;
    }
    upload->look.wanted_at = 0;
    upload->look.asked_at = looks->asked_at = now;
    looks->is_under_way = true;
    set_moment(publisher, number);
    agenda_set(&publisher->look_permits, number, now + ANSWER_TIME);
    action->type = PUBLISHER_LOOK;
    action->frontend = number;
    action->slot = publisher->network->client_slot;
    action->tor = tor;
    action->hsdir_count = 1;
    memcpy(publisher->action_fingerprints[0], upload->fingerprint, RELAY_FINGERPRINT_SIZE);
    return true;
}

void looks_end(struct publisher *publisher, size_t number)
{
    agenda_set(&publisher->look_permits, number, MOMENT_NEVER);
    publisher->frontends[number].looks.is_under_way = false;
    set_moment(publisher, number);
}

bool looks_take(struct publisher *publisher, struct publisher_action *action, int64_t now)
{
    size_t number = 0;
    while (agenda_first(&publisher->look_permits, &number) <= now)
        looks_end(publisher, number);
    while (agenda_count(&publisher->look_permits) < publisher->rules.look_permits) {
        if (agenda_first(&publisher->look_queue, &number) > now)
            return false;
        if (begin_look(publisher, number, action, now))
            return true;
    }
    return false;
}

int64_t looks_next_moment(const struct publisher *publisher)
{
    size_t number = 0;
    int64_t permit = agenda_first(&publisher->look_permits, &number);
    if (agenda_count(&publisher->look_permits) >= publisher->rules.look_permits)
        return permit;
    return earlier(permit, agenda_first(&publisher->look_queue, &number));
}

void publisher_look_at_all(struct publisher *publisher, int64_t now)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        size_t count = publisher->frontends[i].has_started ? looks_count_hsdirs(publisher, i) : 0;
        for (size_t j = 0; j < count; j++)
            looks_want(publisher, i, NULL, 0, now);
    }
}

bool publisher_is_looking(const struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        bool is_wanted = publisher->frontends[i].is_used && find_wanted_moment(publisher, i) != MOMENT_NEVER;
        if (is_wanted || publisher->frontends[i].looks.is_under_way)
            return true;
    }
    return false;
}

/* -- uploads that wait for a look ------------------------------------------------------------------- */

/* How many HSDirs have answered of late, and how many of them have the descriptor of another
 * publisher that runs still. */
static size_t count_answers(const struct publisher *publisher, size_t number, int64_t since, int64_t now,
                            size_t *newer)
{
    const struct publisher_descriptor *descriptor = looks_find_descriptor(publisher, number);
    int64_t oldest = now - publisher_scale(publisher, publisher->rules.refresh_max) -
                     scale_down_to(publisher, REFRESH_LAG, LAG_FLOOR);
    size_t answers = 0;
    *newer = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct publisher_look *look = &descriptor->uploads[i].look;
        if (look->verdict == LOOK_UNKNOWN || look->at < since)
            continue;
        answers++;
        *newer += look->verdict == LOOK_OTHERS && look->made_at >= oldest;
    }
    return answers;
}

/* Asks as many HSDirs as are to be heard. */
static void begin_hold(struct publisher *publisher, size_t number, size_t count, bool is_in_doubt,
                       int64_t now)
{
    publisher->frontends[number].looks.is_in_doubt = is_in_doubt;
    publisher->frontends[number].looks.held_since = now;
    publisher->frontends[number].looks.held_period = looks_find_descriptor(publisher, number)->period_number;
    for (size_t i = 0; i < count; i++)
        looks_want(publisher, number, NULL, 0, now);
}

int64_t looks_hold_rounds(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    struct frontend_looks *looks = &frontend->looks;
    size_t hsdirs = looks_count_hsdirs(publisher, number), newer = 0;
    if (!frontend->is_frozen || hsdirs == 0 || publisher->rules.look_permits == 0) {
        looks->held_since = looks->free_until = MOMENT_NONE;
        return MOMENT_NONE;
    }
    if (looks->free_until != MOMENT_NONE && now < looks->free_until)
        return MOMENT_NONE;
    size_t wanted = hsdirs < HSDIRS_TO_ASK ? hsdirs : HSDIRS_TO_ASK;
    int64_t again = scale_down_to(publisher, publisher->rules.look_again, HOLD_PATIENCE);
    /* What clients use may have become another descriptor, and what was seen may be over. */
    if (looks->held_since == MOMENT_NONE || now >= looks->held_since + again ||
        looks->held_period != looks_find_descriptor(publisher, number)->period_number)
        begin_hold(publisher, number, wanted, false, now);
    size_t answers = count_answers(publisher, number, looks->held_since, now, &newer);
    if (answers < wanted && now < looks->held_since + HOLD_PATIENCE)
        return now + HOLD_STEP;
    looks->is_left = answers > 0 && 2 * newer >= answers;
    if (looks->is_left)
        return looks->held_since + again;
    if (newer > 0 && !looks->is_in_doubt) { /* the other publisher's may be on its way to all of them */
        begin_hold(publisher, number, wanted, true, now);
        return now + HOLD_STEP;
    }
    looks->held_since = MOMENT_NONE;
    looks->free_until = now + FREE_TIME; /* for all that is due together */
    return MOMENT_NONE;
}
