/* The relay of an introduction point, looked up in the consensus. */
#ifndef OBPUB_ONION_POINT_RELAY_H
#define OBPUB_ONION_POINT_RELAY_H

#include "onion/introduction_point.h"
#include "onion/network.h"

/* Looks whether a point can go into a superdescriptor, and has it name its relay as the consensus does: with
 * all its identities and addresses. A relay that the consensus does not have keeps those that the point says;
 * *is_known tells which it is. Returns why it can't, with the point as it was, or POINT_FAULT_NONE.
 *
 * The relay's onion key stays what the point says, even where the consensus has another one: relays make a
 * new one every few weeks and go on using the old one for days after that, so that a point whose key is not
 * the newest is none the worse for it, while a newer key than our consensus has is better than ours. */
enum point_fault point_relay_match(struct introduction_point *point, const struct network *network,
                                   bool *is_known);

#endif
