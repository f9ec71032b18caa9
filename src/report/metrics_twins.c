/* The metrics of tors that have their frontend's key. */
#include <math.h>

#include "publish/split.h"
#include "report/metrics_text.h"
#include "report/metrics_values.h"
#include "report/twins.h"

/* A twin has one frontend. */
static const struct publisher_frontend *find_frontend(const struct report_view *view,
                                                      const struct source *twin)
{
    return &view->publisher->frontends[twin->frontends[0]];
}

static double twin_share(const struct report_view *view, const struct source *twin)
{
    return twins_find_share(view->publisher, find_frontend(view, twin), twin->number);
}

static double twin_hsdirs(const struct report_view *view, const struct source *twin)
{
    return (double)twins_count_hsdirs(view->publisher, find_frontend(view, twin), twin->number);
}

static double twin_lacks_work(const struct report_view *view, const struct source *twin)
{
    const struct publisher_frontend *frontend = find_frontend(view, twin);
    bool is_left_out = false;
    for (size_t i = 0; i < frontend->member_count; i++)
        is_left_out |= frontend->members[i].source == twin->number &&
                       split_leaves_out(view->publisher, frontend, &frontend->members[i]);
    return is_left_out;
}

static double twin_effort(const struct report_view *view, const struct source *twin)
{
    (void)view;
    return twin->pow_params.is_present ? (double)twin->pow_params.suggested_effort : METRICS_NO_VALUE;
}

static double twin_seed_expiry(const struct report_view *view, const struct source *twin)
{
    (void)view;
    return twin->pow_params.is_present ? (double)twin->pow_params.expires_at : METRICS_NO_VALUE;
}

static double twin_seeds(const struct report_view *view, const struct source *twin)
{
    (void)view;
    return (double)twin->seeds_replaced;
}

static double twin_has_own_points(const struct report_view *view, const struct source *twin)
{
    return twins_has_own_points(view->publisher, twin);
}

static double twin_refused(const struct report_view *view, const struct source *twin)
{
    (void)view;
    return (double)twin->own_uploads[SOURCE_UPLOAD_REFUSED];
}

static double twin_through(const struct report_view *view, const struct source *twin)
{
    (void)view;
    return (double)twin->uploads_through;
}

const struct backend_metric twin_metrics[] = {
    {{"obpub_twin_share", "gauge",
      "Share of the clients that fetch the frontend's descriptor now and come to this tor, 0 to 1."},
     twin_share},
    {{"obpub_twin_hsdirs", "gauge",
      "HSDirs that clients ask now and that have the introduction points of this tor alone."},
     twin_hsdirs},
    {{"obpub_twin_lacks_proof_of_work", "gauge",
      "1 when no visitor comes to this tor, as its proof of work is off while that of others of the frontend "
      "is on."},
     twin_lacks_work},
    {{"obpub_twin_effort", "gauge", "Effort that the tor suggests; none while its proof of work is off."},
     twin_effort},
    {{"obpub_twin_seed_expiry_timestamp_seconds", "gauge",
      "When the tor's seed ends, in seconds since the epoch; none while its proof of work is off."},
     twin_seed_expiry},
    {{"obpub_twin_seeds_replaced_total", "counter",
      "How often the tor has put another seed in the place of one."},
     twin_seeds},
    {{"obpub_twin_own_points", "gauge",
      "1 when it is known what the tor has made for the descriptor that clients use now, so that its proof "
      "of work can be published."},
     twin_has_own_points},
    {{"obpub_twin_own_uploads_refused_total", "counter",
      "Uploads of the tor's own that HSDirs have refused, because obpub's are there."},
     twin_refused},
    {{"obpub_twin_own_uploads_through_total", "counter",
      "Uploads of the tor's own that HSDirs have taken in the place of obpub's, which were sent again."},
     twin_through},
    {{NULL, NULL, NULL}, NULL},
};
