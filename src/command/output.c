/* What commands print on standard output: JSON, and the end of it all. */
#include "command/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/commands.h"

/* Digits of a number that is not whole: as many as come back the same, and none that look odd. */
#define REAL_DIGITS 15

void output_print_json(const json_t *object, bool is_line, FILE *file)
{
    size_t form = is_line ? JSON_COMPACT : JSON_INDENT(2);
    json_dumpf(object, file, form | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(REAL_DIGITS));
    fputc('\n', file);
}

bool output_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "obpub: standard output can't be written (%s)\n", strerror(errno));
    return false;
}

int output_finish(int exit_code)
{
    return output_flush() || exit_code != EXIT_CODE_COMPLETE ? exit_code : EXIT_CODE_BAD_INPUT;
}

bool output_wants_colours(void)
{
    const char *refusal = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && (refusal == NULL || refusal[0] == '\0') &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}
