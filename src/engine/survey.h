/* Asks the HSDirs of an onion service, each for itself, what they hand out of it: through a local tor, as a
 * client would. */
#ifndef OBPUB_ENGINE_SURVEY_H
#define OBPUB_ENGINE_SURVEY_H

#include "control/connection.h"
#include "control/hs_desc_event.h"
#include "onion/network.h"
#include "report/survey_view.h"

struct survey;

/* Most HSDirs that are looked at: more than any network has for the two descriptors of a service, but one
 * whose parameters are at their limits. */
#define SURVEY_HSDIRS_MAX 256

/* Starts: works out the HSDirs of both descriptors of a service, and asks those of the one that clients use
 * now, as tor fetches no other. done is called once all have answered, from the event loop;
 * survey_take_event() has to be given all events of the connection's tor. address is the identity key's;
 * nothing but the connection has to stay. */
struct survey *survey_new(struct control_connection *connection, const struct network *network,
                          const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], void (*done)(void *context),
                          void *context);
/* NULL is fine. */
void survey_free(struct survey *survey);

void survey_take_event(struct survey *survey, const struct hs_desc_event *event);

/* To be called when the connection is gone: nobody answers any more. */
void survey_note_closed(struct survey *survey);

/* The HSDirs, count of them: first those of the descriptor that clients use, of these first those that they
 * ask. Their examinations are for the caller to fill in, and released with the survey. */
struct surveyed_hsdir *survey_hsdirs(struct survey *survey, size_t *count);

/* How many of those that are asked have answered. */
void survey_count(const struct survey *survey, size_t *answered, size_t *asked);

#endif
