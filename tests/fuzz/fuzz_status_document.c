/* Fuzzes what "obpub status" reads from whoever answers on the socket, and prints. */
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/printable.h"
#include "fuzz.h"
#include "report/status_document.h"
#include "report/status_reader.h"
#include "report/status_text.h"

#define SOCKET "socket"
#define STATUS_LENGTH_MAX 16384 /* less than an input may have */

static int listener = -1;

static void make_listener(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    if (listener >= 0)
        return;
    fuzz_enter_folder();
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_REQUIRE(listener >= 0 && bind(listener, (const struct sockaddr *)&address, sizeof(address)) == 0);
    FUZZ_REQUIRE(listen(listener, 1) == 0);
}

struct answer {
    const uint8_t *bytes;
    size_t size;
};

/* Who answers: sends the input to the first who connects. */
static void *give_answer(void *context)
{
    struct answer *answer = context;
    int asker = accept(listener, NULL, NULL);
    FUZZ_REQUIRE(asker >= 0);
    while (answer->size > 0) {
        ssize_t sent = send(asker, answer->bytes, answer->size, MSG_NOSIGNAL);
        if (sent < 0)
            break; /* the asker has had enough */
        answer->bytes += sent;
        answer->size -= (size_t)sent;
    }
    close(asker);
    return NULL;
}

static json_t *read_answer(const uint8_t *data, size_t size, struct error *error)
{
    pthread_t thread;
    struct answer answer = {data, size};
    FUZZ_REQUIRE(pthread_create(&thread, NULL, give_answer, &answer) == 0);
    json_t *object = status_read(SOCKET, STATUS_READ_SECONDS, STATUS_LENGTH_MAX, error);
    pthread_join(thread, NULL);
    FUZZ_REQUIRE(object == NULL || size <= STATUS_LENGTH_MAX);
    return object;
}

/* Prints it; nothing that steers a terminal comes out but the colours. */
static void check_printed(const struct status_document *document, bool has_colours)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    FUZZ_REQUIRE(file != NULL);
    status_text_print(document, has_colours, file);
    FUZZ_REQUIRE(fclose(file) == 0 && strlen(text) == length);
    for (char *line = strtok(text, "\n"); line != NULL && !has_colours; line = strtok(NULL, "\n"))
        FUZZ_REQUIRE(!text_make_printable(line));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {.text = ""};
    struct status_document document;
    make_listener();
    json_t *object = read_answer(data, size, &error);
    FUZZ_REQUIRE((object == NULL) == (error.text[0] != '\0'));
    if (object == NULL)
        return 0;
    if (status_document_read(&document, object, &error) == 0) {
        FUZZ_REQUIRE(!status_document_is_published(&document) || document.service_count > 0);
        check_printed(&document, false);
        check_printed(&document, true);
        status_document_clear(&document);
    } else {
        FUZZ_REQUIRE(error.text[0] != '\0' && document.services == NULL && document.tors == NULL);
    }
    json_decref(object);
    return 0;
}
