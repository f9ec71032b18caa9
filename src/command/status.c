/* obpub status: asks the obpub that runs how things are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "command/commands.h"
#include "command/options.h"
#include "command/output.h"
#include "config/config.h"
#include "report/screen.h"
#include "report/status_reader.h"
#include "report/status_text.h"

#define WATCH_INTERVAL 2 /* seconds */

/* Finds the socket: the command line, the environment, the config. Returns its path, to be released with
 * free(), or NULL after saying why there is none. */
static char *find_socket(const struct options *options)
{
    const char *given =
        options->socket_path != NULL ? options->socket_path : options->environment_status_socket;
    if (given != NULL)
        return memory_copy_text(given, strlen(given));
    char *location = NULL;
    struct config_report report;
    if (config_find_status_socket(&location, options->config_path, &report) != 0) {
        for (size_t i = 0; i < report.error_count; i++)
            fprintf(stderr, "obpub: %s\n", report.errors[i]);
    } else if (location == NULL) {
        fprintf(stderr,
                "obpub: %s has no \"status-socket-location\", so that obpub makes no socket to ask: add it, "
                "or give --socket-path\n",
                options->config_path);
    }
    config_report_clear(&report);
    return location;
}

/* Asks once and prints the answer to file. */
static int show_status(const struct options *options, const char *path, FILE *file, struct error *error)
{
    json_t *object = status_read(path, STATUS_READ_SECONDS, STATUS_SIZE_MAX, error);
    if (object == NULL)
        return EXIT_CODE_NOTHING_PUBLISHED;
    struct status_document document;
    int result = EXIT_CODE_NOTHING_PUBLISHED;
    if (status_document_read(&document, object, error) == 0) {
        result = status_document_is_published(&document) ? EXIT_CODE_COMPLETE : EXIT_CODE_INCOMPLETE;
        if (options->json)
            output_print_json(object, options->watch, file);
        else
            status_text_print(&document, output_wants_colours(), file);
        status_document_clear(&document);
    }
    json_decref(object);
    return result;
}

/* Shows a text in the place of the one before. Where the size of the terminal can't be told all of it is
 * written. */
static void redraw(const char *text, size_t length)
{
    struct winsize size;
    bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 && size.ws_col > 0;
    char *screen = screen_lay_out(text, length, is_known ? size.ws_col : 0, is_known ? size.ws_row : 0);
    if (screen != NULL)
        fputs(screen, stdout);
    free(screen);
}

/* Shows it again and again; only a signal or an output that is gone ends this. */
static int watch_status(const struct options *options, const char *path)
{
    bool is_screen = isatty(STDOUT_FILENO) == 1 && !options->json;
    int result;
    do {
        struct error error = {.text = ""};
        char *text = NULL;
        size_t length = 0;
        FILE *file = open_memstream(&text, &length);
        if (file == NULL)
            return EXIT_CODE_NOTHING_PUBLISHED;
        result = show_status(options, path, file, &error);
        if (error.text[0] != '\0' && is_screen)
            fprintf(file, "obpub: %s\n", error.text);
        else if (error.text[0] != '\0')
            fprintf(stderr, "obpub: %s\n", error.text);
        fclose(file);
        if (is_screen)
            redraw(text, length);
        else
            fwrite(text, 1, length, stdout);
        free(text);
        result = output_finish(result);
        const struct timespec interval = {WATCH_INTERVAL, 0};
        if (!ferror(stdout))
            nanosleep(&interval, NULL);
    } while (!ferror(stdout));
    return result;
}

int status_command(const struct options *options)
{
    char *path = find_socket(options);
    if (path == NULL)
        return EXIT_CODE_BAD_INPUT;
    int result;
    if (options->watch) {
        result = watch_status(options, path);
    } else {
        struct error error = {.text = ""};
        result = show_status(options, path, stdout, &error);
        if (error.text[0] != '\0')
            fprintf(stderr, "obpub: %s\n", error.text);
        result = output_finish(result);
    }
    free(path);
    return result;
}
