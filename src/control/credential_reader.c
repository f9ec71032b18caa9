/* Asks who opens files for what opens a control port, and where its host is: the engine opens none. */
#include "control/credential_reader.h"

#include <string.h>

#include "base/memory.h"
#include "control/name_files.h"

static void answer_with_password(const struct file_question *question, struct file_answer *answer,
                                 struct error *error, char **password)
{
    answer->result = credential_read_password(question->text, password, error);
    answer->content = (const uint8_t *)*password;
    answer->length = *password != NULL ? strlen(*password) : 0;
}

static void answer_with_proof(const struct file_question *question, struct file_answer *answer,
                              struct error *error, uint8_t proof[SHA256_SIZE])
{
    answer->result = credential_prove(question->text, question->challenge, proof, NULL, error);
    answer->content = proof;
    answer->length = SHA256_SIZE;
}

static void answer_with_secret(const struct file_question *question, struct file_answer *answer,
                               struct error *error, uint8_t proof[SHA256_SIZE])
{
    answer->result = credential_prove_secret(question->text, question->challenge, proof, error);
    answer->content = proof;
    answer->length = SHA256_SIZE;
}

static void answer_with_lines(const struct file_question *question, struct file_answer *answer,
                              char lines[NAME_FILES_TEXT_SIZE])
{
    if (question->type == FILE_HOST)
        name_files_find_host(NAME_FILES_HOSTS, question->text, lines);
    else
        name_files_read_resolver(NAME_FILES_RESOLVER, lines);
    answer->content = (const uint8_t *)lines;
    answer->length = strlen(lines);
}

static struct file_request *ask_here(const struct file_question *question, file_callback callback,
                                     void *callback_context, void *context)
{
    (void)context;
    struct error error;
    uint8_t proof[SHA256_SIZE];
    char lines[NAME_FILES_TEXT_SIZE];
    char *password = NULL;
    struct file_answer answer = {.result = CREDENTIAL_OK, .error = &error};
    switch (question->type) {
    case FILE_PASSWORD:
        answer_with_password(question, &answer, &error, &password);
        break;
    case FILE_PROOF:
        answer_with_proof(question, &answer, &error, proof);
        break;
    case FILE_SECRET:
        answer_with_secret(question, &answer, &error, proof);
        break;
    case FILE_HOST:
    case FILE_RESOLVER:
        answer_with_lines(question, &answer, lines);
        break;
    }
    callback(&answer, callback_context);
    secret_free(password);
    secret_wipe(proof, sizeof(proof));
    return NULL;
}

/* No request ever waits. */
static void forget_here(struct file_request *request, void *context)
{
    (void)request;
    (void)context;
}

const struct credential_reader credential_reader_here = {.ask = ask_here, .forget = forget_here};
