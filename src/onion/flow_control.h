/* The flow-control line: which versions of congestion control a service speaks (rend-spec-v3
 * [HS-DESC-ENC], proposal 324). */
#ifndef OBPUB_ONION_FLOW_CONTROL_H
#define OBPUB_ONION_FLOW_CONTROL_H

#include "onion/descriptor.h"
#include "onion/document.h"

/* Reads the two arguments of the line: version ranges as in a relay's protocol list ("1-2,4"; dir-spec,
 * "proto"), and the sendme increment, 1 to 255 cells. Returns 0 or -1. */
int flow_control_parse(struct flow_control *flow_control, struct text versions, struct text sendme_inc,
                       struct error *error);

/* Reduces common to what other has too: the versions of both if the increment is the same, else none. */
void flow_control_intersect(struct flow_control *common, const struct flow_control *other);

#endif
