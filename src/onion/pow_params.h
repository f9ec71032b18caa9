/* The pow-params line: what a client has to know to solve a service's proof of work, of the type v1
 * (rend-spec-v3 [HS-DESC-ENC], hspow-spec). */
#ifndef OBPUB_ONION_POW_PARAMS_H
#define OBPUB_ONION_POW_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "onion/document.h"

#define POW_SEED_SIZE 32
/* Room for the longest line, with its newline and a NUL. */
#define POW_PARAMS_LINE_SIZE 96

struct pow_params {
    bool is_present;
    uint8_t seed[POW_SEED_SIZE];
    uint32_t suggested_effort; /* 0: proof of work is on, but not asked for */
    int64_t expires_at;        /* seconds since the epoch: clients fetch the descriptor again then */
};

/* True when both are absent, or say the same. */
bool pow_params_equal(const struct pow_params *one, const struct pow_params *other);

/* Takes over a pow-params line, an item with at least one argument. A descriptor may have several: those of
 * other types than v1 change nothing. What stands behind the four arguments of v1 is ignored. Returns 0, or
 * -1 with pow_params as they were when the line is of v1 and another one was before (pow_params is present),
 * or one of its arguments is missing or not of its form. Clients refuse the whole descriptor then. */
int pow_params_take(struct pow_params *pow_params, const struct document_item *item, struct error *error);

/* Writes the line as tor does, with its newline and a NUL. Returns 0, or -1 with nothing of use in line when
 * the params expire outside of the years 1970 to 9999, which the line can't say. */
int pow_params_format(char line[POW_PARAMS_LINE_SIZE], const struct pow_params *pow_params);

#endif
