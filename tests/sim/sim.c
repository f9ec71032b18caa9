/* Plays the state machine of publish/ under a virtual clock against a model of the network, from a seed.
 *
 *     sim --history short|year|large|siege|turns|twins|unseen|crowd|throng|ailing [--seed N | --fresh]
 * [--count N]
 *         [--break RULE] [--figures] [--trace]
 *
 * With a count it plays as many histories, each with the next seed. One that fails is played again, to the
 * same end, by its own seed alone. --break breaks a rule of the model: then all is well if a check notices.
 * The rules: counters (an obpub's do not grow), lifetime (HSDirs keep a descriptor for 45 minutes), deaf
 * (lost connections are not noticed), mute (nor backends' uploads), slow (uploads take 20 minutes), patience
 * (refreshes have to be two hours apart), calm (a frontend may have four rounds an hour), haste (what is
 * held back may be so for a quarter of a minute), blind (nobody answers looks), meek (no obpub counts above
 * another one), torn (HSDirs keep all points but one); and of twins: lead (counters have none), far (it is
 * five times as long as it should be), seeds (a tor tells of its first one alone), owner (points go out with
 * another twin's seed), spare (obpub posts to the spare HSDirs, too), unseen (nobody can fetch
 * what these have), uneven (all HSDirs have one twin); and of crowds: left-out (one backend is in no set),
 * alone (each set has the points of one backend), stale (some HSDirs never have another set), owing (nobody
 * is owed what it lacked), forgetful (nothing is a reason for other points); and of ailing
 * web servers: hale (checks find nothing), strict (they count also where all fail). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "plans.h"

/* After so many histories that failed there is enough to look into. */
#define FAILURES_MAX 10

struct options {
    const char *history;
    uint64_t seed, count;
    bool with_figures;
};

static void add_figures(struct figures *total, const struct world *world)
{
    const struct figures *figures = &world->figures;
    total->checks += figures->checks;
    total->looks_by_obpubs += figures->looks_by_obpubs;
    total->looks += figures->looks;
    total->unlucky_looks += figures->unlucky_looks;
    total->uploads += figures->uploads;
    total->rejected += figures->rejected;
    total->fetches += figures->fetches;
    total->deaths += figures->deaths;
    total->events += figures->events;
    total->visits += figures->visits;
    total->vain_visits += figures->vain_visits;
    total->refusals += figures->refusals;
    total->own_uploads[0] += figures->own_uploads[0];
    total->own_uploads[1] += figures->own_uploads[1];
    total->rounds[0] += figures->rounds[0];
    total->rounds[1] += figures->rounds[1];
    if (figures->shares_spread > total->shares_spread)
        total->shares_spread = figures->shares_spread;
}

static void print_figures(const struct figures *figures)
{
    printf("%" PRIu64 " events, %" PRIu64 " uploads (%" PRIu64 " refused by HSDirs), %" PRIu64
           " fetches, %" PRIu64 " looks, %" PRIu64 " backends died, %" PRIu64 " rounds of checks, %" PRIu64
           " looks by clients, of which %" PRIu64 " found nothing where nothing was promised\n",
           figures->events, figures->uploads, figures->rejected, figures->fetches, figures->looks_by_obpubs,
           figures->deaths, figures->checks, figures->looks, figures->unlucky_looks);
    if (figures->visits > 0)
        printf("%" PRIu64 " visits, of which %" PRIu64 " got nothing where nothing was promised, %" PRIu64
               " solutions refused that may be, %" PRIu64 " uploads of twins taken, %" PRIu64 " refused\n",
               figures->visits, figures->vain_visits, figures->refusals, figures->own_uploads[1],
               figures->own_uploads[0]);
    printf("%" PRIu64 " rounds, and %" PRIu64 " refreshes\n", figures->rounds[1], figures->rounds[0]);
    if (figures->shares_spread > 0)
        printf("shares of what clients fetched were within %.1f %% of what was due\n",
               100 * figures->shares_spread);
}

/* A publisher may wake for a timer that turns out to have nothing to do, but not as a habit. */
static void check_wakes(struct world *world)
{
    for (size_t i = 0; i < OBPUBS; i++) {
        const struct obpub *obpub = &world->obpubs[i];
        if (obpub->idle_wakes > 100 + obpub->actions)
            world_fail(world, "of %" PRIu64 " wake-ups %" PRIu64 " were for nothing (%" PRIu64 " actions)",
                       obpub->wakes, obpub->idle_wakes, obpub->actions);
    }
}

/* Plays one history; false when a rule was broken. */
static bool play(const struct options *options, uint64_t seed, struct figures *total)
{
    static struct world world;
    struct plan plan;
    plan_make(&plan, options->history, seed);
    world_play(&world, &plan);
    check_wakes(&world);
    bool is_good = !world.has_failed;
    add_figures(total, &world);
    if (!is_good) {
        int64_t since = world.now - world.begin;
        printf("FAILED: %s\n  after %" PRId64 " h %" PRId64 " min %" PRId64 ".%03" PRId64 " s (%" PRId64
               "); play it again with: sim --history %s --seed %" PRIu64 "\n",
               world.failure, since / HOUR, since % HOUR / MINUTE, since % MINUTE / SECOND, since % SECOND,
               world.now, options->history, seed);
    }
    world_clear(&world);
    return is_good;
}

static bool read_options(struct options *options, int count, char **words)
{
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? words[i + 1] : NULL;
        if (strcmp(words[i], "--fresh") == 0) {
            randombytes_buf(&options->seed, sizeof(options->seed));
            options->seed >>= 16;
            continue;
        }
        if (strcmp(words[i], "--figures") == 0) {
            options->with_figures = true;
            continue;
        }
        if (strcmp(words[i], "--trace") == 0) {
            world_is_traced = true;
            continue;
        }
        if (value == NULL)
            return false;
        if (strcmp(words[i], "--history") == 0)
            options->history = value;
        else if (strcmp(words[i], "--seed") == 0)
            options->seed = strtoull(value, NULL, 10);
        else if (strcmp(words[i], "--count") == 0)
            options->count = strtoull(value, NULL, 10);
        else if (strcmp(words[i], "--break") == 0)
            world_broken_rule = value;
        else
            return false;
        i++;
    }
    struct plan plan;
    return plan_make(&plan, options->history, 0);
}

int main(int count, char **words)
{
    struct options options = {.history = "short", .seed = 1, .count = 1};
    if (sodium_init() < 0 || !read_options(&options, count, words)) {
        fprintf(
            stderr,
            "usage: sim --history short|year|large|siege|turns|twins|unseen|crowd|throng [--seed N | --fresh]"
            " [--count N] [--break RULE] [--figures] [--trace]\n");
        return 2;
    }
    printf("%" PRIu64 " of %s from seed %" PRIu64 "\n", options.count, options.history, options.seed);
    fflush(stdout);
    struct figures total = {0};
    uint64_t failed = 0;
    for (uint64_t i = 0; i < options.count && failed < FAILURES_MAX; i++)
        failed += !play(&options, options.seed + i, &total);
    if (options.with_figures || failed == 0)
        print_figures(&total);
    if (world_broken_rule != NULL)
        printf("the broken rule was %s\n", failed > 0 ? "noticed" : "NOT noticed");
    return (failed > 0) == (world_broken_rule != NULL) ? 0 : 1;
}
