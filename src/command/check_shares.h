/* Which part of a frontend's visitors each of its backends has, by the config alone. */
#ifndef OBPUB_COMMAND_CHECK_SHARES_H
#define OBPUB_COMMAND_CHECK_SHARES_H

#include <stdbool.h>

#include "config/config.h"
#include "publish/shares.h"

/* Shares from 0 to 1, in the order of the backends. */
struct check_shares {
    double *wanted; /* by their weights */
    /* When all are live and each tor has SHARES_DEFAULT_POINTS introduction points; where there is not room
     * for all, on average over the turns that they take. */
    double *given;
    bool differ; /* the weights do */
};

/* Works them out for a frontend of a config that is good, one of whose weights at least is not 0. */
void check_shares_find(struct check_shares *shares, const struct config_frontend *frontend);
void check_shares_clear(struct check_shares *shares);

#endif
