/* Drains instances, and ends that, for an operator who names them as the config does. */
#include "engine/draining.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/engine_state.h"
#include "engine/index.h"

/* Bytes of a list of instances that an answer has at most. */
#define LIST_SIZE 1200

/* An instance that is meant, at one of its frontends. */
struct match {
    const struct config_frontend *config;
    size_t frontend; /* the publisher's number */
    size_t position; /* of it among the members, and in the config */
};

struct matches {
    struct match *list;
    size_t count;
};

static const struct config_backend *find_config(const struct match *match)
{
    return &match->config->backends[match->position];
}

static struct publisher_member *find_member(const struct engine *engine, const struct match *match)
{
    return &engine->publisher->frontends[match->frontend].members[match->position];
}

/* True when a text is an onion address, with or without ".onion". */
static bool is_address(const char *text, const char *address)
{
    return strncasecmp(text, address, ONION_ADDRESS_LENGTH) == 0 &&
           (text[ONION_ADDRESS_LENGTH] == '\0' || strcasecmp(text + ONION_ADDRESS_LENGTH, ".onion") == 0);
}

/* Lists the instances that a request may mean; without a name all that the frontends have which it names. */
static void find_matches(const struct engine *engine, const struct drain_request *request, const char *name,
                         struct matches *matches)
{
    *matches = (struct matches){NULL, 0};
    for (size_t i = 0; i < engine->config->frontend_count; i++) {
        const struct config_frontend *config = &engine->config->frontends[i];
        size_t number = engine_find_frontend(engine, config->address);
        if (request->frontend[0] != '\0' && strcmp(request->frontend, config->address) != 0)
            continue;
        for (size_t j = 0; j < config->backend_count; j++) {
            const struct config_backend *backend = &config->backends[j];
            if (name != NULL && strcmp(backend->name, name) != 0 && !is_address(name, backend->address))
                continue;
            matches->list =
                memory_extend(matches->list, &matches->count, matches->count + 1, sizeof(*matches->list));
            matches->list[matches->count - 1] = (struct match){config, number, j};
        }
    }
}

/* -- what there is */

/* Adds to a list what tells an instance from others. Returns false when there is no room. */
static bool add_to_list(char list[LIST_SIZE], const struct match *match, bool has_address)
{
    const struct config_backend *backend = find_config(match);
    size_t length = strlen(list);
    int added = snprintf(list + length, LIST_SIZE - length, "%s%s", length > 0 ? ", " : "", backend->name);
    if (has_address && added > 0 && (size_t)added < LIST_SIZE - length)
        added += snprintf(list + length + (size_t)added, LIST_SIZE - length - (size_t)added,
                          " (%s.onion) of %s.onion", backend->address, match->config->address);
    if (added > 0 && (size_t)added < LIST_SIZE - length)
        return true;
    list[length] = '\0';
    return false;
}

static void make_list(char list[LIST_SIZE], const struct matches *matches, bool has_addresses)
{
    char more[] = ", and more";
    list[0] = '\0';
    for (size_t i = 0; i < matches->count; i++) {
        if (add_to_list(list, &matches->list[i], has_addresses))
            continue;
        size_t length = strlen(list);
        snprintf(list + (length < LIST_SIZE - sizeof(more) ? length : LIST_SIZE - sizeof(more)), sizeof(more),
                 "%s", more);
        return;
    }
}

static void answer_nothing(const struct engine *engine, const struct drain_request *request,
                           struct drain_answer *answer)
{
    char list[LIST_SIZE];
    struct matches all;
    find_matches(engine, request, NULL, &all);
    make_list(list, &all, false);
    if (all.count == 0)
        drain_answer_set(answer, DRAIN_UNKNOWN, "%s.onion is no frontend of the config", request->frontend);
    else
        drain_answer_set(answer, DRAIN_UNKNOWN, "there is no instance \"%s\": there are %s", request->name,
                         list);
    free(all.list);
}

/* True when the matches are more than one instance. */
static bool are_several(const struct engine *engine, const struct matches *matches)
{
    for (size_t i = 1; i < matches->count; i++) {
        if (find_member(engine, &matches->list[i])->source != find_member(engine, &matches->list[0])->source)
            return true;
    }
    return false;
}

static void answer_several(const struct drain_request *request, const struct matches *matches,
                           struct drain_answer *answer)
{
    char list[LIST_SIZE];
    make_list(list, matches, true);
    drain_answer_set(answer, DRAIN_UNKNOWN,
                     "\"%s\" can be more than one instance, %s: give its address or another name, or the "
                     "frontend with --frontend",
                     request->name, list);
}

/* -- doing it */

/* The first of the frontends that nobody else could serve; NULL when there is none. */
static const struct match *find_needed(const struct engine *engine, const struct matches *matches)
{
    for (size_t i = 0; i < matches->count; i++) {
        const struct match *match = &matches->list[i];
        const struct publisher_member *member = find_member(engine, match);
        if (member->drained_at == MOMENT_NONE &&
            !publisher_may_drain(engine->publisher, match->frontend, member->source))
            return match;
    }
    return NULL;
}

/* Returns at how many frontends that makes a difference. */
static size_t set_drained(struct engine *engine, const struct matches *matches, bool is_drained)
{
    size_t changed = 0;
    for (size_t i = 0; i < matches->count; i++) {
        const struct match *match = &matches->list[i];
        changed +=
            publisher_set_drained(engine->publisher, match->frontend, find_member(engine, match)->source,
                                  is_drained, clock_milliseconds());
    }
    if (changed > 0)
        engine_wake(engine);
    return changed;
}

static void drain(struct engine *engine, const struct matches *matches, struct drain_answer *answer)
{
    const char *name = find_config(&matches->list[0])->name;
    const struct match *needed = find_needed(engine, matches);
    if (needed != NULL)
        drain_answer_set(
            answer, DRAIN_REFUSED,
            "no other instance of %s.onion is live and neither drained nor sick, so visitors need \"%s\": it "
            "stays as it is",
            needed->config->address, name);
    else if (set_drained(engine, matches, true) == 0)
        drain_answer_set(answer, DRAIN_DONE, "\"%s\" was drained before", name);
    else
        drain_answer_set(
            answer, DRAIN_DONE,
            "\"%s\" is drained: no new visitors come to it once the next descriptors are out, within "
            "a minute",
            name);
}

/* A frontend whose config has the weight 0 for the instance; NULL when there is none. */
static const struct match *find_weightless(const struct matches *matches)
{
    for (size_t i = 0; i < matches->count; i++) {
        if (find_config(&matches->list[i])->weight == 0)
            return &matches->list[i];
    }
    return NULL;
}

static void undrain(struct engine *engine, const struct matches *matches, struct drain_answer *answer)
{
    const char *name = find_config(&matches->list[0])->name;
    size_t changed = set_drained(engine, matches, false);
    const struct match *weightless = find_weightless(matches);
    if (weightless != NULL)
        drain_answer_set(
            answer, DRAIN_REFUSED,
            "\"%s\" has the weight 0 in the config, for %s.onion: until it has another one there, "
            "and the config is read again, no visitors come to it",
            name, weightless->config->address);
    else if (changed == 0)
        drain_answer_set(answer, DRAIN_DONE, "\"%s\" was not drained", name);
    else
        drain_answer_set(
            answer, DRAIN_DONE,
            "\"%s\" is not drained any more: visitors come to it once the next descriptors are out, "
            "within a minute",
            name);
}

void engine_drain(struct engine *engine, const struct drain_request *request, struct drain_answer *answer)
{
    struct matches matches;
    find_matches(engine, request, request->name, &matches);
    if (matches.count == 0)
        answer_nothing(engine, request, answer);
    else if (are_several(engine, &matches))
        answer_several(request, &matches, answer);
    else if (request->is_drained)
        drain(engine, &matches, answer);
    else
        undrain(engine, &matches, answer);
    free(matches.list);
}
