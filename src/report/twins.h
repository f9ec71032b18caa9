/* What is reported of a frontend whose tors have its key, and of each of these twins: whose points HSDirs
 * have, how clients are divided, and how the tors' own uploads are kept out. */
#ifndef OBPUB_REPORT_TWINS_H
#define OBPUB_REPORT_TWINS_H

#include "base/hex.h"
#include "report/view.h"

/* The first bytes of a seed in hexadecimal: enough to tell those of a frontend's tors apart. */
#define TWINS_SEED_BYTES 4
#define TWINS_SEED_SIZE HEX_TEXT_SIZE(TWINS_SEED_BYTES)

/* True when a source has the key of its frontend. */
bool twins_has_key(const struct publisher *publisher, const struct source *source);

/* By how many seconds a frontend's revision counters are ahead of the clock now: 0 while none of its tors
 * uploads. */
int64_t twins_find_lead(const struct publisher *publisher, const struct publisher_frontend *frontend);

/* Until when, at least, HSDirs refuse what the twins' tors make for a descriptor; MOMENT_NONE where there is
 * no lead, or nothing was sent yet. */
int64_t twins_find_kept_out(const struct publisher *publisher, const struct publisher_frontend *frontend,
                            enum descriptor_slot slot);

/* A source's share of the clients that fetch the descriptor now and visit, 0 to 1: each HSDir that clients
 * ask is as likely as the other, and so is each point that is found there. Of what HSDirs have, as far as is
 * known: NAN when that is of none of them. */
double twins_find_share(const struct publisher *publisher, const struct publisher_frontend *frontend,
                        uint64_t source);

/* The number of the source whose points alone an HSDir has, as far as is known; SOURCE_NONE when it has
 * nothing, or those of several. */
uint64_t twins_find_owner(const struct publisher_upload *upload);

/* How many of the HSDirs that clients ask now have the points of a source alone. */
size_t twins_count_hsdirs(const struct publisher *publisher, const struct publisher_frontend *frontend,
                          uint64_t source);

/* True when it is known which points a twin's tor has made for the time period that clients use now. Without
 * these its proof of work can't be published. */
bool twins_has_own_points(const struct publisher *publisher, const struct source *twin);

/* True when the pow-params of a twin's tor have expired and it has told of no others: its points are
 * published without any. */
bool twins_has_expired_seed(const struct source *twin);

/* Whether the twin's tor uploads its own descriptors: "on", "off" or "unknown". */
const char *twins_name_uploading(const struct source *twin);

/* The beginning of a seed. */
void twins_format_seed(char text[TWINS_SEED_SIZE], const struct pow_params *pow_params);

#endif
