/* Progress of what takes long, on standard error: a line that is written anew on a terminal, plain lines
 * elsewhere. */
#include "report/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Milliseconds between two plain lines of the same step. */
#define PLAIN_LINE_INTERVAL 1000

void progress_begin(struct progress *progress, bool is_shown, int64_t now)
{
    memset(progress, 0, sizeof(*progress));
    progress->is_shown = is_shown;
    progress->is_terminal = isatty(STDERR_FILENO) == 1;
    progress->started = now;
}

/* Columns of the terminal, so that the line is never broken in two, which could not be written over. */
static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        return size.ws_col;
    return 80;
}

static void write_line(const struct progress *progress, int64_t now)
{
    char line[PROGRESS_TEXT_SIZE + 32];
    double seconds = (double)(now - progress->started) / 1000.0;
    snprintf(line, sizeof(line), "[%5.1f s] %s", seconds, progress->text);
    if (progress->is_terminal)
        fprintf(stderr, "\r\033[K%.*s", terminal_columns() - 1, line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
}

void progress_show(struct progress *progress, const char *stage, const char *text, int64_t now)
{
    if (!progress->is_shown || strcmp(text, progress->text) == 0)
        return;
    bool is_new_stage = strcmp(stage, progress->stage) != 0;
    if (!progress->is_terminal && !is_new_stage && now - progress->last_shown < PLAIN_LINE_INTERVAL)
        return;
    snprintf(progress->stage, sizeof(progress->stage), "%s", stage);
    snprintf(progress->text, sizeof(progress->text), "%s", text);
    progress->last_shown = now;
    write_line(progress, now);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown && progress->is_terminal && progress->text[0] != '\0')
        fputs("\r\033[K", stderr);
    fflush(stderr);
}
