/* The end of what a command prints on standard output. */
#include "command/command_output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command/commands.h"

int command_finish_output(int exit_code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit_code;
    fprintf(stderr, "obpub: standard output can't be written (%s)\n", strerror(errno));
    return exit_code == EXIT_CODE_COMPLETE ? EXIT_CODE_BAD_INPUT : exit_code;
}
