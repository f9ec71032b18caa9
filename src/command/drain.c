/* obpub drain and obpub undrain: have the obpub that runs send no new visitors to an instance, or send them
 * again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "command/commands.h"
#include "command/options.h"
#include "command/output.h"
#include "config/config.h"
#include "report/drain_request.h"
#include "report/socket_client.h"

#define ANSWER_SECONDS 10

/* Finds the socket: the command line, the config. Returns its path, to be released with free(), or NULL after
 * saying why there is none. */
static char *find_socket(const struct options *options)
{
    if (options->socket_path != NULL)
        return memory_copy_text(options->socket_path, strlen(options->socket_path));
    char *location = NULL;
    struct config_report report;
    if (config_find_command_socket(&location, options->config_path, &report) != 0) {
        for (size_t i = 0; i < report.error_count; i++)
            fprintf(stderr, "obpub: %s\n", report.errors[i]);
    } else if (location == NULL) {
        fprintf(
            stderr,
            "obpub: %s has no \"command-socket-location\", so that obpub makes no socket to take commands: "
            "add it, or give --socket-path\n",
            options->config_path);
    }
    config_report_clear(&report);
    return location;
}

/* Asks the obpub that runs. Returns 0, or -1 with a sentence when there is no answer. */
static int ask(const char *path, const struct drain_request *request, struct drain_answer *answer,
               struct error *error)
{
    char line[DRAIN_REQUEST_MAX];
    const struct socket_question question = {
        .path = path,
        .setting = "command-socket-location",
        .who = "root or as obpub's user",
        .answer = "the answer",
        .request = line,
        .request_length = drain_request_format(line, request),
        .timeout = ANSWER_SECONDS,
        .size_max = DRAIN_ANSWER_MAX,
    };
    size_t length = 0;
    char *text = socket_client_ask(&question, &length, error);
    if (text == NULL)
        return -1;
    int result = drain_answer_parse(answer, (struct text){text, length}, error);
    free(text);
    return result;
}

static int set_drained(const struct options *options, bool is_drained)
{
    static const int codes[] = {
        [DRAIN_DONE] = EXIT_CODE_COMPLETE,
        [DRAIN_REFUSED] = EXIT_CODE_INCOMPLETE,
        [DRAIN_UNKNOWN] = EXIT_CODE_BAD_INPUT,
    };
    struct drain_request request;
    struct drain_answer answer;
    struct error error;
    if (drain_request_make(&request, is_drained, options->operand, options->frontend, &error) != 0) {
        fprintf(stderr, "obpub: %s\n", error.text);
        return EXIT_CODE_BAD_INPUT;
    }
    char *path = find_socket(options);
    if (path == NULL)
        return EXIT_CODE_BAD_INPUT;
    int result = EXIT_CODE_NOTHING_PUBLISHED;
    if (ask(path, &request, &answer, &error) != 0) {
        fprintf(stderr, "obpub: %s\n", error.text);
    } else {
        fprintf(answer.result == DRAIN_DONE ? stdout : stderr, "%s%s\n",
                answer.result == DRAIN_DONE ? "" : "obpub: ", answer.sentence);
        result = codes[answer.result];
    }
    free(path);
    return output_finish(result);
}

int drain_command(const struct options *options)
{
    return set_drained(options, true);
}

int undrain_command(const struct options *options)
{
    return set_drained(options, false);
}
