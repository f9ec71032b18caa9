/* A config as it comes from the reader, message by message: its text, and what there is to say of each key.
 */
#ifndef OBPUB_READER_CONFIG_DELIVERY_H
#define OBPUB_READER_CONFIG_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

struct config_delivery;

struct config_delivery *config_delivery_new(void);

/* NULL is fine. */
void config_delivery_free(struct config_delivery *delivery);

/* Takes one message (reader_message.h) of 2 or more bytes before the last one of the answer to READER_LOAD.
 * Returns 0, or -1 when it is none. */
int config_delivery_take(struct config_delivery *delivery, const uint8_t *bytes, size_t size);

/* Parses the text that has come; each frontend has its number at the signer, and no key. path is the
 * config's, for messages. What there is to say of it the reader has said, but that the two differ. Returns 0
 * with config to be cleared, or -1. */
int config_delivery_parse(struct config_delivery *delivery, const char *path, struct config *config);

/* What has been said of it so far; good for as long as the delivery is. */
struct config_report *config_delivery_report(struct config_delivery *delivery);

#endif
