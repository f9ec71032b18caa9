/* A frontend whose HSDirs all have the points of all its sources. */
#ifndef OBPUB_PUBLISH_MERGED_H
#define OBPUB_PUBLISH_MERGED_H

#include "publish/state.h"

/* Makes the assignment of a frontend that is not split, with one holder; NULL when there is no point. */
struct assignment *merged_make_assignment(const struct publisher *publisher,
                                          const struct publisher_frontend *frontend,
                                          const uint8_t seed[CHOICE_SEED_SIZE]);

#endif
