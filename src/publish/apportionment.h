/* How many whole places each source has in one set where their weights differ. */
#ifndef OBPUB_PUBLISH_APPORTIONMENT_H
#define OBPUB_PUBLISH_APPORTIONMENT_H

#include "publish/shares.h"

/* Divides at most maximum places of one set between count sources, for their weights: places[i] whole ones.
 * None has more than it offers, and about as many as shares_find() says: up to the next whole one. Each that
 * offers a point has one, those with the greatest weights where there is not room for all; the others go one
 * by one to the source that has the least for its weight (as Sainte-Lague does), and to the first one given
 * of several. There are as many in all as have the source whose share is furthest from its weight's part
 * nearest to it: of several such numbers the greatest. */
void apportionment_find(const struct share_claim *claims, size_t count, size_t maximum, size_t *places);

#endif
