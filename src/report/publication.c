/* How well a frontend is published, from evidence that is recent enough. */
#include "report/publication.h"

#include <stdio.h>

/* A descriptor that no HSDir has taken for so long is late with its refresh, which comes within 120 minutes,
 * and has half an hour left. */
#define EXPIRES_SOON_TIME (30 * 60 * (int64_t)1000)

const char *publication_name(enum publication publication)
{
    static const char *const names[] = {
        [PUBLICATION_FULL] = "full",         [PUBLICATION_BEGINS] = "begins",
        [PUBLICATION_PARTLY] = "partly",     [PUBLICATION_LEFT] = "left to another publisher",
        [PUBLICATION_EXPIRES] = "expires",   [PUBLICATION_EXPIRED] = "expired",
        [PUBLICATION_STRANGER] = "stranger",
    };
    return names[publication];
}

enum look_verdict publication_find_verdict(const struct report_view *view,
                                           const struct publisher_upload *upload)
{
    return view->now - upload->look.at < HSDIR_MEMORY ? upload->look.verdict : LOOK_UNKNOWN;
}

const char *publication_name_verdict(enum look_verdict verdict)
{
    static const char *const names[LOOK_VERDICTS] = {
        [LOOK_UNKNOWN] = "unknown",          [LOOK_CURRENT] = "current", [LOOK_OLDER] = "older",
        [LOOK_OTHERS] = "another publisher", [LOOK_NONE] = "none",       [LOOK_BROKEN] = "broken",
    };
    return names[verdict];
}

const char *publication_name_others(enum others_state state)
{
    static const char *const names[] = {
        [OTHERS_NONE] = "none",
        [OTHERS_RECOGNISED] = "recognised",
        [OTHERS_SUSPECTED] = "suspected",
        [OTHERS_STRANGER] = "stranger",
    };
    return names[state];
}

const char *publication_name_evidence(enum stranger_evidence evidence)
{
    static const char *const names[] = {
        [STRANGER_POINTS] = "HSDirs hand out introduction points that none of its backends has",
        [STRANGER_COUNTER] = "HSDirs have a revision counter that no right clock makes",
        [STRANGER_BROKEN] = "HSDirs hand out what can't be read",
        [STRANGER_CLOSED] = "HSDirs hand out restricted descriptors that obpub has not made, and can't read",
        [STRANGER_OPEN] = "HSDirs hand out descriptors that everybody may read, of a restricted frontend",
        [STRANGER_REFUSALS] = "HSDirs refuse round after round, as they have higher revision counters",
    };
    return names[evidence];
}

int64_t publication_find_expiry(const struct publisher_descriptor *descriptor)
{
    int64_t last = MOMENT_NONE;
    for (size_t i = 0; i < descriptor->upload_count; i++)
        last = descriptor->uploads[i].taken_at > last ? descriptor->uploads[i].taken_at : last;
    return last != MOMENT_NONE ? last + HSDIR_MEMORY : MOMENT_NONE;
}

/* The worse one of a frontend's two descriptors. */
static enum publication judge_age(const struct report_view *view, const struct publisher_frontend *frontend)
{
    enum publication worst = PUBLICATION_PARTLY;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        int64_t expiry = publication_find_expiry(&frontend->descriptors[slot]);
        enum publication publication = PUBLICATION_PARTLY;
        if (expiry == MOMENT_NONE)
            publication = PUBLICATION_BEGINS;
        else if (view->now >= expiry)
            publication = PUBLICATION_EXPIRED;
        else if (view->now >= expiry - EXPIRES_SOON_TIME)
            publication = PUBLICATION_EXPIRES;
        if (publication > worst || (publication == PUBLICATION_BEGINS && worst == PUBLICATION_PARTLY))
            worst = publication;
    }
    return worst;
}

enum publication publication_judge(const struct report_view *view, const struct report_frontend *shown)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[shown->number];
    if (frontend->looks.others == OTHERS_STRANGER)
        return PUBLICATION_STRANGER;
    enum publication by_age = judge_age(view, frontend);
    if (frontend->is_frozen && frontend->looks.held_since != MOMENT_NONE && frontend->looks.is_left)
        return PUBLICATION_LEFT;
    if (by_age >= PUBLICATION_EXPIRES)
        return by_age;
    return report_view_is_published(view, shown) ? PUBLICATION_FULL : by_age;
}

void publication_describe(char text[PUBLICATION_TEXT_SIZE], const struct report_view *view,
                          const struct report_frontend *shown)
{
    const struct publisher_frontend *frontend = &view->publisher->frontends[shown->number];
    const char *problem = "";
    switch (publication_judge(view, shown)) {
    case PUBLICATION_FULL:
    case PUBLICATION_BEGINS:
    case PUBLICATION_PARTLY:
        break;
    case PUBLICATION_LEFT:
        problem = "another publisher's descriptors are left in their place, since no backend is live here";
        break;
    case PUBLICATION_EXPIRES:
        problem = "no HSDir has taken one of its descriptors for two and a half hours: they forget it after "
                  "three, and nobody new can visit then";
        break;
    case PUBLICATION_EXPIRED:
        problem = "IT IS NO LONGER PUBLISHED: what HSDirs had of one of its descriptors has expired";
        break;
    case PUBLICATION_STRANGER:
        snprintf(text, PUBLICATION_TEXT_SIZE,
                 "SOMEBODY ELSE PUBLISHES THIS ADDRESS: %s. Its key was stolen, or a machine that has it was "
                 "taken over; or another publisher, Onionbalance or tor still runs with it. \"Somebody else "
                 "publishes\" in obpub(8) says what to do",
                 publication_name_evidence(frontend->looks.evidence));
        return;
    }
    snprintf(text, PUBLICATION_TEXT_SIZE, "%s", problem);
}

enum publication publication_find_worst(const struct report_view *view, char text[PUBLICATION_TEXT_SIZE])
{
    enum publication worst = PUBLICATION_FULL;
    text[0] = '\0';
    for (size_t i = 0; i < view->frontend_count; i++) {
        enum publication publication = publication_judge(view, &view->frontends[i]);
        if (publication <= worst)
            continue;
        worst = publication;
        publication_describe(text, view, &view->frontends[i]);
    }
    return worst;
}
