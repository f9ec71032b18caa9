/* The questions of "obpub init", and where their answers come from. */
#include "command/init_questions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* Longest line that is read: the addresses of all backends have room in it. */
#define LINE_SIZE (INIT_NODES_MAX * (ONION_ADDRESS_SIZE + 8))

struct question {
    enum init_answer answer;
    const char *option;           /* by which the command line answers it */
    const char *explanation;      /* shown before it; NULL: it is never asked */
    const char *prompt;           /* what is to be typed */
    const char *proposal;         /* what an empty line means */
    const char *hardmap_proposal; /* the same with hardmap, where it is another */
    init_plan_take *take;
};

/* In the order in which they are asked: what an answer depends on comes before it. */
static const struct question questions[] = {
    {INIT_ANSWER_MODE, "--mode",
     "Shall each tor have a key of its own (softmap)? Or the key of the address that visitors know "
     "(hardmap),\n"
     "so that whoever takes over one of them has that address for good? Take softmap unless you know why "
     "not.",
     "Mode: softmap or hardmap", "softmap", NULL, init_plan_take_mode},
    {INIT_ANSWER_SERVICES, "--services", NULL, NULL, "1", NULL, init_plan_take_services},
    {INIT_ANSWER_KEY, "--key",
     "Is there an address already that visitors shall keep? Then its key is needed: a key file, or the\n"
     "HiddenServiceDir of the tor that has served it. Otherwise a new one is made.",
     "Path of the key", "", NULL, init_plan_take_key},
    {INIT_ANSWER_ADDRESSES, "--address",
     "Are there onion services already that shall be the backends? Then type their addresses, with blanks\n"
     "between. Otherwise new keys are made for them.",
     "Addresses of the backends", "", NULL, init_plan_take_addresses},
    {INIT_ANSWER_INSTANCES, "--instances", "How many tors shall serve the address?", "Number of tors", "2",
     NULL, init_plan_take_nodes},
    {INIT_ANSWER_PORT, "--service-virtual-port", "On which port do visitors come?", "Port", "80", NULL,
     init_plan_take_port},
    {INIT_ANSWER_TARGET, "--service-target",
     "Where does the web server listen, as each tor sees it? An address and port, or unix:/path.",
     "Place of the web server", "127.0.0.1:80", NULL, init_plan_take_target},
    {INIT_ANSWER_CONTROL, "--backend-control",
     "How shall obpub ask the tors how they are? With it a dead one is out within seconds.\n"
     "  none      not at all: it finds their descriptors on the network, as Onionbalance does\n"
     "  unix      all run on this machine, and have control sockets (Debian's instances of tor)\n"
     "  password  through ports of 127.0.0.1 with a password: of this machine, or ends of tunnels\n"
     "  agent     over Tor, through \"obpub agent\" beside each tor: for other machines",
     "Control ports: none, unix, password or agent", "none", "agent", init_plan_take_control},
    {INIT_ANSWER_TAG, "--tag", NULL, NULL, "node", NULL, init_plan_take_tag},
    {INIT_ANSWER_TOR_FOLDER, "--tor-folder", NULL, NULL, "", NULL, init_plan_take_tor_folder},
    {INIT_ANSWER_OUTPUT, "--output", "In which new folder shall all of it be written?", "Folder", "config",
     NULL, init_plan_take_output},
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

/* What is taken where nothing is said. */
static const char *find_proposal(const struct question *question, const struct init_plan *plan)
{
    return plan->is_hardmap && question->hardmap_proposal != NULL ? question->hardmap_proposal
                                                                  : question->proposal;
}

/* Whether a question is still open after the ones before it. */
static bool is_open(const struct question *question, const struct init_plan *plan)
{
    switch (question->answer) {
    case INIT_ANSWER_KEY:
        return plan->service_count == 1;
    case INIT_ANSWER_ADDRESSES:
        return !plan->is_hardmap && plan->service_count == 1;
    case INIT_ANSWER_INSTANCES:
        return plan->address_count == 0;
    default:
        return true;
    }
}

/* Reads a line without its end and the blanks around it. Returns false at the end of the input. */
static bool read_line(char line[LINE_SIZE], bool *is_whole)
{
    if (fgets(line, LINE_SIZE, stdin) == NULL)
        return false;
    size_t length = strlen(line);
    *is_whole = length > 0 && line[length - 1] == '\n';
    if (!*is_whole && length < LINE_SIZE - 1)
        return false; /* a line that was not ended was not meant to be sent */
    for (int byte = 0; !*is_whole && byte != '\n';) {
        byte = getchar();
        if (byte == EOF)
            return false;
    }
    while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL)
        line[--length] = '\0';
    size_t blanks = strspn(line, " \t");
    memmove(line, line + blanks, length - blanks + 1);
    return true;
}

/* Asks until the answer is good. */
static int ask(const struct question *question, struct init_plan *plan, struct error *error)
{
    const char *proposal = find_proposal(question, plan);
    struct error fault;
    char line[LINE_SIZE];
    bool is_whole;
    fprintf(stderr, "\n%s\n", question->explanation);
    for (;;) {
        fprintf(stderr, "%s [%s]: ", question->prompt, proposal[0] != '\0' ? proposal : "none");
        if (!read_line(line, &is_whole)) {
            fputc('\n', stderr);
            return error_set(error, "the input has ended before the last answer, so nothing is written");
        }
        if (!is_whole)
            fprintf(stderr, "obpub: the line is too long\n");
        else if (question->take(plan, line[0] != '\0' ? line : proposal, &fault) == 0)
            return 0;
        else
            fprintf(stderr, "obpub: %s\n", fault.text);
    }
}

/* The addresses of the command line, as a line would have them; release with free(). */
static char *join_addresses(const struct options *options)
{
    size_t size = 1;
    for (size_t i = 0; i < options->address_count; i++)
        size += strlen(options->addresses[i]) + 1;
    char *line = memory_allocate(size, 1), *end = line;
    for (size_t i = 0; i < options->address_count; i++)
        end += sprintf(end, "%s ", options->addresses[i]);
    return line;
}

/* What the command line answers, to be released with free(); NULL: nothing. */
static char *find_answer(const struct question *question, const struct options *options)
{
    const char *answer = options->init_answers[question->answer];
    if (question->answer == INIT_ANSWER_ADDRESSES && options->address_count > 0)
        return join_addresses(options);
    if (question->answer == INIT_ANSWER_OUTPUT)
        answer = options->output;
    return answer != NULL ? memory_copy_text(answer, strlen(answer)) : NULL;
}

static int settle(const struct question *question, struct init_plan *plan, const struct options *options,
                  bool is_asked, struct error *error)
{
    char *answer = find_answer(question, options);
    int result = 0;
    if (answer == NULL && is_asked && question->explanation != NULL && is_open(question, plan))
        return ask(question, plan, error);
    if (answer != NULL || is_open(question, plan))
        result = question->take(plan, answer != NULL ? answer : find_proposal(question, plan), error);
    if (result != 0)
        error_add_context(error, "%s", question->option);
    free(answer);
    return result;
}

int init_questions_answer(struct init_plan *plan, const struct options *options, struct error *error)
{
    bool is_asked = !options->no_interactive && isatty(STDIN_FILENO);
    *plan = (struct init_plan){0};
    for (size_t i = 0; i < QUESTIONS; i++) {
        if (settle(&questions[i], plan, options, is_asked, error) != 0)
            return -1;
    }
    return 0;
}
