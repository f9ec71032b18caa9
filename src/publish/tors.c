/* The local tors' part of the state machine: which of them is given what, and how much at once. */
#include "publish/tors.h"

/* Failures count against a tor for so many milliseconds. */
#define FAILURES_END (5 * 60 * 1000)

/* -- permits --------------------------------------------------------------------------------------- */

void upload_enter_tor(struct publisher *publisher, struct publisher_upload *upload, size_t tor)
{
    upload->tor = tor;
    upload->has_permit = true;
    publisher->tors[tor].in_flight++;
    publisher->tors[tor].uploads++;
    publisher->tors[tor].last_upload = ++publisher->uploads;
}

void upload_leave_tor(struct publisher *publisher, struct publisher_upload *upload)
{
    if (upload->has_permit)
        publisher->tors[upload->tor].in_flight--;
    upload->has_permit = false;
}

void tor_note_upload(struct publisher *publisher, size_t number, enum upload_failure failure, int64_t now)
{
    struct publisher_tor *tor = &publisher->tors[number];
    if (failure == UPLOAD_FAILURE_NOT_BUILT)
        return; /* it was not even asked */
    bool is_through = failure == UPLOAD_FAILURE_NONE || failure == UPLOAD_FAILURE_REJECTED ||
                      failure == UPLOAD_FAILURE_BROKEN;
    tor->failures = is_through ? 0 : tor->failures + 1;
    tor->failed_at = now;
}

/* -- the choice ------------------------------------------------------------------------------------ */

enum publisher_tor_state tors_find_best_state(const struct publisher *publisher)
{
    enum publisher_tor_state best = TOR_DOWN;
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        if (publisher->tors[i].state > best)
            best = publisher->tors[i].state;
    }
    return best;
}

/* What a tor has to do. One through which nothing goes is soon through with all that it is given, so each
 * failure after the last success counts like an upload in flight. */
static size_t find_load(const struct publisher_tor *tor, int64_t now)
{
    return tor->in_flight + (now - tor->failed_at < FAILURES_END ? tor->failures : 0);
}

/* A tor that is soon through with what it is given has less to do, and so gets more: that is as it should be.
 * Of two that have as much to do each gets one after the other, whatever they were given long ago. */
static bool is_better(const struct publisher_tor *one, const struct publisher_tor *other, int64_t now)
{
    size_t load = find_load(one, now), other_load = find_load(other, now);
    return load != other_load ? load < other_load : one->last_upload < other->last_upload;
}

size_t publisher_count_free_permits(const struct publisher *publisher, size_t *all)
{
    const struct publisher_tor *tors = publisher->tors;
    enum publisher_tor_state best = tors_find_best_state(publisher);
    size_t permits = publisher->rules.tor_permits, count = 0;
    *all = 0;
    for (size_t i = 0; i < PUBLISHER_TORS_MAX && best != TOR_DOWN; i++) {
        if (tors[i].state != best)
            continue;
        *all += permits;
        count += tors[i].in_flight < permits ? permits - tors[i].in_flight : 0;
    }
    return count;
}

size_t publisher_choose_tor(const struct publisher *publisher, size_t avoid, int64_t now)
{
    const struct publisher_tor *tors = publisher->tors;
    enum publisher_tor_state best = tors_find_best_state(publisher);
    size_t chosen = PUBLISHER_NO_TOR;
    for (size_t i = 0; i < PUBLISHER_TORS_MAX && best != TOR_DOWN; i++) {
        if (tors[i].state != best || tors[i].in_flight >= publisher->rules.tor_permits)
            continue;
        if (chosen == PUBLISHER_NO_TOR || chosen == avoid ||
            (i != avoid && is_better(&tors[i], &tors[chosen], now)))
            chosen = i;
    }
    return chosen;
}

size_t publisher_choose_fetch_tor(struct publisher *publisher)
{
    enum publisher_tor_state best = tors_find_best_state(publisher);
    for (size_t i = 0; i < PUBLISHER_TORS_MAX && best != TOR_DOWN; i++) {
        size_t number = (publisher->next_fetch_tor + i) % PUBLISHER_TORS_MAX;
        if (publisher->tors[number].state != best)
            continue;
        publisher->next_fetch_tor = number + 1;
        return number;
    }
    return PUBLISHER_NO_TOR;
}
