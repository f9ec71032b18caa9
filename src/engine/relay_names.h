/* The nicknames of relays, as a tor's consensus has them. */
#ifndef OBPUB_ENGINE_RELAY_NAMES_H
#define OBPUB_ENGINE_RELAY_NAMES_H

#include "control/connection.h"
#include "onion/consensus.h"

struct relay_names;

/* Calls done once every question so far has its answer; never from inside a call of a function below. */
struct relay_names *relay_names_new(void (*done)(void *context), void *context);
/* NULL is fine. */
void relay_names_free(struct relay_names *names);

/* Asks for a relay's, unless that has been done; no more than RELAY_NAMES_MAX are asked for. */
#define RELAY_NAMES_MAX 1024
void relay_names_ask(struct relay_names *names, struct control_connection *connection,
                     const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

bool relay_names_are_waiting(const struct relay_names *names);

/* A relay's, or NULL where it is not known. names is a struct relay_names. */
const char *relay_names_find(const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const void *names);

/* To be called when the connection is gone, with which all questions that wait are. */
void relay_names_note_closed(struct relay_names *names);

#endif
