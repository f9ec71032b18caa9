/* What is due at a frontend, and when to look at it again. */
#include "publish/schedule.h"

#include "publish/descriptors.h"
#include "publish/frontends.h"
#include "publish/looks.h"
#include "publish/own_points.h"
#include "publish/pace.h"
#include "publish/queue.h"
#include "publish/rounds.h"
#include "publish/uploads.h"

/* Has rounds that are due wait for looks, if they have to. */
static void hold_rounds(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_descriptor *descriptors = publisher->frontends[number].descriptors;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        if (now < round_next_moment(&descriptors[slot]))
            continue;
        int64_t until = looks_hold_rounds(publisher, number, now);
        if (until != MOMENT_NONE)
            round_put_off(&descriptors[slot], until);
    }
}

void schedule_run_frontend(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    if (publisher->network == NULL || !publisher->is_tor_up ||
        !frontend_may_publish(publisher, frontend, now)) {
        agenda_set(&publisher->frontend_agenda, number, MOMENT_NEVER); /* whatever is missing touches it */
        frontend_leave_queue(publisher, number);
        looks_stop(publisher, number);
        frontend_leave_tors(publisher, frontend); /* nobody will look whether they are answered */
        return;
    }
    if (now >= frontend->kept_until || now >= frontend->sick_until)
        frontend_update_assignment(publisher, number, SOURCE_NONE, now);
    if (now >= frontend->turn_at)
        frontend_begin_turn(publisher, number, now);
    if (now >= frontend->search_at)
        own_points_search(publisher, number, frontend->searches_all, now);
    int64_t next = earlier(frontend_plan_changes(publisher, frontend, now), frontend->kept_until);
    next = earlier(next, frontend->sick_until);
    next = earlier(next, earlier(frontend->turn_at, frontend->search_at));
    looks_schedule(publisher, number, now);
    hold_rounds(publisher, number, now);
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        if (round_is_due_for_turn(frontend, descriptor, now))
            frontend_turn_descriptor(publisher, frontend, descriptor, now);
        publisher_descriptor_check(publisher, frontend, descriptor, now);
    }
    frontend_enter_queue(publisher, number, now);
    agenda_set(&publisher->frontend_agenda, number,
               earlier(next, frontend_next_upload_moment(publisher, frontend, now)));
}
