/* What the metrics are and where their values come from, as tables. */
#ifndef OBPUB_REPORT_METRICS_VALUES_H
#define OBPUB_REPORT_METRICS_VALUES_H

#include "report/view.h"

struct metric_help {
    const char *name, *type, *text;
};

/* One value for the whole process. */
struct process_metric {
    struct metric_help help;
    double (*value)(const struct report_view *view);
};

/* One value for each frontend. */
struct frontend_metric {
    struct metric_help help;
    double (*value)(const struct report_view *view, const struct report_frontend *shown);
};

/* One value for each descriptor of each frontend. */
struct descriptor_metric {
    struct metric_help help;
    double (*value)(const struct report_view *view, const struct report_frontend *shown,
                    enum descriptor_slot slot);
};

/* One value for each backend. */
struct backend_metric {
    struct metric_help help;
    double (*value)(const struct report_view *view, const struct source *backend);
};

/* One value for each backend of each frontend; weights is the sum of those of all of the frontend's that
 * count now. */
struct member_metric {
    struct metric_help help;
    double (*value)(const struct report_view *view, const struct publisher_frontend *frontend,
                    const struct publisher_member *member, unsigned weights);
};

/* One value for each local tor. */
struct tor_metric {
    struct metric_help help;
    double (*value)(const struct publisher_tor *tor);
};

/* Each table ends with an entry without a name. A value of METRICS_NO_VALUE is not shown. */
extern const struct process_metric process_metrics[];
extern const struct tor_metric tor_metrics[];
extern const struct frontend_metric frontend_metrics[];
extern const struct descriptor_metric descriptor_metrics[];
extern const struct member_metric member_metrics[];
extern const struct backend_metric backend_metrics[];
extern const struct backend_metric twin_metrics[]; /* of a backend that has its frontend's key */

#endif
