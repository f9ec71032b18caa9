/* The command line: finds the command and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <sodium.h>

#include "command/command_output.h"
#include "command/commands.h"
#include "confine/harden.h"

static int print_help(const struct options *options)
{
    (void)options;
    fputs(options_help, stdout);
    return command_finish_output(EXIT_CODE_COMPLETE);
}

static int print_version(const struct options *options)
{
    (void)options;
    puts("obpub " OBPUB_VERSION);
    return command_finish_output(EXIT_CODE_COMPLETE);
}

/* The commands, the first one that was asked for being run. */
static const struct {
    size_t flag; /* offset in struct options of the flag that asks for it */
    int (*run)(const struct options *options);
} commands[] = {
    {offsetof(struct options, help), print_help},   {offsetof(struct options, version), print_version},
    {offsetof(struct options, status), cmd_status}, {offsetof(struct options, check), cmd_check},
    {offsetof(struct options, once), cmd_once},     {offsetof(struct options, presign), cmd_presign},
};

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
    if (options_parse(&options, argc, argv, &error) != 0) {
        fprintf(stderr, "obpub: %s\nTry \"obpub --help\".\n", error.text);
        return EXIT_CODE_BAD_INPUT;
    }
    if (sodium_init() < 0) {
        fprintf(stderr, "obpub: libsodium can't be initialised: is there a source of random bytes?\n");
        return EXIT_CODE_BAD_INPUT;
    }
    if (process_harden(&error) != 0)
        fprintf(stderr, "obpub: warning: %s\n", error.text);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (*(const bool *)((const char *)&options + commands[i].flag))
            return commands[i].run(&options);
    }
    return cmd_run(&options);
}
