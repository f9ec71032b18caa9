/* A made-up consensus, and parsing changed copies of it, for the tests of the consensus parser. */
#ifndef OBPUB_TESTS_HELPER_CONSENSUS_H
#define OBPUB_TESTS_HELPER_CONSENSUS_H

#include "onion/consensus.h"

/* The consensus that most tests change something in. Its first relay is an HSDir; these are its lines. */
#define BASE_FOLDER "ring-first-half"
#define BASE_RELAYS 60
#define BASE_HSDIRS 41
#define R_LINE "r relay52 BqH+iDhKRyl7ZcBAnf3N5W0aIoM 2038-01-01 00:00:00 192.0.2.52 9001 0\n"
#define M_LINE "m TIDj3xXX0bd5uRhTauonmFvgzRnxg/sbYP4TAkUl0B4\n"
#define S_LINE "s HSDir Running Valid\n"
#define V_LINE "v Tor 0.4.9.11\n"
#define PR_LINE "pr Cons=2 HSDir=2\n"
#define SECOND_R_LINE "r relay57 CF7gfx9GNCGC1hRIaq65WqIEd/Y 2038-01-01 00:00:00 192.0.2.57 9001 0\n"
#define SECOND_M_LINE "m 27rPp4laX6XACA1Y0FnbmZ3ngbb+5UWlfsMy7HjpZVg\n"
#define PARAMS_LINE "params CircuitPriorityHalflifeMsec=30000 DoSCircuitCreationEnabled=1 circwindow=1000\n"
#define PREVIOUS_LINE "shared-rand-previous-value 9 baBjNSjeqgFE57BYMV8LdT7AuUUWOnK/lqDRgYD53g0=\n"
#define CURRENT_LINE "shared-rand-current-value 9 l7BWAoDtYKWh6qG8RUklQ8iphq1aJbRoxCfrg8PogZE=\n"

/* The text of that consensus; a group of tests has these two as its setup and teardown. */
extern char *consensus_base;
int consensus_read_base(void **state);
int consensus_free_base(void **state);

/* Parses a copy of exactly length bytes. */
int consensus_parse_exactly(struct consensus *consensus, const char *text, size_t length,
                            struct error *error);

/* Parses a text that has to be good; name says which, should the test fail. */
struct consensus consensus_parse_good(const char *text, const char *name);

/* Parses the base with one text in it replaced by another; that has to succeed. */
struct consensus consensus_parse_changed(const char *from, const char *to);

/* The same, which has to fail with a message that has a word in it, and with nothing left to release. */
void consensus_assert_refused(const char *from, const char *to, const char *word);

#endif
