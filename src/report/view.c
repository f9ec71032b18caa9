/* What the status and the metrics both work out of a view. */
#include "report/view.h"

#include <stdio.h>
#include <string.h>

#include "onion/presigned.h"
#include "publish/split.h"
#include "publish/weights.h"

const struct config_backend *report_view_find_backend(const struct config_frontend *config, size_t position,
                                                      const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    if (config == NULL || position >= config->backend_count)
        return NULL;
    const struct config_backend *backend = &config->backends[position];
    bool is_member = memcmp(backend->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE) == 0;
    return is_member ? backend : NULL;
}

const char *report_view_name_backend(const struct config_frontend *config, size_t position,
                                     const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    const struct config_backend *backend = report_view_find_backend(config, position, identity_key);
    return backend != NULL ? backend->name : NULL;
}

/* True when none of a source's points can have a place in any set of an assignment: each is there already, or
 * another one at its relay. */
static bool are_all_taken(const struct assignment *assignment, const struct source_points *points)
{
    for (size_t i = 0; i < points->count; i++) {
        for (size_t j = 0; j < assignment->count; j++) {
            if (!choice_is_taken(assignment->sets[j], &points->points[i]))
                return false;
        }
    }
    return true;
}

bool report_view_is_distinct(const struct report_view *view, const struct report_frontend *frontend)
{
    const struct publisher_frontend *known = &view->publisher->frontends[frontend->number];
    return !known->is_split && assignment_is_distinct(known->assignment);
}

enum report_lack report_view_find_lack(const struct publisher *publisher,
                                       const struct publisher_frontend *frontend, size_t position)
{
    const struct publisher_member *member = &frontend->members[position];
    const struct source *source = publisher_member_source(publisher, member);
    if (!member->is_in || !source_is_in(source) || source->points.count == 0 ||
        frontend->assignment == NULL || weights_find(frontend, member) == 0 ||
        assignment_count_points_from(frontend->assignment, member->source) > 0)
        return REPORT_LACK_NONE;
    if (split_leaves_out(publisher, frontend, member))
        return REPORT_LACK_WORK;
    if (frontend->is_split)
        return REPORT_LACK_TURN;
    if (are_all_taken(frontend->assignment, &source->points))
        return REPORT_LACK_RELAYS;
    return assignment_is_distinct(frontend->assignment) ? REPORT_LACK_TURN : REPORT_LACK_ROOM;
}

const char *report_view_describe_lack(enum report_lack lack)
{
    static const char *const words[] = {
        [REPORT_LACK_NONE] = NULL,
        [REPORT_LACK_ROOM] = "there is no room for more",
        [REPORT_LACK_RELAYS] = "other backends were first at its relays",
        [REPORT_LACK_TURN] = "others have their turn",
        [REPORT_LACK_WORK] = "its tor has proof of work off, and others of the frontend have it on",
    };
    return words[lack];
}

int64_t report_view_next_upload(const struct report_view *view, const struct publisher_frontend *frontend,
                                enum descriptor_slot slot)
{
    const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
    int64_t next = earlier(descriptor->refresh_at, descriptor->next_round_at);
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct publisher_upload *upload = &descriptor->uploads[i];
        if (upload->state == UPLOAD_DUE && upload->due < next)
            next = upload->due;
    }
    return next < view->now ? view->now : next;
}

const char *report_view_name_way(const struct config_backend *config, const struct source *backend)
{
    if (!source_policy(backend->kind)->asks_own_tor || config == NULL || !config->has_control)
        return NULL;
    return control_way_name(config->control.way);
}

const struct bundle_plan *report_view_plan(const struct report_frontend *frontend)
{
    return frontend->config->key_format == KEY_FORMAT_BUNDLE ? &frontend->config->plan : NULL;
}

const struct time_schedule *report_view_schedule(const struct report_view *view)
{
    const struct network *network = view->publisher->network;
    return network != NULL ? &network->schedule : NULL;
}

bool report_view_is_published(const struct report_view *view, const struct report_frontend *frontend)
{
    const struct bundle_plan *plan = report_view_plan(frontend);
    bool is_ours = view->publisher->frontends[frontend->number].looks.others != OTHERS_STRANGER;
    return is_ours && publisher_is_published(view->publisher, frontend->number, view->now) &&
           (plan == NULL || presigned_judge(plan, report_view_schedule(view),
                                            view->wall_milliseconds / 1000) != PRESIGNED_RAN_OUT);
}

void report_view_describe_restriction(char text[REPORT_RESTRICTION_SIZE],
                                      const struct authorized_clients *clients)
{
    text[0] = '\0';
    if (clients != NULL)
        snprintf(text, REPORT_RESTRICTION_SIZE, ", restricted to %zu client%s", clients->count,
                 clients->count == 1 ? "" : "s");
}

bool report_view_takes_flow_control(const struct report_view *view, const struct publisher_frontend *frontend,
                                    size_t position)
{
    size_t having = 0, lacking = 0;
    bool is_in = false, has = false;
    if (frontend->assignment == NULL || assignment_has_flow_control(frontend->assignment))
        return false;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct source *backend = publisher_member_source(view->publisher, &frontend->members[i]);
        if (!source_is_in(backend) || backend->descriptor == NULL)
            continue;
        has = i == position ? backend->descriptor->flow_control.is_present : has;
        is_in = is_in || i == position;
        having += backend->descriptor->flow_control.is_present;
        lacking += !backend->descriptor->flow_control.is_present;
    }
    return is_in && (has ? lacking == 0 : having > 0);
}
