/* The command line: finds out which command is meant and what it is given. */
#include "command/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/commands.h"
#include "command/option_table.h"
#include "config/closest_word.h"

#define TIMEOUT_DEFAULT 120
#define PERIOD_MINUTES_DEFAULT 1440 /* the public network's */

/* What getopt_long() returns for the long form of the first word; letters are below. */
#define LONG_FORMS 256
#define WORDS_MAX (OPTIONS + COMMANDS)

/* A word that may follow dashes in this command line: an option, or else a command. */
struct word {
    const char *name;
    char letter;
    const struct option_row *option;
    const struct command *command;
};

struct parser {
    struct options *options;
    const struct command *word_command; /* the one that the command line begins with, or NULL */
    struct word words[WORDS_MAX];
    size_t word_count;
    struct option long_forms[WORDS_MAX + 1]; /* of the words, ending with an empty one */
    char short_forms[2 * WORDS_MAX + 3];
    uint64_t given; /* OPTION_BIT() of the options that were given */
    const struct command *command;
};

/* An environment variable, taking an empty one as not set. */
static const char *read_environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Sets what holds when nothing is given, and takes what the command line may override from the environment,
 * where Onionbalance looks too. */
static int set_defaults(struct options *options, struct error *error)
{
    *options = (struct options){
        .verbosity = LOG_LEVEL_INFO,
        .timeout = TIMEOUT_DEFAULT,
        .period_minutes = PERIOD_MINUTES_DEFAULT,
    };
    const char *config_path = read_environment("ONIONBALANCE_CONFIG");
    options->config_path = config_path != NULL ? config_path : OPTIONS_CONFIG_PATH;
    const char *socket = read_environment("ONIONBALANCE_TOR_CONTROL_SOCKET");
    struct options given = {0};
    if (socket != NULL && option_rows[OPTION_SOCKET].set(&given, socket, error) != 0)
        return error_add_context(error, "the environment variable ONIONBALANCE_TOR_CONTROL_SOCKET");
    options->environment_socket = given.socket;
    options->environment_status_socket = read_environment("ONIONBALANCE_STATUS_SOCKET_LOCATION");
    options->has_log_location = read_environment("ONIONBALANCE_LOG_LOCATION") != NULL;
    const char *level = read_environment("ONIONBALANCE_LOG_LEVEL");
    if (level != NULL && option_rows[OPTION_VERBOSITY].set(options, level, error) != 0)
        return error_add_context(error, "the environment variable ONIONBALANCE_LOG_LEVEL");
    return 0;
}

/* Whether the program was started under a name, from whatever folder. */
static bool is_called(int argc, char **argv, const char *name)
{
    if (argc == 0)
        return false;
    const char *slash = strrchr(argv[0], '/');
    return strcmp(slash != NULL ? slash + 1 : argv[0], name) == 0;
}

/* -- what may be given */

/* Whether a command line begins with all words of a command's name, of which *words is then the number. */
static bool begins_with(int argc, char **argv, const char *name, int *words)
{
    struct text rest = text_from_string(name), word;
    *words = 0;
    while (text_take_word(&rest, ' ', ' ', &word)) {
        if (*words + 1 >= argc || !text_equals(word, argv[*words + 1]))
            return false;
        ++*words;
    }
    return true;
}

/* The command that the first word, or the first two of them, ask for; NULL where none does. Under the name of
 * Onionbalance's generator that is "init", without a word. */
static const struct command *find_word_command(int argc, char **argv, int *words)
{
    bool is_init = is_called(argc, argv, "onionbalance-config");
    for (size_t i = 0; i < COMMANDS; i++) {
        *words = 0;
        if (is_init && strcmp(commands[i].name, "init") == 0)
            return &commands[i];
        if (!is_init && commands[i].kind == COMMAND_WORD && begins_with(argc, argv, commands[i].name, words))
            return &commands[i];
    }
    *words = 0;
    return NULL;
}

/* Says which second words there are, if the first one is only half of a command. Returns 0, or -1 when it is.
 */
static int check_second_word(int argc, char **argv, struct error *error)
{
    char choices[128] = "";
    for (size_t i = 0; argc > 1 && i < COMMANDS; i++) {
        struct text rest = text_from_string(commands[i].name), first;
        if (commands[i].kind != COMMAND_WORD || !text_take_until(&rest, ' ', &first) ||
            !text_equals(first, argv[1]))
            continue;
        const size_t length = strlen(choices);
        snprintf(choices + length, sizeof(choices) - length, "%s\"obpub %s\"", length > 0 ? ", " : "",
                 commands[i].name);
    }
    if (choices[0] == '\0')
        return 0;
    return error_set(error, "\"%.100s\" needs a second word: %s", argv[1], choices);
}

/* Where no word says which command is meant, any option of those that no word asks for may come before the
 * one that does. */
static uint64_t find_options(const struct command *word_command)
{
    if (word_command != NULL)
        return word_command->options;
    uint64_t all = 0;
    for (size_t i = 0; i < COMMANDS; i++)
        all |= commands[i].kind != COMMAND_WORD ? commands[i].options : 0;
    return all;
}

static void add_word(struct parser *parser, const struct word *word)
{
    size_t number = parser->word_count++;
    bool has_argument = word->option != NULL && word->option->argument != NULL;
    parser->words[number] = *word;
    parser->long_forms[number] = (struct option){
        .name = word->name,
        .has_arg = has_argument ? required_argument : no_argument,
        .val = LONG_FORMS + (int)number,
    };
    if (word->letter == 0)
        return;
    char *end = parser->short_forms + strlen(parser->short_forms);
    *end++ = word->letter;
    if (has_argument)
        *end = ':';
}

static void add_words(struct parser *parser)
{
    uint64_t options = find_options(parser->word_command);
    /* Nothing but options is expected, and a missing argument is told apart. */
    strcpy(parser->short_forms, "+:");
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option_row *row = &option_rows[i];
        if ((options >> i & 1) != 0)
            add_word(parser, &(struct word){row->name, row->letter, row, NULL});
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command *command = &commands[i];
        if (command->kind == COMMAND_HELP ||
            (command->kind == COMMAND_OPTION && parser->word_command == NULL))
            add_word(parser, &(struct word){command->name, command->letter, NULL, command});
    }
}

/* -- what is wrong with what was given */

/* Adds which command the sentence is about, and which ones an option of others goes with. */
static void name_commands(const struct parser *parser, const struct option_row *option, struct error *error)
{
    if (error == NULL)
        return;
    char takers[COMMAND_TAKERS_SIZE] = "";
    if (option != NULL)
        command_name_takers(option, takers);
    const struct error sentence = *error;
    const char *word = parser->word_command != NULL ? parser->word_command->name : NULL;
    error_set(error, "%s%s%s%s%s%s", sentence.text, word != NULL ? " of \"obpub " : "",
              word != NULL ? word : "", word != NULL ? "\"" : "", takers[0] != '\0' ? ": it goes with " : "",
              takers);
}

/* The option of any command with that name, or with that letter where name is NULL. */
static const struct option_row *find_anywhere(const char *name, size_t length, int letter)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option_row *row = &option_rows[i];
        if (name != NULL ? strlen(row->name) == length && strncmp(row->name, name, length) == 0
                         : row->letter != 0 && row->letter == letter)
            return row;
    }
    return NULL;
}

/* Adds the word that was probably meant, if there is one. */
static void propose_word(const struct parser *parser, const char *name, size_t length, struct error *error)
{
    const char *names[WORDS_MAX];
    char word[64];
    if (error == NULL || length >= sizeof(word))
        return;
    memcpy(word, name, length);
    word[length] = '\0';
    for (size_t i = 0; i < parser->word_count; i++)
        names[i] = parser->words[i].name;
    size_t closest = closest_word_find(word, names, parser->word_count);
    const struct error sentence = *error;
    if (closest < parser->word_count)
        error_set(error, "%s: is --%s meant?", sentence.text, names[closest]);
}

/* Says what is wrong with a long option that getopt_long() knows nothing of: it is unknown, or the beginning
 * of several. */
static int refuse_long(const struct parser *parser, const char *name, struct error *error)
{
    size_t length = strcspn(name, "=");
    int shown = length < 100 ? (int)length : 100;
    for (size_t i = 0; length > 0 && i < parser->word_count; i++) {
        if (strncmp(parser->words[i].name, name, length) == 0)
            return error_set(error, "--%.*s can be more than one option: write it out", shown, name);
    }
    const struct option_row *foreign = find_anywhere(name, length, 0);
    error_set(error, "there is no option --%.*s", shown, name);
    name_commands(parser, foreign, error);
    if (foreign == NULL)
        propose_word(parser, name, length, error);
    return -1;
}

static int refuse_short(const struct parser *parser, char letter, struct error *error)
{
    error_set(error, "there is no option -%c", letter);
    name_commands(parser, find_anywhere(NULL, 0, letter), error);
    return -1;
}

/* -- taking it */

/* The word that getopt_long() means by a value. */
static const struct word *find_word(const struct parser *parser, int value)
{
    if (value >= LONG_FORMS)
        return &parser->words[value - LONG_FORMS];
    for (size_t i = 0; i < parser->word_count; i++) {
        if (parser->words[i].letter != 0 && parser->words[i].letter == value)
            return &parser->words[i];
    }
    return NULL;
}

static int take_command(struct parser *parser, const struct command *command, struct error *error)
{
    const struct command *other = parser->command;
    bool comes_first = command->kind == COMMAND_HELP;
    if (comes_first && other != NULL && other->kind == COMMAND_HELP)
        comes_first = command < other; /* in the table */
    if (other == NULL || comes_first)
        parser->command = command;
    else if (other->kind == COMMAND_OPTION && other != command)
        return error_set(error, "--%s and --%s can't be used together: give one of them", other->name,
                         command->name);
    return 0;
}

static int take_word(struct parser *parser, const struct word *word, struct error *error)
{
    if (word->command != NULL)
        return take_command(parser, word->command, error);
    parser->given |= UINT64_C(1) << (word->option - option_rows);
    if (word->option->set(parser->options, optarg, error) != 0)
        return error_add_context(error, "--%s", word->name);
    return 0;
}

/* Takes what getopt_long() has found; argument is the command line's that it stands in. */
static int take_found(struct parser *parser, int found, const char *argument, struct error *error)
{
    switch (found) {
    case -1:
        return error_set(error, "\"%.100s\" is not an option, and nothing else is expected", argument);
    case ':':
        return error_set(error, "--%s needs an argument", find_word(parser, optopt)->name);
    case '?':
        if (optopt == 0)
            return refuse_long(parser, argument + 2, error);
        if (optopt >= LONG_FORMS)
            return error_set(error, "--%s takes no argument", find_word(parser, optopt)->name);
        return refuse_short(parser, (char)optopt, error);
    default:
        return take_word(parser, find_word(parser, found), error);
    }
}

/* Takes a word that is no option as what the command is about, if that is still to come. */
static bool take_operand(struct parser *parser, const char *argument)
{
    const struct command *command = parser->word_command;
    if (command == NULL || command->operand == NULL || parser->options->operand != NULL ||
        (argument[0] == '-' && argument[1] != '\0'))
        return false;
    parser->options->operand = argument;
    return true;
}

/* Takes all that follows the program's name, or the command's word. */
static int take_all(struct parser *parser, int argc, char **argv, struct error *error)
{
    int position = 1;
    optind = 0; /* glibc then begins anew */
    while (position < argc) {
        optarg = NULL;
        int found = getopt_long(argc, argv, parser->short_forms, parser->long_forms, NULL);
        if (found == -1 && take_operand(parser, argv[position]))
            optind = position + 1;
        else if (take_found(parser, found, argv[position], error) != 0)
            return -1;
        position = optind;
    }
    return 0;
}

/* Looks whether the command takes all that was given, which is known only now. */
static int check_given(const struct parser *parser, struct error *error)
{
    const struct command *command = parser->options->command;
    for (size_t i = 0; i < OPTIONS; i++) {
        char takers[COMMAND_TAKERS_SIZE];
        if ((parser->given >> i & 1) == 0 || (command->options >> i & 1) != 0)
            continue;
        command_name_takers(&option_rows[i], takers);
        return error_set(error, "--%s goes only with %s", option_rows[i].name, takers);
    }
    if (command->operand != NULL && parser->options->operand == NULL)
        return error_set(error, "\"obpub %s\" needs %s: obpub %s %s", command->name, command->operand,
                         command->name, command->usage);
    return 0;
}

int command_line_parse(struct options *options, int argc, char **argv, struct error *error)
{
    int skipped;
    struct parser parser = {.options = options, .word_command = find_word_command(argc, argv, &skipped)};
    parser.command = parser.word_command;
    if (set_defaults(options, error) != 0 ||
        (parser.word_command == NULL && check_second_word(argc, argv, error) != 0))
        return -1;
    options->is_onionbalance =
        is_called(argc, argv, "onionbalance") || is_called(argc, argv, "onionbalance-config");
    add_words(&parser);
    if (take_all(&parser, argc - skipped, argv + skipped, error) != 0)
        return -1;
    options->command = parser.command != NULL ? parser.command : &commands[0];
    if (options->command->kind == COMMAND_HELP)
        return 0;
    if (check_given(&parser, error) != 0)
        return -1;
    return options->command->complete != NULL ? options->command->complete(options, error) : 0;
}
