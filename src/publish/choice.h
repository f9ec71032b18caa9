/* Which introduction points of which sources go into a superdescriptor. */
#ifndef OBPUB_PUBLISH_CHOICE_H
#define OBPUB_PUBLISH_CHOICE_H

#include "publish/offer.h"
#include "publish/point_set.h"

/* Makes a set of at most maximum points (at most INTRODUCTION_POINTS_MAX), to be released with
 * point_set_release(), or NULL when there is no point. Where all offers have the same weight they are spread
 * as evenly over these as what is offered allows, and of several offers none gets more than twice as many
 * points as the middle one has (or than 6, if that is more), whatever it offers. Where weights differ each
 * offer has its part as apportionment_find() says. Those at relays that are unknown are taken last. Which
 * points of a source, and in what order all stand, is as good as random to whoever does not know the seed,
 * yet depends on little but the seed and each point itself: a change at one source does not reshuffle the
 * others. Points with a legacy key are passed over, and of several at the same relay all but one: a tor
 * client that has made a circuit to a relay takes the first point of the descriptor at that relay, so that
 * the others would never be used and only cost attempts. That one is the point of the source that has been at
 * the relay for longest: who copies the relays or the points of others gets nothing that these use. (Of
 * several that came at one moment, the one of the source with the fewest points.) The set's features are
 * those that all offers have in common; its pow-params are never a source's, since a source verifies
 * solutions against its own blinded key. clients: who alone may read the superdescriptor, NULL for everybody;
 * the set shares them.
 */
struct point_set *choice_make_set(const struct choice_offer *offers, size_t offer_count, size_t maximum,
                                  struct authorized_clients *clients, const uint8_t seed[CHOICE_SEED_SIZE]);

/* What all offers have in common, for a superdescriptor of theirs that only these clients may read (NULL:
 * everybody may), which are not shared yet; offer_count is 1 or more. */
void choice_merge_features(struct point_set_features *features, const struct choice_offer *offers,
                           size_t offer_count, struct authorized_clients *clients);

/* True when a set has this very point, or another one at its relay, whosever that is: the point can't have a
 * place there then. */
bool choice_is_taken(const struct point_set *set, const struct introduction_point *point);

#endif
