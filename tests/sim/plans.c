/* The kinds of histories that are played: a long one, a large one, sieges, two obpubs in turns, twins, one of
 * which may be unseen, crowds, and many short ones of every sort. */
#include "plans.h"

#include <string.h>

#define DAY (24 * HOUR)
#define PERCENT ((int64_t)10000) /* in millionths */

static const struct time_schedule public_schedule = {.voting_interval = 3600, .period_length = 1440};
static const struct time_schedule testing_schedule = {.voting_interval = 20, .period_length = 8};

/* 400 days of one frontend, with all that happens in a year and a bit more. */
static void plan_year(struct plan *plan)
{
    plan->duration = 400 * DAY;
    plan->frontend_count = 1;
    plan->backend_count = plan->members = 4;
    plan->relay_count = 100;
    plan->relay_leaves = 0.01;
    plan->relay_returns = 0.05;
    plan->relay_restarts = 0.001;
    plan->dies = 1.0 / 200;
    plan->hangs = 1.0 / 300;
    plan->loses_route = 1.0 / 200;
    plan->flaps = 1.0 / 1000;
    plan->replaces_point = 1.0 / 40;
    plan->without_control = 25 * PERCENT;
    plan->upload_fails = 1 * PERCENT;
    plan->upload_is_lost = PERCENT / 5;
    plan->upload_is_late = PERCENT / 10;
    plan->tells_ends = true;
    plan->fetch_fails = 1 * PERCENT;
    plan->obpub_dies = 1.0 / 500;
    plan->local_tor_dies = 1.0 / 300;
    plan->no_shared_random = 2 * PERCENT;
    plan->no_consensus = 1 * PERCENT;
    plan->misses_consensus = PERCENT / 2;
    plan->check_interval = 4 * MINUTE;
    plan->frontends_checked = 1;
}

/* 1,000 frontends with ten backends each, five frontends sharing a backend, for three days. */
static void plan_large(struct plan *plan)
{
    plan->duration = 3 * DAY;
    plan->frontend_count = 1000;
    plan->backend_count = 2000;
    plan->members = 10;
    plan->relay_count = 150;
    plan->relay_leaves = 0.005;
    plan->relay_returns = 0.03;
    plan->relay_restarts = 0.0005;
    plan->dies = 1.0 / 1000;
    plan->hangs = 1.0 / 2000;
    plan->loses_route = 1.0 / 2000;
    plan->flaps = 1.0 / 20000;
    plan->replaces_point = 1.0 / 200;
    plan->without_control = 10 * PERCENT;
    plan->upload_fails = PERCENT / 2;
    plan->upload_is_lost = PERCENT / 10;
    plan->upload_is_late = PERCENT / 20;
    plan->tells_ends = true;
    plan->fetch_fails = PERCENT / 2;
    plan->obpub_dies = 1.0 / 40;
    plan->local_tor_dies = 1.0 / 40;
    plan->no_shared_random = 5 * PERCENT;
    plan->no_consensus = 2 * PERCENT;
    plan->misses_consensus = 1 * PERCENT;
    plan->check_interval = 10 * SECOND;
    plan->frontends_checked = 10;
}

/* Some hours under siege: most backends change without end, HSDirs in league with them refuse what they are
 * sent, one backend is attacked, and the others die and come back now and then, which has to go out as fast
 * as ever. */
static void plan_siege(struct plan *plan, struct chance *chance)
{
    plan->duration = chance_draw(chance, 2 * HOUR, 4 * HOUR);
    plan->start_round = chance_draw(chance, 0, 23);
    plan->frontend_count = 2;
    plan->backend_count = plan->members = 12;
    plan->hostile = (size_t)chance_draw(chance, 1, 9);
    plan->is_patient = chance_once_in(chance, 3);
    plan->league = (uint32_t)chance_draw(chance, 0, 20);
    plan->attacked = 1;
    plan->relay_count = 40;
    plan->dies = 1.0 / 4;
    plan->tells_ends = true;
    plan->check_interval = 20 * SECOND;
    plan->frontends_checked = 2;
}

static void plan_calm_network(struct plan *plan)
{
    plan->upload_fails = plan->upload_is_lost = plan->upload_is_late = 0;
    plan->fetch_fails = 0;
    plan->relay_restarts = 0;
}

/* Hours in which too much happens. Some of them leave one kind of trouble out, so that the rules that are
 * excused by it are held. */
static void plan_short(struct plan *plan, struct chance *chance)
{
    static const double none_or_some[] = {0, 0.1, 1, 3};
#define RATE() none_or_some[chance_draw(chance, 0, 3)]
    plan->duration = chance_draw(chance, 30 * MINUTE, 7 * HOUR);
    plan->start_round = chance_draw(chance, 0, 23);
    plan->frontend_count = (size_t)chance_draw(chance, 1, 3);
    plan->backend_count =
        (size_t)(chance_once_in(chance, 20) ? chance_draw(chance, 21, 30) : chance_draw(chance, 1, 6));
    plan->members = (size_t)chance_draw(chance, 1, (int64_t)plan->backend_count);
    plan->relay_count = (uint32_t)chance_draw(chance, 6, 60);
    plan->relay_leaves = RATE() / 40;
    plan->relay_returns = 0.2;
    plan->relay_restarts = RATE() / 40;
    plan->dies = RATE();
    plan->hangs = RATE();
    plan->loses_route = RATE();
    plan->flaps = RATE() / 4;
    plan->replaces_point = RATE();
    plan->without_control = chance_once_in(chance, 2) ? 0 : chance_draw(chance, 0, 100 * PERCENT);
    plan->upload_fails = chance_draw(chance, 0, 20 * PERCENT);
    plan->upload_is_lost = chance_draw(chance, 0, 5 * PERCENT);
    plan->upload_is_late = chance_draw(chance, 0, 5 * PERCENT);
    plan->tells_ends = chance_once_in(chance, 2);
    plan->fetch_fails = chance_draw(chance, 0, 10 * PERCENT);
    plan->obpub_dies = RATE() / 4;
    plan->local_tor_dies = RATE() / 4;
    plan->no_shared_random = 20 * PERCENT;
    plan->no_consensus = 5 * PERCENT;
    plan->misses_consensus = 5 * PERCENT;
    plan->has_two_obpubs = chance_once_in(chance, 5);
    plan->check_interval = 40 * SECOND;
    plan->frontends_checked = plan->frontend_count;
    if (chance_once_in(chance, 2))
        plan_calm_network(plan);
    if (chance_once_in(chance, 3))
        plan->obpub_dies = plan->local_tor_dies = 0;
    if (chance_once_in(chance, 10)) {
        plan->schedule = testing_schedule;
        plan->duration = chance_draw(chance, 5 * MINUTE, 20 * MINUTE);
        plan->relay_leaves *= 20;
        plan->relay_returns *= 20;
        plan->check_interval = 3 * SECOND;
    }
#undef RATE
}

/* Two obpubs on two machines, whose clocks are 90 s apart, on a network where nothing else goes wrong. */
static void plan_turns(struct plan *plan)
{
    plan->duration = 4 * DAY;
    plan->frontend_count = 2;
    plan->backend_count = 3;
    plan->members = 3;
    plan->relay_count = 60;
    plan->dies = 1.0 / 30;
    plan->replaces_point = 1.0 / 10;
    plan->tells_ends = true;
    plan->has_two_obpubs = plan->takes_turns = true;
    plan->clocks_apart = 90 * SECOND;
}

/* Some days of tors that share their frontend's key, by themselves or with proof of work; some die, hang, or
 * throw their seeds away; and so does obpub, for hours. */
static void plan_twins(struct plan *plan, struct chance *chance)
{
    static const double none_or_some[] = {0, 0.02, 0.1};
    static const int64_t leads[] = {45 * MINUTE, 45 * MINUTE, 0, 10 * MINUTE, 60 * MINUTE};
#define RATE() none_or_some[chance_draw(chance, 0, 2)]
    plan->duration = chance_draw(chance, 1, 4) * DAY;
    plan->start_round = chance_draw(chance, 0, 23);
    plan->has_twins = true;
    plan->frontend_count = (size_t)chance_draw(chance, 1, 2);
    plan->members = (size_t)chance_draw(chance, 2, 8);
    plan->backend_count = plan->frontend_count * plan->members;
    plan->relay_count = (uint32_t)chance_draw(chance, 40, 100);
    plan->relay_leaves = RATE() / 20;
    plan->relay_returns = 0.05;
    plan->relay_restarts = RATE() / 20;
    plan->dies = RATE();
    plan->hangs = RATE();
    plan->loses_route = RATE() / 2;
    plan->replaces_point = RATE();
    plan->lead = leads[chance_draw(chance, 0, 4)];
    plan->uploads = (enum some)(chance_once_in(chance, 8) ? SOME_SOME : 2 * chance_draw(chance, 0, 1));
    plan->work = (enum some)chance_draw(chance, 0, 2);
    if (chance_once_in(chance, 2)) { /* what is meant to be there for good */
        plan->uploads = SOME_ALL;
        plan->work = SOME_ALL;
    }
    plan->hups = RATE();
    plan->switches_work = RATE() / 2;
    plan->busy = chance_once_in(chance, 4) ? 3 : 200;
    plan->tells_ends = true;
    if (chance_once_in(chance, 2)) {
        plan->upload_fails = chance_draw(chance, 0, 5 * PERCENT);
        plan->upload_is_lost = chance_draw(chance, 0, 1 * PERCENT);
        plan->fetch_fails = chance_draw(chance, 0, 5 * PERCENT);
    }
    plan->obpub_dies = RATE();
    plan->obpub_away = 12 * HOUR;
    plan->local_tor_dies = RATE() / 2;
    plan->misses_consensus = PERCENT;
    plan->check_interval = 30 * SECOND;
    plan->frontends_checked = plan->frontend_count;
    plan->visitor_count = 8;
#undef RATE
}

/* The same where one tor of each frontend has no control port: only what it uploads is seen, which it always
 * does, and for which there has to be a lead. */
static void plan_unseen(struct plan *plan, struct chance *chance)
{
    plan_twins(plan, chance);
    plan->has_unseen_twins = true;
    plan->switches_work = 0; /* that it has proof of work off may not be known of an unseen one for hours */
    plan->uploads = SOME_ALL;
    if (plan->lead == 0)
        plan->lead = 45 * MINUTE;
}

/* A day of a frontend with 100 backends, which have different weights every other time. */
static void plan_crowd(struct plan *plan, struct chance *chance)
{
    plan->duration = 1 * DAY;
    plan->start_round = chance_draw(chance, 0, 23);
    plan->is_prompt = true;
    plan->is_crowd = true;
    plan->descriptors = DESCRIPTORS_AUTO;
    plan->has_weights = plan->seed % 2 == 0;
    plan->frontend_count = 1;
    plan->backend_count = plan->members = 100;
    plan->relay_count = 100;
    plan->point_relays = 2000;
    plan->relay_leaves = 0.01;
    plan->relay_returns = 0.05;
    plan->dies = 1.0 / 24;
    plan->replaces_point = 1.0 / 24;
    plan->tells_ends = true;
    plan->check_interval = 30 * SECOND;
    plan->frontends_checked = 1;
    plan->visitor_count = 2000;
}

/* Some hours of small crowds of every sort. */
static void plan_throng(struct plan *plan, struct chance *chance)
{
    static const double none_or_some[] = {0, 0.02, 0.1, 1};
#define RATE() none_or_some[chance_draw(chance, 0, 3)]
    plan->duration = chance_draw(chance, 2 * HOUR, 30 * HOUR);
    plan->start_round = chance_draw(chance, 0, 23);
    plan->is_crowd = true;
    plan->descriptors = (enum descriptors_policy)chance_draw(chance, 0, 2);
    plan->has_weights = chance_once_in(chance, 2);
    plan->frontend_count = (size_t)chance_draw(chance, 1, 2);
    plan->backend_count = (size_t)chance_draw(chance, 8, 40);
    plan->members = (size_t)chance_draw(chance, 8, (int64_t)plan->backend_count);
    plan->relay_count = (uint32_t)chance_draw(chance, 12, 60);
    plan->point_relays = chance_once_in(chance, 2) ? plan->relay_count : 500;
    plan->relay_leaves = RATE() / 20;
    plan->relay_returns = 0.2;
    plan->relay_restarts = RATE() / 40;
    plan->dies = RATE();
    plan->hangs = RATE() / 2;
    plan->loses_route = RATE() / 2;
    plan->replaces_point = RATE();
    plan->without_control = chance_once_in(chance, 2) ? 0 : chance_draw(chance, 0, 100 * PERCENT);
    plan->drains = RATE();
    plan->reloads = RATE() / 2;
    plan->tells_ends = chance_once_in(chance, 2);
    plan->obpub_dies = RATE() / 10;
    plan->local_tor_dies = RATE() / 10;
    plan->no_shared_random = 20 * PERCENT;
    plan->no_consensus = 5 * PERCENT;
    plan->misses_consensus = 5 * PERCENT;
    plan->has_two_obpubs = chance_once_in(chance, 4);
    if (chance_once_in(chance, 2)) {
        plan->upload_fails = chance_draw(chance, 0, 10 * PERCENT);
        plan->upload_is_lost = chance_draw(chance, 0, 2 * PERCENT);
        plan->upload_is_late = chance_draw(chance, 0, 2 * PERCENT);
        plan->fetch_fails = chance_draw(chance, 0, 5 * PERCENT);
    }
    plan->check_interval = 30 * SECOND;
    plan->frontends_checked = plan->frontend_count;
    plan->visitor_count = 8;
    if (chance_once_in(chance, 2))
        plan->points_max = (size_t)chance_draw(chance, 1, INTRODUCTION_POINTS_MAX);
#undef RATE
}

/* Some hours in which web servers die and come back behind backends that live, or die as well; and checks are
 * wrong at times. */
static void plan_ailing(struct plan *plan, struct chance *chance)
{
    static const double failures[] = {0.2, 1, 4}, delusions[] = {0, 0.2, 1};
    plan_short(plan, chance);
    plan->schedule = public_schedule;
    plan->duration = chance_draw(chance, 2 * HOUR, 8 * HOUR);
    plan->check_interval = 40 * SECOND;
    plan->backend_count = (size_t)chance_draw(chance, 2, 6);
    plan->members = (size_t)chance_draw(chance, 2, (int64_t)plan->backend_count);
    plan->webs_fail = failures[chance_draw(chance, 0, 2)];
    plan->checks_delude = delusions[chance_draw(chance, 0, 2)];
    if (chance_once_in(chance, 2)) /* so that much is promised */
        plan->dies = plan->hangs = plan->loses_route = plan->flaps = 0;
}

bool plan_make(struct plan *plan, const char *kind, uint64_t seed)
{
    struct chance chance = {.state = seed ^ 0x706c616e};
    memset(plan, 0, sizeof(*plan));
    plan->seed = seed;
    plan->schedule = public_schedule;
    plan->obpub_away = 2 * HOUR;
    plan->is_prompt = seed % 2 == 1;
    plan->descriptors = DESCRIPTORS_SAME;
    if (strcmp(kind, "year") == 0)
        plan_year(plan);
    else if (strcmp(kind, "large") == 0)
        plan_large(plan);
    else if (strcmp(kind, "siege") == 0)
        plan_siege(plan, &chance);
    else if (strcmp(kind, "turns") == 0)
        plan_turns(plan);
    else if (strcmp(kind, "twins") == 0)
        plan_twins(plan, &chance);
    else if (strcmp(kind, "unseen") == 0)
        plan_unseen(plan, &chance);
    else if (strcmp(kind, "crowd") == 0)
        plan_crowd(plan, &chance);
    else if (strcmp(kind, "throng") == 0)
        plan_throng(plan, &chance);
    else if (strcmp(kind, "ailing") == 0)
        plan_ailing(plan, &chance);
    else if (strcmp(kind, "short") == 0)
        plan_short(plan, &chance);
    else
        return false;
    return true;
}
