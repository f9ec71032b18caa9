/* What "obpub drain" and "obpub undrain" ask of the obpub that runs, and what it answers: a line of text
 * each.
 */
#include "report/drain_request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"

#define SEPARATOR '\t'

static const char *const verbs[] = {"undrain", "drain"};

static const char *const results[] = {
    [DRAIN_DONE] = "done",
    [DRAIN_REFUSED] = "refused",
    [DRAIN_UNKNOWN] = "unknown",
};
#define RESULTS (sizeof(results) / sizeof(results[0]))

/* -- requests */

/* True for a text that the line can carry: nothing in it ends a field or steers a terminal. */
static bool is_plain(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.start[i];
        if (byte < ' ' || byte == 0x7f)
            return false;
    }
    return true;
}

static int set_name(struct drain_request *request, struct text name, struct error *error)
{
    if (name.length == 0)
        return error_set(error, "the name of the instance is empty");
    if (name.length > DRAIN_NAME_MAX)
        return error_set(error, "no instance has a name of more than %d bytes", DRAIN_NAME_MAX);
    if (!is_plain(name))
        return error_set(error, "no instance has a name with control characters");
    memcpy(request->name, name.start, name.length);
    request->name[name.length] = '\0';
    return 0;
}

static int set_frontend(struct drain_request *request, const char *frontend, struct error *error)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (onion_address_decode_unchecked(identity_key, frontend, error) != 0)
        return error_add_context(error, "the frontend's address");
    onion_address_encode(request->frontend, identity_key);
    return 0;
}

int drain_request_make(struct drain_request *request, bool is_drained, const char *name, const char *frontend,
                       struct error *error)
{
    *request = (struct drain_request){.is_drained = is_drained};
    if (set_name(request, text_from_string(name), error) != 0)
        return -1;
    return frontend != NULL ? set_frontend(request, frontend, error) : 0;
}

size_t drain_request_format(char text[DRAIN_REQUEST_MAX], const struct drain_request *request)
{
    int length = snprintf(text, DRAIN_REQUEST_MAX, "%s%c%s%s%s\n", verbs[request->is_drained], SEPARATOR,
                          request->name, request->frontend[0] != '\0' ? "\t" : "", request->frontend);
    return (size_t)length;
}

int drain_request_parse(struct drain_request *request, struct text line, struct error *error)
{
    struct text verb, name;
    *request = (struct drain_request){.is_drained = false};
    text_take_until(&line, SEPARATOR, &verb);
    bool has_frontend = text_take_until(&line, SEPARATOR, &name);
    request->is_drained = text_equals(verb, verbs[true]);
    if (!request->is_drained && !text_equals(verb, verbs[false]))
        return error_set(error, "that is neither drain nor undrain");
    if (set_name(request, name, error) != 0)
        return -1;
    if (!has_frontend)
        return 0;
    char frontend[ONION_ADDRESS_SIZE];
    if (line.length != ONION_ADDRESS_LENGTH)
        return error_set(error, "the frontend's address has not %d characters", ONION_ADDRESS_LENGTH);
    memcpy(frontend, line.start, line.length);
    frontend[line.length] = '\0';
    return set_frontend(request, frontend, error);
}

/* -- answers */

void drain_answer_set(struct drain_answer *answer, enum drain_result result, const char *format, ...)
{
    va_list arguments;
    answer->result = result;
    va_start(arguments, format);
    vsnprintf(answer->sentence, sizeof(answer->sentence), format, arguments);
    va_end(arguments);
    text_make_printable(answer->sentence);
}

size_t drain_answer_format(char text[DRAIN_ANSWER_MAX], const struct drain_answer *answer)
{
    return (size_t)snprintf(text, DRAIN_ANSWER_MAX, "%s%c%s\n", results[answer->result], SEPARATOR,
                            answer->sentence);
}

int drain_answer_parse(struct drain_answer *answer, struct text text, struct error *error)
{
    struct text line, word;
    bool has_end = text_take_until(&text, '\n', &line);
    bool has_word = text_take_until(&line, SEPARATOR, &word);
    size_t result = 0;
    while (result < RESULTS && !text_equals(word, results[result]))
        result++;
    if (!has_end || text.length > 0 || !has_word || result == RESULTS ||
        line.length >= sizeof(answer->sentence))
        return error_set(error,
                         "the answer makes no sense: is it obpub that answers there, and of this version?");
    drain_answer_set(answer, (enum drain_result)result, "%.*s", (int)line.length, line.start);
    return 0;
}
