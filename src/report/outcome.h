/* What one publication came to: how far it is, its result, the table at its end, and what it adds to
 * the status. */
#ifndef OBPUB_REPORT_OUTCOME_H
#define OBPUB_REPORT_OUTCOME_H

#include <stdio.h>

#include <jansson.h>

#include "config/config.h"
#include "publish/publisher.h"

/* The publisher has to be fresh: its frontends have the numbers of their places in the config. */
struct outcome {
    const struct config *config;
    const struct publisher *publisher;
    int64_t started, ended; /* milliseconds of the publisher's clock */
    const char *problem;    /* why nothing could be published, or "" */
    bool is_verified;       /* HSDirs were to be asked what they hand out */
};

enum outcome_result {
    OUTCOME_COMPLETE,   /* every HSDir has every descriptor, and hands it out where that was looked at */
    OUTCOME_INCOMPLETE, /* something was published, but not everything */
    OUTCOME_NOTHING,    /* no HSDir has taken anything */
};

/* Backends that are live, and all; uploads that were taken, and all; HSDirs that were seen to hand out what
 * they took, and all that were asked. */
struct outcome_counts {
    size_t live, backends, taken, uploads, seen, asked;
};

void outcome_count(const struct publisher *publisher, struct outcome_counts *counts);

/* Of the uploads that have not been taken and say why the one that was answered last, or NULL. */
const struct publisher_upload *outcome_find_failure(const struct publisher *publisher);

/* Complete means that every HSDir has every descriptor; a backend that was left out does not change that, as
 * long as its frontend has another one. */
enum outcome_result outcome_judge(const struct outcome *outcome);

/* Why a backend's points are not in: its own reason, or what there is to say where it has none. */
const char *outcome_explain_backend(const struct publisher *publisher, const struct source *backend);

/* Prints the table, for a person. */
void outcome_print_table(const struct outcome *outcome, FILE *file);

/* Adds to the status (report/status.h), at its top, what it does not say of one publication: result, problem
 * and seconds. */
void outcome_add_to_status(const struct outcome *outcome, json_t *status);

#endif
