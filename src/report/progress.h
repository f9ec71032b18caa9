/* Progress of what takes long, on standard error: a line that is written anew on a terminal, plain lines
 * elsewhere. */
#ifndef OBPUB_REPORT_PROGRESS_H
#define OBPUB_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_TEXT_SIZE 640

struct progress {
    bool is_shown;
    bool is_terminal;
    int64_t started, last_shown; /* milliseconds */
    char text[PROGRESS_TEXT_SIZE];
    char stage[PROGRESS_TEXT_SIZE];
};

/* Begins at now (milliseconds). With is_shown false nothing is ever written. */
void progress_begin(struct progress *progress, bool is_shown, int64_t now);

/* Says what is going on. stage names the step; within one step, a new text gets a plain line at most once a
 * second. */
void progress_show(struct progress *progress, const char *stage, const char *text, int64_t now);

/* Takes the line off the terminal, so that what is written next stands alone. */
void progress_end(struct progress *progress);

#endif
