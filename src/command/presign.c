/* obpub presign: signs beforehand what publishing needs for some days, on a machine that needs no network. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/printable.h"
#include "command/commands.h"
#include "command/given_config.h"
#include "command/options.h"
#include "command/output.h"
#include "config/client_files.h"
#include "config/tor_clients.h"
#include "confine/memory_lock.h"
#include "files/new_file.h"
#include "files/new_name.h"
#include "onion/bundle.h"
#include "report/progress.h"

/* What takes no longer than this shows no progress. */
#define QUIET_MILLISECONDS 1000

struct presign {
    const struct options *options;
    const struct config *config;
    struct bundle_plan plan;
    bool is_folder; /* -o names a folder for a file of each frontend */
    struct progress progress;
    size_t signed_periods; /* of all frontends */
};

/* -- where to ------------------------------------------------------------------------------------- */

/* The file of a frontend; release with free(). */
static char *find_path(const struct presign *presign, const struct config_frontend *frontend)
{
    const char *output = presign->options->output;
    if (!presign->is_folder)
        return memory_copy_text(output, strlen(output));
    size_t size = strlen(output) + strlen(frontend->address) + sizeof("/.bundle");
    char *path = memory_allocate(size, 1);
    bool has_slash = output[strlen(output) - 1] == '/';
    snprintf(path, size, "%s%s%s.bundle", output, has_slash ? "" : "/", frontend->address);
    return path;
}

/* Finds out whether -o is a file or a folder, and makes the folder. */
static int prepare_output(struct presign *presign, struct error *error)
{
    const char *output = presign->options->output;
    struct stat status;
    bool is_there = stat(output, &status) == 0;
    if (is_there && S_ISDIR(status.st_mode)) {
        presign->is_folder = true;
        return 0;
    }
    if (presign->config->frontend_count == 1 && output[strlen(output) - 1] != '/')
        return 0;
    if (is_there)
        return error_set(error, "-o %s: is a file, but %zu frontends need a folder for a file of each",
                         output, presign->config->frontend_count);
    if (mkdir(output, 0700) != 0)
        return error_set(error, "-o %s: the folder can't be made (%s)", output, strerror(errno));
    presign->is_folder = true;
    return 0;
}

/* A bundle can't be made from a bundle. */
static int check_keys(const struct presign *presign, struct error *error)
{
    for (size_t i = 0; i < presign->config->frontend_count; i++) {
        const struct config_frontend *frontend = &presign->config->frontends[i];
        if (frontend->secret_key == NULL)
            return error_set(error, "key %s is a bundle itself: signing needs the frontend's key",
                             frontend->key_path);
    }
    return 0;
}

/* Nothing is begun when a file is in the way. */
static int check_paths(const struct presign *presign, struct error *error)
{
    for (size_t i = 0; i < presign->config->frontend_count && !presign->options->force; i++) {
        char *path = find_path(presign, &presign->config->frontends[i]);
        if (new_name_is_taken(path))
            error_set(error, "%s is there already: use another name, or --force to replace it", path);
        bool is_there = new_name_is_taken(path);
        free(path);
        if (is_there)
            return -1;
    }
    return 0;
}

/* -- signing -------------------------------------------------------------------------------------- */

static void show_progress(struct presign *presign)
{
    char text[PROGRESS_TEXT_SIZE];
    size_t all = presign->plan.period_count * presign->config->frontend_count;
    snprintf(text, sizeof(text), "%zu of %zu time periods signed", presign->signed_periods, all);
    int64_t now = clock_milliseconds();
    if (now - presign->progress.started >= QUIET_MILLISECONDS)
        progress_show(&presign->progress, "signing", text, now);
}

/* Signs for a frontend. Returns the bundle, or NULL. */
static struct bundle *sign_bundle(struct presign *presign, const struct config_frontend *frontend,
                                  struct error *error)
{
    struct bundle *bundle = bundle_new(&presign->plan, frontend->identity_key);
    uint8_t *seed = secret_allocate(ED25519_SEED_SIZE);
    int result = 0;
    while (result == 0 && !bundle_is_whole(bundle)) {
        randombytes_buf(seed, ED25519_SEED_SIZE);
        result = bundle_sign_period(bundle, frontend->secret_key, seed);
        presign->signed_periods++;
        show_progress(presign);
    }
    secret_free(seed);
    if (result == 0)
        return bundle;
    bundle_free(bundle);
    error_set(error, "the key of %s.onion must not sign: restore it from a backup", frontend->address);
    return NULL;
}

/* -- what was made -------------------------------------------------------------------------------- */

static void print_time(const char *before, int64_t seconds, const char *behind)
{
    char text[CALENDAR_TEXT_SIZE];
    calendar_format_minute(text, seconds);
    printf("%s%s UTC%s", before, text, behind);
}

static void print_bundle(const struct presign *presign, const struct config_frontend *frontend,
                         const char *path)
{
    char *shown = memory_copy_text(path, strlen(path));
    text_make_printable(shown);
    printf("frontend %s.onion\n    bundle %s (%zu bytes)\n", frontend->address, shown,
           bundle_size(&presign->plan));
    free(shown);
}

/* True when there is a client in a folder, or it can't be told. */
static bool may_have_clients(const char *folder)
{
    struct client_files clients;
    struct config_report report = {.error_count = 0};
    const bool has_none = client_files_load(&clients, folder, true, &report) == 0 && clients.count == 0;
    client_files_clear(&clients);
    config_report_clear(&report);
    return !has_none;
}

/* Says that clients beside the key don't come along with a bundle. Where the config names their folder it
 * does so on the publisher, too. */
static void warn_of_clients(const struct config_frontend *frontend)
{
    char *folder = frontend->clients_folder == NULL ? tor_clients_find(frontend->key_path) : NULL;
    if (folder != NULL && may_have_clients(folder)) {
        text_make_printable(folder);
        fprintf(stderr,
                "obpub: warning: %s.onion has authorised clients in %s, and a bundle has none: copy that "
                "folder to the publisher, too, and name it in the service (\"authorized-clients\"), or the "
                "frontend is open to everybody there\n",
                frontend->address, folder);
    }
    free(folder);
}

static void print_plan(const struct bundle_plan *plan)
{
    print_time("\nGood from ", bundle_plan_begin(plan), "");
    print_time(" until ", bundle_plan_end(plan), "");
    printf(",\nfor networks with time periods of %u minutes and a consensus every %u seconds.\n",
           plan->schedule.period_length, plan->schedule.voting_interval);
    printf("On the publisher: key: PATH OF THE BUNDLE, in the frontend's service of its config.\n");
}

/* -- all of it ------------------------------------------------------------------------------------ */

/* Makes the bundle of one frontend. */
static int presign_frontend(struct presign *presign, const struct config_frontend *frontend,
                            struct error *error)
{
    struct bundle *bundle = sign_bundle(presign, frontend, error);
    if (bundle == NULL)
        return -1;
    char *path = find_path(presign, frontend);
    uint8_t *bytes = bundle_encode(bundle);
    const struct new_file file = {
        .bytes = bytes, .length = bundle_size(&bundle->plan), .is_forced = presign->options->force};
    bool is_open_to_others = false;
    int result = new_file_write(path, &file, &is_open_to_others, error);
    progress_end(&presign->progress);
    if (result != 0) {
        error_add_context(error, "%s", path);
    } else {
        print_bundle(presign, frontend, path);
        warn_of_clients(frontend);
    }
    if (is_open_to_others)
        fprintf(stderr,
                "obpub: warning: %s can be read by others, as its file system keeps no permissions: where it "
                "is used, chmod 600 it\n",
                path);
    free(path);
    secret_free(bytes);
    bundle_free(bundle);
    return result;
}

/* Makes all bundles, each of which stands alone: what was made before an error stays. */
static int presign_all(struct presign *presign)
{
    struct error error;
    size_t made = 0;
    const struct time_schedule schedule = {presign->options->voting_interval,
                                           presign->options->period_minutes};
    int result =
        bundle_plan_set(&presign->plan, &schedule, clock_wall_seconds(), presign->options->days, &error);
    if (result == 0)
        result = check_keys(presign, &error);
    if (result == 0)
        result = prepare_output(presign, &error);
    if (result == 0)
        result = check_paths(presign, &error);
    progress_begin(&presign->progress, true, clock_milliseconds());
    while (result == 0 && made < presign->config->frontend_count) {
        result = presign_frontend(presign, &presign->config->frontends[made], &error);
        made += result == 0;
    }
    if (made > 0)
        print_plan(&presign->plan);
    if (result == 0)
        return EXIT_CODE_COMPLETE;
    fprintf(stderr, "obpub: %s\n", error.text);
    return made > 0 ? EXIT_CODE_INCOMPLETE : EXIT_CODE_BAD_INPUT;
}

int presign_complete_options(struct options *options, struct error *error)
{
    if (options->days == 0)
        return error_set(error, "for how many days? Give --days N, from 1 to %d", BUNDLE_DAYS_MAX);
    if (options->output == NULL)
        return error_set(error, "where to? Give -o FILE");
    if (options->voting_interval == 0 && options->period_minutes % 2 != 0)
        return error_set(error, "no shared-random run is %u minutes long: give --voting-interval, too",
                         options->period_minutes);
    if (options->voting_interval == 0)
        options->voting_interval = options->period_minutes * 60 / SHARED_RANDOM_RUN_ROUNDS;
    const struct time_schedule schedule = {options->voting_interval, options->period_minutes};
    if (!time_schedule_is_possible(&schedule))
        return error_set(error,
                         "no network has time periods of %u minutes with a consensus every %u seconds: see "
                         "obpub(8), KEYS THAT STAY OFFLINE",
                         options->period_minutes, options->voting_interval);
    return 0;
}

int presign_command(const struct options *options)
{
    struct config config;
    struct config_report report;
    struct error error;
    int result = EXIT_CODE_BAD_INPUT;
    if (memory_lock_check(&error) != 0)
        fprintf(stderr, "obpub: warning: %s\n", error.text);
    if (given_config_load_keys(&config, options, &report) == 0) {
        struct presign presign = {.options = options, .config = &config};
        result = presign_all(&presign);
        config_clear(&config);
    }
    config_report_clear(&report);
    return output_finish(result);
}
