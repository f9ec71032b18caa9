/* obpub --help and --version: the first is what the tables of commands and options say. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/option_table.h"
#include "command/output.h"
#include "crypto/curve.h"

/* Characters of a line before what a command or an option is said to do. */
#define HELP_COLUMN 27
/* Room for a command or an option with what it takes. */
#define LEFT_SIZE 64
/* The Onionbalance that obpub is compared with: doc/onionbalance.md. */
#define ONIONBALANCE_VERSION "0.2.2"

static void print_usage(void)
{
    const char *before = "Usage:";
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command *command = &commands[i];
        if (command->usage == NULL)
            continue;
        printf("%-6s obpub %s%s%s%s\n", before, command->kind == COMMAND_OPTION ? "--" : "", command->name,
               command->name[0] != '\0' ? " " : "", command->usage);
        before = "";
    }
}

/* Prints what stands on the left, as wide as the column, or on a line of its own where it is wider, and each
 * line of the help on the right. */
static void print_row(const char *left, const char *before, const char *help)
{
    if (strlen(left) >= HELP_COLUMN)
        printf("%s\n%*s%s", left, HELP_COLUMN, "", before);
    else
        printf("%-*s%s", HELP_COLUMN, left, before);
    for (const char *end; (end = strchr(help, '\n')) != NULL; help = end + 1)
        printf("%.*s\n%*s", (int)(end - help), help, HELP_COLUMN, "");
    puts(help);
}

/* "-c, --config FILE", with room for a letter where there is none. */
static void format_option(char left[LEFT_SIZE], char letter, const char *name, const char *argument)
{
    char short_form[] = {'-', letter, ',', '\0'};
    snprintf(left, LEFT_SIZE, "  %3s --%s%s%s", letter != 0 ? short_form : "", name,
             argument != NULL ? " " : "", argument != NULL ? argument : "");
}

static void print_command(const struct command *command)
{
    char left[LEFT_SIZE];
    if (command->kind == COMMAND_WORD)
        snprintf(left, sizeof(left), "  %s", command->name);
    else
        format_option(left, command->letter, command->name, NULL);
    print_row(left, "", command->help);
}

static void print_option(const struct option_row *option)
{
    char left[LEFT_SIZE];
    char takers[COMMAND_TAKERS_SIZE];
    char before[COMMAND_TAKERS_SIZE + sizeof("with : ")];
    format_option(left, option->letter, option->name, option->argument);
    command_name_takers(option, takers);
    snprintf(before, sizeof(before), takers[0] != '\0' ? "with %s: " : "%s", takers);
    print_row(left, before, option->help);
}

int help_command(const struct options *options)
{
    (void)options;
    print_usage();
    printf("\n%s\n\n", commands[0].help);
    for (size_t i = 1; i < COMMANDS; i++)
        print_command(&commands[i]);
    putchar('\n');
    for (size_t i = 0; i < OPTIONS; i++)
        print_option(&option_rows[i]);
    puts("\n"
         "Exit status: 0 all is published (or the config is good, or the bundles are made); 1 something\n"
         "was, but not everything, or what is inspected has faults; 2 bad usage, config or keys; 3 nothing\n"
         "could be published or found, or there is nobody to ask for the status.\n"
         "The manual is obpub(8).");
    return output_finish(EXIT_CODE_COMPLETE);
}

/* Scripts that start Onionbalance read its version, and compare it with the oldest that does for them: under
 * its name they get one line of the same shape. Somebody at a terminal is told the rest, too. */
int version_command(const struct options *options)
{
    char curve[CURVE_NAME_SIZE];
    if (options->is_onionbalance)
        puts("onionbalance " ONIONBALANCE_VERSION);
    else
        printf("obpub " OBPUB_VERSION "\ncurve: %s\n", curve_write_name(curve));
    if (options->is_onionbalance && isatty(STDERR_FILENO))
        fputs("This is obpub " OBPUB_VERSION " in Onionbalance's place: see obpub(8).\n", stderr);
    return output_finish(EXIT_CODE_COMPLETE);
}
