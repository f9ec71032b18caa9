/* What is due at a frontend, and when to look at it again. */
#include "publish/schedule.h"

#include "publish/descriptors.h"
#include "publish/frontends.h"
#include "publish/pace.h"
#include "publish/queue.h"
#include "publish/uploads.h"

void schedule_run_frontend(struct publisher *publisher, size_t number, int64_t now)
{
    struct publisher_frontend *frontend = &publisher->frontends[number];
    if (publisher->network == NULL || !publisher->is_tor_up ||
        !frontend_may_publish(publisher, frontend, now)) {
        agenda_set(&publisher->frontend_agenda, number, MOMENT_NEVER); /* whatever is missing touches it */
        frontend_leave_queue(publisher, number);
        frontend_leave_tors(publisher, frontend); /* nobody will look whether they are answered */
        return;
    }
    if (now >= frontend->kept_until)
        frontend_update_assignment(publisher, number, SOURCE_NONE, now);
    int64_t next = earlier(frontend_plan_changes(publisher, frontend, now), frontend->kept_until);
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        publisher_descriptor_check(publisher, frontend, &frontend->descriptors[slot], now);
    frontend_enter_queue(publisher, number, now);
    agenda_set(&publisher->frontend_agenda, number,
               earlier(next, frontend_next_upload_moment(publisher, frontend, now)));
}
