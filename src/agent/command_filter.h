/* What a publisher may ask of a tor through an agent: a short list. Whatever is on it is made anew from what
 * was understood, so that no byte of the publisher's ever reaches the tor. */
#ifndef OBPUB_AGENT_COMMAND_FILTER_H
#define OBPUB_AGENT_COMMAND_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "onion/onion_address.h"

/* HSDirs that one HSFETCH may name: no descriptor has so many. */
#define FILTER_HSDIRS_MAX 32
/* Characters of the longest command that is let through, without its line end. */
#define FILTER_LINE_MAX                                                                                      \
    (sizeof("HSFETCH ") - 1 + ONION_ADDRESS_LENGTH + FILTER_HSDIRS_MAX * (sizeof(" SERVER=$") - 1 + 40))

/* The services that may be asked about: 56 lower-case characters each. */
struct served_addresses {
    char (*addresses)[ONION_ADDRESS_SIZE];
    size_t count;
};

enum filter_verdict {
    FILTER_REFUSED = 0, /* answered with FILTER_REFUSAL, and never passed on */
    FILTER_EVENTS,      /* SETEVENTS: which events this publisher wants, for the agent itself to remember */
    FILTER_PASSED,      /* for the tor */
    FILTER_QUIT,
};

#define FILTER_REFUSAL "510 Command filtered\r\n"

struct filtered_command {
    enum filter_verdict verdict;
    bool wants_hs_desc, wants_content; /* of FILTER_EVENTS */
    char text[FILTER_LINE_MAX + 1];    /* of FILTER_PASSED: the command for the tor, without its line end */
};

/* Judges a line of that many bytes, without its line end; it may hold anything. Only what obpub itself writes
 * is understood, to the letter: GETINFO uptime, or hs/service/desc/id/ and one of the addresses;
 * GETCONF PublishHidServDescriptors; HSFETCH of one of the addresses, with or without HSDirs that are named
 * by fingerprint; SETEVENTS of HS_DESC and HS_DESC_CONTENT, of one of them, or of none; QUIT. */
void command_filter_judge(struct filtered_command *command, const char *line, size_t length,
                          const struct served_addresses *served);

/* True when it is one of them, as written in lower case. */
bool served_addresses_have(const struct served_addresses *served, const char *address, size_t length);

#endif
