/* Whose word counts about a source: the machine of trust. */
#include "publish/source_trust.h"

#include "publish/source_change.h"

/* A state, and where it leads to; to itself where what happens changes nothing. */
struct row {
    const char *name;
    enum trust_state after_old, after_denial, after_answer;
    bool hsdirs_are_current;
};

static const struct row rows[TRUST_STATES] = {
    [TRUST_YOUNG] = {.name = "young",
                     .after_old = TRUST_HSDIRS,
                     .after_denial = TRUST_YOUNG_DENIED,
                     .after_answer = TRUST_YOUNG},
    [TRUST_HSDIRS] = {.name = "HSDirs too",
                      .after_old = TRUST_HSDIRS,
                      .after_denial = TRUST_DENIED,
                      .after_answer = TRUST_HSDIRS,
                      .hsdirs_are_current = true},
    [TRUST_YOUNG_DENIED] = {.name = "young, denied",
                            .after_old = TRUST_DENIED,
                            .after_denial = TRUST_YOUNG_DENIED,
                            .after_answer = TRUST_YOUNG},
    [TRUST_DENIED] = {.name = "denied",
                      .after_old = TRUST_DENIED,
                      .after_denial = TRUST_DENIED,
                      .after_answer = TRUST_HSDIRS,
                      .hsdirs_are_current = true},
};

static void change_state(struct source *source, enum trust_state state, const char *why)
{
    enum trust_state from = source->trust.state;
    if (from == state)
        return;
    source->trust.state = state;
    source_tell_change(source, "trust", rows[from].name, rows[state].name, why);
}

void trust_begin(struct source *source, const char *why)
{
    bool asks_own_tor = source_policy(source->kind)->asks_own_tor;
    source->trust.process = TRUST_PROCESS_UNKNOWN;
    source->trust.old_at = MOMENT_NEVER;
    change_state(source, asks_own_tor ? TRUST_YOUNG : TRUST_HSDIRS, why);
}

bool trust_hsdirs_are_current(const struct source *source)
{
    return rows[source->trust.state].hsdirs_are_current;
}

bool trust_includes_hsdirs(const struct source *source)
{
    return source->trust.state == TRUST_HSDIRS;
}

bool trust_counters_go_on(const struct source *source)
{
    return source->trust.process != TRUST_PROCESS_OTHER;
}

bool trust_note_process(struct source *source, bool is_new_process, bool is_young, int64_t started)
{
    struct source_trust *trust = &source->trust;
    bool has_replaced = is_new_process && trust->process != TRUST_PROCESS_UNKNOWN;
    if (is_new_process)
        trust->process = TRUST_PROCESS_OTHER;
    else if (trust->process == TRUST_PROCESS_UNKNOWN)
        trust->process = TRUST_PROCESS_SAME;
    trust->process_started = started;
    change_state(source, is_young ? TRUST_YOUNG : TRUST_HSDIRS,
                 is_young ? "its process is young" : "its process has been running for long");
    return has_replaced;
}

void trust_set_age(struct source *source, int64_t age)
{
    struct source_trust *trust = &source->trust;
    trust->old_at = trust_hsdirs_are_current(source) ? MOMENT_NEVER : trust->process_started + age;
}

void trust_note_old(struct source *source)
{
    source->trust.old_at = MOMENT_NEVER;
    change_state(source, rows[source->trust.state].after_old, "its process is no longer young");
}

void trust_note_taken(struct source *source)
{
    change_state(source, TRUST_HSDIRS, "an HSDir has an upload of its process");
}

void trust_note_answer(struct source *source)
{
    change_state(source, rows[source->trust.state].after_answer, "its tor has a descriptor");
}

void trust_note_denial(struct source *source)
{
    change_state(source, rows[source->trust.state].after_denial, "its tor has no good descriptor");
}

void trust_note_descriptor(struct source *source)
{
    if (source->trust.process == TRUST_PROCESS_OTHER)
        source->trust.process = TRUST_PROCESS_SAME;
}
