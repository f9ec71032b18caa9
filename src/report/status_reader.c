/* Asks a running obpub for its status: what "obpub status" reads. */
#include "report/status_reader.h"

#include <stdlib.h>

#include "report/socket_client.h"

json_t *status_read(const char *path, int timeout, size_t size_max, struct error *error)
{
    const struct socket_question question = {
        .path = path,
        .setting = "status-socket-location",
        .who = "root, as obpub's user, or in its group",
        .answer = "the status",
        .timeout = timeout,
        .size_max = size_max,
    };
    size_t length = 0;
    char *text = socket_client_ask(&question, &length, error);
    if (text == NULL)
        return NULL;
    json_error_t fault;
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
    if (object == NULL)
        error_set(error, "what answers on %s is no JSON object (%s): is it obpub?", path, fault.text);
    free(text);
    return object;
}
