/* What the metrics are and where their values come from, as tables. */
#include "report/metrics_values.h"

#include <math.h>

#include "onion/presigned.h"
#include "report/metrics_text.h"
#include "report/publication.h"
#include "report/twins.h"

/* A moment of the publisher's clock in seconds since the epoch. */
static double moment_value(const struct report_view *view, int64_t moment)
{
    if (moment == MOMENT_NONE || moment == MOMENT_NEVER)
        return METRICS_NO_VALUE;
    return (double)(view->wall_milliseconds + (moment - view->now)) / 1000.0;
}

/* -- the process */

static double start_time(const struct report_view *view)
{
    return moment_value(view, view->started_at);
}

static double config_is_good(const struct report_view *view)
{
    return view->reload_error == NULL || view->reload_error[0] == '\0';
}

static double config_loaded(const struct report_view *view)
{
    return moment_value(view, view->loaded_at);
}

static double reloads(const struct report_view *view)
{
    return (double)view->counters->reloads;
}

static double reload_failures(const struct report_view *view)
{
    return (double)view->counters->reload_failures;
}

static double tor_is_connected(const struct report_view *view)
{
    return view->publisher->is_tor_up;
}

static double tor_connections_lost(const struct report_view *view)
{
    return (double)view->counters->tor_connections_lost;
}

static double backend_connections_lost(const struct report_view *view)
{
    return (double)view->counters->backend_connections_lost;
}

static double consensuses(const struct report_view *view)
{
    return (double)view->counters->consensuses;
}

static double consensus_is_live(const struct report_view *view)
{
    const struct network *network = view->publisher->network;
    return network != NULL && network_is_live(network, view->wall_milliseconds / 1000);
}

static double consensus_valid_until(const struct report_view *view)
{
    const struct network *network = view->publisher->network;
    return network != NULL ? (double)network->valid_until : METRICS_NO_VALUE;
}

static double hsdirs(const struct report_view *view)
{
    const struct network *network = view->publisher->network;
    return network != NULL ? (double)network->hsdir_count : 0;
}

static double uploads(const struct report_view *view)
{
    return (double)view->counters->uploads;
}

static double uploads_taken(const struct report_view *view)
{
    return (double)view->counters->uploads_taken;
}

static double sandbox_is_complete(const struct report_view *view)
{
    return view->sandbox_lack_count == 0;
}

static double frontends_waiting(const struct report_view *view)
{
    return (double)agenda_count(&view->publisher->queue);
}

const struct process_metric process_metrics[] = {
    {{"obpub_start_time_seconds", "gauge", "When the process began, in seconds since the epoch."},
     start_time},
    {{"obpub_config_last_reload_successful", "gauge", "1 unless the last reload of the config was refused."},
     config_is_good},
    {{"obpub_config_last_reload_success_timestamp_seconds", "gauge",
      "When the config in use was read, in seconds since the epoch."},
     config_loaded},
    {{"obpub_config_reloads_total", "counter", "Reloads of the config that were asked for."}, reloads},
    {{"obpub_config_reload_failures_total", "counter",
      "Reloads of the config that were refused, the old config going on."},
     reload_failures},
    {{"obpub_sandbox_complete", "gauge", "1 when the processes are confined in every way that obpub knows."},
     sandbox_is_complete},
    {{"obpub_tor_connected", "gauge", "1 while a local tor can be given uploads."}, tor_is_connected},
    {{"obpub_tor_connections_lost_total", "counter",
      "Connections to local tors' control ports that were lost."},
     tor_connections_lost},
    {{"obpub_backend_connections_lost_total", "counter",
      "Connections to backends' control ports that were lost."},
     backend_connections_lost},
    {{"obpub_consensuses_total", "counter", "Consensuses that were read from local tors."}, consensuses},
    {{"obpub_consensus_live", "gauge", "1 while a tor would still use the consensus."}, consensus_is_live},
    {{"obpub_consensus_valid_until_timestamp_seconds", "gauge",
      "The consensus' valid-until, in seconds since the epoch."},
     consensus_valid_until},
    {{"obpub_hsdirs", "gauge", "HSDirs in the consensus."}, hsdirs},
    {{"obpub_uploads_total", "counter", "Uploads handed to local tors, one for each HSDir."}, uploads},
    {{"obpub_frontends_waiting", "gauge",
      "Frontends with uploads that wait for a local tor to have a permit free."},
     frontends_waiting},
    {{"obpub_uploads_taken_total", "counter", "Uploads that the HSDir took."}, uploads_taken},
    {{NULL, NULL, NULL}, NULL},
};

/* -- local tors */

static double tor_is_up(const struct publisher_tor *tor)
{
    return tor->state != TOR_DOWN;
}

static double tor_is_ready(const struct publisher_tor *tor)
{
    return tor->state == TOR_READY;
}

static double tor_in_flight(const struct publisher_tor *tor)
{
    return (double)tor->in_flight;
}

static double tor_uploads(const struct publisher_tor *tor)
{
    return (double)tor->uploads;
}

const struct tor_metric tor_metrics[] = {
    {{"obpub_local_tor_connected", "gauge", "1 while this local tor can be given uploads."}, tor_is_up},
    {{"obpub_local_tor_ready", "gauge", "1 while this local tor also knows the network."}, tor_is_ready},
    {{"obpub_local_tor_uploads_in_flight", "gauge", "Uploads that hold a permit of this local tor."},
     tor_in_flight},
    {{"obpub_local_tor_uploads_total", "counter",
      "Uploads that this local tor was given, one for each HSDir."},
     tor_uploads},
    {{NULL, NULL, NULL}, NULL},
};

/* -- frontends */

static const struct publisher_frontend *find_frontend(const struct report_view *view,
                                                      const struct report_frontend *shown)
{
    return &view->publisher->frontends[shown->number];
}

static double frontend_is_published(const struct report_view *view, const struct report_frontend *shown)
{
    return report_view_is_published(view, shown);
}

static double frontend_has_stranger(const struct report_view *view, const struct report_frontend *shown)
{
    return find_frontend(view, shown)->looks.others == OTHERS_STRANGER;
}

static double frontend_has_others(const struct report_view *view, const struct report_frontend *shown)
{
    return find_frontend(view, shown)->looks.others != OTHERS_NONE;
}

static double frontend_is_frozen(const struct report_view *view, const struct report_frontend *shown)
{
    const struct publisher_frontend *frontend = find_frontend(view, shown);
    return frontend->is_frozen && frontend->assignment != NULL;
}

static double frontend_clients(const struct report_view *view, const struct report_frontend *shown)
{
    const struct authorized_clients *clients = find_frontend(view, shown)->clients;
    return clients != NULL ? (double)clients->count : METRICS_NO_VALUE;
}

static double frontend_uses_drained(const struct report_view *view, const struct report_frontend *shown)
{
    return find_frontend(view, shown)->uses_drained;
}

static double frontend_doubts_health(const struct report_view *view, const struct report_frontend *shown)
{
    return find_frontend(view, shown)->doubts_checks;
}

static double frontend_points(const struct report_view *view, const struct report_frontend *shown)
{
    return (double)assignment_count_points(find_frontend(view, shown)->assignment);
}

static double frontend_has_flow_control(const struct report_view *view, const struct report_frontend *shown)
{
    return assignment_has_flow_control(find_frontend(view, shown)->assignment);
}

static double frontend_is_split(const struct report_view *view, const struct report_frontend *shown)
{
    return shown->config->mode == CONFIG_MODE_HARDMAP ? find_frontend(view, shown)->is_split
                                                      : METRICS_NO_VALUE;
}

static double frontend_is_distinct(const struct report_view *view, const struct report_frontend *shown)
{
    return report_view_is_distinct(view, shown);
}

static double frontend_lead(const struct report_view *view, const struct report_frontend *shown)
{
    return shown->config->mode == CONFIG_MODE_HARDMAP || shown->config->lead > 0
               ? (double)twins_find_lead(view->publisher, find_frontend(view, shown))
               : METRICS_NO_VALUE;
}

static double bundle_expiry(const struct report_view *view, const struct report_frontend *shown)
{
    (void)view;
    const struct bundle_plan *plan = report_view_plan(shown);
    return plan != NULL ? (double)bundle_plan_end(plan) : METRICS_NO_VALUE;
}

static enum presigned_state judge_bundle(const struct report_view *view, const struct bundle_plan *plan)
{
    return presigned_judge(plan, report_view_schedule(view), view->wall_milliseconds / 1000);
}

static double bundle_runs_out(const struct report_view *view, const struct report_frontend *shown)
{
    const struct bundle_plan *plan = report_view_plan(shown);
    return plan != NULL ? judge_bundle(view, plan) == PRESIGNED_RUNS_OUT : METRICS_NO_VALUE;
}

static double bundle_is_usable(const struct report_view *view, const struct report_frontend *shown)
{
    const struct bundle_plan *plan = report_view_plan(shown);
    return plan != NULL ? presigned_is_usable(judge_bundle(view, plan)) : METRICS_NO_VALUE;
}

const struct frontend_metric frontend_metrics[] = {
    {{"obpub_frontend_published", "gauge",
      "1 when every HSDir has both descriptors with the introduction points as they are now, and nobody else "
      "publishes the address."},
     frontend_is_published},
    {{"obpub_frontend_stranger", "gauge",
      "1 when somebody publishes the frontend's address who is no publisher that is there on purpose."},
     frontend_has_stranger},
    {{"obpub_frontend_other_publishers", "gauge",
      "1 when another publisher of the frontend's address has been seen within three hours, whoever that "
      "is."},
     frontend_has_others},
    {{"obpub_frontend_static", "gauge",
      "1 when no backend is live, so that the last good introduction points stay published."},
     frontend_is_frozen},
    {{"obpub_frontend_authorized_clients", "gauge",
      "Authorised clients, who alone can read the frontend's descriptors; none where everybody can."},
     frontend_clients},
    {{"obpub_frontend_uses_drained", "gauge",
      "1 when no other backends are live than such as are drained, to which visitors come all the same."},
     frontend_uses_drained},
    {{"obpub_frontend_doubts_health", "gauge",
      "1 when all backends that are live fail their health checks, so that these change nothing."},
     frontend_doubts_health},
    {{"obpub_frontend_introduction_points", "gauge",
      "Introduction points in use: those in the superdescriptor, of all HSDirs together."},
     frontend_points},
    {{"obpub_frontend_flow_control", "gauge",
      "1 when the superdescriptor offers flow control, so that visitors have congestion control: all "
      "backends "
      "have to."},
     frontend_has_flow_control},
    {{"obpub_frontend_split", "gauge",
      "1 when each HSDir that clients ask has the points of one tor with its proof of work; none without "
      "mode hardmap."},
     frontend_is_split},
    {{"obpub_frontend_distinct", "gauge",
      "1 when HSDirs have introduction points of their own, since one set does not do for all backends."},
     frontend_is_distinct},
    {{"obpub_frontend_lead_seconds", "gauge",
      "By how much the revision counters are ahead of the clock now; none where there is no lead."},
     frontend_lead},
    {{"obpub_bundle_expiry_timestamp_seconds", "gauge",
      "When the frontend's presigned bundle runs out, in seconds since the epoch; none where there is a "
      "key."},
     bundle_expiry},
    {{"obpub_bundle_runs_out", "gauge",
      "1 in the last seven days of the frontend's presigned bundle, when it is time for a new one; none "
      "where there is a key."},
     bundle_runs_out},
    {{"obpub_bundle_usable", "gauge",
      "1 while the frontend can be published with its presigned bundle; none where there is a key."},
     bundle_is_usable},
    {{NULL, NULL, NULL}, NULL},
};

/* -- descriptors */

static const struct publisher_descriptor *find_descriptor(const struct report_view *view,
                                                          const struct report_frontend *shown,
                                                          enum descriptor_slot slot)
{
    return &find_frontend(view, shown)->descriptors[slot];
}

static double descriptor_hsdirs(const struct report_view *view, const struct report_frontend *shown,
                                enum descriptor_slot slot)
{
    return (double)find_descriptor(view, shown, slot)->upload_count;
}

static double descriptor_hsdirs_current(const struct report_view *view, const struct report_frontend *shown,
                                        enum descriptor_slot slot)
{
    const struct publisher_descriptor *descriptor = find_descriptor(view, shown, slot);
    size_t count = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++)
        count += upload_is_current(&descriptor->uploads[i], view->now);
    return (double)count;
}

/* When an HSDir last took the descriptor. */
static int64_t find_last_success(const struct publisher_descriptor *descriptor)
{
    int64_t last = MOMENT_NONE;
    for (size_t i = 0; i < descriptor->upload_count; i++)
        last = descriptor->uploads[i].taken_at > last ? descriptor->uploads[i].taken_at : last;
    return last;
}

static double descriptor_success_time(const struct report_view *view, const struct report_frontend *shown,
                                      enum descriptor_slot slot)
{
    return moment_value(view, find_last_success(find_descriptor(view, shown, slot)));
}

static double descriptor_success_age(const struct report_view *view, const struct report_frontend *shown,
                                     enum descriptor_slot slot)
{
    int64_t last = find_last_success(find_descriptor(view, shown, slot));
    return last != MOMENT_NONE ? (double)(view->now - last) / 1000.0 : METRICS_NO_VALUE;
}

static double descriptor_expiry_time(const struct report_view *view, const struct report_frontend *shown,
                                     enum descriptor_slot slot)
{
    return moment_value(view, publication_find_expiry(find_descriptor(view, shown, slot)));
}

static double descriptor_next_upload(const struct report_view *view, const struct report_frontend *shown,
                                     enum descriptor_slot slot)
{
    return moment_value(view, report_view_next_upload(view, find_frontend(view, shown), slot));
}

static double descriptor_time_period(const struct report_view *view, const struct report_frontend *shown,
                                     enum descriptor_slot slot)
{
    const struct publisher_descriptor *descriptor = find_descriptor(view, shown, slot);
    return descriptor->upload_count > 0 ? (double)descriptor->period_number : METRICS_NO_VALUE;
}

static double descriptor_revision_counter(const struct report_view *view, const struct report_frontend *shown,
                                          enum descriptor_slot slot)
{
    (void)view;
    uint64_t counter = shown->revision_counters[slot];
    return counter != 0 ? (double)counter : METRICS_NO_VALUE;
}

const struct descriptor_metric descriptor_metrics[] = {
    {{"obpub_descriptor_hsdirs", "gauge", "HSDirs that are responsible for the descriptor."},
     descriptor_hsdirs},
    {{"obpub_descriptor_hsdirs_current", "gauge",
      "HSDirs that have the descriptor with the introduction points as they are now."},
     descriptor_hsdirs_current},
    {{"obpub_descriptor_last_success_timestamp_seconds", "gauge",
      "When an HSDir last took the descriptor, in seconds since the epoch."},
     descriptor_success_time},
    {{"obpub_descriptor_last_success_age_seconds", "gauge",
      "Seconds since an HSDir last took the descriptor, whatever the clock was set to meanwhile."},
     descriptor_success_age},
    {{"obpub_descriptor_expiry_timestamp_seconds", "gauge",
      "When the last HSDir forgets the descriptor, in seconds since the epoch."},
     descriptor_expiry_time},
    {{"obpub_descriptor_next_upload_timestamp_seconds", "gauge",
      "When the descriptor is uploaded next, in seconds since the epoch."},
     descriptor_next_upload},
    {{"obpub_descriptor_time_period", "gauge", "Number of the descriptor's time period."},
     descriptor_time_period},
    {{"obpub_descriptor_revision_counter", "gauge", "Revision counter of the descriptor made last."},
     descriptor_revision_counter},
    {{NULL, NULL, NULL}, NULL},
};

/* -- backends */

static double backend_is_up(const struct report_view *view, const struct source *backend)
{
    (void)view;
    return backend->life.state == SOURCE_LIVE;
}

static double backend_is_reachable(const struct report_view *view, const struct source *backend)
{
    (void)view;
    return source_is_reachable(backend);
}

static double backend_points(const struct report_view *view, const struct source *backend)
{
    (void)view;
    return backend->descriptor != NULL ? (double)backend->descriptor->point_count : 0;
}

static double backend_since(const struct report_view *view, const struct source *backend)
{
    return moment_value(view, backend->life.since);
}

static double backend_received(const struct report_view *view, const struct source *backend)
{
    return backend->descriptor != NULL ? moment_value(view, backend->descriptor_at) : METRICS_NO_VALUE;
}

static double backend_has_work(const struct report_view *view, const struct source *backend)
{
    (void)view;
    return backend->descriptor != NULL && backend->descriptor->pow_params.is_present;
}

static double backend_is_healthy(const struct report_view *view, const struct source *backend)
{
    (void)view;
    return backend->health.state == HEALTH_UNCHECKED ? METRICS_NO_VALUE : !source_is_sick(backend);
}

static double backend_checked(const struct report_view *view, const struct source *backend)
{
    return backend->health.state == HEALTH_UNCHECKED ? METRICS_NO_VALUE
                                                     : moment_value(view, backend->health.checked_at);
}

const struct backend_metric backend_metrics[] = {
    {{"obpub_backend_up", "gauge", "1 while the backend is live."}, backend_is_up},
    {{"obpub_backend_reachable", "gauge",
      "1 while the backend can be asked: its control port, or the local tor where it has none."},
     backend_is_reachable},
    {{"obpub_backend_introduction_points", "gauge",
      "Introduction points in the newest descriptor of the backend."},
     backend_points},
    {{"obpub_backend_state_since_timestamp_seconds", "gauge",
      "When the backend entered its state, in seconds since the epoch."},
     backend_since},
    {{"obpub_backend_descriptor_received_timestamp_seconds", "gauge",
      "When a descriptor of the backend last came, in seconds since the epoch."},
     backend_received},
    {{"obpub_backend_healthy", "gauge",
      "1 unless the backend's health checks fail, 0 when they do; none where it is not checked."},
     backend_is_healthy},
    {{"obpub_backend_health_checked_timestamp_seconds", "gauge",
      "When a health check of the backend last ended, in seconds since the epoch; none before."},
     backend_checked},
    {{"obpub_backend_proof_of_work", "gauge", "1 when the backend's tor has proof of work on."},
     backend_has_work},
    {{NULL, NULL, NULL}, NULL},
};
