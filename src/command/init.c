/* obpub init: asks what there is to be, and makes keys, a config and what each tor needs, in a new folder. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/commands.h"
#include "command/init_files.h"
#include "command/init_questions.h"
#include "command/init_texts.h"
#include "command/output.h"
#include "confine/memory_lock.h"
#include "files/path.h"

static int refuse(const struct error *error)
{
    fprintf(stderr, "obpub: %s\n", error->text);
    return EXIT_CODE_BAD_INPUT;
}

/* Makes the folder without a signal in between, which would leave half of it under its hidden name. */
static int make_undisturbed(const struct init_plan *plan, struct error *error)
{
    sigset_t signals, before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &before);
    int result = init_files_make(plan, error);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return result;
}

/* Says what was made, and checks it as the operator would. */
static int report(const struct init_plan *plan, const struct options *options)
{
    struct options check = *options;
    char *path = path_join(plan->output, INIT_CONFIG_NAME);
    check.config_path = path;
    init_texts_print_made(plan);
    if (!output_flush()) {
        free(path);
        return EXIT_CODE_INCOMPLETE;
    }
    int result = check_command(&check);
    free(path);
    if (result != EXIT_CODE_COMPLETE)
        return result;
    init_texts_print_steps(plan);
    return output_finish(result);
}

int init_command(const struct options *options)
{
    struct init_plan plan;
    struct error error;
    if (memory_lock_check(&error) != 0)
        fprintf(stderr, "obpub: warning: %s\n", error.text);
    if (options->has_password)
        fprintf(stderr,
                "obpub: warning: --password does nothing: onion services of version 3 have keys that are "
                "not encrypted, as with onionbalance-config\n");
    int result = init_questions_answer(&plan, options, &error);
    if (result == 0)
        result = make_undisturbed(&plan, &error);
    int code = result == 0 ? report(&plan, options) : refuse(&error);
    init_plan_clear(&plan);
    return code;
}
