/* In which order an operator has tors that share the frontend's key take over from others, and back. */
#include "command/check_steps.h"

#include <stdio.h>
#include <string.h>

/* When a step is to be taken. */
enum step_case {
    STEP_ALWAYS,
    STEP_SEVERAL, /* several obpubs publish the frontends */
    STEP_WORK,    /* proof of work may be published */
};

struct step {
    enum step_case when;
    const char *text;
};

#define STEPS_MAX 6

static const struct way {
    const char *title;
    struct step steps[STEPS_MAX]; /* those behind the last one have no text */
} ways[] = {
    {"from one tor alone, or from tors that publish it themselves",
     {{STEP_ALWAYS, "start the other tors with the key and these lines, but with publishing on and proof of "
                    "work off"},
      {STEP_ALWAYS, "wait, then restart each tor that lacks a line, one after the other"},
      {STEP_ALWAYS, "start obpub with this config, until \"obpub status\" shows all tors live"},
      {STEP_SEVERAL, "start the other obpubs; unless proof of work comes next, restart one tor after the "
                     "other with PublishHidServDescriptors 0"},
      {STEP_WORK, "last, restart one tor after the other with HiddenServicePoWDefensesEnabled 1 and "
                  "publishing on"}}},
    {"from mode softmap",
     {{STEP_ALWAYS, "with that mode still, write \"lead: 45\" in the config, reload obpub, and wait until "
                    "all has been uploaded anew"},
      {STEP_ALWAYS, "start the tors with the key and these lines, but with proof of work off"},
      {STEP_ALWAYS, "change mode and instances to this config's, and reload obpub: do not restart it"},
      {STEP_ALWAYS, "wait, then stop the backends that have keys of their own"},
      {STEP_WORK, "last, proof of work as above"}}},
    {"back to mode softmap",
     {{STEP_ALWAYS, "start backends with keys of their own, until each has uploaded its own descriptors"},
      {STEP_ALWAYS, "change mode and instances in the config, with \"lead: 45\", and reload obpub: do not "
                    "restart it, since HSDirs refuse lower counters for up to the lead"},
      {STEP_ALWAYS, "wait, then stop the tors with the key, and remove that there"},
      {STEP_ALWAYS, "three hours later remove the lead, and reload obpub"}}},
    {"back to one tor alone",
     {{STEP_SEVERAL,
       "restart the tor that is to stay with PublishHidServDescriptors 1; stop all obpubs but one"},
      {STEP_ALWAYS, "take all other tors out of the config, and reload obpub"},
      {STEP_ALWAYS, "wait, then stop these tors"},
      {STEP_ALWAYS, "stop obpub: the tor's own uploads get through within the lead and two hours"}}},
};

/* Columns of a line. */
#define LINE_WIDTH 110

/* Prints a text behind so many spaces, the first of which are the number's, in lines of whole words. */
static void print_step(size_t number, const char *text)
{
    int column = printf("    %zu. ", number);
    const int indent = column;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > LINE_WIDTH) {
            column = printf("\n%*s", indent, "") - 1;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", length, text);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

/* Which steps a config needs. */
static void find_cases(bool cases[STEP_WORK + 1], const struct config *config)
{
    cases[STEP_ALWAYS] = true;
    cases[STEP_SEVERAL] = config->has_other_publishers;
    cases[STEP_WORK] = false;
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        cases[STEP_WORK] |= frontend->mode == CONFIG_MODE_HARDMAP && !frontend->has_proof_of_work_off;
    }
}

static bool has_hardmap(const struct config *config)
{
    for (size_t i = 0; i < config->frontend_count; i++) {
        if (config->frontends[i].mode == CONFIG_MODE_HARDMAP)
            return true;
    }
    return false;
}

void check_steps_print(const struct config *config)
{
    bool cases[STEP_WORK + 1];
    if (!has_hardmap(config))
        return;
    find_cases(cases, config);
    printf("\nThe order of steps that leaves no gap (doc/hardmap.md has how long to wait, and why):\n");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        size_t number = 0;
        printf("  %s\n", ways[i].title);
        for (size_t j = 0; j < STEPS_MAX && ways[i].steps[j].text != NULL; j++) {
            if (cases[ways[i].steps[j].when])
                print_step(++number, ways[i].steps[j].text);
        }
    }
}
