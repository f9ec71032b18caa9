/* How well a frontend is published, from evidence that is recent enough: what HSDirs took, for as long as
 * they keep it, and what they were seen to hand out. */
#ifndef OBPUB_REPORT_PUBLICATION_H
#define OBPUB_REPORT_PUBLICATION_H

#include "report/view.h"

/* The later of two is the worse one. */
enum publication {
    PUBLICATION_FULL,     /* all HSDirs have both descriptors, with the introduction points as they are now */
    PUBLICATION_BEGINS,   /* nothing was taken yet, since the process began */
    PUBLICATION_PARTLY,   /* some HSDir lacks one, or has other points */
    PUBLICATION_LEFT,     /* no backend is live, and another publisher's descriptor is left in its place */
    PUBLICATION_EXPIRES,  /* one of its descriptors will soon be gone from all HSDirs */
    PUBLICATION_EXPIRED,  /* one of its descriptors is gone from all HSDirs */
    PUBLICATION_STRANGER, /* somebody else publishes its address */
};

/* What is worth saying of the publication; longer than any sentence of publication_describe(). */
#define PUBLICATION_TEXT_SIZE 640

enum publication publication_judge(const struct report_view *view, const struct report_frontend *frontend);

/* The word for it, for reports. */
const char *publication_name(enum publication publication);

/* Says in one sentence what is wrong, without figures that differ each time; "" when nothing is. */
void publication_describe(char text[PUBLICATION_TEXT_SIZE], const struct report_view *view,
                          const struct report_frontend *frontend);

/* How the frontend is that is published worst, and the same in words. */
enum publication publication_find_worst(const struct report_view *view, char text[PUBLICATION_TEXT_SIZE]);

/* When the last HSDir forgets a descriptor, by what it has taken so far; MOMENT_NONE when none has taken it.
 */
int64_t publication_find_expiry(const struct publisher_descriptor *descriptor);

/* What an HSDir was seen to hand out, if that was not longer ago than HSDirs keep anything. */
enum look_verdict publication_find_verdict(const struct report_view *view,
                                           const struct publisher_upload *upload);

/* Words for what an HSDir was seen to hand out, for other publishers that were seen, and for what a stranger
 * was found out by. */
const char *publication_name_verdict(enum look_verdict verdict);
const char *publication_name_others(enum others_state state);
const char *publication_name_evidence(enum stranger_evidence evidence);

#endif
