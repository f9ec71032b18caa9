/* The status as a JSON object: all that Onionbalance's has, with its meaning, and more. */
#include "report/status.h"

#include <math.h>

#include "base/hex.h"
#include "publish/frontends.h"
#include "publish/source_life.h"
#include "publish/weights.h"
#include "report/publication.h"
#include "report/status_value.h"
#include "report/twins.h"

/* A moment of the publisher's clock as a time; null for one that has not been or never comes. */
static json_t *make_moment(const struct report_view *view, int64_t moment)
{
    if (moment == MOMENT_NONE || moment == MOMENT_NEVER)
        return json_null();
    return status_value_time((view->wall_milliseconds + (moment - view->now)) / 1000);
}

static json_t *make_fingerprint(const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    char hex[HEX_TEXT_SIZE(RELAY_FINGERPRINT_SIZE)];
    hex_encode_upper(hex, fingerprint, RELAY_FINGERPRINT_SIZE);
    return json_string(hex);
}

static json_t *make_count(size_t count)
{
    return json_integer((json_int_t)count);
}

/* -- backends */

/* What Onionbalance says of an instance: one it has no descriptor of has "received" alone. */
static json_t *make_onionbalance_instance(const struct report_view *view, const struct source *backend)
{
    json_t *object = json_object();
    json_object_set_new(object, "onionAddress", status_value_address(backend->identity_key));
    if (backend->descriptor == NULL) {
        json_object_set_new(object, "received", json_null());
        return object;
    }
    json_object_set_new(object, "introSetModified", make_moment(view, backend->points_changed_at));
    json_object_set_new(object, "introPointsNum", make_count(backend->descriptor->point_count));
    json_object_set_new(object, "descriptorReceived", make_moment(view, backend->descriptor_at));
    return object;
}

/* What is wrong with an instance's introduction points, and why it has none published. */
static void add_points_trouble(json_t *object, const struct report_view *view,
                               const struct publisher_frontend *frontend, size_t position)
{
    const struct source *backend = publisher_member_source(view->publisher, &frontend->members[position]);
    const char *lack = report_view_describe_lack(report_view_find_lack(view->publisher, frontend, position));
    char fault[SOURCE_POINTS_TEXT_SIZE];
    source_points_describe(fault, &backend->points);
    json_object_set_new(object, "introPointsLeftOut",
                        make_count(source_points_count_left_out(&backend->points)));
    json_object_set_new(object, "introPointsFault", status_value_text(fault));
    json_object_set_new(object, "introPointsLack", status_value_text(lack != NULL ? lack : ""));
}

/* What is known of a twin's proof of work, and of its tor's own uploads; all null for a backend with a key of
 * its own. */
static void add_twin(json_t *object, const struct report_view *view, const struct source *backend,
                     bool is_twin)
{
    const struct pow_params *pow_params = &backend->pow_params;
    bool has_work = is_twin && pow_params->is_present;
    char seed[TWINS_SEED_SIZE];
    twins_format_seed(seed, pow_params);
    json_object_set_new(object, "seed", has_work ? json_string(seed) : json_null());
    json_object_set_new(object, "effort", has_work ? make_count(pow_params->suggested_effort) : json_null());
    json_object_set_new(object, "seedExpires",
                        has_work ? status_value_time(pow_params->expires_at) : json_null());
    json_object_set_new(object, "hasExpiredSeed",
                        has_work ? json_boolean(twins_has_expired_seed(backend)) : json_null());
    json_object_set_new(object, "hasOwnPoints",
                        is_twin && view->publisher->network != NULL
                            ? json_boolean(twins_has_own_points(view->publisher, backend))
                            : json_null());
    json_object_set_new(object, "ownUploads",
                        is_twin ? json_string(twins_name_uploading(backend)) : json_null());
    json_object_set_new(object, "ownUploadsRefused",
                        is_twin ? json_integer((json_int_t)backend->own_uploads[SOURCE_UPLOAD_REFUSED])
                                : json_null());
    json_object_set_new(object, "ownUploadsThrough",
                        is_twin ? json_integer((json_int_t)backend->uploads_through) : json_null());
}

static json_t *make_share(double share)
{
    return isnan(share) ? json_null() : json_real(share);
}

/* Which part of the visitors is to come to an instance, and which part does. weights: the sum of those of
 * all.
 */
static void add_shares(json_t *object, const struct report_view *view,
                       const struct publisher_frontend *frontend, const struct publisher_member *member,
                       unsigned weights)
{
    json_object_set_new(object, "weight", make_count(member->weight));
    json_object_set_new(object, "isDrained", json_boolean(member_is_drained(member)));
    json_object_set_new(object, "drainedSince", make_moment(view, member->drained_at));
    json_object_set_new(object, "shareWanted",
                        make_share(weights_find_share(view->publisher, frontend, member, weights)));
    json_object_set_new(object, "share",
                        make_share(twins_find_share(view->publisher, frontend, member->source)));
}

/* Whether what is behind an instance answers; all null where nobody checks that. */
static void add_health(json_t *object, const struct report_view *view, const struct source *backend)
{
    const struct source_health *health = &backend->health;
    bool is_checked = health->state != HEALTH_UNCHECKED;
    json_object_set_new(object, "health",
                        is_checked ? json_string(source_name_health(health->state)) : json_null());
    json_object_set_new(object, "healthSince", is_checked ? make_moment(view, health->since) : json_null());
    json_object_set_new(object, "healthChecked",
                        is_checked ? make_moment(view, health->checked_at) : json_null());
    json_object_set_new(object, "healthError", status_value_text(health->reason));
}

/* Longest control port that is shown. */
#define PLACE_SIZE 320

/* Where its control port is, and the way there; null for one that is seen through HSDirs alone. */
static void add_place(json_t *object, const struct config_frontend *config, size_t position,
                      const struct source *backend)
{
    char place[PLACE_SIZE];
    const struct config_backend *known = report_view_find_backend(config, position, backend->identity_key);
    const char *way = report_view_name_way(known, backend);
    if (way != NULL)
        control_endpoint_format(&known->control, place, sizeof(place));
    json_object_set_new(object, "place", way != NULL ? status_value_text(place) : json_null());
    json_object_set_new(object, "way", way != NULL ? json_string(way) : json_null());
}

static json_t *make_instance(const struct report_view *view, const struct report_frontend *shown,
                             const struct publisher_frontend *frontend, size_t position, unsigned weights)
{
    const struct publisher_member *member = &frontend->members[position];
    const struct source *backend = publisher_member_source(view->publisher, member);
    json_t *object = make_onionbalance_instance(view, backend);
    json_object_set_new(
        object, "name",
        status_value_text(report_view_name_backend(shown->config, position, backend->identity_key)));
    json_object_set_new(object, "state", json_string(source_name_state(backend->life.state)));
    json_object_set_new(object, "since", make_moment(view, backend->life.since));
    json_object_set_new(object, "hasControl", json_boolean(source_policy(backend->kind)->asks_own_tor));
    add_place(object, shown->config, position, backend);
    json_object_set_new(object, "isRestless",
                        json_boolean(member_is_restless(view->publisher, member, view->now)));
    json_object_set_new(object, "isReachable", json_boolean(source_is_reachable(backend)));
    json_object_set_new(
        object, "hasProofOfWork",
        json_boolean(backend->descriptor != NULL && backend->descriptor->pow_params.is_present));
    json_object_set_new(object, "takesFlowControl",
                        json_boolean(report_view_takes_flow_control(view, frontend, position)));
    json_object_set_new(object, "introPointsPublished",
                        make_count(assignment_count_points_from(frontend->assignment, member->source)));
    json_object_set_new(object, "error", status_value_text(backend->life.reason));
    add_points_trouble(object, view, frontend, position);
    add_shares(object, view, frontend, member, weights);
    add_health(object, view, backend);
    add_twin(object, view, backend, shown->config->mode == CONFIG_MODE_HARDMAP);
    return object;
}

/* -- descriptors */

static const char *name_upload_state(enum upload_state state)
{
    static const char *const names[] = {
        [UPLOAD_WAITING] = "waiting",       [UPLOAD_DUE] = "due",
        [UPLOAD_IN_FLIGHT] = "in flight",   [UPLOAD_DONE] = "done",
        [UPLOAD_UNANSWERED] = "unanswered", [UPLOAD_REFUSED] = "refused",
        [UPLOAD_GIVEN_UP] = "given up",
    };
    return names[state];
}

static json_t *make_part(const char *name, size_t count)
{
    json_t *object = json_object();
    json_object_set_new(object, "instance", name != NULL ? status_value_text(name) : json_null());
    json_object_set_new(object, "introPoints", make_count(count));
    return object;
}

/* The name of the instance whose points alone an HSDir has; null when it has those of several, or none. */
static json_t *make_owner(const struct report_view *view, const struct report_frontend *shown,
                          const struct publisher_upload *upload)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[shown->number];
    uint64_t owner = twins_find_owner(upload);
    for (size_t i = 0; owner != SOURCE_NONE && i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        const struct source *backend = publisher_member_source(view->publisher, member);
        if (member->source == owner)
            return status_value_text(report_view_name_backend(shown->config, i, backend->identity_key));
    }
    return json_null();
}

/* How many of an HSDir's points are whose: those of the members in their order, and of others. */
static json_t *make_parts(const struct report_view *view, const struct report_frontend *shown,
                          const struct publisher_upload *upload)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[shown->number];
    json_t *list = json_array();
    size_t others = upload->taken != NULL ? upload->taken->count : 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        const struct source *backend = publisher_member_source(view->publisher, member);
        size_t count = point_set_count_of(upload->taken, member->source);
        others -= count;
        if (count > 0)
            json_array_append_new(
                list, make_part(report_view_name_backend(shown->config, i, backend->identity_key), count));
    }
    if (others > 0)
        json_array_append_new(list, make_part(NULL, others));
    return list;
}

static json_t *make_hsdir(const struct report_view *view, const struct report_frontend *shown,
                          const struct publisher_upload *upload)
{
    json_t *object = json_object();
    json_object_set_new(object, "fingerprint", make_fingerprint(upload->fingerprint));
    json_object_set_new(object, "isAsked", json_boolean(upload->is_asked));
    json_object_set_new(object, "instance", make_owner(view, shown, upload));
    json_object_set_new(object, "parts",
                        report_view_is_distinct(view, shown) ? make_parts(view, shown, upload) : json_null());
    json_object_set_new(object, "state", json_string(name_upload_state(upload->state)));
    json_object_set_new(object, "isCurrent", json_boolean(upload_is_current(upload, view->now)));
    json_object_set_new(object, "sent", make_moment(view, upload->sent_at));
    json_object_set_new(object, "answered", make_moment(view, upload->answered_at));
    json_object_set_new(object, "taken", make_moment(view, upload->taken_at));
    json_object_set_new(object, "attempts", json_integer((json_int_t)upload->attempts));
    json_object_set_new(object, "nextTry",
                        upload->state == UPLOAD_DUE ? make_moment(view, upload->due) : json_null());
    json_object_set_new(object, "error", status_value_text(upload->reason));
    json_object_set_new(object, "expires",
                        upload->taken_at != MOMENT_NONE ? make_moment(view, upload->taken_at + HSDIR_MEMORY)
                                                        : json_null());
    enum look_verdict verdict = publication_find_verdict(view, upload);
    json_object_set_new(object, "seen", json_string(publication_name_verdict(verdict)));
    json_object_set_new(object, "seenAt",
                        verdict != LOOK_UNKNOWN ? make_moment(view, upload->look.at) : json_null());
    return object;
}

static json_t *make_descriptor(const struct report_view *view, const struct report_frontend *shown,
                               enum descriptor_slot slot)
{
    static const char *const names[] = {[DESCRIPTOR_FIRST] = "first", [DESCRIPTOR_SECOND] = "second"};
    const struct publisher_frontend *frontend = &view->publisher->frontends[shown->number];
    const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
    uint64_t counter = shown->revision_counters[slot];
    json_t *hsdirs = json_array();
    for (size_t i = 0; i < descriptor->upload_count; i++)
        json_array_append_new(hsdirs, make_hsdir(view, shown, &descriptor->uploads[i]));
    json_t *object = json_object();
    json_object_set_new(object, "name", json_string(names[slot]));
    json_object_set_new(object, "timePeriod", json_integer((json_int_t)descriptor->period_number));
    json_object_set_new(object, "revisionCounter",
                        counter != 0 ? json_integer((json_int_t)counter) : json_null());
    json_object_set_new(object, "nextUpload",
                        make_moment(view, report_view_next_upload(view, frontend, slot)));
    json_object_set_new(object, "expires", make_moment(view, publication_find_expiry(descriptor)));
    json_object_set_new(object, "ownUploadsKeptOut",
                        make_moment(view, twins_find_kept_out(view->publisher, frontend, slot)));
    json_object_set_new(object, "hsdirs", hsdirs);
    return object;
}

/* When a descriptor was last handed to tor. */
static int64_t find_last_attempt(const struct publisher_descriptor *descriptor)
{
    int64_t last = MOMENT_NONE;
    for (size_t i = 0; i < descriptor->upload_count; i++)
        last = descriptor->uploads[i].sent_at > last ? descriptor->uploads[i].sent_at : last;
    return last;
}

/* -- the whole */

/* What has been seen of other publishers of the same address. */
static json_t *make_others(const struct report_view *view, const struct publisher_frontend *frontend)
{
    const struct frontend_looks *looks = &frontend->looks;
    json_t *object = json_object();
    json_object_set_new(object, "state", json_string(publication_name_others(looks->others)));
    json_object_set_new(object, "since",
                        looks->others != OTHERS_NONE ? make_moment(view, looks->others_since) : json_null());
    json_object_set_new(object, "seen", make_moment(view, looks->others_seen));
    json_object_set_new(object, "evidence",
                        looks->others >= OTHERS_SUSPECTED
                            ? json_string(publication_name_evidence(looks->evidence))
                            : json_null());
    return object;
}

/* Which keys its tors have, and what comes with that; null what is for mode hardmap alone. */
static void add_mode(json_t *object, const struct report_view *view, const struct report_frontend *shown)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[shown->number];
    const struct config_frontend *config = shown->config;
    bool is_hardmap = config->mode == CONFIG_MODE_HARDMAP;
    json_object_set_new(object, "mode", json_string(config_mode_name(config->mode)));
    bool has_lead = is_hardmap || config->lead > 0;
    json_object_set_new(object, "lead", has_lead ? json_integer(config->lead) : json_null());
    json_object_set_new(object, "leadInUse",
                        has_lead ? json_integer(twins_find_lead(view->publisher, frontend)) : json_null());
    json_object_set_new(object, "proofOfWork",
                        is_hardmap ? json_string(config_proof_of_work_name(config)) : json_null());
    json_object_set_new(object, "isSplit", json_boolean(frontend->is_split));
    json_object_set_new(object, "descriptorsPolicy",
                        json_string(config_descriptors_name(config->descriptors)));
    json_object_set_new(object, "isDistinct", json_boolean(report_view_is_distinct(view, shown)));
    json_object_set_new(object, "nextTurn", make_moment(view, frontend->turn_at));
}

static json_t *make_service(const struct report_view *view, const struct report_frontend *shown)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[shown->number];
    const struct publisher_descriptor *descriptors = frontend->descriptors;
    char problem[PUBLICATION_TEXT_SIZE];
    unsigned weights = weights_sum(view->publisher, frontend);
    json_t *instances = json_array();
    for (size_t i = 0; i < frontend->member_count; i++)
        json_array_append_new(instances, make_instance(view, shown, frontend, i, weights));
    json_t *list = json_array();
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        if (descriptors[slot].upload_count > 0)
            json_array_append_new(list, make_descriptor(view, shown, (enum descriptor_slot)slot));
    }
    json_t *object = json_object();
    json_object_set_new(object, "onionAddress", status_value_address(frontend->identity_key));
    add_mode(object, view, shown);
    json_object_set_new(object, "publishAttemptFirstDescriptor",
                        make_moment(view, find_last_attempt(&descriptors[DESCRIPTOR_FIRST])));
    json_object_set_new(object, "publishAttemptSecondDescriptor",
                        make_moment(view, find_last_attempt(&descriptors[DESCRIPTOR_SECOND])));
    json_object_set_new(object, "isPublished", json_boolean(report_view_is_published(view, shown)));
    json_object_set_new(object, "publication", json_string(publication_name(publication_judge(view, shown))));
    json_object_set_new(object, "authorizedClients",
                        frontend->clients != NULL ? make_count(frontend->clients->count) : json_null());
    if (frontend->points_max < INTRODUCTION_POINTS_MAX)
        json_object_set_new(object, "maxIntroductionPoints", make_count(frontend->points_max));
    publication_describe(problem, view, shown);
    json_object_set_new(object, "problem", status_value_text(problem));
    json_object_set_new(object, "otherPublishers", make_others(view, frontend));
    json_object_set_new(object, "isStatic",
                        json_boolean(frontend->is_frozen && frontend->assignment != NULL));
    json_object_set_new(object, "usesDrained", json_boolean(frontend->uses_drained));
    json_object_set_new(object, "doubtsHealth", json_boolean(frontend->doubts_checks));
    json_object_set_new(object, "hasFlowControl",
                        json_boolean(assignment_has_flow_control(frontend->assignment)));
    json_object_set_new(object, "introPointsNum", make_count(assignment_count_points(frontend->assignment)));
    json_object_set_new(object, "introSetModified",
                        frontend->assignment != NULL ? make_moment(view, frontend->changed_at) : json_null());
    json_object_set_new(object, "bundle",
                        status_value_bundle(report_view_plan(shown), report_view_schedule(view),
                                            view->wall_milliseconds / 1000));
    json_object_set_new(object, "instances", instances);
    json_object_set_new(object, "descriptors", list);
    return object;
}

/* One of the local tors. */
static json_t *make_local_tor(const struct report_view *view, const struct report_tor *tor)
{
    const struct publisher_tor *state = &view->publisher->tors[tor->number];
    json_t *object = json_object();
    json_object_set_new(object, "place", status_value_text(tor->place));
    json_object_set_new(object, "isConnected", json_boolean(state->state != TOR_DOWN));
    json_object_set_new(object, "isReady", json_boolean(state->state == TOR_READY));
    json_object_set_new(object, "status", status_value_text(tor->status));
    json_object_set_new(object, "uploadsInFlight", make_count(state->in_flight));
    json_object_set_new(object, "uploads", json_integer((json_int_t)state->uploads));
    return object;
}

/* The local tors together. */
static json_t *make_tor(const struct report_view *view)
{
    const struct network *network = view->publisher->network;
    json_t *object = json_object();
    json_object_set_new(object, "isConnected", json_boolean(view->publisher->is_tor_up));
    json_object_set_new(object, "status", status_value_text(view->tor_status));
    json_t *tors = json_array();
    for (size_t i = 0; i < view->tor_count; i++)
        json_array_append_new(tors, make_local_tor(view, &view->tors[i]));
    json_object_set_new(object, "tors", tors);
    if (network == NULL)
        return object;
    json_object_set_new(object, "consensusValidAfter", status_value_time(network->valid_after));
    json_object_set_new(object, "consensusValidUntil", status_value_time(network->valid_until));
    json_object_set_new(object, "isConsensusLive",
                        json_boolean(network_is_live(network, view->wall_milliseconds / 1000)));
    json_object_set_new(object, "hsdirs", make_count(network->hsdir_count));
    return object;
}

static json_t *make_sandbox_lacks(const struct report_view *view)
{
    json_t *list = json_array();
    for (size_t i = 0; i < view->sandbox_lack_count; i++)
        json_array_append_new(list, status_value_text(view->sandbox_lacks[i].text));
    return list;
}

json_t *status_make_json(const struct report_view *view)
{
    json_t *services = json_array();
    for (size_t i = 0; i < view->frontend_count; i++)
        json_array_append_new(services, make_service(view, &view->frontends[i]));
    json_t *object = json_object();
    json_object_set_new(object, "version", status_value_text(view->version));
    json_object_set_new(object, "time", status_value_time(view->wall_milliseconds / 1000));
    json_object_set_new(object, "started", make_moment(view, view->started_at));
    json_object_set_new(object, "configLoaded", make_moment(view, view->loaded_at));
    json_object_set_new(object, "reloadError", status_value_text(view->reload_error));
    json_object_set_new(object, "error", status_value_text(view->last_error));
    json_object_set_new(object, "sandboxLacks", make_sandbox_lacks(view));
    json_object_set_new(object, "tor", make_tor(view));
    json_object_set_new(object, "services", services);
    return object;
}
