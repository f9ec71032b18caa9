/* A made-up consensus, and parsing changed copies of it, for the tests of the consensus parser. */
#include "helper_consensus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "helper_network.h"

char *consensus_base;

int consensus_read_base(void **state)
{
    (void)state;
    consensus_base = network_read_document(BASE_FOLDER, "consensus");
    return 0;
}

int consensus_free_base(void **state)
{
    (void)state;
    free(consensus_base);
    return 0;
}

int consensus_parse_exactly(struct consensus *consensus, const char *text, size_t length, struct error *error)
{
    char *copy = network_copy_exactly(text, length);
    int result = consensus_parse(consensus, copy, length, error);
    free(copy);
    return result;
}

struct consensus consensus_parse_good(const char *text, const char *name)
{
    struct consensus consensus;
    struct error error = {.text = ""};
    if (consensus_parse_exactly(&consensus, text, strlen(text), &error) != 0)
        fail_msg("%s: %s", name, error.text);
    return consensus;
}

struct consensus consensus_parse_changed(const char *from, const char *to)
{
    char *text = network_replace_text(consensus_base, from, to);
    struct consensus consensus = consensus_parse_good(text, to);
    free(text);
    return consensus;
}

void consensus_assert_refused(const char *from, const char *to, const char *word)
{
    char *text = network_replace_text(consensus_base, from, to);
    struct consensus consensus;
    struct error error = {.text = ""};
    if (consensus_parse_exactly(&consensus, text, strlen(text), &error) == 0)
        fail_msg("\"%s\" instead of \"%s\" was accepted", to, from);
    if (strstr(error.text, word) == NULL)
        fail_msg("\"%s\" instead of \"%s\": the message does not say \"%s\": %s", to, from, word, error.text);
    assert_null(consensus.relays);
    assert_int_equal(consensus_parse_exactly(&consensus, text, strlen(text), NULL), -1);
    free(text);
}
