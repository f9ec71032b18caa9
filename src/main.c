/* The program: finds out which command is meant and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <sodium.h>

#include "command/command_line.h"
#include "command/commands.h"
#include "confine/harden.h"

/* Opens those of the standard descriptors that are closed, so that no socket or file gets their numbers. */
static void open_standard_streams(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", O_RDWR); /* takes the lowest number that is free, which is this one */
    }
}

int main(int argc, char **argv)
{
    struct options options;
    struct error error;
    open_standard_streams();
    if (command_line_parse(&options, argc, argv, &error) != 0) {
        fprintf(stderr, "obpub: %s\nTry \"obpub --help\".\n", error.text);
        return EXIT_CODE_BAD_INPUT;
    }
    if (sodium_init() < 0) {
        fprintf(stderr, "obpub: libsodium can't be initialised: is there a source of random bytes?\n");
        return EXIT_CODE_BAD_INPUT;
    }
    if (process_harden(&error) != 0)
        fprintf(stderr, "obpub: warning: %s\n", error.text);
    return options.command->run(&options);
}
