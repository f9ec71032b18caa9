/* The metrics of what each frontend's backends have of its visitors. */
#include "publish/weights.h"
#include "report/metrics_values.h"
#include "report/twins.h"

static double member_weight(const struct report_view *view, const struct publisher_frontend *frontend,
                            const struct publisher_member *member, unsigned weights)
{
    (void)view;
    (void)frontend;
    (void)weights;
    return member->weight;
}

static double member_drained(const struct report_view *view, const struct publisher_frontend *frontend,
                             const struct publisher_member *member, unsigned weights)
{
    (void)view;
    (void)frontend;
    (void)weights;
    return member_is_drained(member);
}

static double member_wanted(const struct report_view *view, const struct publisher_frontend *frontend,
                            const struct publisher_member *member, unsigned weights)
{
    return weights_find_share(view->publisher, frontend, member, weights);
}

static double member_share(const struct report_view *view, const struct publisher_frontend *frontend,
                           const struct publisher_member *member, unsigned weights)
{
    (void)weights;
    return twins_find_share(view->publisher, frontend, member->source);
}

const struct member_metric member_metrics[] = {
    {{"obpub_frontend_backend_weight", "gauge",
      "The backend's weight at the frontend, by which its share of the visitors is worked out."},
     member_weight},
    {{"obpub_frontend_backend_drained", "gauge",
      "1 when no new visitors of the frontend are to come to the backend: its weight is 0, or an operator "
      "has "
      "drained it."},
     member_drained},
    {{"obpub_frontend_backend_share_wanted", "gauge",
      "Share of the frontend's clients that is to come to the backend by its weight, 0 to 1; none while "
      "nothing can be published."},
     member_wanted},
    {{"obpub_frontend_backend_share", "gauge",
      "Share of the clients that fetch the frontend's descriptor now and come to the backend, 0 to 1; none "
      "while no HSDir has anything."},
     member_share},
    {{NULL, NULL, NULL}, NULL},
};
