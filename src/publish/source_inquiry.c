/* What is being asked of a source, and whom: the machine of the inquiry. */
#include "publish/source_inquiry.h"

#include "publish/source_change.h"

/* A state, and where it leads to; to itself where what happens changes nothing. */
struct row {
    const char *name;
    enum inquiry_state after_hint, after_begin, after_end;
    bool may_begin, is_asked, has_hint;
    bool is_asked_again; /* as soon as the fetch under way has ended */
};

static const struct row rows[INQUIRY_STATES] = {
    [INQUIRY_CLOSED] = {.name = "closed",
                        .after_hint = INQUIRY_CLOSED,
                        .after_begin = INQUIRY_CLOSED,
                        .after_end = INQUIRY_CLOSED},
    [INQUIRY_IDLE] = {.name = "idle",
                      .after_hint = INQUIRY_HINTED,
                      .after_begin = INQUIRY_POLLING,
                      .after_end = INQUIRY_IDLE,
                      .may_begin = true},
    [INQUIRY_HINTED] = {.name = "hinted",
                        .after_hint = INQUIRY_HINTED,
                        .after_begin = INQUIRY_FOLLOWING,
                        .after_end = INQUIRY_HINTED,
                        .may_begin = true,
                        .has_hint = true},
    [INQUIRY_POLLING] = {.name = "polling",
                         .after_hint = INQUIRY_OVERTAKEN,
                         .after_begin = INQUIRY_POLLING,
                         .after_end = INQUIRY_IDLE,
                         .is_asked = true},
    [INQUIRY_OVERTAKEN] = {.name = "overtaken",
                           .after_hint = INQUIRY_OVERTAKEN,
                           .after_begin = INQUIRY_FOLLOWING_ANEW,
                           .after_end = INQUIRY_HINTED,
                           .may_begin = true,
                           .is_asked = true,
                           .has_hint = true,
                           .is_asked_again = true},
    [INQUIRY_FOLLOWING] = {.name = "following",
                           .after_hint = INQUIRY_FOLLOWING_HINTED,
                           .after_begin = INQUIRY_FOLLOWING,
                           .after_end = INQUIRY_IDLE,
                           .is_asked = true},
    [INQUIRY_FOLLOWING_ANEW] = {.name = "following anew",
                                .after_hint = INQUIRY_FOLLOWING_HINTED,
                                .after_begin = INQUIRY_FOLLOWING_ANEW,
                                .after_end = INQUIRY_IDLE,
                                .is_asked = true,
                                .is_asked_again = true},
    [INQUIRY_FOLLOWING_HINTED] = {.name = "following hinted",
                                  .after_hint = INQUIRY_FOLLOWING_HINTED,
                                  .after_begin = INQUIRY_FOLLOWING_HINTED,
                                  .after_end = INQUIRY_HINTED,
                                  .is_asked = true,
                                  .has_hint = true,
                                  .is_asked_again = true},
};

static void change_state(struct source *source, enum inquiry_state state, const char *why)
{
    enum inquiry_state from = source->inquiry.state;
    if (from == state)
        return;
    source->inquiry.state = state;
    source_tell_change(source, "inquiry", rows[from].name, rows[state].name, why);
}

void inquiry_begin(struct source *source, int64_t now)
{
    source->inquiry = (struct source_inquiry){.state = INQUIRY_CLOSED, .ask_at = now};
}

void inquiry_open(struct source *source)
{
    change_state(source, INQUIRY_IDLE, "there is somebody to ask");
    source->inquiry.failures = 0;
}

void inquiry_close(struct source *source, const char *why)
{
    change_state(source, INQUIRY_CLOSED, why);
}

bool source_is_reachable(const struct source *source)
{
    return source->inquiry.state != INQUIRY_CLOSED;
}

bool source_is_asked(const struct source *source)
{
    return rows[source->inquiry.state].is_asked;
}

bool source_may_be_asked(const struct source *source)
{
    return rows[source->inquiry.state].may_begin;
}

bool inquiry_has_hint(const struct source *source)
{
    return rows[source->inquiry.state].has_hint;
}

void inquiry_note_hint(struct source *source, int64_t moment, const char *why)
{
    if (source->inquiry.ask_at > moment)
        source->inquiry.ask_at = moment;
    change_state(source, rows[source->inquiry.state].after_hint, why);
}

void inquiry_note_begun(struct source *source, enum inquiry_target target)
{
    source->inquiry.ask_at = MOMENT_NEVER;
    source->inquiry.asked = target;
    change_state(source, rows[source->inquiry.state].after_begin,
                 target == INQUIRY_OF_TOR ? "its tor is asked" : "HSDirs are asked");
}

void inquiry_note_ended(struct source *source, int64_t next, int64_t again)
{
    source->inquiry.ask_at = rows[source->inquiry.state].is_asked_again ? again : next;
    change_state(source, rows[source->inquiry.state].after_end, "the fetch has ended");
}

void inquiry_switch(struct source *source)
{
    bool asked_tor = source->inquiry.asked == INQUIRY_OF_TOR;
    source->inquiry.wanted = asked_tor ? INQUIRY_OF_HSDIRS : INQUIRY_OF_TOR;
}

void inquiry_note_failed(struct source *source, int64_t now)
{
    if (source->inquiry.failures++ == 0)
        source->inquiry.failing_since = now;
    source->inquiry.is_last_way = false;
    inquiry_switch(source);
}

void inquiry_want(struct source *source, enum inquiry_target target)
{
    source->inquiry.wanted = target;
    source->inquiry.is_last_way = false;
}
